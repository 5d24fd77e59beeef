# %% [markdown]
# # What happened on a day?
# The data of a day, its Evidently report, its numbers as a dict, and what drifted between two
# weeks. Needs the examples' data (`make up` prepares it) and no database. `explore.ipynb` is made
# from `explore.py` by `make notebook`.

# %%
import os
from datetime import date

from driftdeck.collectors.reports.explore import Explorer

flights = Explorer(os.environ.get("MONITOR", "flights"))
day = date.fromisoformat(os.environ.get("DAY", "2013-05-02"))

# %% [markdown]
# ## The rows of the day
# As the collectors read them: one day of the log, joined with the labels that are known by now.

# %%
rows = flights.rows(day)
print(f"{len(rows)} rows, {len(rows.columns)} columns")
rows.head()

# %% [markdown]
# ## Its report
# The same that the daily run keeps, with a test for each threshold. It shows itself.

# %%
report = flights.report(day)
report

# %% [markdown]
# ## Its numbers

# %%
found = report.dict()
for metric in found["metrics"]:
    print(f"{metric['metric_name']}: {metric['value']}")

# %%
failed = [test["name"] for test in found["tests"] if test["status"] == "FAIL"]
print(f"{len(found['tests'])} tests, {len(failed)} failed:", *failed, sep="\n  ")

# %% [markdown]
# ## What drifted between these two weeks?

# %%
weeks = [
    tuple(date.fromisoformat(one) for one in os.environ.get(name, default).split("/"))
    for name, default in (("THEN", "2013-03-04/2013-03-10"), ("NOW", "2013-07-08/2013-07-14"))
]
print(flights.between(*weeks).round(2).to_string())
