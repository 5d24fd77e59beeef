"""What Grafana would do with a provisioning tree, told before it starts.

It works on anyone's folder and knows nothing of monitors. `documents` and `interpolation` read
files as Grafana does; `datasources`, `providers`, `rules`, `mutetimes` and `routing` are models of
its files and what it does with them to a `State`; `dashboards`, `expressions`, `queries` and `sql`
look into what those files hold; `check` runs all of it, once for each start of the server.
"""
