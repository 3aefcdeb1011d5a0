#!/usr/bin/env python3
"""What every route of the API has in common: tokens, keys, bodies, pages, problems, Idempotency-Key; and set-up."""
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import ROOT, wait_until  # noqa: E402

CONTRACT = json.loads((ROOT / 'proto/openapi.json').read_text())
NOBODY = '01900000-0000-7000-8000-0000000000ff'


class ApiTest(world.LoketTest):
    def api(self, method, path, token='admin', body=None, want=200, headers=None):
        answer = self.world.api(method, path, token, body, headers)
        self.assertEqual(answer.status, want, answer)
        if want >= 400:
            self.assertEqual(answer.headers['Content-Type'], 'application/problem+json')
            self.assertEqual(answer.json['status'], want)
        self.assertEqual(answer.headers['API-Version'], CONTRACT['info']['version'])
        return answer

    def bad_fields(self, *args, **kwargs):
        return {e['name']: e['reason'] for e in self.api(*args, **kwargs).json['errors']}


class Requests(ApiTest):
    def test_status_routes_need_no_token(self):
        self.assertEqual(self.api('GET', '/livez', None).json, {'status': 'alive'})
        self.assertEqual(self.api('GET', '/readyz', None).json['status'], 'ready')
        metrics = self.api('GET', '/metrics', None)
        self.assertIn('text/plain; version=0.0.4', metrics.headers['Content-Type'])
        self.assertIn(b'loket_http_requests_total', metrics.body)

    def test_the_document_itself(self):
        answer = self.api('GET', '/v1/openapi.json', None)
        self.assertEqual(answer.json, CONTRACT)
        self.assertEqual(answer.headers['Access-Control-Allow-Origin'], '*')

    def test_no_such_path(self):
        for path in ['/', '/v1', '/v1/nothing', '/v1/cases/', '/v1//cases', '/v1/cases/x/nothing', '/v2/cases', '/v1/openapi.jsonx']:
            self.assertEqual(self.world.api('GET', path, 'admin').status, 404, path)

    def test_no_such_method(self):
        answer = self.api('DELETE', '/v1/cases', want=405)
        self.assertEqual(answer.headers['Allow'], 'GET')
        answer = self.api('DELETE', f'/v1/cases/{NOBODY}', want=405)
        self.assertEqual(set(answer.headers['Allow'].split(', ')), {'GET', 'PATCH'})

    def test_tokens(self):
        for header in [None, '', 'Bearer', 'Bearer ', 'Bearer x', 'Basic YTpi', 'Bearer ' + 'x' * 46, 'Bearer ' + 'y' * 300,
                       self.world.tokens['admin'], 'Bearer ' + self.world.tokens['admin'] + ' ']:
            answer = self.world.request('GET', '/v1/me', {'Authorization': header} if header is not None else {})
            if header == 'Bearer ' + self.world.tokens['admin'] + ' ':
                continue    # white space at the end of a header is not part of it
            self.assertEqual(answer.status, 401, header)
            self.assertEqual(answer.headers['WWW-Authenticate'], 'Bearer')

    def test_query_keys(self):
        self.assertEqual(self.bad_fields('GET', '/v1/tokens?limiet=1&x=2', want=400), {'limiet': 'unknown key', 'x': 'unknown key'})
        for path in ('cases', 'tasks', 'dead-letters'):
            self.assertEqual(set(self.bad_fields('GET', f'/v1/{path}?state=half&limit=0', want=400)), {'state', 'limit'}, path)
        for query in ['limit=0', 'limit=101', 'limit=x', 'limit=', 'limit', 'limit=1&limit=2', 'cursor=%00', 'cursor=%zz',
                      'cursor=!', 'cursor=Zg', 'limit=%', '=', 'limit=1&&%ff=1']:
            self.assertEqual(self.world.api('GET', '/v1/tokens?' + query, 'admin').status, 400, query)
        self.api('GET', '/v1/tokens?&limit=%31&', want=200)

    def test_bodies(self):
        path = '/v1/norms'
        for body, status in [(b'{', 400), (b'[]', 400), (b'"x"', 400), (b'{"norms":{}, "x":1}', 400), (b'\xff', 400),
                             (b'{"norms":{"phone":1},"norms":{"phone":1}}', 400), (b'{"a":' * 40 + b'1' + b'}' * 40, 400),
                             (b'{"norms":{"phone":"\\u0000"}}', 400), (b'{}', 422), (b'', 422), (b'{"norms":{}}', 422),
                             (b'{"norms":null}', 422), (b'{"norms":{"phone":0}}', 422), (b'{"norms":{"fax":1}}', 422)]:
            self.assertEqual(self.world.api('PUT', path, 'admin', body).status, status, body)
        for media in ['text/plain', 'application/jsonp', 'application/x-www-form-urlencoded']:
            self.api('PUT', path, body=b'{"norms":{"phone":30}}', headers={'Content-Type': media}, want=415)
        self.api('PUT', path, body=b'{"norms":{"phone":30}}', headers={'Content-Type': 'application/json; charset=utf-8'})
        self.assertEqual(self.world.api('PUT', path, 'admin', b' ' * (300 * 1024)).status, 413)

    def test_every_bad_field_is_named(self):
        bad = self.bad_fields('PUT', f'/v1/agents/{NOBODY}', want=422, body={
            'name': '', 'role': 'chief', 'municipalities': ['Dordrecht'], 'products': 'all', 'roomTotal': 1000})
        self.assertEqual(set(bad), {'name', 'role', 'municipalities[0]', 'products', 'roomTotal', 'channels'})
        bad = self.bad_fields('PUT', f'/v1/agents/{NOBODY}', want=422, body={
            'name': 'X', 'role': 'agent', 'municipalities': ['atlantis'], 'products': ['rijbewijs', 'toverdrank'],
            'channels': ['fax'], 'teams': ['none'], 'room': {'telex': 1}})
        self.assertEqual(set(bad), {'municipalities[0]', 'products[1]', 'channels[0]', 'teams[0]', 'room.telex'})

    def test_what_is_refused_does_not_come_back_in_words(self):
        answer = self.world.api('PUT', '/v1/norms', 'admin', b'{"norms": 999990019 geheim')
        self.assertNotIn(b'999990019', answer.body)
        self.assertNotIn(b'geheim', answer.body)


