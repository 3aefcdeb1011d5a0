-- 0003 which instance wrote a notice: the others read it from here (daemon/dispatch_others.c)
--
-- Every connection of loketd names its instance in application_name, so no statement has to say it.

alter table loket.notice add column origin text not null default current_setting('application_name');
