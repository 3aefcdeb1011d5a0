-- me_presence: how an agent is there
-- $1 uuid agent
-- columns: state, reason, channels, since, missed
select state, reason, to_jsonb(channels) as channels, since, missed from loket.presence where agent = $1
