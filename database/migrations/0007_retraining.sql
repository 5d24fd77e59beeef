-- The window that called for a retraining, and never two at a time.
alter table monitoring.retraining add window_start timestamptz;
create unique index on monitoring.retraining (monitor) where status = 'running';
