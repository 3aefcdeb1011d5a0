-- world.sql: the demo world: five municipalities that share one contact centre. Harmless to repeat.
--
--   psql -v tokens='{"anna": "…", …}' -v secrets='{"dordrecht-whatsapp": "…", …}' -v accounts="$(cat config/demo/accounts.json)" \
--        -v standin_token=… -v standin_url=http://127.0.0.1:8081 -v standin_smtp=smtp://127.0.0.1:8082 -f config/demo/world.sql
--
-- tokens       by name: admin integration lead anna bram carla wim, and of any other agent in lower case
-- secrets      by inbox; signs what comes in, and is the word of the subscription handshake
-- accounts     by inbox: who carries it, under which account, and which kinds of secrets we send with
-- menu         of the telephone of Dordrecht; without it calls begin without one
-- settings     of the region and of municipalities: what webcare posts are about, how they are answered, targets; without it there are none
-- standin_token  what we show the providers when we send; standin_url: where their stand-in is; standin_smtp: its mail server
-- Nobody in here exists. Run as the owner of the cluster: row level security is forced on everyone else.
\set ON_ERROR_STOP on
begin;
set local search_path = loket;
set local client_min_messages = warning;

-- open at any moment, so that the demo is the same at night and on holidays
insert into municipality (id, region, name, settings)
select id, 'drechtsteden', name, jsonb_build_object('hours',
	(select jsonb_object_agg(day, '[["00:00", "24:00"]]'::jsonb) || '{"holidays": false}'
	   from unnest('{mon,tue,wed,thu,fri,sat,sun}'::text[]) day))
from (values
	('alblasserdam', 'Alblasserdam'), ('dordrecht', 'Dordrecht'), ('hendrik-ido-ambacht', 'Hendrik-Ido-Ambacht'),
	('sliedrecht', 'Sliedrecht'), ('zwijndrecht', 'Zwijndrecht')) m (id, name)
on conflict do nothing;

insert into product (id, name) values
	('rijbewijs', 'Rijbewijs'),
	('parkeervergunning', 'Parkeervergunning'),
	('gezondheidsverklaring', 'Gezondheidsverklaring'),
	('uittreksel-brp', 'Uittreksel Basisregistratie Personen'),
	('afschrift-akte-burgerlijke-stand', 'Afschrift akte burgerlijke stand'),
	('aangifte-overlijden', 'Aangifte van overlijden'),
	('huwelijk', 'Trouwen of partnerschap registreren'),
	('geboorteaangifte', 'Aangifte van geboorte'),
	('vermissing-reisdocument', 'Vermissing van een reisdocument'),
	('afspraak', 'Afspraak maken of wijzigen'),
	('pollerontheffing', 'Pollerontheffing'),
	('knipontheffing', 'Knipontheffing'),
	('ja-nee-sticker', 'Ja/ja- en nee/nee-sticker'),
	('gehandicaptenparkeerkaart', 'Gehandicaptenparkeerkaart'),
	('gehandicaptenparkeerplaats', 'Gehandicaptenparkeerplaats'),
	('adreswijziging', 'Verhuizing doorgeven'),
	('bezoekersregeling', 'Bezoekersregeling parkeren'),
	('naamgebruik', 'Naamgebruik wijzigen'),
	('geheimhouding', 'Geheimhouding persoonsgegevens'),
	('emigratie', 'Emigratie doorgeven'),
	('huisbezoek', 'Huisbezoek aanvragen'),
	('dordtpas', 'Dordtpas'),
	('melding-openbare-ruimte', 'Melding openbare ruimte'),
	('gevonden-verloren-voorwerpen', 'Gevonden en verloren voorwerpen'),
	('algemeen', 'Algemene vraag')
on conflict do nothing;

