-- One clock for Python and SQL: the real one, unless a played one is set.
create table monitoring.clock (
    only_one boolean primary key default true check (only_one),
    played_at timestamptz not null
);
create function monitoring.now() returns timestamptz
    language sql stable
    as $$ select coalesce((select played_at from monitoring.clock), pg_catalog.now()) $$;
