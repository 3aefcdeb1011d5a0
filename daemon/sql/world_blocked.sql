-- world_blocked: senders who are blocked now
-- columns: municipality, kind, value, until (null: always)
select municipality, kind, value, until from loket.blocked where until is null or until > clock_timestamp()
