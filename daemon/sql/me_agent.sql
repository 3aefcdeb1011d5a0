-- me_agent: an agent, as set up
-- $1 uuid agent
-- columns: of Agent in the contract
select id, name, role, to_jsonb(municipalities) as municipalities, to_jsonb(products) as products,
       to_jsonb(languages) as languages, to_jsonb(channels) as channels, to_jsonb(teams) as teams, room,
       room_total as "roomTotal", enabled
  from loket.agent where id = $1