-- lower case, without accents; the longest word that occurs decides
insert into product_word (word, product) values
	('rijbewijs', 'rijbewijs'), ('rijbewijzen', 'rijbewijs'), ('driving licence', 'rijbewijs'),
	('parkeervergunning', 'parkeervergunning'), ('parkeervergunningen', 'parkeervergunning'),
	('bewonersvergunning', 'parkeervergunning'), ('vergunning parkeren', 'parkeervergunning'),
	('parking permit', 'parkeervergunning'),
	('gezondheidsverklaring', 'gezondheidsverklaring'), ('eigen verklaring', 'gezondheidsverklaring'),
	('uittreksel', 'uittreksel-brp'), ('brp', 'uittreksel-brp'), ('bevolkingsregister', 'uittreksel-brp'),
	('akte', 'afschrift-akte-burgerlijke-stand'), ('geboorteakte', 'afschrift-akte-burgerlijke-stand'),
	('huwelijksakte', 'afschrift-akte-burgerlijke-stand'), ('overlijdensakte', 'afschrift-akte-burgerlijke-stand'),
	('overlijden', 'aangifte-overlijden'), ('overleden', 'aangifte-overlijden'),
	('trouwen', 'huwelijk'), ('huwelijk', 'huwelijk'), ('bruiloft', 'huwelijk'), ('ondertrouw', 'huwelijk'),
	('geregistreerd partnerschap', 'huwelijk'), ('trouwdatum', 'huwelijk'),
	('geboorteaangifte', 'geboorteaangifte'), ('geboorte aangeven', 'geboorteaangifte'),
	('baby', 'geboorteaangifte'), ('bevallen', 'geboorteaangifte'),
	('paspoort kwijt', 'vermissing-reisdocument'), ('paspoort verloren', 'vermissing-reisdocument'),
	('paspoort gestolen', 'vermissing-reisdocument'), ('id-kaart kwijt', 'vermissing-reisdocument'),
	('identiteitskaart kwijt', 'vermissing-reisdocument'), ('vermissing', 'vermissing-reisdocument'),
	('afspraak', 'afspraak'), ('afspraak verzetten', 'afspraak'), ('afspraak afzeggen', 'afspraak'),
	('paspoort', 'afspraak'), ('id-kaart', 'afspraak'), ('identiteitskaart', 'afspraak'), ('appointment', 'afspraak'),
	('poller', 'pollerontheffing'), ('pollerontheffing', 'pollerontheffing'), ('binnenstad in', 'pollerontheffing'),
	('knip', 'knipontheffing'), ('knipontheffing', 'knipontheffing'),
	('nee-nee sticker', 'ja-nee-sticker'), ('ja-ja sticker', 'ja-nee-sticker'), ('ja-nee sticker', 'ja-nee-sticker'),
	('sticker', 'ja-nee-sticker'), ('reclamefolders', 'ja-nee-sticker'),
	('gehandicaptenparkeerkaart', 'gehandicaptenparkeerkaart'), ('invalidenkaart', 'gehandicaptenparkeerkaart'),
	('invalideparkeerkaart', 'gehandicaptenparkeerkaart'),
	('gehandicaptenparkeerplaats', 'gehandicaptenparkeerplaats'), ('invalidenparkeerplaats', 'gehandicaptenparkeerplaats'),
	('verhuizing', 'adreswijziging'), ('verhuizen', 'adreswijziging'), ('verhuisd', 'adreswijziging'),
	('nieuw adres', 'adreswijziging'), ('adreswijziging', 'adreswijziging'), ('moving house', 'adreswijziging'),
	('bezoekersregeling', 'bezoekersregeling'), ('bezoekers parkeren', 'bezoekersregeling'),
	('bezoekerspas', 'bezoekersregeling'), ('parkeren bezoek', 'bezoekersregeling'),
	('naamgebruik', 'naamgebruik'), ('achternaam wijzigen', 'naamgebruik'), ('meisjesnaam', 'naamgebruik'),
	('geheimhouding', 'geheimhouding'), ('gegevens geheim', 'geheimhouding'),
	('emigratie', 'emigratie'), ('emigreren', 'emigratie'), ('naar het buitenland', 'emigratie'),
	('huisbezoek', 'huisbezoek'), ('aan huis', 'huisbezoek'),
	('dordtpas', 'dordtpas'), ('stadspas', 'dordtpas'),
	('stoeptegel', 'melding-openbare-ruimte'), ('stoeptegels', 'melding-openbare-ruimte'),
	('losliggende tegel', 'melding-openbare-ruimte'), ('lantaarnpaal', 'melding-openbare-ruimte'),
	('straatverlichting', 'melding-openbare-ruimte'), ('zwerfafval', 'melding-openbare-ruimte'),
	('afval naast', 'melding-openbare-ruimte'), ('ondergrondse container', 'melding-openbare-ruimte'),
	('gat in de weg', 'melding-openbare-ruimte'), ('boom omgewaaid', 'melding-openbare-ruimte'),
	('graffiti', 'melding-openbare-ruimte'), ('riool', 'melding-openbare-ruimte'),
	('gevonden', 'gevonden-verloren-voorwerpen'), ('verloren', 'gevonden-verloren-voorwerpen'),
	('sleutels kwijt', 'gevonden-verloren-voorwerpen'), ('fiets kwijt', 'gevonden-verloren-voorwerpen'),
	('portemonnee', 'gevonden-verloren-voorwerpen')
