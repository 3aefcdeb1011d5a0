create table loket.next_release (id int primary key);
grant select on loket.next_release to loket_api, loket_system;
