-- 0026 what must be known to finish a question about a product, and where it goes when nobody with the skill is there

set local search_path = loket;
alter table product add column needs jsonb not null default '[]' check (jsonb_typeof(needs) = 'array'),
	add column second_line jsonb check (jsonb_typeof(second_line) = 'object');   -- {"department", "days"}
create index article_product on article (product) where enabled;   -- offer_prepare
