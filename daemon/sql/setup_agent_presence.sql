-- setup_agent_presence: presence is seen by who may see the agent
-- $1 uuid agent
-- columns: none
update loket.presence p set municipalities = a.municipalities
from loket.agent a where a.id = $1 and p.agent = a.id and p.municipalities <> a.municipalities
