-- Ends what the reader runs beyond its limits, which a session can switch off for itself. Every
-- collection calls it: those who look at dashboards share few connections, and must get one.
create function monitoring.end_overlong_statements(longest interval default '1 minute')
    returns bigint
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
        select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
        where usename = 'grafana_reader' and datname = current_database()
            and case state
                when 'idle' then false
                when 'active' then query_start < clock_timestamp() - longest
                else state_change < clock_timestamp() - 10 * longest
            end
    $$;
revoke all on function monitoring.end_overlong_statements(interval) from public;
