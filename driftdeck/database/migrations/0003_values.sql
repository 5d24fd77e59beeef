-- One long table of values. '' rather than NULL in the key, so that it can be a primary key.
create table monitoring.metric_value (
    monitor text not null check (monitor <> ''),
    window_start timestamptz not null,
    window_end timestamptz not null,
    metric text not null check (metric <> ''),
    column_name text not null default '',
    slice_column text not null default '',
    slice_value text not null default '',
    baseline text not null default 'reference' check (baseline in ('reference', 'previous')),
    model_version text not null default '',
    value double precision,
    reason text check (reason <> ''),
    unit text not null check (unit <> ''),
    method text not null default '',
    warn_below double precision,
    alert_below double precision,
    warn_above double precision,
    alert_above double precision,
    row_count bigint not null check (row_count >= 0),
    label_coverage double precision check (label_coverage between 0 and 1),
    collected_at timestamptz not null default monitoring.now(),
    primary key (
        monitor, window_start, metric, column_name, slice_column, slice_value, baseline,
        model_version, window_end
    ),
    check (window_end > window_start),
    check ((value is null) = (reason is not null)),
    -- PostgreSQL sorts NaN above every number: one would page somebody.
    check (value > '-infinity' and value < 'infinity'),
    check (unit <> 'share' or value between 0 and 1),
    check (slice_column <> '' or slice_value = '')
);

-- One status row for every window of every monitor, written also when something failed.
create table monitoring.window_status (
    monitor text not null check (monitor <> ''),
    window_start timestamptz not null,
    window_end timestamptz not null,
    status text not null check (status in ('ok', 'waiting', 'partial', 'empty', 'failed')),
    row_count bigint check (row_count >= 0),
    labelled_count bigint check (labelled_count >= 0),
    model_version text not null default '',
    error text check (error <> ''),
    engine text not null default '',
    source_fingerprint text not null default '',
    reference_hash text not null default '',
    versions jsonb not null default '{}',
    seconds double precision not null check (seconds >= 0),
    -- The worst of the window, kept here because an overview over all values is slow.
    worst_level smallint check (worst_level between 0 and 2),
    worst_metric text not null default '',
    worst_column text not null default '',
    worst_value double precision,
    report_path text not null default '',
    collected_at timestamptz not null default monitoring.now(),
    primary key (monitor, window_start, window_end),
    check (window_end > window_start),
    check (status not in ('partial', 'failed') or error is not null),
    check (labelled_count <= row_count)
);

create table monitoring.model_version (
    monitor text not null,
    model_version text not null,
    first_window timestamptz not null,
    last_window timestamptz not null,
    primary key (monitor, model_version)
);

create table monitoring.retraining (
    monitor text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    status text not null check (status in ('running', 'done', 'failed')),
    reason text not null,
    old_version text not null default '',
    new_version text not null default '',
    output text not null default '',
    primary key (monitor, started_at)
);
