-- Which series there are hangs together: without this PostgreSQL takes a hundred values of a year of
-- hours where there are 175,000, and puts them in order instead of adding them up.
create statistics monitoring.metric_value_series (mcv, dependencies)
    on monitor, slice_column, metric, column_name from monitoring.metric_value;
analyze monitoring.metric_value;
