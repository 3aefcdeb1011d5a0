-- the made-up next release (../README.md): a column where it is busy; a file for each table, so that no lock waits for another
alter table loket.product add column next_release text;