on conflict do nothing;

-- what must be known to finish a question in one go
update product set needs = n.needs::jsonb from (values
	('parkeervergunning', '[{"id": "kenteken", "label": "Kenteken", "fields": ["kenteken", "nummerbord"]},
		{"id": "adres", "label": "Adres en huisnummer", "fields": ["adres", "straat"]}]'),
	('melding-openbare-ruimte', '[{"id": "plaats", "label": "Waar het is", "fields": ["plaats", "locatie", "adres"]}]'),
	('dordtpas', '[{"id": "telefoon", "label": "Telefoonnummer", "fields": ["telefoon"], "party": "phone"}]')
) as n (id, needs) where product.id = n.id and product.needs = '[]';

-- standard answers and one page of knowledge. Dordrecht has its own words for the driving licence
insert into article (id, municipality, kind, product, channels, language, title, text, template, changed_at) values
	('ontvangen', null, 'answer', null, null, 'nl', 'Bericht ontvangen',
		'Beste {{naam}}, dank u wel voor uw bericht. Wij zoeken het voor u uit. Uw kenmerk is {{kenmerk}}. Groet, {{medewerker}}, '
		'gemeente {{gemeente}}', null, now()),
	('meer-weten', null, 'answer', null, null, 'nl', 'Wij willen meer weten',
		'Beste {{voornaam}}, wij willen u graag helpen met uw vraag over {{onderwerp}}. Kunt u ons iets meer vertellen? '
		'Stuur ons geen burgerservicenummer.', '{"name": "meer_weten", "language": "nl", "parameters": '
		'["{{voornaam}}", "{{onderwerp}}", "{{kenmerk}}"]}', now()),
	('rijbewijs-verlengen', null, 'answer', 'rijbewijs', null, 'nl', 'Rijbewijs verlengen',
		'Beste {{voornaam}}, maak op onze website een afspraak om uw rijbewijs te verlengen. Neem uw oude rijbewijs en een nieuwe '
		'pasfoto mee. Uw kenmerk is {{kenmerk}}.', null, now()),
	('rijbewijs-verlengen', 'dordrecht', 'answer', 'rijbewijs', null, 'nl', 'Rijbewijs verlengen in Dordrecht',
		'Beste {{voornaam}}, maak op de website van Dordrecht een afspraak om uw rijbewijs te verlengen. Neem uw oude rijbewijs en '
		'een nieuwe pasfoto mee. Lukt dat niet? Bel ons, dan doen wij het samen. Uw kenmerk is {{kenmerk}}.', null, now()),
	('melding-doorgegeven', null, 'answer', 'melding-openbare-ruimte', null, 'nl', 'Melding doorgegeven',
		'Beste {{naam}}, dank u wel voor uw melding van {{datum}}. Onze collega''s buiten gaan kijken. Met kenmerk {{kenmerk}} '
		'kunt u vragen hoe het ermee staat.', null, now()),
	('parkeervergunning-aanvragen', 'dordrecht', 'answer', 'parkeervergunning', '{whatsapp,chat,messenger}', 'nl',
		'Parkeervergunning aanvragen', 'Beste {{voornaam}}, een parkeervergunning vraagt u aan op onze website. Houd uw kenteken bij '
		'de hand. Lukt het niet? Dan helpen wij u stap voor stap.', null, now()),
	('naam-in-bericht', null, 'article', null, null, 'nl', 'Als wij de naam niet weten',
		'Op WhatsApp kiest iedereen zelf een naam. Weet u niet zeker hoe iemand heet? Schrijf dan: Goedemorgen of Goedemiddag.',
		null, now())
