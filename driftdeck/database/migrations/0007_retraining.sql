-- The window that called for a retraining, and never two at a time.
alter table monitoring.retraining add window_start timestamptz;
-- What an interrupted training left `running` would be refused: only the newest can still be.
update monitoring.retraining as old set
    status = 'failed', finished_at = coalesce(finished_at, pg_catalog.now()),
    output = 'a later training was begun while this one had not ended'
where status = 'running' and exists (
    select from monitoring.retraining as newer
    where newer.monitor = old.monitor and newer.status = 'running'
        and newer.started_at > old.started_at
);
create unique index on monitoring.retraining (monitor) where status = 'running';
