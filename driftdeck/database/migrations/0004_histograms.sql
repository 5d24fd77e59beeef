-- The reference's bins once; counts per window. Bins are half-open [low, high).
create table monitoring.reference_histogram (
    monitor text not null,
    reference_hash text not null,
    column_name text not null,
    bins text[] not null,
    counts bigint[] not null,
    primary key (monitor, reference_hash, column_name),
    check (cardinality(bins) = cardinality(counts))
);
create table monitoring.histogram (
    monitor text not null,
    window_start timestamptz not null,
    window_end timestamptz not null,
    column_name text not null,
    reference_hash text not null,
    counts bigint[] not null,
    primary key (monitor, window_start, window_end, column_name),
    foreign key (monitor, reference_hash, column_name) references monitoring.reference_histogram
);

-- The hello-world exercise.
create table monitoring.dummy_metrics (
    timestamp timestamptz not null,
    value1 integer,
    value2 text,
    value3 double precision
);
create index on monitoring.dummy_metrics (timestamp);
