-- What one process at a time may do: a row that its transaction holds. Grafana's reader gets no
-- right to it: whoever may read every other table must not be able to stop the collection.
create table monitoring.lock (name text primary key check (name <> ''));

-- How often a training was begun that has not ended; 0 of one that has.
alter table monitoring.retraining add attempts integer not null default 0;
