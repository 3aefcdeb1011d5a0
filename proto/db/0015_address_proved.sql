-- 0015 which addresses somebody vouched for
--
-- The provider of a conversation, or the agent who speaks with them, says whose it is; a form only claims it. When two
-- proved addresses of two parties come together, they are one person.

set local search_path = loket;
alter table address add column proved boolean not null default false;
