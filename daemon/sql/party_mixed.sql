-- party_mixed: cases that went on in a case of the other, since one party was merged into another
-- $1 uuid the merged party
-- columns: reference, into; at most 20
select reference, into_reference as into from loket.party_cases_mixed($1) order by 1 limit 20
