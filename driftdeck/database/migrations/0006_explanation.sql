-- What moved in a window beyond its alert level, in plain words.
alter table monitoring.window_status add explanation text not null default '';

create or replace view monitoring.collection as
select
    monitor, window_start, window_end, status, row_count, labelled_count, seconds, error,
    report_path as report_url, model_version, engine, versions, worst_level, worst_metric,
    worst_column, worst_value, source_fingerprint, reference_hash, collected_at, explanation
from monitoring.window_status;
