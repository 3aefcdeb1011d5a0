-- 0005 who carries a channel, and which contact a reply answers
--
-- SMS is a channel; Twilio, Bird and CM.com carry it. An inbox names its provider, a file of lib/channel; null: the
-- channel's own name. Some providers need more kinds of secrets than one to sign with and one to send with.

set local search_path = loket;
alter table inbox add column provider text check (length(provider) between 1 and 40);
alter table inbox_secret drop constraint inbox_secret_kind_check;
alter table inbox_secret add constraint inbox_secret_kind_check
	check (kind in ('secret', 'verify', 'token', 'tokenSecret', 'key'));
alter table outbox add column answers uuid;      -- the citizen's contact; null: none is known
