-- What became of every row that was read: used, or left out for a reason. And by what a source that
-- changed can be told without reading it.
alter table monitoring.window_status
    add rows_read bigint check (rows_read >= 0),
    add rows_left_out jsonb not null default '{}',
    add labels_read bigint check (labels_read >= 0),
    add labels_left_out jsonb not null default '{}',
    add source_state text not null default '',
    add opens_at timestamptz,
    add check (row_count <= rows_read);

-- Of what was left out, how much should not have been there; and that in words.
create function monitoring.left_out(reasons jsonb) returns bigint
    language sql immutable
    as $$
        select coalesce(sum(value::bigint), 0)::bigint from jsonb_each_text(reasons)
        where key not in ('of another window', 'known later')
    $$;
create function monitoring.left_out_why(what text, reasons jsonb) returns text
    language sql immutable
    as $$
        select string_agg(value || ' ' || what || ': ' || key, ', ' order by value::bigint desc, key)
        from jsonb_each_text(reasons) where key not in ('of another window', 'known later')
    $$;

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
    ) as left_out_why
from monitoring.window_status;
