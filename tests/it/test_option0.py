#!/usr/bin/env python3
"""Option 0 in writing, as a citizen meets it: in six languages, on WhatsApp, chat, mail and forms, with and without a coach."""
import datetime
import itertools
import json
import pathlib
import sys
import time
import uuid
import zoneinfo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dispatch_world  # noqa: E402
import world  # noqa: E402
from servers import wait_until  # noqa: E402
from standin.chat import own_signature  # noqa: E402

people = itertools.count(31623000001)
ALWAYS = {day: [['00:00', '24:00']] for day in ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')} | {'holidays': False}
AMSTERDAM = zoneinfo.ZoneInfo('Europe/Amsterdam')
# how it is asked, and what the answer begins with when nobody is there to take it
LANGUAGES = {'nl': ('Ik kom er niet uit op de website', 'Er is nu geen medewerker'),
             'en': ('I cannot log in to DigiD', 'Nobody is here right now'),
             'pl': ('Proszę o pomoc', 'Teraz nie ma pracownika'),
             'tr': ('Bana yardım edin lütfen', 'Şu anda çalışanımız yok'),
             'ar': ('أحتاج إلى مساعدة من فضلك', 'لا يوجد موظف الآن'),
             'uk': ('Мені потрібна допомога', 'Зараз немає працівника')}


def told(at):
    """A moment as citizens are told it: rounded up to the minute, with the date when that is not today."""
    at = at.astimezone(AMSTERDAM) + datetime.timedelta(seconds=59, microseconds=999999)
    today = datetime.datetime.now(AMSTERDAM).date()
    return f'{at:%H:%M}' if at.date() == today else f'{at:%d-%m-%Y %H:%M}'


def closed_all_week():
    """Hours of a municipality that opens in two days, not now."""
    today = datetime.datetime.now(AMSTERDAM).date()
    return ALWAYS | {'closed': [(today + datetime.timedelta(n)).isoformat() for n in (-1, 0, 1)]}


class Option0(dispatch_world.DispatchTest):
    def setUp(self):
        super().setUp()
        self.settings()

    def settings(self, want=200, **settings):
        answer = self.world.api('PUT', '/v1/municipalities/dordrecht', 'admin', {
            'name': 'Dordrecht', 'region': 'drechtsteden', 'settings': {'hours': ALWAYS, 'routing': self.policy} | settings})
        self.assertEqual(answer.status, want, answer)
        return answer.json

    def write(self, text, person=None, **more):
        """On WhatsApp. The person, and the case it came into."""
        person = person or str(next(people))
        self.assertEqual(self.world.hook_whatsapp(text, wa_id=person, **more).status, 200)
        return person, self.case_of('+' + person)

    def case_of(self, value):
        return self.world.value("select case_id::text from loket.contact where addresses -> 0 ->> 'value' = %s and direction = 'in' "
                                'order by received_at desc, id desc limit 1', [value])

    def chat(self, text, visitor=None, **more):
        visitor = visitor or f'v{next(people)}'
        body = json.dumps({'conversation': visitor, 'id': str(uuid.uuid4()), 'from': {'id': visitor}, 'text': text} | more).encode()
        answer = self.world.hook('dordrecht-chat', body, secret='', headers={
            'X-Loket-Signature': own_signature(self.world.secrets['dordrecht-chat'], body)})
        self.assertEqual(answer.status, 200, answer)
        return visitor, self.case_of(f'dordrecht-chat/{visitor}')

    def ask(self, token='integration', **more):
        answer = self.world.api('POST', '/v1/help-requests', token, {'municipality': 'dordrecht', 'product': 'parkeervergunning',
                                                                     'preference': 'now'} | more)
        self.assertEqual(answer.status, 201, answer)
        return answer.json['helpRequest']

    def spoken(self, case):
        """What was said without a person, once nothing waits to be said any more."""
        wait_until(lambda: not self.world.value("select count(*) from loket.automatic where state = 'queued'")
                   and not self.world.value("select count(*) from loket.outbox where state <> 'done'"), 20, 'what is said')
        return [text for (text,) in self.world.psql("select text from loket.contact where case_id = %s and direction = 'out' "
                                                    "and flags @> '{automatic}' order by received_at, id", [case])]

    def callbacks(self, case):
        return self.world.psql('select reason, state, to_value, promised_at from loket.callback where case_id = %s', [case])

    def promised(self, case):
        return self.world.value('select promised_at from loket.case_file where id = %s', [case])

    def preference(self, case):
        return self.world.value('select preference from loket.help_request where case_id = %s', [case])


class Asked(Option0):
    """Who says it, and who does not."""

    def test_six_languages(self):
        for language, (text, answer) in LANGUAGES.items():
            person, case = self.write('Goedemorgen')
            self.world.psql('update loket.case_file set language = %s where id = %s', [language, case])
            for said in ('0', text):
                with self.subTest(language, said=said):
                    self.write(said, person)
                    self.assertTrue(self.world.value('select option0 from loket.case_file where id = %s', [case]))
                    (first, *more) = self.spoken(case)
                    self.assertTrue(first.startswith(answer), first)
                    self.assertEqual(more, [])
            _, alone = self.write(text)
            self.assertTrue(self.world.value('select option0 from loket.case_file where id = %s', [alone]), text)

    def test_a_house_number_is_an_ordinary_message(self):
        for text in ('Dorpsstraat 0', 'Ik woon op nummer 0', 'Mijn postcode is 3311 AB 0', '10', 'Het is hier 0 graden'):
            _, case = self.write(text)
            self.assertEqual(self.spoken(case), [], text)
            self.assertFalse(self.world.value('select option0 from loket.case_file where id = %s', [case]), text)


    def test_key_zero_of_a_menu(self):
        """A button or a row of a list, whatever stands on it; another one is an ordinary choice."""
        for type_, key, asks in (('button_reply', '0', True), ('list_reply', '0', True), ('list_reply', '10', False)):
            reply = {'type': 'interactive', 'interactive': {'type': type_, type_: {'id': key, 'title': 'Een medewerker'}}}
            _, case = self.write(None, message=reply)
            self.assertEqual(self.world.psql('select asked_by from loket.help_request where case_id = %s', [case]),
                             [('button',)] if asks else [], reply)
            self.assertEqual(len(self.spoken(case)), int(asks))

    def test_the_words_of_a_municipality(self):
        wrong = self.settings(want=422, option0={'words': ['0', 'straat 0', 'digihulp', '']})
        self.assertEqual([e['name'] for e in wrong['errors']], [f'settings.option0.words[{i}]' for i in (0, 1, 3)])
        self.settings(option0={'words': ['meekijken', 'kan iemand mij verder helpen']})
        for text, asks in (('Meekijken!', True), ('Hallo, kan iemand mij verder helpen?', True), ('Mag ik meekijken bij de raad?', False),
                           ('Dorpsstraat 0', False)):
            _, case = self.write(text)
            self.assertEqual(self.world.value('select option0 from loket.case_file where id = %s', [case]), asks, text)


class Promised(Option0):
    """It never ends without a human or a promise with a time."""

    def one_callback(self, case, reason):
        (row,) = self.callbacks(case)
        self.assertEqual(row[:2], (reason, 'open'))
        self.assertEqual(self.promised(case), row[3])
        self.assertEqual(self.world.value('select promised_at from loket.help_request where case_id = %s', [case]), row[3])
        self.assertLessEqual(self.world.value('select due_at from loket.case_file where id = %s', [case]), row[3])
        return row[2:]

    def test_one_is_a_call_back(self):
        carla = self.person('carla', channels=['phone'])        # ready, but takes no chats: nobody has it meanwhile
        person, case = self.write('0')
        self.assertIn('Dat is nu.', self.spoken(case)[0])
        self.assertEqual(self.callbacks(case), [])
        self.write('1', person)
        said = self.spoken(case)
        number, at = self.one_callback(case, 'asked')
        self.assertEqual((said[1:], number), ([f'Wij bellen u. Dat is voor {told(at)} uur.'], '+' + person))
        self.assertEqual((self.preference(case), self.state(case)), ('callback', 'queued'))
        carla.ready()
        offer = carla.events.wait('offer.made', lambda d: d['case']['id'] == case)
        self.assertIn('callback', offer['offer'])
        self.write('1', person)                                 # said once, and it is not put off
        self.assertEqual((len(self.spoken(case)), self.callbacks(case)[0][3]), (2, at))

    def test_two_is_the_counter(self):
        for channels, called in ((['phone'], False), (None, True)):
            if channels:
                self.person('carla', channels=channels)
            else:
                self.people[0].offline()
            person, case = self.write('0')
            self.spoken(case)
            self.write('2', person)
            said = self.spoken(case)
            self.assertEqual(said[1:], [f'Wij maken met u een afspraak aan de balie. U hoort van ons voor {told(self.promised(case))} uur.'])
            self.assertEqual((self.preference(case), bool(self.callbacks(case))), ('counter', called))

    def test_no_coach(self):
        """Somebody with a number is called, who has none is answered where they are."""
        person, case = self.write('0')
        (said,) = self.spoken(case)
        number, at = self.one_callback(case, 'noCoach')
        self.assertTrue(said.startswith(f'Er is nu geen medewerker. Wij bellen u. Dat is voor {told(at)} uur.'), said)
        self.assertEqual((number, self.state(case)), ('+' + person, 'queued'))
        self.write('Ik zit op de pagina over parkeren', person)  # goes on: the promise stands
        self.one_callback(case, 'noCoach')
        visitor, case = self.chat('0')
        (said,) = self.spoken(case)
        self.assertTrue(said.startswith(f'Een medewerker helpt u. Dat is voor {told(self.promised(case))} uur.'), said)
        self.chat('1', visitor)
        self.assertEqual(self.spoken(case)[1:], ['Wij weten uw telefoonnummer niet. Wilt u het hier schrijven? '
                                                 f'Een medewerker antwoordt voor {told(self.promised(case))} uur.'])
        self.assertEqual((self.preference(case), self.callbacks(case)), ('callback', []))

    def test_closed(self):
        self.person('carla', channels=['phone'])
        self.settings(hours=closed_all_week(), callback={'promise_minutes': 60})
        person, case = self.write('0')
        opens = datetime.datetime.now(AMSTERDAM).date() + datetime.timedelta(2)
        (said,) = self.spoken(case)
        self.assertIn(f'Wij bellen u. Dat is voor {opens:%d-%m-%Y} 01:00 uur.', said)
        self.one_callback(case, 'closed')
        self.assertEqual(self.state(case), 'queued')             # for a coach who is there all the same
        self.write('1', person)
        self.assertEqual(self.one_callback(case, 'closed')[1], self.promised(case))

    def test_a_request_tells_the_time(self):
        """From a page: the answer to the request is the only place where the citizen is told."""
        where = {'kind': 'phone', 'value': '06 1234 0009'}
        for more, reason in (({'preference': 'callback', 'address': where}, 'asked'), ({'address': where}, 'noCoach'),
                             ({'preference': 'counter', 'address': where}, 'noCoach'), ({}, None), ({'preference': 'counter'}, None)):
            with self.subTest(**more):
                self.nobody_is_there()
                self.world.psql("update loket.callback set state = 'cancelled', ended_at = now() where state = 'open'")
                self.world.psql('update loket.help_request set ended_at = now() where ended_at is null')
                self.world.psql('update loket.case_file set closed_at = closed_at - interval \'30 days\'')
                got = self.ask(**more)
                at = datetime.datetime.fromisoformat(got['promisedAt'].replace('Z', '+00:00'))
                self.assertLess(abs((self.promised(got['case']) - at).total_seconds()), 0.002)
                self.spoken(got['case'])
                self.assertLess(abs((self.promised(got['case']) - at).total_seconds()), 0.002)
                if reason:
                    self.assertEqual(self.one_callback(got['case'], reason)[0], '+31612340009')
                else:
                    self.assertEqual(self.callbacks(got['case']), [])
        self.person('carla', channels=['phone'])
        got = self.ask()
        self.assertEqual(self.promised(got['case']), self.world.value('select due_at from loket.case_file where id = %s', [got['case']]))

    def test_a_form_by_mail(self):
        """Its preference is known: nothing is asked, the time is told where they can be reached."""
        got = self.ask(preference='counter', address={'kind': 'email', 'value': f'b{next(people)}@example.org'})
        self.assertEqual(self.spoken(got['case']), ['Wij maken met u een afspraak aan de balie. U hoort van ons voor '
                                                    f"{told(self.promised(got['case']))} uur."])

    def test_a_form_of_anybody_is_promised_without_a_word(self):
        self.world.psql("""update loket.inbox set settings = settings || '{"public": true}' where id = 'dordrecht-webform'""")
        wait_until(lambda: self.world.hook('dordrecht-webform', b'{}', secret='').status != 401, 10, 'the public form')
        phone = f'+{next(people)}'
        form = {'form': 'vraag', 'submission_id': str(uuid.uuid4()), 'option0': True,
                'fields': {'bericht': 'Ik kom er niet uit', 'telefoon': phone}}
        answer = self.world.hook('dordrecht-webform', json.dumps(form).encode(), secret='')
        self.assertEqual(answer.status, 201, answer)
        case = self.world.value('select id::text from loket.case_file where reference = %s', [answer.json['reference']])
        self.assertEqual(self.spoken(case), [])
        self.assertEqual(self.one_callback(case, 'noCoach')[0], phone)

    def test_who_is_being_helped_is_told_by_the_coach(self):
        carla = self.person('carla')
        person, case = self.write('0')
        taken = carla.accept(carla.events.wait('offer.made', lambda d: d['case']['id'] == case))
        self.spoken(case)
        self.write('1', person)
        self.assertEqual((len(self.spoken(case)), self.callbacks(case), self.preference(case)), (1, [], 'callback'))
        self.assertEqual(self.owner(case), self.world.value("select id from loket.agent where name like 'Carla%%'"))
        carla.resolve(taken, help={'outcome': 'learnedIt'})


class HandedOver(Option0):
    """From then on nobody who is no coach has it: not who holds it, not who is asked."""

    def taken(self, who):
        person, case = self.write('Waar vraag ik een parkeervergunning aan?')
        taken = who.accept(who.events.wait('offer.made', lambda d: d['case']['id'] == case))
        return person, case, taken

    def urgent(self, case):
        """Waits no longer than somebody on the line."""
        norm = self.world.value("select min(norm_s) from loket.channel where live or not conversational and id in ('phone', 'chat')")
        self.assertLessEqual(self.world.value('select extract(epoch from due_at - clock_timestamp())::int from loket.case_file '
                                              'where id = %s', [case]), norm)

    def test_said_to_who_holds_it(self):
        anna = self.person('anna')
        person, case, taken = self.taken(anna)
        arrived = self.world.value('select arrived_at from loket.case_file where id = %s', [case])
        self.write('0', person)
        told = anna.events.wait('case.changed', lambda d: d['case']['id'] == case and d.get('event') == 'help')
        self.assertEqual((told['case']['state'], told['why']), ('queued', 'help by a person was asked: a digital coach goes on with it'))
        self.assertEqual((self.state(case), self.owner(case)), ('queued', None))
        self.urgent(case)
        stale = self.world.api('POST', f'/v1/cases/{case}/resolve', 'anna', {'outcome': 'solved', 'epoch': taken['epoch']})
        self.assertEqual(stale.status, 409, stale)
        anna.events.none('offer.made', 2)
        carla = self.person('carla')
        again = carla.accept(carla.events.wait('offer.made', lambda d: d['case']['id'] == case))
        self.assertEqual(self.world.value('select arrived_at from loket.case_file where id = %s', [case]), arrived)
        self.write('0', person)                  # a coach keeps it
        self.assertEqual(str(self.owner(case)), self.agent_id('carla'))
        carla.resolve(again, help={'outcome': 'doneTogether'})

    def test_said_while_somebody_is_asked(self):
        """The offer is withdrawn at once, however long it would still stand; and that of a coach is not."""
        anna = self.person('anna')
        person, case = self.write('Waar vraag ik een parkeervergunning aan?')
        offer = anna.events.wait('offer.made', lambda d: d['case']['id'] == case)
        self.write('0', person)
        gone = anna.events.wait('offer.withdrawn', lambda d: d['case']['id'] == case, timeout=3)
        self.assertEqual((gone['offer']['id'], gone['reason'], self.state(case)), (offer['offer']['id'], 'caseChanged', 'queued'))
        self.assertEqual(self.world.api('GET', '/v1/me', 'anna').json['offers'], [])
        self.assertEqual(self.world.api('POST', f"/v1/offers/{offer['offer']['id']}/accept", 'anna', {}).status, 409)
        anna.offline()
        carla = self.person('carla')
        carla.accept(carla.events.wait('offer.made', lambda d: d['case']['id'] == case))
        person, other = self.write('Waar vraag ik een parkeervergunning aan?')
        offer = carla.events.wait('offer.made', lambda d: d['case']['id'] == other)
        self.write('0', person)
        self.assertEqual(self.state(other), 'offered')
        carla.accept(offer)

    def test_a_wish_for_somebody_else_is_over(self):
        case = self.waits(product='parkeervergunning', wanted=self.agent_id('bram'))
        self.world.psql("update loket.case_file set wanted_team = 'webcare' where id = %s", [case])
        answer = self.world.api('PATCH', f'/v1/cases/{case}', 'lead', {'option0': True, 'epoch': 0})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.world.psql('select wanted_agent, wanted_team from loket.case_file where id = %s', [case]), [(None, None)])
        carla = self.person('carla')
        carla.accept(carla.events.wait('offer.made', lambda d: d['case']['id'] == case))

    def test_ticked_by_who_holds_it(self):
        anna = self.person('anna')
        person, case, taken = self.taken(anna)
        now = anna.call('PATCH', f'/v1/cases/{case}', {'epoch': taken['epoch'], 'option0': True})
        self.assertEqual((now['state'], now['helpRequest']['askedBy']), ('queued', 'agent'))
        anna.events.wait('case.changed', lambda d: d['case']['id'] == case and d.get('event') == 'help')
        self.urgent(case)
        (said,) = self.spoken(case)              # the agent leaves them: they are told when somebody comes
        self.assertTrue(said.startswith('Er is nu geen medewerker. Wij bellen u.'), said)
        anna.events.none('offer.made', 1)

    def test_ticked_while_somebody_is_asked(self):
        anna = self.person('anna')
        _, case = self.write('Waar vraag ik een parkeervergunning aan?')
        offer = anna.events.wait('offer.made', lambda d: d['case']['id'] == case)
        epoch = self.world.value('select epoch from loket.case_file where id = %s', [case])
        other = self.world.api('PATCH', f'/v1/cases/{case}', 'lead', {'option0': True, 'product': 'rijbewijs', 'epoch': epoch})
        self.assertEqual(other.status, 409, other)
        answer = self.world.api('PATCH', f'/v1/cases/{case}', 'lead', {'option0': True, 'epoch': epoch})
        self.assertEqual((answer.status, answer.json['state']), (200, 'queued'), answer)
        self.assertEqual(anna.events.wait('offer.withdrawn', lambda d: d['case']['id'] == case)['offer']['id'], offer['offer']['id'])
        self.urgent(case)

    def test_opened_again_it_is_as_urgent(self):
        carla = self.person('carla')
        _, case = self.write('0')
        carla.resolve(carla.accept(carla.events.wait('offer.made', lambda d: d['case']['id'] == case)), help={'outcome': 'learnedIt'})
        carla.offline()
        self.world.api('POST', f'/v1/cases/{case}/reopen', 'lead', {})
        self.urgent(case)


