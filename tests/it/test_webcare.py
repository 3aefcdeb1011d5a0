#!/usr/bin/env python3
"""Webcare: streams, the protocol, labels, colleagues, many at once, the logbook; and nobody answers what somebody else has."""
import collections
import concurrent.futures
import os
import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent / 'support')]
import world  # noqa: E402
import test_posts  # noqa: E402
from servers import wait_until  # noqa: E402

POSTS = int(os.environ.get('LOKET_WEBCARE_POSTS', '500'))
THEMES = [{'id': 'afval', 'name': 'Afval', 'department': 'Wijkbeheer', 'words': ['afval~', 'prullenbak', 'grijze bak']},
          {'id': 'verkeer', 'name': 'Verkeer', 'department': 'Verkeer en vervoer', 'words': ['stoplicht', 'file', 'brug']}]
AREAS = [{'id': 'centrum', 'name': 'Centrum', 'words': ['statenplein', 'plein']}, {'id': 'sterrenburg', 'name': 'Sterrenburg', 'words': ['sterrenburg']}]
PROTOCOL = [
    {'id': 'voor-ons', 'question': 'Gaat het over de gemeente?', 'help': 'Ook als iemand anders het moet oplossen.', 'answers': [
        {'id': 'ja', 'text': 'Ja', 'next': 'toon'}, {'id': 'nee', 'text': 'Nee', 'advice': {'action': 'done', 'say': 'Reageer niet.'}}]},
    {'id': 'toon', 'question': 'Scheldt iemand of dreigt iemand?', 'answers': [
        {'id': 'ja', 'text': 'Ja', 'advice': {'action': 'colleague', 'say': 'Vraag de woordvoerder.'}}, {'id': 'nee', 'text': 'Nee', 'next': 'prive'}]},
    {'id': 'prive', 'question': 'Heb je gegevens nodig die niet iedereen mag lezen?', 'answers': [
        {'id': 'ja', 'text': 'Ja', 'advice': {'action': 'private'}}, {'id': 'nee', 'text': 'Nee', 'advice': {'action': 'answer'}}]}]