on conflict do nothing;

-- norm_s: seconds a case may wait. wrapup_s: after somebody was spoken to, a breath and a note
insert into channel (id, conversational, live, norm_s, wrapup_s, room) values
	('phone', false, true, 30, 20, 1),
	('counter', false, true, 900, 20, 1),
	('chat', true, true, 60, 0, 3),
	('whatsapp', true, false, 14400, 0, 3),
	('messenger', true, false, 14400, 0, 3),
	('instagram', true, false, 14400, 0, 3),
	('sms', true, false, 14400, 0, 3),
	('x', false, false, 3600, 0, 3),
	('facebook', false, false, 3600, 0, 3),
	('webform', false, false, 86400, 0, 2),
	('openforms', false, false, 86400, 0, 2),
	('email', false, false, 86400, 0, 2),
	('letter', false, false, 432000, 0, 2)
on conflict do nothing;

insert into team (id, name) values
	('kcc', 'Klantcontactcentrum'), ('coaches', 'Digitale coaches'), ('webcare', 'Webcare en nieuwsredactie'),
	('burgerzaken', 'Burgerzaken'), ('parkeren', 'Parkeren en vergunningen')
on conflict do nothing;

-- counter and letter are typed in by people, and calls where no exchange tells of them. One demo secret stands for every account of a provider's, so
-- any_account: payloads of any number may be tried. The base_url is set again: the stand-in may have moved
create temporary table account on commit drop as
select a.key as inbox, a.value ->> 'provider' as provider, a.value ->> 'account' as account, a.value -> 'sends' as sends,
	a.value -> 'settings' || jsonb_build_object('base_url', case a.value ->> 'provider' when 'email' then :'standin_smtp' else
		:'standin_url' || '/' || (a.value ->> 'provider') || coalesce(a.value ->> 'version', '') end) as settings
from jsonb_each(:'accounts'::jsonb) a;
insert into inbox (id, municipality, channel, provider, account, settings, enabled)
select m.id || '-' || c.id, m.id, c.id, nullif(a.provider, c.id), a.account, coalesce(a.settings, '{}'),
	a.inbox is not null or c.id in ('webform', 'openforms', 'phone', 'counter', 'letter')
from municipality m cross join channel c left join account a on a.inbox = m.id || '-' || c.id
where (m.id = 'dordrecht' and c.id not in ('mastodon', 'telegram')) or c.id in ('webform', 'whatsapp', 'phone', 'counter', 'letter')
on conflict do nothing;
update inbox i set settings = i.settings || a.settings from account a
where a.inbox = i.id and i.settings ->> 'base_url' is distinct from a.settings ->> 'base_url';
\if :{?settings}
insert into region (id, settings) values ('drechtsteden', :'settings'::jsonb -> 'region') on conflict do nothing;
update municipality m set settings = m.settings || s.value
  from jsonb_each(:'settings'::jsonb -> 'municipalities') s where s.key = m.id and not m.settings ? 'webcare';
\endif
\if :{?menu}
update inbox set settings = settings || jsonb_build_object('menu', :'menu'::jsonb)
where id = 'dordrecht-phone' and not settings ? 'menu';
\endif

insert into inbox_secret (inbox, kind, value)
select s.key, k.kind, s.value
from jsonb_each_text(:'secrets'::jsonb) s join inbox i on i.id = s.key left join account a on a.inbox = i.id
cross join (values ('secret'), ('verify')) k (kind)
where k.kind = 'secret' or a.inbox is not null
union all
select a.inbox, k.kind, :'standin_token' from account a cross join jsonb_array_elements_text(a.sends) k (kind)
on conflict do nothing;

-- all: every product, municipality or channel
create temporary table person (n int, name text, role text, municipalities text, products text, languages text,
	channels text, teams text, room_total int) on commit drop;
