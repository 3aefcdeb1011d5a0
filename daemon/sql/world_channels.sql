-- world_channels: channels with their norms
-- columns: id, conversational, live, norm_s, wrapup_s, room
select id, conversational, live, norm_s, wrapup_s, room from loket.channel order by id
