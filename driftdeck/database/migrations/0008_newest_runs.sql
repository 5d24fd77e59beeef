-- What the collectors' dashboard asks for: what ran lately, and what went wrong, newest first.
create index on monitoring.window_status (collected_at);
create index on monitoring.window_status (collected_at desc)
    where status in ('failed', 'partial', 'empty');