class Pages(ApiTest):
    def test_pages_hold_everything_once(self):
        everything = self.api('GET', '/v1/tokens?limit=100').json
        self.assertIsNone(everything['next'])
        got, cursor = [], None
        while True:
            page = self.api('GET', '/v1/tokens?limit=3' + (f'&cursor={cursor}' if cursor else '')).json
            self.assertLessEqual(len(page['items']), 3)
            got += page['items']
            cursor = page['next']
            if cursor is None:
                break
        self.assertEqual(got, everything['items'])
        self.assertEqual(len({t['id'] for t in got}), len(got))

    def test_a_last_page_that_is_full(self):
        n = len(self.api('GET', '/v1/tokens?limit=100').json['items'])
        self.assertIsNone(self.api('GET', f'/v1/tokens?limit={n}').json['next'])
        self.assertIsNotNone(self.api('GET', f'/v1/tokens?limit={n - 1}').json['next'])


class NewMunicipality(ApiTest):
    def test_a_new_municipality_begins_with_a_token_for_it(self):
        self.world.psql("insert into loket.token (id, sha256, name, role, municipalities) values (gen_random_uuid(), "
                        "sha256('token-for-two-municipalities'), 'x', 'admin', '{dordrecht,papendrecht}')")
        body = {'region': 'drechtsteden', 'name': 'Papendrecht'}
        made = self.api('PUT', '/v1/municipalities/papendrecht', 'token-for-two-municipalities', body, want=201).json
        self.assertEqual(made.pop('routing')['method'], {'value': 'ftf', 'from': 'default'})
        self.assertEqual(made.pop('survey')['on'], {'value': False, 'from': 'default'})
        self.assertEqual(made.pop('webcare'), {'areas': [], 'themes': []})
        self.assertEqual(made.pop('hours')['sat'], {'value': [], 'from': 'default'})
        self.assertEqual(made.pop('norms')['chat'], {'value': 60, 'from': 'default'})
        self.assertEqual(made.pop('targets')['serviceLevel'], {'value': 0.8, 'from': 'default'})
        self.assertEqual(made.pop('callback')['promise_minutes'], {'value': 480, 'from': 'default'})
        self.assertEqual(made, body | {'id': 'papendrecht', 'settings': {}, 'products': {}, 'texts': {}})
        self.api('GET', '/v1/municipalities/papendrecht', want=404)


