-- The table of an example, which makes its own. One with rows stays, and so does one on which a
-- view depends.
do $$ begin
    if not exists (select from monitoring.dummy_metrics) then
        drop table monitoring.dummy_metrics;
    end if;
exception when undefined_table or dependent_objects_still_exist then null;
end $$;