class Webcare(test_posts.PostsTest):
    config = 'dispatch { sweep_seconds = 1 }\n' + world.NO_BUDGETS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        region = {'webcare': {'themes': [THEMES[1]], 'protocol': PROTOCOL[:1]}}
        region['webcare']['protocol'] = [{**PROTOCOL[0], 'answers': [{'id': 'ja', 'text': 'Ja', 'advice': {'action': 'answer'}}]}]
        answer = cls.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': region})
        assert answer.status in (200, 201), answer
        cls.settings({'themes': [THEMES[0]], 'areas': AREAS, 'protocol': PROTOCOL})
        cls.wim, cls.piet = (cls.world.value('select id::text from loket.agent where name = %s', [n]) for n in ('Wim', 'Piet'))

    def setUp(self):
        self.world.psql("update loket.case_file set state = 'closed', outcome = 'notForUs', closed_at = now() where state = 'triage'")
        self.world.psql("update loket.post set state = 'done', outcome = 'notForUs', done_at = now(), claimed_by = null where state <> 'done'")

    @classmethod
    def settings(cls, webcare, municipality='dordrecht', want=200):
        now = cls.world.api('GET', f'/v1/municipalities/{municipality}', 'admin').json
        answer = cls.world.api('PUT', f'/v1/municipalities/{municipality}', 'admin', {
            'region': now['region'], 'name': now['name'], 'settings': now['settings'] | {'webcare': webcare}})
        assert answer.status == want, answer
        return answer.json

    def on_x(self, text):
        """A post that can be answered in public."""
        return self.said(text, inbox='dordrecht-x', providerId=str(10 ** 18 + next(test_posts.numbers)))

    def triage(self, said, action, who='wim', want=200, headers=None, **body):
        answer = self.world.api('POST', f"/v1/posts/{said['contact']['id']}/triage", who, {'action': action} | body, headers)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def many(self, said, action, who='wim', want=200, **body):
        answer = self.world.api('POST', '/v1/posts/triage', who, {'posts': [s['contact']['id'] for s in said], 'action': action} | body)
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def list(self, who='wim', **query):
        answer = self.world.api('GET', '/v1/posts?limit=100&' + '&'.join(f'{k}={v}' for k, v in query.items()), who)
        self.assertEqual(answer.status, 200, answer)
        return answer.json['items']

    def post(self, said):
        return next(p for state in ('waiting', 'claimed', 'done') for p in self.list(state=state) if p['id'] == said['contact']['id'])

    def labelled(self, said):
        wait_until(lambda: self.world.value('select because is not null from loket.post where id = %s', [said['contact']['id']]), 30, 'a proposal')
        return self.post(said)['labels']

    def log(self, said, **query):
        answer = self.world.api('GET', f"/v1/posts/{said['contact']['id']}/log?" + '&'.join(f'{k}={v}' for k, v in query.items()), 'lead')
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def hours(self):
        """What was counted, all hours together."""
        found = self.world.psql("select theme, area, sum(n)::int from loket.theme_hour where municipality = 'dordrecht' group by 1, 2")
        return collections.Counter({(theme, area): n for theme, area, n in found if n})

    def test_what_a_person_says_is_counted(self):
        """A correction moves the counts of signals, whether it comes before they were made or after; a question stays one."""
        before = self.hours()[('afval', 'sterrenburg')]
        self.on_x('Nog een prullenbak in Sterrenburg')        # counted in order: then all from before it is
        wait_until(lambda: self.hours()[('afval', 'sterrenburg')] > before, 60, 'what came before to be counted')
        before = self.hours()

        def counted(want, what):
            wait_until(lambda: self.hours() - before == collections.Counter(want) and not before - self.hours(), 60, what)
        said = self.on_x('De prullenbak in Sterrenburg zit vol')
        counted({('afval', 'sterrenburg'): 1, ('afval', ''): 1}, 'what the rule says')
        self.triage(said, 'label', theme='verkeer')
        counted({('verkeer', 'sterrenburg'): 1, ('verkeer', ''): 1}, 'another theme')
        self.triage(said, 'label', area='')
        counted({('verkeer', ''): 1}, 'no area')
        self.triage(said, 'label', theme='')
        counted({}, 'nothing')
        self.triage(said, 'label', theme='afval', area='centrum')
        counted({('afval', 'centrum'): 1, ('afval', ''): 1}, 'what no rule said')
        early = self.on_x('Grijze bak nog steeds niet geleegd')
        self.triage(early, 'label', theme='verkeer')            # seconds before it is counted
        silent = self.on_x('Alweer hetzelfde')                  # of which a rule knows nothing
        self.triage(silent, 'label', sentiment='negative', area='centrum')
        counted({('afval', 'centrum'): 1, ('afval', ''): 1, ('verkeer', ''): 1, ('', 'centrum'): 1}, 'all of them')

    # ---------------------------------------------------------------- the scenario

    def test_a_post_from_stream_to_logbook(self):
        """One way through: it is in its stream, the protocol is followed, a colleague answers, the logbook tells who did what."""
        said = self.on_x('De prullenbak op het Statenplein zit weer vol, wat een rotzooi')
        self.assertEqual(self.labelled(said), {
            'theme': 'afval', 'area': 'centrum', 'sentiment': 'negative', 'tags': [], 'by': 'rule',
            'because': {'theme': ['prullenbak'], 'area': ['statenplein'], 'sentiment': ['vol', 'rotzooi']}})
        streams = self.world.api('GET', '/v1/posts/streams?by=theme&municipality=dordrecht', 'wim').json
        self.assertEqual(streams['by'], 'theme')
        mine = next(s for s in streams['items'] if s.get('stream') == 'afval')
        self.assertEqual((mine['waiting'], mine['claimed']), (1, 0))
        self.assertEqual([p['id'] for p in self.list(theme='afval', area='centrum', sentiment='negative')], [said['contact']['id']])

        shown = self.world.api('GET', '/v1/municipalities/dordrecht/protocol', 'wim').json
        self.assertEqual((shown['from'], [s['id'] for s in shown['steps']]), ('municipality', ['voor-ons', 'toon', 'prive']))
        self.assertEqual(self.post(said)['protocol']['next']['question'], 'Gaat het over de gemeente?')
        at = self.triage(said, 'step', step='voor-ons', answer='ja')['post']
        self.assertEqual((at['claimedBy']['name'], at['protocol']['next']['id']), ('Wim', 'toon'))
        self.assertEqual(self.triage(said, 'step', step='prive', answer='ja', want=422)['rule'], 'protocolStep')
        self.triage(said, 'step', step='toon', answer='nee')
        at = self.triage(said, 'step', step='prive', answer='nee')['post']['protocol']
        self.assertEqual((at['advice'], len(at['taken'])), ({'action': 'answer'}, 3))
        self.triage(said, 'label', tags=['herhaling', 'plein'], sentiment='neutral')

        handed = self.triage(said, 'colleague', agent=self.piet, note='Jij kent het plein')['post']
        self.assertEqual(handed['claimedBy'], {'id': self.piet, 'name': 'Piet'})
        self.assertIn('claimedUntil', handed)
        self.triage(said, 'answer', text='Ik doe het toch', want=409)
        self.triage(said, 'answer', 'piet', text='Wij legen hem vandaag nog.')
        self.triage(said, 'done', 'piet')
        labels = self.post(said)['labels']
        self.assertEqual((labels['by'], labels['theme'], labels['sentiment'], labels['tags']), ('person', 'afval', 'neutral', ['herhaling', 'plein']))

        lines = self.log(said)['items'][::-1]
        self.assertEqual([(line['agent']['name'], line['action']) for line in lines], [
            ('Wim', 'step'), ('Wim', 'step'), ('Wim', 'step'), ('Wim', 'label'), ('Wim', 'colleague'), ('Piet', 'answer'), ('Piet', 'done')])
        self.assertEqual(lines[0]['detail'], {'step': 'voor-ons', 'answer': 'ja'})
        self.assertEqual(lines[4]['detail'], {'to': self.piet})
        self.assertEqual((lines[5]['detail']['advised'], lines[6]['detail']['outcome']), ('answer', 'solved'))
        page = self.log(said, limit=5)
        self.assertEqual([line['action'] for line in self.log(said, limit=5, cursor=page['next'])['items']], ['step', 'step'])
        self.assertEqual(self.world.value('select count(*) from loket.post_log l where l::text like %s', ['%vandaag%']), 0)

    # ---------------------------------------------------------------- labels, colleagues, steps

    def test_what_a_person_says_stays(self):
        said = self.said('Dit is een mooi plein')
        self.triage(said, 'label', theme='verkeer', area='')
        labels = self.labelled(said)
        self.assertEqual((labels['theme'], labels.get('area'), labels['by']), ('verkeer', None, 'person'))
        self.assertEqual(self.row(said)[0], 'waiting')          # nobody has it because of that
        self.triage(said, 'claim', 'piet')
        self.triage(said, 'label', tags=['mooi'])               # also what somebody else has
        self.assertEqual(self.list(tag='mooi', claimedBy=self.piet)[0]['id'], said['contact']['id'])
        self.assertEqual(self.list(tag='mooi', claimedBy=self.wim), [])
        self.triage(said, 'done', 'piet')
        self.triage(said, 'label', theme='')

    def test_what_is_wrong_is_named(self):
        said = self.said()
        self.assertEqual(self.triage(said, 'label', theme='bestaat-niet', want=422)['rule'], 'unknownLabel')
        self.assertEqual([e['name'] for e in self.triage(said, 'label', want=422)['errors']], ['theme'])
        self.assertEqual([e['name'] for e in self.triage(said, 'label', tags=['123456782'], want=422)['errors']], ['tags'])
        self.assertEqual([e['name'] for e in self.triage(said, 'colleague', agent='x', want=422)['errors']], ['agent'])
        anna = self.world.value("select id::text from loket.agent where name = 'Anna'")
        self.assertEqual([e['name'] for e in self.triage(said, 'colleague', agent=anna, want=422)['errors']], ['agent'])
        self.assertEqual({e['name'] for e in self.triage(said, 'step', want=422)['errors']}, {'step', 'answer'})
        self.assertEqual(self.triage(said, 'step', step='voor-ons', answer='misschien', want=422)['rule'], 'protocolStep')
        elsewhere = self.said(inbox='zwijndrecht-whatsapp', **{'from': {'addresses': [{'kind': 'phone', 'value': '+31612345999'}]}})
        self.assertEqual(self.triage(elsewhere, 'colleague', agent=self.piet, want=422)['rule'], 'colleagueElsewhere')

    def test_a_colleague_who_does_nothing_loses_it(self):
        said = self.said()
        self.triage(said, 'colleague', agent=self.piet)
        self.triage(said, 'claim', want=409)
        self.world.psql("update loket.post set claimed_until = now() - interval '1 second' where id = %s", [said['contact']['id']])
        self.assertEqual(self.triage(said, 'claim')['post']['claimedBy']['name'], 'Wim')

    def test_a_step_is_taken_anew(self):
        said = self.said()
        self.triage(said, 'step', step='voor-ons', answer='ja')
        self.triage(said, 'step', step='toon', answer='ja')
        at = self.triage(said, 'step', step='voor-ons', answer='nee')['post']['protocol']
        self.assertEqual((at['taken'], at['advice']['action']), ([{'step': 'voor-ons', 'answer': 'nee'}], 'done'))
        self.triage(said, 'done', 'piet', want=409)

    # ---------------------------------------------------------------- what is set up

    def test_in_force_and_from_where(self):
        own = self.world.api('GET', '/v1/municipalities/dordrecht', 'admin').json['webcare']
        self.assertEqual([(t['id'], t['from']) for t in own['themes']], [('afval', 'municipality'), ('verkeer', 'region')])
        self.assertEqual(own['protocol']['from'], 'municipality')
        other = self.world.api('GET', '/v1/municipalities/zwijndrecht', 'admin').json['webcare']
        self.assertEqual(([t['id'] for t in other['themes']], other['areas'], other['protocol']['from']), (['verkeer'], [], 'region'))
        answer = self.world.api('GET', '/v1/municipalities/zwijndrecht/protocol', 'wim').json
        self.assertEqual((answer['from'], len(answer['steps'])), ('region', 1))
        self.assertEqual(self.world.api('GET', '/v1/municipalities/rotterdam/protocol', 'wim').status, 404)

    def test_every_mistake_is_named(self):
        wrong = self.settings({'themes': [{'id': 'A', 'name': '', 'words': 'x', 'colour': 1}, {'id': 'ok', 'name': 'Ok', 'words': ['a|b']}],
                               'areas': [{'id': 'a', 'name': 'A', 'words': ['aa'], 'department': 'x'}, {'id': 'a', 'name': 'A', 'words': ['bb']}],
                               'protocol': [{'id': 's', 'question': 'Q', 'answers': [{'id': 'j', 'text': 'J', 'next': 's'}]},
                                            {'id': 't', 'question': '', 'answers': [{'id': 'j', 'text': 'J', 'advice': {'action': 'x'}}]}],
                               'falseAlarmsPerWeek': 0, 'kleur': 'rood'}, want=422)
        at = 'settings.webcare'
        self.assertEqual({e['name'] for e in wrong['errors']}, {
            f'{at}.themes[0].id', f'{at}.themes[0].name', f'{at}.themes[0].words', f'{at}.themes[0]', f'{at}.themes[1].words',
            f'{at}.areas[0].department', f'{at}.areas[1].id', f'{at}.protocol[0].answers', f'{at}.protocol[1].question',
            f'{at}.protocol[1].answers', f'{at}.falseAlarmsPerWeek', at})

    # ---------------------------------------------------------------- many at once

    def test_each_is_told(self):
        said = [self.said(f'Bericht {i}') for i in range(6)]
        self.triage(said[1], 'claim', 'piet')
        self.triage(said[2], 'done', 'piet')
        self.changed('delete', said[3])
        nobody = {'contact': {'id': '01900000-0000-7000-8000-0000000000ff'}}
        items = self.many([*said, nobody], 'like')['items']
        self.assertEqual([i['status'] for i in items], [200, 409, 409, 422, 200, 200, 404])
        self.assertEqual([i['id'] for i in items], [s['contact']['id'] for s in [*said, nobody]])
        self.assertEqual((items[3]['rule'], items[0]['post']['actions']), ('postDeleted', ['like']))
        self.assertEqual([i['status'] for i in self.many([said[0], said[4]], 'label', tags=['zo'])['items']], [200, 200])
        self.assertEqual(len(self.list(tag='zo')), 2)
        self.assertEqual([i['post']['outcome'] for i in self.many([said[0], said[4], said[5]], 'done', note='Klaar')['items']], ['notForUs'] * 3)
        self.many([], 'done', want=422)
        self.many(said, 'answer', want=422)
        self.many(said, 'claim', 'anna', want=403)

    def test_two_people_on_five_hundred_posts(self):
        """Both answer and close all they can, in one order and in the other: every post has one answer, and one who did it."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda i: self.on_x(f'Vraag {i}'), range(POSTS)))
        how = collections.Counter()

        def work(who, posts):
            for some in (posts[i:i + 50] for i in range(0, len(posts), 50)):
                got = self.many(some, 'claim', who)['items']
                for s, item in zip(some, got):
                    if item['status'] == 409 and s['contact']['id'][-1] in '01234567':
                        continue                # half of what a colleague has is tried all the same
                    answer = self.world.api('POST', f"/v1/posts/{s['contact']['id']}/triage", who, {'action': 'answer', 'text': f'Antwoord van {who}'})
                    self.assertEqual(answer.status, item['status'], answer)
                    how[who, answer.status] += 1
                mine = [s for s, item in zip(some, got) if item['status'] == 200]
                for item in self.many(mine, 'done', who)['items'] if mine else []:
                    self.assertEqual(item['status'], 200, item)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(work, 'wim', said), pool.submit(work, 'piet', said[::-1])]:
                done.result()
        self.assertEqual(how['wim', 200] + how['piet', 200], POSTS)
        self.assertGreater(min(how['wim', 200], how['piet', 200]), 0)
        rows = self.world.psql('''select p.state, p.done_by = c.agent, count(*) over (partition by p.id) from loket.post p join loket.contact c
                                   on c.case_id = p.case_id and c.direction = 'out' where p.id = any (%s::uuid[])''', [[s['contact']['id'] for s in said]])
        self.assertEqual(collections.Counter(rows), {('done', True, 1): POSTS})
        logged = self.world.psql('''select count(*), count(distinct agent) from loket.post_log where post = any (%s::uuid[])
                                     group by post''', [[s['contact']['id'] for s in said]])
        self.assertEqual(collections.Counter(logged), {(3, 1): POSTS})


if __name__ == '__main__':
    world.main()