class Bots(Option0):
    """A bot of the chat that gets nowhere hands over, whether it knows or not."""

    def talk(self, *turns, visitor=None):
        """What the bot answers, one after the other; the case."""
        visitor, case = self.chat('Ik wil iets met parkeren', visitor)
        for text in turns:
            self.chat(text, visitor, by='bot')
            self.chat('Nee, dat bedoel ik niet', visitor)
        return visitor, case

    def asked(self, case):
        return self.world.psql('select asked_by from loket.help_request where case_id = %s', [case])

    def test_two_turns(self):
        for turns in (['Dat begrijp ik helaas niet.', 'Sorry, ik heb u niet begrepen.'], ['Kies een onderwerp', 'Kies een onderwerp'],
                      ['I did not understand that.', 'Could you rephrase that?']):
            with self.subTest(turns[0]):
                visitor, case = self.talk(*turns)
                wait_until(lambda: self.asked(case), 5, 'the hand-over')
                self.assertEqual(self.asked(case), [('bot',)])
                (said,) = self.spoken(case)                      # where they are: in the chat
                self.assertTrue(said.startswith('Een medewerker helpt u.'), said)
                self.assertEqual([m['message']['conversation'] for m in self.world.standin.received
                                  if m['message'].get('text') == said and m['message'].get('conversation') == visitor], [visitor])
                self.talk('Dat begrijp ik niet.', visitor=visitor)
                self.assertEqual((len(self.spoken(case)), len(self.asked(case))), (1, 1))

    def test_one_turn_is_not_two(self):
        for turns in (['Dat begrijp ik niet.'], ['Dat begrijp ik niet.', 'Wilt u een vergunning?', 'Dat snap ik niet.']):
            _, case = self.talk(*turns)
            time.sleep(0.5)
            self.assertEqual((self.asked(case), self.spoken(case)), ([], []), turns)

    def test_who_has_a_person_already(self):
        anna = self.person('anna')
        visitor, case = self.chat('Waar vraag ik een parkeervergunning aan?')
        taken = anna.accept(anna.events.wait('offer.made', lambda d: d['case']['id'] == case))
        self.talk('Dat begrijp ik niet.', 'Dat snap ik niet.', visitor=visitor)
        time.sleep(0.5)
        self.assertEqual((self.asked(case), self.state(case)), ([], 'assigned'))
        anna.resolve(taken)

    def test_its_own_words(self):
        inbox = self.world.api('GET', '/v1/inboxes/dordrecht-chat', 'admin').json
        body = {k: inbox[k] for k in ('municipality', 'channel', 'account', 'product', 'provider') if inbox.get(k)}
        wrong = self.world.api('PUT', '/v1/inboxes/dordrecht-chat', 'admin', body | {
            'settings': inbox['settings'] | {'bot': {'handover': True, 'stuck': ['0', 'Geen idee joh'], 'turns': 9}}})
        self.assertEqual((wrong.status, [e['name'] for e in wrong.json['errors']]), (422, ['settings.bot.stuck[0]', 'settings.bot.turns']))
        answer = self.world.api('PUT', '/v1/inboxes/dordrecht-chat', 'admin', body | {
            'settings': inbox['settings'] | {'bot': {'handover': True, 'stuck': ['Geen idee joh'], 'turns': 1}}})
        self.assertEqual(answer.status, 200, answer)
        _, case = self.talk('Geen idee joh!')
        wait_until(lambda: self.asked(case), 5, 'the hand-over')
        self.assertEqual(self.world.api('PUT', '/v1/inboxes/dordrecht-chat', 'admin', body | {'settings': inbox['settings']}).status, 200)


if __name__ == '__main__':
    world.main()