class SetUp(ApiTest):
    def only_dordrecht(self, role='admin', **more):
        made = self.api('PUT', '/v1/tokens', body={'name': f'only {role}', 'role': role, 'municipalities': ['dordrecht'], **more},
                        want=201).json
        return made['secret']

    def test_municipality(self):
        was = self.api('GET', '/v1/municipalities/dordrecht').json
        self.api('PUT', '/v1/municipalities/dordrecht', body={'region': was['region'], 'name': 'Dordt'})
        self.assertEqual(self.api('GET', '/v1/municipalities/dordrecht').json, was | {'name': 'Dordt'})
        self.api('PUT', '/v1/municipalities/atlantis', body={'region': 'zee', 'name': 'Atlantis'}, want=403)
        self.api('GET', '/v1/municipalities/atlantis', want=404)
        bad = self.bad_fields('PUT', '/v1/municipalities/dordrecht', want=422,
                              body={'region': 'drechtsteden', 'name': 'x', 'settings': {'norms': {'fax': 1, 'phone': -1}}})
        self.assertEqual(set(bad), {'settings.norms.fax', 'settings.norms.phone'})

    def test_product_with_words(self):
        body = {'name': 'Hondenbelasting', 'words': [{'word': 'Hónd'}, {'word': 'puppy', 'municipality': 'dordrecht'}]}
        made = self.api('PUT', '/v1/products/hondenbelasting', body=body, want=201).json
        self.assertEqual(made['words'], [{'word': 'hond'}, {'word': 'puppy', 'municipality': 'dordrecht'}])
        self.api('PUT', '/v1/products/hondenbelasting', body={'name': 'Hond'})
        again = self.api('GET', '/v1/products/hondenbelasting').json
        self.assertEqual((again['name'], len(again['words'])), ('Hond', 2))
        self.api('PUT', '/v1/products/kattenbelasting', body={'name': 'Kat', 'words': [{'word': 'hond'}]}, want=409)
        self.api('GET', '/v1/products/kattenbelasting', want=404)
        self.api('PUT', '/v1/products/Kat', body={'name': 'Kat'}, want=404)
        self.assertEqual(set(self.bad_fields('PUT', '/v1/products/hondenbelasting', want=422, body={
            'name': 'x', 'words': [{'word': 'a', 'municipality': 'atlantis'}]})), {'words[0].municipality'})
        local = self.only_dordrecht()
        self.api('PUT', '/v1/products/hondenbelasting', local, {'name': 'Mijn'}, want=403)
        elsewhere = self.api('PUT', '/v1/tokens', body={'name': 'z', 'role': 'admin', 'municipalities': ['zwijndrecht']}, want=201).json
        seen = self.api('GET', '/v1/products/hondenbelasting', elsewhere['secret']).json
        self.assertEqual(seen['words'], [{'word': 'hond'}])

    def test_norms(self):
        self.api('PUT', '/v1/norms', body={'municipality': 'dordrecht', 'norms': {'sms': 60}})
        items = {n['channel']: n for n in self.api('PUT', '/v1/norms', body={'norms': {'sms': 120}}).json['items']}
        self.assertEqual(items['sms']['normSeconds'], 120)
        self.assertEqual(items['sms']['municipalities'], {'dordrecht': 60})
        local = self.only_dordrecht()
        self.api('PUT', '/v1/norms', local, {'norms': {'sms': 1}}, want=403)
        self.api('PUT', '/v1/norms', local, {'municipality': 'zwijndrecht', 'norms': {'sms': 1}}, want=403)
        self.api('PUT', '/v1/norms', local, {'municipality': 'dordrecht', 'norms': {'sms': 61}})

    def test_agent(self):
        body = {'name': 'Zoë', 'role': 'agent', 'municipalities': ['dordrecht'], 'products': ['rijbewijs'], 'channels': ['phone']}
        made = self.api('PUT', f'/v1/agents/{NOBODY}', body=body, want=201).json
        self.assertEqual(made, body | {'id': NOBODY, 'languages': ['nl'], 'teams': [], 'room': {}, 'roomTotal': 4, 'enabled': True})
        local = self.only_dordrecht()
        self.api('PUT', f'/v1/agents/{NOBODY}', local, body | {'room': {'phone': 2}})
        self.api('PUT', f'/v1/agents/{NOBODY}', local, body | {'municipalities': ['zwijndrecht']}, want=422)
        anna = '01900000-0000-7000-8000-000000000001'
        self.api('PUT', f'/v1/agents/{anna}', local, body, want=409)     # she also works in Zwijndrecht
        gijs = '01900000-0000-7000-8000-000000000010'
        self.api('GET', f'/v1/agents/{gijs}', local, want=404)
        self.api('PUT', f'/v1/agents/{gijs}', local, body, want=403)
        self.api('PUT', '/v1/agents/none', body=body, want=404)
        self.api('GET', '/v1/agents/none', want=404)

    def test_an_agent_who_is_switched_off_is_out(self):
        token = self.api('PUT', '/v1/tokens', body={'name': 'kees', 'role': 'agent', 'municipalities': ['dordrecht'],
                                                    'agent': '01900000-0000-7000-8000-000000000014'}, want=201).json['secret']
        self.api('GET', '/v1/queue', token)
        kees = self.api('GET', '/v1/agents/01900000-0000-7000-8000-000000000014').json
        del kees['id']
        self.api('PUT', '/v1/agents/01900000-0000-7000-8000-000000000014', body=kees | {'enabled': False})
        self.api('GET', '/v1/queue', token, want=401)

    def test_inbox_secrets_go_in_and_never_come_out(self):
        body = {'municipality': 'dordrecht', 'channel': 'webform', 'secrets': {'secret': ['eerste-geheim-1', 'tweede-geheim-2']}}
        made = self.api('PUT', '/v1/inboxes/dordrecht-proef', body=body, want=201)
        self.assertNotIn(b'geheim', made.body)
        self.assertEqual(made.json['secrets'], {'secret': 2})
        self.assertEqual(self.world.psql("select n, value from loket.inbox_secret where inbox = 'dordrecht-proef' order by n"),
                         [(0, 'eerste-geheim-1'), (1, 'tweede-geheim-2')])
        del body['secrets']
        self.assertEqual(self.api('PUT', '/v1/inboxes/dordrecht-proef', body=body | {'product': 'rijbewijs'}).json['secrets'], {'secret': 2})
        self.assertEqual(self.api('GET', '/v1/inboxes/dordrecht-proef').json['product'], 'rijbewijs')
        self.api('PUT', '/v1/inboxes/dordrecht-proef', body=body | {'municipality': 'zwijndrecht', 'secrets': {'secret': []}}, want=409)
        self.assertEqual(self.api('GET', '/v1/inboxes/dordrecht-proef').json['secrets'], {'secret': 2})
        self.api('PUT', '/v1/inboxes/zwijndrecht-proef', self.only_dordrecht(), body | {'municipality': 'zwijndrecht'}, want=403)
        self.api('GET', '/v1/inboxes/zwijndrecht-proef', want=404)
        self.assertEqual(set(self.bad_fields('PUT', '/v1/inboxes/dordrecht-proef', want=422, body={
            'municipality': 'atlantis', 'channel': 'fax', 'product': 'niets'})), {'municipality', 'channel', 'product'})

    def test_a_new_inbox_works_at_once(self):
        self.api('PUT', '/v1/inboxes/dordrecht-nieuw', want=201, body={
            'municipality': 'dordrecht', 'channel': 'webform', 'secrets': {'secret': ['geheim-van-nieuw']}})
        self.world.secrets['dordrecht-nieuw'] = 'geheim-van-nieuw'
        wait_until(lambda: self.world.hook('dordrecht-nieuw', b'{"fields": {"bericht": "Hallo"}}').status == 201, 5)

    def test_tokens(self):
        made = self.api('PUT', '/v1/tokens', body={'name': 'koppeling', 'role': 'integration', 'municipalities': ['dordrecht']}, want=201).json
        self.assertRegex(made['secret'], '^lk_[A-Za-z0-9_-]{43}$')
        self.assertEqual(self.api('GET', '/v1/me', made['secret']).json['municipalities'], ['dordrecht'])
        self.assertNotIn('secret', str(self.api('GET', '/v1/tokens').json))
        self.assertEqual(self.world.value("select count(*) from loket.token where sha256 = sha256(%s::bytea)", [made['secret']]), 1)
        self.api('DELETE', f"/v1/tokens/{made['token']['id']}", want=204)
        self.api('GET', '/v1/me', made['secret'], want=401)
        self.api('DELETE', f"/v1/tokens/{made['token']['id']}", want=204)
        self.api('DELETE', f'/v1/tokens/{NOBODY}', want=404)
        self.api('DELETE', '/v1/tokens/none', want=404)

    def test_stream_ends_with_its_token(self):
        made = self.api('PUT', '/v1/tokens', body={'name': 'meekijker', 'role': 'lead', 'municipalities': ['dordrecht'],
                                                   'agent': self.lead_agent()}, want=201).json
        stays, goes = self.world.events('lead'), self.world.events(made['secret'])
        self.api('DELETE', f"/v1/tokens/{made['token']['id']}", want=204)
        wait_until(lambda: goes.ended, 5)
        self.assertFalse(stays.ended)
        stays.close()

    def lead_agent(self):
        return self.world.value("select id::text from loket.agent where role = 'lead' and enabled limit 1")

    def test_tokens_that_cannot_be(self):
        base = {'name': 'x', 'role': 'agent', 'municipalities': ['dordrecht']}
        anna = '01900000-0000-7000-8000-000000000001'
        for more, field in [({}, 'agent'), ({'agent': NOBODY[:-2] + 'fe'}, 'agent'), ({'role': 'coach', 'agent': anna}, 'agent'),
                            ({'role': 'integration', 'agent': anna}, 'agent'), ({'municipalities': ['atlantis'], 'agent': anna}, 'municipalities[0]'),
                            ({'agent': anna, 'expiresAt': '2020-01-01T00:00:00Z'}, 'expiresAt'), ({'agent': anna, 'role': 'root'}, 'role')]:
            self.assertIn(field, self.bad_fields('PUT', '/v1/tokens', body=base | more, want=422), more)
        self.assertIn('municipalities[0]', self.bad_fields('PUT', '/v1/tokens', self.only_dordrecht(), want=422, body={
            'name': 'x', 'role': 'integration', 'municipalities': ['zwijndrecht']}))

    def test_a_token_expires(self):
        soon = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 2))
        secret = self.only_dordrecht('integration', expiresAt=soon)
        self.api('GET', '/v1/me', secret)
        wait_until(lambda: self.world.api('GET', '/v1/me', secret).status == 401, 5, every=0.2)

    def test_a_token_revoked_elsewhere_is_out_within_five_seconds(self):
        secret = self.only_dordrecht('integration')
        self.api('GET', '/v1/me', secret)
        self.world.psql("update loket.token set revoked_at = now() where sha256 = sha256(%s::bytea)", [secret])
        wait_until(lambda: self.world.api('GET', '/v1/me', secret).status == 401, 6, every=0.2)


