-- sort_open: signals that go on
-- columns: id, municipality, theme, area
select id, municipality, theme, area from loket.signal where ended_at is null
