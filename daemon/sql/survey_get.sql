-- survey_get: what somebody with a token is asked
-- $1 bytea SHA-256 of the token
-- columns: id, case_id, municipality, name (of the municipality), language, settings (json), state, expires_at
select s.id, s.case_id, s.municipality, m.name, c.language, loket.settings_of(m.region, m.settings) as settings, s.state, s.expires_at
  from loket.survey s join loket.case_file c on c.id = s.case_id join loket.municipality m on m.id = s.municipality
 where s.token_sha256 = $1 and s.state in ('offered', 'answered') and s.expires_at > clock_timestamp()
