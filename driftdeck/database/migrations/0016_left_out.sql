-- How much was left out stands in the row: a page asks it of every monitor's newest windows, and
-- adding up two objects takes longer than all the rest of such a row.
alter table monitoring.window_status
    add column left_out bigint
        generated always as
            (monitoring.left_out(rows_left_out) + monitoring.left_out(labels_left_out)) stored;
create index window_status_left_out on monitoring.window_status (window_start desc)
    where left_out > 0;

create or replace view monitoring.collection as
select
    monitor, window_start, window_end, status, row_count, labelled_count, seconds, error,
    report_path as report_url, model_version, engine, versions, worst_level, worst_metric,
    worst_column, worst_value, source_fingerprint, reference_hash, collected_at, explanation,
    rows_read, rows_left_out, labels_read, labels_left_out, left_out,
    concat_ws(
        ', ', monitoring.left_out_why('rows', rows_left_out),
        monitoring.left_out_why('labels', labels_left_out)
    ) as left_out_why,
    worst_slice, worst_segment
from monitoring.window_status;
