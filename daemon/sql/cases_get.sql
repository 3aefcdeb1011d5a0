-- cases_get: cases without what hangs on them
-- $1 uuid[] cases
-- columns: as in the contract, with epoch (for its owner)
select c.id, c.reference, c.municipality, c.product, c.inbox, c.channel, c.language, c.state, c.outcome,
       to_jsonb(c.flags) as flags, c.option0, c.opened_at as "openedAt", c.arrived_at as "arrivedAt",
       c.due_at as "dueAt", c.last_contact_at as "lastContactAt", c.closed_at as "closedAt", c.owner,
       c.promised_at as "promisedAt",
       c.wanted_agent as "wantedAgent", c.wanted_team as "wantedTeam", c.transfers, c.reopened,
       c.merged_into as "mergedInto", c.epoch,
       nullif(exists (select from loket.address a join loket.opt_out o using (municipality, kind, value)
                       where a.party = c.party and a.municipality = c.municipality and o.channel = c.channel), false)
          as "optedOut",
       (select jsonb_strip_nulls(jsonb_build_object('id', h.id, 'product', h.product, 'page', h.page, 'step', h.step,
               'preference', h.preference, 'askedBy', h.asked_by,
               'askedAt', to_char(h.asked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'promisedAt', to_char(h.promised_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'helpedAt', to_char(h.helped_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'coach', h.coach,
               'consentAt', to_char(h.consent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'outcome', h.outcome,
               'endedAt', to_char(h.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
          from loket.help_request h where h.case_id = c.id order by h.asked_at desc, h.id desc limit 1) as "helpRequest"
  from loket.case_file c
 where c.id = any ($1::uuid[])
