-- Values of segments beside those of the whole window, drift against other windows, and which class
-- was taken for which. What is stored stays as it is.
alter table monitoring.metric_value
    drop constraint if exists metric_value_baseline_check,
    add constraint metric_value_baseline_check
        check (baseline in ('reference', 'previous', 'same'));

-- What dashboards ask for most: one metric of the whole window, over time. Values of segments are
-- some times as many, so they have an index of their own.
create index metric_value_whole on monitoring.metric_value (monitor, metric, window_start)
    where slice_column = '';
create index metric_value_segment on monitoring.metric_value
    (monitor, slice_column, metric, column_name, window_start, slice_value)
    where slice_column <> '';

alter table monitoring.window_status
    add worst_slice text not null default '',
    add worst_segment text not null default '';

create or replace view monitoring.collection as
select
    monitor, window_start, window_end, status, row_count, labelled_count, seconds, error,
    report_path as report_url, model_version, engine, versions, worst_level, worst_metric,
    worst_column, worst_value, source_fingerprint, reference_hash, collected_at, explanation,
    rows_read, rows_left_out, labels_read, labels_left_out,
    monitoring.left_out(rows_left_out) + monitoring.left_out(labels_left_out) as left_out,
    concat_ws(
        ', ', monitoring.left_out_why('rows', rows_left_out),
        monitoring.left_out_why('labels', labels_left_out)
    ) as left_out_why,
    worst_slice, worst_segment
from monitoring.window_status;

-- Labelled rows of each class by what they were predicted to be.
create table monitoring.confusion (
    monitor text not null check (monitor <> ''),
    window_start timestamptz not null,
    window_end timestamptz not null,
    label text not null,
    predicted text not null,
    count bigint not null check (count >= 0),
    primary key (monitor, window_start, window_end, label, predicted),
    check (window_end > window_start)
);
