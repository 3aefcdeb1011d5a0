#!/usr/bin/env python3
"""Knowledge and standard answers: whose version, looking for them, filled in for a case, sent, refused; and who may write."""
import itertools
import json
import pathlib
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402

people = itertools.count(31620900001)
NEW = {'kind': 'answer', 'title': 'Proef', 'text': 'Beste {{voornaam}}, kenmerk {{kenmerk}}.'}


class ArticleTest(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.world.agent('anna')
        cls.anna.ready()

    def get(self, path, who='anna', status=200, **query):
        answer = self.world.api('GET', path + ('?' + urllib.parse.urlencode(query) if query else ''), who)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def list(self, who='anna', **query):
        return self.get('/v1/articles', who, **query)['items']

    def put(self, name, who='lead', status=201, **body):
        answer = self.world.api('PUT', f'/v1/articles/{name}', who, NEW | body)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def take(self, text='Hoe verleng ik mijn rijbewijs?', **more):
        self.world.hook_whatsapp(text, **({'wa_id': str(next(people))} | more))
        return self.anna.accept(self.anna.next_offer())

    def filled(self, name, taken, status=200):
        return self.get(f'/v1/articles/{name}', status=status, case=taken['case']['id'])['filled']

    def reply(self, taken, **body):
        return self.world.api('POST', f"/v1/cases/{taken['case']['id']}/replies", 'anna', {'epoch': taken['epoch'], **body})


class Versions(ArticleTest):
    def test_own_before_the_regions(self):
        def words(**query):
            return [a['title'] for a in self.list('lead', q='rijbewijs verlengen', **query)]
        self.assertEqual(words(municipality='dordrecht'), ['Rijbewijs verlengen in Dordrecht'])
        self.assertEqual(words(municipality='sliedrecht'), ['Rijbewijs verlengen'])
        self.assertEqual(sorted(words()), ['Rijbewijs verlengen', 'Rijbewijs verlengen in Dordrecht'])
        one = '/v1/articles/rijbewijs-verlengen'
        self.assertEqual(self.get(one, municipality='dordrecht')['municipality'], 'dordrecht')
        self.assertNotIn('municipality', self.get(one, municipality='zwijndrecht'))
        self.assertNotIn('municipality', self.get(one))
        self.assertEqual(self.get('/v1/articles/parkeervergunning-aanvragen')['municipality'], 'dordrecht')
        self.get('/v1/articles/parkeervergunning-aanvragen', 'lead', 404, municipality='sliedrecht')
        self.get('/v1/articles/is-er-niet', status=404)

    def test_switched_off_is_without(self):
        self.put('weg')
        self.put('weg', municipality='sliedrecht', enabled=False)
        self.assertIn('weg', [a['id'] for a in self.list('lead', municipality='dordrecht')])
        self.assertNotIn('weg', [a['id'] for a in self.list('lead', municipality='sliedrecht')])
        self.assertIs(self.get('/v1/articles/weg', 'lead', municipality='sliedrecht')['enabled'], False)

    def test_every_change_is_kept(self):
        made = self.put('veranderd', municipality='dordrecht', channels=['whatsapp'], product='rijbewijs')
        self.assertEqual((made['municipality'], made['channels'], made['product'], made['language'], made['enabled']),
                         ('dordrecht', ['whatsapp'], 'rijbewijs', 'nl', True))
        again = self.put('veranderd', municipality='dordrecht', text='Anders', status=200)
        self.assertEqual(again['text'], 'Anders')
        self.assertNotIn('product', again)       # all of it is replaced
        lead = self.get('/v1/me', 'lead')['agent']['id']
        self.assertEqual(again['changedBy'], lead)
        kept = self.world.psql("select content ->> 'text', agent::text, token is not null from loket.article_change "
                               "where article = 'veranderd' and municipality = 'dordrecht' order by n")
        self.assertEqual(kept, [(NEW['text'], lead, True), ('Anders', lead, True)])


class Looking(ArticleTest):
    def test_by_word_and_by_key(self):
        self.put('verhuizen', title='Verhuizing doorgeven', text='U geeft de verhuizing door op de website.', product='adreswijziging',
                 channels=['chat'], municipality='dordrecht')
        def ids(**query):
            return [a['id'] for a in self.list(municipality='dordrecht', **query)]
        for found in [{'q': 'verhuizingen'}, {'q': 'VERHUIZ'}, {'q': 'doorgeven verhuizingen'}, {'product': 'adreswijziging'},
                      {'q': 'verhuizing', 'channel': 'chat'}, {'q': 'verhuizing', 'kind': 'answer', 'language': 'nl'}]:
            self.assertEqual(ids(**found), ['verhuizen'], found)
        for nothing in [{'q': 'verhuizing', 'channel': 'whatsapp'}, {'q': 'verhuizing', 'kind': 'article'}, {'q': "x' or true --"},
                        {'q': 'verhuizing', 'language': 'en'}, {'q': 'verhuizing', 'product': 'rijbewijs'}, {'q': '%'}]:
            self.assertEqual(ids(**nothing), [], nothing)
        self.assertIn('naam-in-bericht', ids(kind='article'))

    def test_pages(self):
        for i in range(5):
            self.put(f'blad-{i}', title=f'Bladzijde {i}', municipality='dordrecht')
        seen, cursor = [], {}
        while True:
            page = self.get('/v1/articles', q='bladzijde', limit=2, **cursor)
            seen += [a['id'] for a in page['items']]
            if page['next'] is None:
                break
            cursor = {'cursor': page['next']}
        self.assertEqual(seen, [f'blad-{i}' for i in range(5)])
        for bad in ['x', 'LTE', 'OTk5OTk5OTk']:     # not ours; -1; 99999999
            self.get('/v1/articles', status=400, cursor=bad)
        for bad in [{'limit': 101}, {'kind': 'iets'}, {'case': 'x'}, {'q': ''}, {'language': 'Nederlands'}]:
            self.get('/v1/articles', status=400, **bad)

    def test_what_fits_the_case_goes_first(self):
        taken = self.take()
        listed = self.list(case=taken['case']['id'])
        self.assertEqual((listed[0]['id'], listed[0]['municipality']), ('rijbewijs-verlengen', 'dordrecht'))
        ranks = [0 if a.get('product') == 'rijbewijs' else 1 if 'product' not in a else 2 for a in listed]
        self.assertEqual(ranks, sorted(ranks))
        self.assertEqual({len({0, 1, 2} - set(ranks))}, {0})
        self.assertTrue(all('filled' in a for a in listed))
        self.anna.resolve(taken)


class Filled(ArticleTest):
    def test_there_and_back(self):
        taken = self.take(name='Sanne de Vries')
        reference = self.anna.case(taken['case']['id'])['reference']
        got = self.filled('rijbewijs-verlengen', taken)
        self.assertTrue(got['text'].startswith('Beste Sanne, maak op de website van Dordrecht'), got)
        self.assertTrue(got['text'].endswith(f'Uw kenmerk is {reference}.'), got)
        self.assertEqual((got['missing'], got['fits']), ([], True))
        answer = self.reply(taken, text=got['text'])
        self.assertEqual(answer.status, 202, answer)
        world.wait_until(lambda: any(got['text'] in json.dumps(r['message'], ensure_ascii=False) for r in self.world.standin.received), 15)
        looked = self.world.psql("select agent is not null, object_kind from loket.access_log where action = 'article.fill' and "
                                 'object_id = %s', [taken['case']['id']])
        self.assertEqual(looked, [(True, 'case')])
        self.anna.resolve(taken)

    def test_every_field(self):
        self.put('alles', municipality='dordrecht', text='{{naam}}|{{ Voornaam }}|{{ONDERWERP}}|{{gemeente}}|{{medewerker}}|{{kanaal}}|{{datum}}')
        taken = self.take(name='Sanne {{kenmerk}} de Vries')
        parts = self.filled('alles', taken)['text'].split('|')
        self.assertEqual(parts[:-1], ['Sanne ((kenmerk)) de Vries', 'Sanne', 'Rijbewijs', 'Dordrecht', 'Anna', 'WhatsApp'])
        self.assertRegex(parts[-1], r'^\d{1,2} [a-z]+ 20\d\d$')
        self.anna.resolve(taken)

    def test_what_is_missing_is_said_and_not_sent(self):
        taken = self.take(name='J.')
        got = self.filled('rijbewijs-verlengen', taken)
        self.assertEqual(got['missing'], ['voornaam'])
        self.assertIn('{{voornaam}}', got['text'])
        for body in [{'text': got['text']}, {'text': 'Dag {{ NAAM }}'},
                     {'template': {'name': 'meer_weten', 'language': 'nl', 'components': [{'type': 'body', 'parameters': [{'type': 'text', 'text': '{{naam}}'}]}]}},
                     {'template': {'name': 'meer_weten', 'language': 'nl', 'parameters': ['a', '{{kenmerk}}']}}]:
            answer = self.reply(taken, **body)
            self.assertEqual((answer.status, answer.json.get('rule')), (422, 'unfilled'), answer)
        self.assertIn('template holds {{kenmerk}}', answer.json['detail'])
        self.assertIn('text holds {{voornaam}}, which is not filled in, at byte 6', self.reply(taken, text=got['text']).json['detail'])
        self.assertEqual(self.world.value("select count(*) from loket.outbox where case_id = %s", [taken['case']['id']]), 0)
        self.assertEqual(self.reply(taken, text='Vul {{1}} of {{iets}} in').status, 202)      # no fields of ours
        self.anna.resolve(taken)

    def test_too_long_for_the_channel(self):
        self.put('lang', municipality='dordrecht', text='Beste {{voornaam}}, ' + 'x' * 4090)
        taken = self.take(name='Sanne')
        got = self.filled('lang', taken)
        self.assertEqual((got['fits'], got['rule'], got['limit']), (False, 'textTooLong', 4096))
        self.assertEqual(self.reply(taken, text=got['text']).json['rule'], 'textTooLong')
        self.anna.resolve(taken)

    def test_outside_the_window(self):
        taken = self.take(name='Sanne', timestamp=int(time.time()) - 25 * 3600)
        got = self.filled('meer-weten', taken)
        self.assertEqual((got['fits'], got['rule']), (False, 'windowClosed'))
        reference = self.anna.case(taken['case']['id'])['reference']
        self.assertEqual(got['template'], {'name': 'meer_weten', 'language': 'nl', 'parameters': ['Sanne', 'Rijbewijs', reference]})
        answer = self.reply(taken, template=got['template'])
        self.assertEqual(answer.status, 202, answer)
        self.anna.resolve(taken)

    def test_a_channel_that_cannot_be_answered(self):
        answer = self.world.api('POST', '/v1/contacts', 'anna', {
            'inbox': 'dordrecht-phone', 'kind': 'call', 'from': {'addresses': [{'kind': 'phone', 'value': '+31612345699'}]},
            'text': 'Belt over een rijbewijs', 'product': 'rijbewijs'})
        self.assertEqual(answer.status, 201, answer)
        got = self.get('/v1/articles/ontvangen', case=answer.json['case']['id'])['filled']
        self.assertEqual((got['fits'], got['rule'], got['missing']), (False, 'noReplyOnChannel', ['naam']))

    def test_a_long_page_of_long_answers(self):
        """100 of the longest at once: each in memory of its own."""
        for i in range(100):
            self.world.psql("insert into loket.article (id, municipality, kind, language, title, text, changed_at) values "
                            "(%s, 'dordrecht', 'answer', 'nl', 'Zeerlang', %s, now())", [f'zeer-lang-{i}', '{{naam}}' * 50 + '€' * 9600])
        try:
            taken = self.take(name='\U0001f98a' * 50)
            page = self.get('/v1/articles', q='Zeerlang', limit=100, case=taken['case']['id'])
            self.assertEqual({(len(a['filled']['text']), a['filled']['fits']) for a in page['items']}, {(50 * 50 + 9600, False)})
            self.assertEqual(len(page['items']), 100)
            self.anna.resolve(taken)
        finally:
            self.world.psql("delete from loket.article where title = 'Zeerlang'")


class Rights(ArticleTest):
    def test_somebody_elses(self):
        self.put('alleen-dordrecht', municipality='dordrecht', title='Alleen Dordrecht')
        taken = self.take()
        elsewhere = self.world.api('PUT', '/v1/tokens', 'admin', {'name': 'Sliedrecht', 'role': 'admin', 'municipalities': ['sliedrecht']})
        self.assertEqual(elsewhere.status, 201, elsewhere)
        token = elsewhere.json['secret']
        self.assertEqual(self.list(token, q='Alleen Dordrecht'), [])
        self.assertEqual(self.list(token, municipality='dordrecht', q='Alleen'), [])
        self.get('/v1/articles/alleen-dordrecht', token, 404)
        self.get('/v1/articles/alleen-dordrecht', token, 404, municipality='dordrecht')
        self.get('/v1/articles/ontvangen', token, 404, case=taken['case']['id'])
        self.get('/v1/articles', token, 404, case=taken['case']['id'])
        self.put('alleen-dordrecht', token, 403, municipality='dordrecht')
        self.put('van-de-regio', token, 403)          # the region's needs all of it
        self.put('van-sliedrecht', token, municipality='sliedrecht')
        self.put('niet-voor-anna', 'anna', 403, municipality='dordrecht')
        self.put('van-de-regio', 'lead')
        self.anna.resolve(taken)

    def test_what_is_wrong_with_it(self):
        def names(**body):
            return {e['name']: e['reason'] for e in self.put('fout', status=422, **body)['errors']}
        self.assertEqual(names(text='{{naam}} {{naan}} {{bsn}}')['text'], 'no field of ours: {{naan}}, {{bsn}}')
        self.assertEqual(names(text='{{naam')['text'], 'no field of ours: {{ without }}')
        self.assertEqual(names(text='{{naam}}' * 51)['text'], 'more than 50 fields')
        self.assertEqual(set(names(text='{{x}}', product='onbekend', channels=['whatsapp', 'duif'],
                                   template={'name': 'a', 'language': 'nl', 'parameters': ['{{naam}}', '{{y}}']})),
                         {'text', 'product', 'channels[1]', 'template.parameters[1]'})
        self.assertEqual(set(names(text='', kind='boek', title='x' * 201)), {'text', 'kind', 'title'})
        self.put('FOUT', status=404)
        self.get('/v1/articles/fout', status=404)


class Found(ArticleTest):
    """What somebody types finds what they mean: golden/article_search.txt."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.psql('delete from loket.article')
        cls.questions = []
        lines = (pathlib.Path(__file__).resolve().parent.parent / 'golden/article_search.txt').read_text().splitlines()
        for n, line in enumerate(lines):
            if line.startswith('= '):
                title, text = line[2:].split(' | ')
                cls.world.psql("insert into loket.article (id, kind, language, title, text, changed_at) values (%s, 'article', 'nl', %s, %s, now())",
                               [f'golden-{n}', title, text])
            elif '->' in line and not line.startswith('#'):
                cls.questions.append([part.strip() for part in line.split('->')])

    def test_golden(self):
        self.assertGreater(len(self.questions), 30)
        for asked, title in self.questions:
            with self.subTest(asked):
                self.assertEqual([a['title'] for a in self.list(q=asked)][:1], [title])

    def test_odd_questions(self):
        for asked in (' ', "'", "a'b:*&|!()<->", ':*', '\\', 'ab', 'de het een', '%_', 'é' * 90, 'x ' * 90, '0612345678', 'https://x.nl/?q=a'):
            self.get('/v1/articles', q=asked)

    def test_of_a_municipality(self):
        """Nobody finds what is another municipality's, and one's own version goes before the region's."""
        for municipality, title in (('sliedrecht', 'Zwerfkatten opvang Sliedrecht'), (None, 'Zwerfkatten opvang')):
            self.world.psql("insert into loket.article (id, municipality, kind, language, title, text, changed_at) values ('zwerfkat', %s, 'article', "
                            "'nl', %s, 'Bel de opvang.', now())", [municipality, title])
        self.assertEqual([a['title'] for a in self.list(q='zwerfkat')], ['Zwerfkatten opvang'])           # Anna: not of Sliedrecht
        self.assertEqual([a['title'] for a in self.list('lead', q='zwerfkat', municipality='sliedrecht')], ['Zwerfkatten opvang Sliedrecht'])
        self.assertEqual([a['title'] for a in self.list('lead', q='zwerfkat', municipality='dordrecht')], ['Zwerfkatten opvang'])


class Kept(ArticleTest):
    def test_versions(self):
        self.put('versie', municipality='dordrecht', reviewOn='2027-02-28')
        self.put('versie', municipality='dordrecht', text='Anders.', status=200)
        first = self.get('/v1/articles/versie/versions', 'lead', municipality='dordrecht', limit=1)
        self.assertEqual([v['content']['text'] for v in first['items']], ['Anders.'])
        self.assertEqual(first['items'][0]['agent'], self.get('/v1/me', 'lead')['agent']['id'])
        second = self.get('/v1/articles/versie/versions', 'lead', municipality='dordrecht', limit=1, cursor=first['next'])
        self.assertEqual([(v['content']['text'], v['content']['reviewOn']) for v in second['items']], [(NEW['text'], '2027-02-28')])
        self.assertIsNone(second['next'])
        self.get('/v1/articles/versie/versions', 'lead', status=404)           # the region has none
        self.get('/v1/articles/versie/versions', 'lead', status=400, cursor='eeuw')

    def test_to_be_looked_at_again(self):
        self.put('oud', reviewOn='2026-01-02')
        self.put('ouder', reviewOn='2026-01-01')
        self.put('later', reviewOn='2999-01-01')
        self.assertEqual([(a['id'], a['reviewOn']) for a in self.list('lead', review='due')], [('ouder', '2026-01-01'), ('oud', '2026-01-02')])
        for bad in ('2026-02-30', '2026-1-1222', 'morgen, vroeg'[:10], '2026-13-01'):
            answer = self.world.api('PUT', '/v1/articles/fout', 'lead', NEW | {'reviewOn': bad})
            self.assertEqual((answer.status, [e['name'] for e in answer.json['errors']]), (422, ['reviewOn']), bad)

    def test_did_not_help(self):
        self.put('onduidelijk', municipality='dordrecht')
        path = '/v1/articles/onduidelijk/feedback'
        for note in ('Wat kost het?', 'BSN 111222333 staat er niet in'):
            answer = self.world.api('POST', path, 'anna', {'municipality': 'dordrecht', 'note': note})
            self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.get('/v1/articles/onduidelijk', municipality='dordrecht')['didNotHelp'], 2)
        lead = self.get('/v1/me', 'lead')['agent']['id']
        items = self.get('/v1/article-feedback', 'lead', editor=lead, municipality='dordrecht')['items']
        self.assertEqual([(i['article'], i['times'], i['editor']) for i in items], [('onduidelijk', 2, lead)] * 2)
        self.assertNotIn('111222333', items[0]['note'])
        self.assertEqual(self.get('/v1/article-feedback', 'lead', limit=1)['items'][0]['id'], items[0]['id'])
        # who mended it has heard
        self.put('onduidelijk', municipality='dordrecht', text='Het kost niets.', status=200)
        self.assertNotIn('didNotHelp', self.get('/v1/articles/onduidelijk', municipality='dordrecht'))
        self.assertEqual(self.get('/v1/article-feedback', 'lead', municipality='dordrecht')['items'], [])
        self.assertEqual(self.world.api('POST', '/v1/articles/is-er-niet/feedback', 'anna', {}).status, 404)
        self.get('/v1/article-feedback', 'lead', status=400, editor='wie')
        # of each the newest hundred stay
        self.world.psql("insert into loket.article_feedback (id, article, municipality, at) select md5('f' || n)::uuid, 'onduidelijk', 'dordrecht', now() "
                        'from generate_series(1, 150) n')
        self.world.api('POST', path, 'anna', {'municipality': 'dordrecht'})
        self.assertEqual(self.world.value("select count(*) from loket.article_feedback where article = 'onduidelijk'"), 100)

    def test_plain(self):
        made = self.put('moeilijk', text='Indien u reeds betaald heeft, dient u niets te doen.')
        self.assertEqual([h['word'] for h in made['plain']['hard']], ['indien', 'reeds', 'dient'])
        self.assertEqual((made['plain']['sentences'], made['plain']['long']), (1, []))
        self.assertEqual(self.get('/v1/articles/moeilijk')['plain'], made['plain'])
        self.assertNotIn('plain', self.put('engels', language='en', text='Indeed.'))


if __name__ == '__main__':
    world.main()
