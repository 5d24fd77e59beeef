-- How far beyond its alert level a value is, whichever side is bad: 1 is on the level, 0 is as far
-- on the good side as the level is large, or further. Levels.times_level in Python is the same.

-- At most 1e12 either way: PostgreSQL raises an error where a quotient leaves a float's range.
create function monitoring.in_levels(value double precision, level double precision)
    returns double precision language sql immutable parallel safe
    as $$ select case
        when level = 0 then greatest(-1e12, least(1e12, value))
        when abs(level) < 1 and abs(value) >= 1e12 * abs(level) then 1e12 * sign(value)
        when abs(level) >= 1 and abs(value) <= 1e-300 * abs(level) then 0
        else greatest(-1e12, least(1e12, value / abs(level)))
    end $$;

create function monitoring.times_level(
    value double precision, alert_below double precision, alert_above double precision
)
    returns double precision language sql immutable parallel safe
    as $$ select case
        when value is not null and coalesce(alert_below, alert_above) is not null then greatest(
            0,
            1 + sign(alert_below) - monitoring.in_levels(value, alert_below),
            1 - sign(alert_above) + monitoring.in_levels(value, alert_above)
        )
    end $$;

create or replace view monitoring.metric as
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
    row_count, label_coverage, collected_at,
    monitoring.times_level(value, alert_below, alert_above) as times_level
from monitoring.metric_value;