class Stampede(ApiTest):
    def units(self):
        text = self.world.request('GET', '/metrics').body.decode()
        return int(re.search(r'^loket_pg_units_total (\d+)', text, re.M).group(1))

    def test_fifty_with_one_new_token_ask_the_database_once(self):
        secret = self.api('PUT', '/v1/tokens', body={'name': 'x', 'role': 'integration', 'municipalities': ['dordrecht']}, want=201).json['secret']
        backends = [r[0] for r in self.world.psql("select pid from pg_stat_activity where datname = %s and usename like 'loket\\_%%'",
                                                  [self.world.database])]
        self.assertTrue(backends)
        before = self.units()
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            for pid in backends:
                os.kill(pid, signal.SIGSTOP)
            try:
                answers = [pool.submit(self.world.api, 'GET', '/v1/norms', secret) for _ in range(50)]
                time.sleep(1)
            finally:
                for pid in backends:
                    os.kill(pid, signal.SIGCONT)
            self.assertEqual({a.result().status for a in answers}, {200})
        # one for each request, one for the token; the rest is the daemon's own
        self.assertLess(self.units() - before, 80)


class Idempotency(ApiTest):
    """On POST /v1/contacts, where doing it twice would show."""

    def post(self, key, want=201, token='anna', **body):
        body = {'inbox': 'dordrecht-phone', 'kind': 'call', 'text': 'Hoe laat gaat u open?',
                'from': {'addresses': [{'kind': 'phone', 'value': '+31612345670'}]}, **body}
        return self.api('POST', '/v1/contacts', token, body, want=want, headers={'Idempotency-Key': key} if key else None)

    def n_contacts(self):
        return self.world.value('select count(*) from loket.contact')

    def test_same_key_same_body_same_answer(self):
        before = self.n_contacts()
        first, second = self.post('een'), self.post('een')
        self.assertEqual(first.body, second.body)
        self.assertEqual(self.n_contacts(), before + 1)

    def test_same_key_other_body(self):
        self.post('twee')
        self.assertIn('key-reused', self.post('twee', want=422, text='Iets anders').json['type'])

    def test_a_problem_is_an_answer_too(self):
        first = self.post('drie', want=422, inbox='no-such-inbox')
        self.assertEqual(self.post('drie', want=422, inbox='no-such-inbox').body, first.body)

    def test_keys_belong_to_a_token(self):
        self.assertNotEqual(self.post('vier').body, self.post('vier', token='bram').body)

    def test_bad_keys(self):
        for key in ('x' * 201, 'caf\xe9', 'a\tb'):       # http.client sends Latin-1: bytes that are not UTF-8
            self.post(key, want=400)
        self.post('x' * 200)

    def test_five_at_once_are_one(self):
        before = self.n_contacts()
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(lambda _: self.world.api('POST', '/v1/contacts', 'anna', {
                'inbox': 'dordrecht-phone', 'kind': 'call', 'text': 'Tegelijk',
                'from': {'addresses': [{'kind': 'phone', 'value': '+31612345671'}]}}, {'Idempotency-Key': 'vijf'}), range(5)))
        self.assertEqual({a.status for a in answers} - {409}, {201})
        self.assertEqual(len({a.body for a in answers if a.status == 201}), 1)
        self.assertEqual(self.n_contacts(), before + 1)

    def test_a_key_that_runs_elsewhere(self):
        self.post('zes')
        self.world.psql("update loket.idempotency set status = null, answer = null where key = 'zes'")
        self.assertIn('key-running', self.post('zes', want=409).json['type'])

    def test_who_died_in_between_left_nothing_twice(self):
        before = self.n_contacts()
        first = self.post('zeven').json
        self.world.psql("update loket.idempotency set status = null, answer = null, started_at = now() - interval '61 seconds' "
                        "where key = 'zeven'")
        again = self.post('zeven').json
        self.assertEqual(again['contact']['id'], first['contact']['id'])
        self.assertEqual(self.n_contacts(), before + 1)

    def test_after_a_day_the_key_is_free(self):
        self.post('acht')
        self.world.psql("update loket.idempotency set started_at = now() - interval '25 hours' where key = 'acht'")
        self.post('acht', text='Een andere dag')


if __name__ == '__main__':
    world.main()