insert into person values
	(1, 'Anna', 'agent', 'dordrecht zwijndrecht', 'all but huwelijk emigratie geheimhouding', 'nl en', 'all', 'kcc', 4),
	(2, 'Bram', 'agent', 'all', 'algemeen afspraak rijbewijs melding-openbare-ruimte gevonden-verloren-voorwerpen',
		'nl', 'all', 'kcc', 4),
	(3, 'Carla', 'coach', 'all', 'all', 'nl en tr', 'all', 'coaches', 3),
	(4, 'Wim', 'webcare', 'all', 'all', 'nl en', 'facebook x instagram messenger whatsapp', 'webcare', 5),
	(5, 'Linda', 'lead', 'all', 'all', 'nl en', 'all', 'kcc', 4),
	(6, 'Ayşe', 'agent', 'dordrecht zwijndrecht hendrik-ido-ambacht', 'all', 'nl tr en', 'all', 'kcc burgerzaken', 4),
	(7, 'Daan', 'agent', 'dordrecht', 'algemeen parkeervergunning bezoekersregeling pollerontheffing knipontheffing '
		'gehandicaptenparkeerkaart gehandicaptenparkeerplaats', 'nl en', 'all', 'parkeren', 4),
	(8, 'Eva', 'agent', 'dordrecht sliedrecht', 'algemeen afspraak uittreksel-brp afschrift-akte-burgerlijke-stand '
		'geboorteaangifte aangifte-overlijden huwelijk naamgebruik', 'nl de', 'all', 'burgerzaken', 4),
	(9, 'Fatima', 'agent', 'all', 'all', 'nl ar fr', 'all', 'kcc', 4),
	(10, 'Gijs', 'agent', 'alblasserdam', 'all but dordtpas', 'nl', 'all', 'kcc', 4),
	(11, 'Hanneke', 'agent', 'sliedrecht alblasserdam', 'all but dordtpas', 'nl', 'all', 'kcc', 4),
	(12, 'Ivo', 'agent', 'zwijndrecht', 'all but dordtpas', 'nl en pl', 'all', 'kcc', 4),
	(13, 'Joke', 'agent', 'hendrik-ido-ambacht', 'all but dordtpas', 'nl', 'phone counter letter webform email', 'kcc', 3),
	(14, 'Kees', 'agent', 'dordrecht', 'melding-openbare-ruimte gevonden-verloren-voorwerpen algemeen', 'nl',
		'phone webform whatsapp openforms', 'kcc', 4),
	(15, 'Mehmet', 'coach', 'dordrecht zwijndrecht', 'all', 'nl tr', 'all', 'coaches', 3),
	(16, 'Oksana', 'coach', 'all', 'all', 'nl uk en pl', 'all', 'coaches', 3),
	(17, 'Piet', 'webcare', 'dordrecht', 'all', 'nl', 'facebook x instagram messenger', 'webcare', 5);

insert into agent (id, name, role, municipalities, products, languages, channels, teams, room_total, extension)
select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, name, role,
	case municipalities when 'all' then (select array_agg(id order by id) from municipality)
		else string_to_array(municipalities, ' ') end,
	case when products like 'all%' then (select array_agg(id order by id) from product
			where id <> all (string_to_array(substr(products, 9), ' ')))
		else string_to_array(products, ' ') end,
	string_to_array(languages, ' '),
	case channels when 'all' then (select array_agg(id order by id) from channel)
		else string_to_array(channels, ' ') end,
	string_to_array(teams, ' '), room_total, '2' || lpad(n::text, 2, '0')
from person
on conflict do nothing;

-- people's tokens see what they may work on; BSN and raw bytes only where the work asks for it
insert into token (id, sha256, name, role, agent, municipalities, sees_bsn, sees_raw)
select gen_random_uuid(), sha256(convert_to(t.value, 'UTF8')), coalesce(a.name, t.key), coalesce(a.role, t.key), a.id,
	coalesce(a.municipalities, (select array_agg(id order by id) from municipality)),
	coalesce(a.role, t.key) in ('lead', 'admin'), coalesce(a.role, t.key) in ('lead', 'admin')
from jsonb_each_text(:'tokens'::jsonb) t
left join agent a on lower(a.name) = case t.key when 'lead' then 'linda' else t.key end
on conflict do nothing;
commit;
