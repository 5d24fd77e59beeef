-- What is in breach is a small part of what is stored: marks of alerts read a series only if some of
-- it is, and this index alone tells which.
create index metric_value_breached on monitoring.metric_value (monitor, metric, window_start)
    include (column_name, slice_column, slice_value)
    where value > alert_above or value < alert_below;
