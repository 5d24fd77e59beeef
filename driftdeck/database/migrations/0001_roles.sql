-- Roles are cluster-wide: another database of the same server may have made them already.
do $$
declare name text;
begin
    foreach name in array array['collector', 'grafana_reader', 'evidently'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I login', name);
        end if;
    end loop;
end $$;

create schema monitoring;
grant usage on schema monitoring to collector, grafana_reader;
alter default privileges in schema monitoring grant select on tables to grafana_reader;
alter default privileges in schema monitoring
    grant select, insert, update, delete on tables to collector;
alter default privileges in schema monitoring grant usage on sequences to collector;
alter role collector set search_path = monitoring, public;
alter role grafana_reader set search_path = monitoring;
alter role grafana_reader set statement_timeout = '30s';
alter role grafana_reader set default_transaction_read_only = on;
