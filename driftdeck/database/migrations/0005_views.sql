-- Two views for people and their own SQL. A breach is strict, as in Evidently's tests and Grafana.
create view monitoring.metric as
select
    monitor, model_version, metric, column_name, slice_column, slice_value, baseline,
    window_start, window_end, value, reason, unit, method,
    coalesce(warn_above, warn_below) as warn,
    coalesce(alert_above, alert_below) as alert,
    warn_below, alert_below, warn_above, alert_above,
    coalesce(warn_above, warn_below, alert_above, alert_below) is not null and value is not null
        as judged,
    case
        when value is null or coalesce(alert_above, alert_below) is null then null
        else coalesce(value > alert_above, false) or coalesce(value < alert_below, false)
    end as breached,
    case
        when value is null or coalesce(warn_above, warn_below, alert_above, alert_below) is null
            then null
        when value > alert_above or value < alert_below then 2
        when value > warn_above or value < warn_below then 1
        else 0
    end as level,
    row_count, label_coverage, collected_at
from monitoring.metric_value;

create view monitoring.collection as
select
    monitor, window_start, window_end, status, row_count, labelled_count, seconds, error,
    report_path as report_url, model_version, engine, versions, worst_level, worst_metric,
    worst_column, worst_value, source_fingerprint, reference_hash, collected_at
from monitoring.window_status;
