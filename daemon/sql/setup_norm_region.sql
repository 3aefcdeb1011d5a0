-- setup_norm_region: how long a case may wait where a municipality says nothing else
-- $1 jsonb {channel: seconds}
-- columns: none
update loket.channel c set norm_s = n.value::int from jsonb_each_text($1::jsonb) n where c.id = n.key
