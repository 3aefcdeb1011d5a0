#!/usr/bin/env python3
"""Routing by policy "ftf": settings of a municipality, who knows it, who waits for whom, what is kept and what is shown."""
import contextlib
import datetime
import time

import psycopg2

from dispatch_world import DispatchTest, wait_until, world


class Routing(DispatchTest):
    policy = {'method': 'ftf', 'controlShare': 0}

    def test_settings_are_checked(self):
        """every field that is wrong is named, and nothing of it holds"""
        wrong = {'method': 'lifo', 'advantage': -1, 'relaxPhone': 10, 'colour': 'red', 'sticky': 0.05}
        answer = self.set_policy('dordrecht', wrong)
        self.assertEqual(answer.status, 422, answer)
        self.assertEqual({f['name'] for f in answer.json['errors']},
                         {f'settings.routing.{name}' for name in ('method', 'advantage', 'relaxPhone', 'colour')})
        self.assertEqual(self.set_policy('dordrecht', self.policy).status, 200)

    def test_the_default(self):
        """what nobody chose: ftf, a tenth of it for comparison"""
        self.assertEqual(self.set_policy('sliedrecht', {}).status, 200)
        try:
            routing = self.in_force('municipalities', 'sliedrecht')
            self.assertEqual((routing['method'], routing['controlShare']),
                             ({'value': 'ftf', 'from': 'default'}, {'value': 0.1, 'from': 'default'}))
            cases = [self.waits(municipality='sliedrecht') for _ in range(20)]
            wait_until(lambda: all(self.routing(case) for case in cases), 10, 'all to be looked at')
            self.assertIn('ftf', {self.routing(case)[0]['policy'] for case in cases})     # none of 20: a chance of 1e-20
        finally:
            self.set_policy('sliedrecht', self.policy)

    def test_what_a_region_says(self):
        """holds for its municipalities, field by field, unless they say otherwise; GET tells from where each is"""
        with self.set_region({'method': 'skills-fifo', 'sticky': 0.1}) as now:
            self.assertEqual(now['settings'], {'routing': {'method': 'skills-fifo', 'sticky': 0.1}})
            self.assertEqual(now['municipalities'], world.MUNICIPALITIES)
            self.assertEqual((now['routing']['sticky'], now['routing']['packing']),
                             ({'value': 0.1, 'from': 'region'}, {'value': 0.05, 'from': 'default'}))
            self.assertEqual(self.set_policy('sliedrecht', {'packing': 0.2}).status, 200)
            try:
                self.assertEqual({name: self.in_force('municipalities', 'sliedrecht')[name] for name in ('method', 'packing', 'sticky')},
                                 {'method': {'value': 'skills-fifo', 'from': 'region'}, 'sticky': {'value': 0.1, 'from': 'region'},
                                  'packing': {'value': 0.2, 'from': 'municipality'}})
                self.assertEqual(self.in_force('municipalities', 'dordrecht')['method'], {'value': 'ftf', 'from': 'municipality'})
                case = self.waits(municipality='sliedrecht')
                wait_until(lambda: self.routing(case), 5, 'it to be looked at')
                self.assertEqual(self.routing(case)[0]['policy'], 'skills-fifo')
            finally:
                self.set_policy('sliedrecht', self.policy)

    def test_region_is_checked(self):
        """every field that is wrong is named; it needs rights on all; a region is there when a municipality is in it"""
        answer = self.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': {'routing': {'method': 'x', 'optimism': 4}}})
        self.assertEqual((answer.status, {f['name'] for f in answer.json['errors']}),
                         (422, {'settings.routing.method', 'settings.routing.optimism'}))
        self.assertEqual(self.in_force('regions', 'drechtsteden')['method'], {'value': 'ftf', 'from': 'default'})
        for method, body in (('GET', None), ('PUT', {'settings': {}})):
            self.assertEqual(self.world.api(method, '/v1/regions/utopia', 'admin', body).status, 404)
        made = self.world.api('PUT', '/v1/tokens', 'admin', {'name': 'one', 'role': 'admin', 'municipalities': ['dordrecht']})
        here = made.json['secret']
        self.assertEqual(self.world.api('PUT', '/v1/regions/drechtsteden', here, {'settings': {}}).status, 403)
        self.assertEqual(self.world.api('GET', '/v1/regions/drechtsteden', here).json['municipalities'], ['dordrecht'])

    def in_force(self, what, name):
        answer = self.world.api('GET', f'/v1/{what}/{name}', 'lead')
        self.assertEqual(answer.status, 200, answer)
        return answer.json['routing']

    @contextlib.contextmanager
    def set_region(self, routing):
        answer = self.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': {'routing': routing}})
        self.assertEqual(answer.status, 200, answer)
        try:
            yield answer.json
        finally:
            self.assertEqual(self.world.api('PUT', '/v1/regions/drechtsteden', 'admin', {'settings': {}}).status, 200)

    def test_best_and_why(self):
        """decided by ftf, kept with all that counted; what was learned of a person is not shown, not even to a lead"""
        self.person('daan')
        self.person('oksana')
        time.sleep(1)                        # both are known to be ready
        case = self.waits(product='parkeervergunning')
        wait_until(lambda: self.state(case) == 'offered', 5, 'an offer')
        decision = self.routing(case)[0]
        self.assertEqual((decision['policy'], len(decision['candidates'])), ('ftf', 2))
        self.assertIn(decision['rule'], ('bestFix', 'longestIdle', 'lowestId'))
        for one in decision['candidates']:
            self.assertEqual(set(one['terms']), {'idleSeconds', 'waitedSeconds', 'handledBefore'})
        kept = self.world.value('select candidates from loket.routing where case_id = %s', [case])
        self.assertEqual(set(kept[0]['terms']), {'idleSeconds', 'waitedSeconds', 'handledBefore', 'q', 'sd', 'advantage',
                                                 'occupancy', 'packing', 'score'})
        self.assertAlmostEqual(kept[0]['terms']['q'], 0.75)

    def test_who_only_has_rights(self):
        """H3: not before 8 hours to who does not know the municipality, and then at once"""
        daan = self.agent_id('daan')
        self.change(daan, knows=[])
        try:
            person = self.person('daan')
            case = self.waits(product='parkeervergunning', age=28790)
            person.events.none('offer.made', 3)
            decision = self.routing(case)[-1]
            self.assertEqual((decision['rule'], decision['chosen']), ('nobodyFree', None))
            self.assertEqual({left['agent']: left['why'] for left in decision['leftOut']}[daan], 'unfamiliar')
            self.assertIn('againAt', decision)
            self.assertEqual(person.next_offer(15)['case']['id'], case)
            self.assertEqual(self.routing(case)[-1]['rule'], 'onlyOne')
        finally:
            self.change(daan, knows=None)

    def test_knows_and_home_are_of_the_municipalities(self):
        answer = self.change(self.agent_id('daan'), knows=['zwijndrecht-x'], home='nowhere')
        self.assertEqual(answer.status, 422, answer)
        self.assertEqual({f['name'] for f in answer.json['errors']}, {'knows[0]', 'home'})
        answer = self.change(self.agent_id('daan'), knows=['dordrecht'], home='dordrecht')
        self.assertEqual((answer.status, answer.json['knows'], answer.json['home']), (200, ['dordrecht'], 'dordrecht'))
        answer = self.change(self.agent_id('daan'), knows=None)      # all of them again, and from nowhere
        self.assertEqual((answer.status, answer.json.get('knows'), answer.json.get('home')), (200, None, None))

    def test_who_handled_it_before(self):
        """the one who had it gets it again, when the other is no better"""
        first, second = self.person('daan'), self.person('oksana')
        time.sleep(1)
        case = self.waits(product='parkeervergunning')
        wait_until(lambda: self.state(case) == 'offered', 5, 'an offer')
        had = first if self.routing(case)[0]['chosen'] == self.agent_id('daan') else second
        taken = had.accept(had.next_offer())
        self.assertEqual(taken['case']['id'], case)
        self.world.psql("update loket.case_file set state = 'queued', owner = null, epoch = epoch + 1 where id = %s", [case])
        self.assertEqual(had.next_offer(8)['case']['id'], case)
        decision = self.routing(case)[-1]
        self.assertTrue(decision['candidates'][0]['terms']['handledBefore'])

    def test_who_comes_back(self):
        """the same question within the week, on another channel, is the same case: not fixed, and for who knows it"""
        phone = '0612345698'
        self.world.hook_whatsapp('Hoe zit het met mijn parkeervergunning?', wa_id='316' + phone[2:])
        for name in ('daan', 'oksana', 'ayşe'):
            self.person(name)
        time.sleep(1)
        who = wait_until(lambda: self.world.psql("select lower(a.name) from loket.offer o join loket.agent a on a.id = o.agent "
                                                 "where o.state = 'made'"), 5, 'an offer')[0][0]
        had = self.people[('daan', 'oksana', 'ayşe').index(who)]
        taken = had.accept(had.next_offer())
        had.resolve(taken)
        case = taken['case']['id']
        for how in ('again', 'reopened'):
            self.assertEqual(self.state(case), 'closed')
            if how == 'again':
                self.world.hook_form({'form': 'vraag', 'product': 'parkeervergunning',
                                      'fields': {'telefoon': phone, 'bericht': 'Nog steeds geen vergunning'}})
            else:
                self.world.api('POST', f'/v1/cases/{case}/reopen', 'lead', {'note': 'niet opgelost'})
            offer = had.next_offer(8)        # the others are idle longer, and learned to be as good
            self.assertEqual(offer['case']['id'], case)
            self.assertTrue(self.routing(case)[-1]['candidates'][0]['terms']['handledBefore'])
            had.resolve(had.accept(offer))
        self.assertEqual(self.world.value('select reopened from loket.case_file where id = %s', [case]), 2)

    def why(self, case, token='lead'):
        return self.world.api('GET', f'/v1/cases/{case}/routing', token).json

    def test_in_plain_words(self):
        """why her, why not him, why so late: for a lead, in Dutch, and without what was learned of anybody"""
        case = self.waits(product='parkeervergunning', age=700)
        time.sleep(1.5)
        answer = self.why(case)
        self.assertEqual(answer['words'], 'De vraag wacht op een medewerker.')
        now = answer['decisions'][-1]
        self.assertEqual(now['words']['chosen'], 'Er is niemand aanwezig die deze vraag kan afmaken.')
        self.assertEqual(now['words']['waited'][0], 'De vraag wachtte 11 minuten.')
        daan = self.person('daan')
        offer = daan.next_offer()
        oksana = self.person('oksana')
        daan.decline(offer)
        self.assertEqual(oksana.next_offer(8)['case']['id'], case)
        answer = self.why(case)
        self.assertEqual(answer['words'], 'De vraag is aangeboden aan een medewerker. Die heeft nog niet geantwoord.')
        last = answer['decisions'][-1]
        self.assertEqual(last['words']['chosen'], 'Oksana was de enige die deze vraag kon afmaken en tijd had.')
        self.assertTrue(any(w.startswith('Daan kreeg de vraag om ') and w.endswith(' en nam hem niet aan.')
                            for w in last['words']['waited']), last['words'])
        others = {left['name']: left['words'] for left in last['leftOut']}
        self.assertEqual(others['Daan'], 'Daan had deze vraag kort daarvoor niet aangenomen.')
        self.assertEqual(others['Bram'], 'Bram doet geen vragen over dit product.')
        self.assertEqual(others['Gijs'], 'Gijs werkt niet voor deze gemeente.')
        seen = self.why(case, 'anna')        # not for a colleague
        self.assertNotIn('words', seen)
        self.assertNotIn('words', str(seen['decisions']))

    def test_nobody_was_asked(self):
        """why her, of a case that was never routed: she typed it in, or it was said in public"""
        typed = self.world.api('POST', '/v1/contacts', 'anna', {'inbox': 'dordrecht-phone', 'text': 'Belt over een rijbewijs'}).json['case']
        self.assertEqual(typed['state'], 'assigned')
        self.assertEqual(self.why(typed['id'])['words'],
                         'Anna voerde deze vraag zelf in en had hem daarom meteen. Een medewerker heeft de vraag.')
        public = self.world.api('POST', '/v1/contacts', 'integration', {
            'inbox': 'dordrecht-facebook', 'visibility': 'public', 'kind': 'text', 'providerId': 'why-her', 'text': 'De prullenbak zit vol',
            'from': {'addresses': [{'kind': 'facebook', 'value': 'why-her'}]}, 'fields': {'post': 'why-her'}}).json
        self.assertTrue(self.why(public['case']['id'])['words'].endswith('Het webcareteam kijkt er eerst naar.'))
        done = self.world.api('POST', f"/v1/posts/{public['contact']['id']}/triage", 'wim', {'action': 'done'})
        self.assertEqual(done.status, 200, done)
        self.assertEqual(self.why(public['case']['id'])['words'],
                         'De inwoner vroeg dit in het openbaar. Het webcareteam deed deze vraag zelf. De vraag is gesloten.')

    def test_handed_on_to_who_is_away(self):
        """it waits for one person: not that nobody can finish it, and who had it first is not all"""
        daan = self.person('daan')
        case = self.waits(product='parkeervergunning', age=700)
        taken = daan.accept(daan.next_offer())
        self.assertEqual(taken['case']['id'], case)
        answer = self.world.api('POST', f'/v1/cases/{case}/transfer', 'daan', {
            'to': {'agent': self.agent_id('fatima')}, 'note': 'Fatima deed het vorige keer', 'epoch': taken['epoch']})
        self.assertEqual(answer.status, 200, answer)
        wait_until(lambda: self.why(case)['decisions'][-1]['chosen'] is None, 10, 'a decision that it waits')
        now = self.why(case)['decisions'][-1]
        self.assertEqual(now['words']['chosen'],
                         'Er is om Fatima gevraagd toen de vraag werd overgedragen. Die is er nu niet, of heeft geen tijd.')
        self.assertTrue(any(w.startswith('Daan had de vraag eerst, vanaf ') for w in now['words']['waited']), now['words'])
        self.assertEqual(now['words']['waited'][-1], 'De vraag wachtte op Fatima, omdat daarom is gevraagd.')

    def test_nobody_with_the_skill(self):
        """leads are told and see it in the queue, what is late goes to the second line, and afterwards it says why it was late"""
        always = {day: [['00:00', '23:59']] for day in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')} | {'holidays': False}
        self.set_hours('dordrecht', always)
        wait_until(lambda: not self.world.psql('select from loket.unserved where until is null'), 20, 'what was before to end')
        lead = self.world.events('lead')
        self.person('eva')                   # who is there does other things
        second = {'department': 'Team parkeren', 'days': 3}
        self.world.api('PUT', '/v1/products/parkeervergunning', 'admin', {'name': 'Parkeervergunning', 'secondLine': second})
        try:
            late = self.waits(product='parkeervergunning', age=600, due=-60)
            early = self.waits(product='parkeervergunning', age=600, due=3600)
            self.waits(product='huwelijk', age=600)          # Eva does that
            told = lead.wait('queue.unserved', timeout=20)['unserved']
            self.assertEqual((told['municipality'], told['product'], told['channel'], told['waiting']),
                             ('dordrecht', 'parkeervergunning', 'whatsapp', 2))
            for query in ('', '?product=parkeervergunning'):         # from Redis, from PostgreSQL
                shown = self.world.api('GET', '/v1/queue' + query, 'lead').json['unserved']
                self.assertEqual([(u['product'], u['secondLine']) for u in shown], [('parkeervergunning', 'Team parkeren')])
            self.assertEqual(self.world.api('GET', '/v1/queue', 'gijs').json['unserved'], [])
            tasks = "select case_id::text, department, due > now() + interval '2 days' from loket.task where state = 'open'"
            wait_until(lambda: self.world.psql(tasks) == [(late, 'Team parkeren', True)], 12, 'a task of the second line')
            self.assertEqual(self.world.psql("select n.payload ->> 'event', n.payload -> 'task' ->> 'department' from loket.notice n join loket.task t "
                                             "on n.payload -> 'task' ->> 'id' = t.id::text where n.kind = 'task.changed' and t.state = 'open'"),
                             [('made', 'Team parkeren')])
            daan = self.person('daan')
            self.assertIn('until', lead.wait('queue.unserved', timeout=20)['unserved'])
            self.assertEqual(self.world.api('GET', '/v1/queue', 'lead').json['unserved'], [])
            taken = daan.accept(daan.next_offer())           # it kept its place
            self.assertIn(taken['case']['id'], (late, early))
            self.world.psql("update loket.unserved set since = since - interval '5 minutes'")     # of some seconds nothing is said
            waited = self.why(taken['case']['id'])['decisions'][-1]['words']['waited']
            self.assertTrue(any('was er niemand aanwezig die deze vraag kan afmaken' in w for w in waited), waited)
            self.assertEqual(len(self.world.psql(tasks)), 1)
        finally:
            lead.close()
            self.set_hours('dordrecht', None)
            self.world.api('PUT', '/v1/products/parkeervergunning', 'admin', {'name': 'Parkeervergunning'})
            self.world.psql('delete from loket.task')

    def test_nobody_goes_home_when_the_world_changes(self):
        """until agents are read again nobody is thought away: leads were told that nobody could finish what waited"""
        always = {day: [['00:00', '23:59']] for day in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')} | {'holidays': False}
        self.set_hours('dordrecht', always)
        wait_until(lambda: not self.world.psql('select from loket.unserved where until is null'), 20, 'what was before to end')
        lead = self.world.events('lead')
        eva = self.person('eva')
        try:
            self.waits(product='huwelijk', channel='phone', age=900)
            eva.accept(eva.next_offer())
            self.waits(product='huwelijk', channel='phone', age=600)         # she is there, and busy
            for _ in range(16):                              # unserved is looked at every 5 s
                with contextlib.closing(psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket'))) as holder:
                    holder.cursor().execute('lock table loket.wrapup in access exclusive mode')      # agents are read slowly
                    self.world.api('PUT', '/v1/products/huwelijk', 'admin', {'name': 'Huwelijk'})
                    time.sleep(0.5)
            lead.none('queue.unserved')
        finally:
            lead.close()
            self.set_hours('dordrecht', None)

    def set_hours(self, municipality, hours):
        now = self.world.api('GET', f'/v1/municipalities/{municipality}', 'admin').json
        settings = {k: v for k, v in now['settings'].items() if k != 'hours'} | ({'hours': hours} if hours else {})
        answer = self.world.api('PUT', f'/v1/municipalities/{municipality}', 'admin',
                                {'region': now['region'], 'name': now['name'], 'settings': settings})
        self.assertEqual(answer.status, 200, answer)

    def test_held_is_recorded_once(self):
        """without haste, and who fixes it is busy: held, said, and who is free is not told to be worse"""
        days = (datetime.date.today() - datetime.date(2026, 1, 1)).days * 2 // 3     # a little more than working days: lately
        self.world.psql("insert into loket.learned (municipality, unit_kind, unit, product, home, fixed, n, day) "
                        "select 'dordrecht', 'agent', id::text, 'parkeervergunning', false, "
                        "case name when 'Oksana' then 190 else 10 end, 200, %s from loket.agent where name in ('Oksana', 'Daan')",
                        [days])
        self.restart()
        oksana = self.person('oksana')
        for _ in range(2):                   # as many as there is room for
            self.waits(product='parkeervergunning', channel='email')
            oksana.accept(oksana.next_offer())
        daan = self.person('daan')
        time.sleep(1)
        case = self.waits(product='parkeervergunning', channel='email', due=36000)
        held = "select count(*) from loket.routing where case_id = %s and rule = 'heldForBetter' and chosen is null"
        wait_until(lambda: self.world.value(held, [case]) == 1, 8, 'it to be held')
        self.world.psql('update loket.case_file set due_at = due_at + interval \'1 second\' where id = %s', [case])
        time.sleep(3)                        # the sweep found it changed, and it was looked at again
        self.assertEqual(self.world.value(held, [case]), 1)
        answer = self.why(case)
        first = self.why(case, 'anna')['decisions'][0]         # recorded, though nobody was chosen
        self.assertEqual((first['rule'], first['chosen'], first['candidates'], first['leftOut']), ('heldForBetter', None, [], []))
        self.assertEqual(answer['decisions'][0]['words']['chosen'],
                         'Deze vraag heeft geen haast. Het systeem wacht nog even, zodat de kans groter is dat de vraag in één keer '
                         'klaar is.')
        left = {one['name']: one['words'] for one in answer['decisions'][-1]['leftOut']}
        self.assertEqual(left['Daan'], 'Deze vraag had geen haast. Het systeem wachtte nog even met kiezen.')
        self.assertEqual(left['Oksana'], 'Oksana had al zoveel vragen als kan.')
        daan.events.none('offer.made', 0.2)
        self.world.psql('delete from loket.learned')
        self.nobody_is_there()
        self.restart()

    def test_a_share_stays_with_the_control(self):
        """half of them here: by the id of the case, and each decision says which"""
        self.set_policy('dordrecht', {'method': 'ftf', 'controlShare': 0.5})
        try:
            daan, oksana = self.person('daan'), self.person('oksana')
            cases = [self.waits(product='parkeervergunning') for _ in range(24)]
            seen = set()
            end = time.monotonic() + 30
            while len(seen) < 2 and time.monotonic() < end:
                for who in (daan, oksana):
                    if offer := who.offer_within(0.5):
                        who.decline(offer)
                seen = {p for (p,) in self.world.psql('select distinct policy from loket.routing where case_id = any (%s::uuid[])',
                                                      [cases])}
            self.assertEqual(seen, {'ftf', 'skills-fifo'})
        finally:
            self.set_policy('dordrecht', self.policy)
            self.nobody_is_there()
            self.restart()             # it still knows the cases that were closed behind its back

    def change(self, agent, knows, home=None):
        """PUT the agent as it is, with these"""
        body = self.world.api('GET', f'/v1/agents/{agent}', 'admin').json
        for key in ('id', 'knows', 'home'):
            body.pop(key, None)
        if knows is not None:
            body['knows'] = knows
        if home:
            body['home'] = home
        return self.world.api('PUT', f'/v1/agents/{agent}', 'admin', body)


if __name__ == '__main__':
    world.main()
