#!/usr/bin/env python3
"""./loket call: a caller goes through the menu to an agent or a coach, and leaves again."""
import concurrent.futures
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import ROOT, wait_until  # noqa: E402
from standin import exchange  # noqa: E402
from test_menus import MENU  # noqa: E402

INBOX = 'dordrecht-phone'
ENGLISH = MENU | {'say': {'nl': 'Welkom bij Dordrecht', 'en': 'Welcome to Dordrecht'},
                  'choices': [{'key': '9', 'label': {'nl': 'Engels', 'en': 'English'}, 'language': 'en'}, *MENU['choices']]}


class Exchange(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        w = cls.world
        (w.dir / 'demo.env').write_text(f"LOKET_URL={w.url}\nLOKET_SECRET_DORDRECHT_PHONE={w.secrets[INBOX]}\n")
        w.psql('update loket.inbox set settings = settings || %s where id = %s', [json.dumps({'menu': ENGLISH}), INBOX])
        w.psql("update loket.agent set extension = '2' || right(id::text, 2) where extension is null")
        wait_until(cls.menu_is_loaded, what='the menu')

    @classmethod
    def exchange(cls, number):
        return exchange.Call(f'{cls.world.url}/v1/hooks/{INBOX}', cls.world.secrets[INBOX], number)

    @classmethod
    def menu_is_loaded(cls):
        call = cls.exchange('+31610000000')
        do = call.post('ringing')['do']
        call.post('ended')
        return do == 'menu'

    def command(self, *args):
        return [ROOT / 'loket', 'call', '--dir', self.world.dir, *args]

    def call(self, *args):
        done = subprocess.run(self.command(*args), check=False, timeout=90, capture_output=True, text=True)
        self.assertEqual((done.stderr, done.returncode), ('', 0))
        return done.stdout

    def case(self, number):
        found = self.world.psql("select json_build_object('product', k.product, 'language', k.language, 'option0', k.option0, 'state', "
                               'k.state) from loket.case_file k join loket.contact c on c.case_id = k.id '
                               'where c.addresses::text like %s order by k.id desc limit 1', [f'%{number}%'])
        return found[0][0] if found else {'product': None}

    def test_the_menu_and_out(self):
        heard = self.call('--from', '+31610000001', '--keys', '2 1')
        self.assertRegex(heard, r'(?s)Welkom bij Dordrecht.*0  Hulp van een medewerker.*> 2\n.*Waar gaat het over.*> 1\n')
        self.assertIn('(music; number', heard)
        self.assertTrue(heard.endswith('The end: the caller hung up.\n'))
        self.assertEqual(self.case('+31610000001')['product'], 'parkeervergunning')
        self.assertEqual(self.case('+31610000001')['state'], 'closed')

    def test_0_before_the_prompt_has_ended(self):
        for i, keys in enumerate(('0', '20', '2*0', '5#0')):
            number = f'+3161000001{i}'
            self.call('--from', number, '--keys', keys)
            self.assertTrue(self.case(number)['option0'], keys)

    def test_a_language(self):
        heard = self.call('--from', '+31610000020', '--keys', '91')
        self.assertRegex(heard, r'(?s)9  English.*> 9\n  \[en\] Welcome to Dordrecht')
        self.assertEqual({k: self.case('+31610000020')[k] for k in ('language', 'product')},
                         {'language': 'en', 'product': 'rijbewijs'})

    def test_to_an_agent(self):
        anna = self.world.agent('anna')
        with subprocess.Popen(self.command('--from', '+31610000030', '--keys', '1', '--hang-up-after', '12'),
                              stdout=subprocess.PIPE, text=True) as caller:
            wait_until(lambda: self.case('+31610000030')['product'] == 'rijbewijs', what='the choice')
            anna.ready()
            anna.accept(anna.next_offer())
            heard = caller.communicate(timeout=80)[0]
        self.assertEqual(caller.returncode, 0)
        self.assertTrue(re.search(r'You speak with 2\d+', heard), heard)
        self.world.api('PUT', '/v1/me/presence', 'anna', {'state': 'offline'})

    def test_fifty_at_once(self):
        """Four agents, fifty callers, of whom every fifth gives up: nobody gets two, and each call is accounted for."""
        self.world.psql("update loket.channel set wrapup_s = 0 where id = 'phone'", [])
        names, over = ('anna', 'bram', 'fatima', 'ayşe'), threading.Event()
        talking, lock, twice = set(), threading.Lock(), []

        def works(name):
            """Takes what is offered, one after the other, as long as there are callers."""
            self.world.agent(name).ready(['phone'])
            while not over.is_set():
                offers = self.world.api('GET', '/v1/me', name).json['offers']
                taken = self.world.api('POST', f"/v1/offers/{offers[0]['id']}/accept", name, {}) if offers else None
                if not taken or taken.status != 200:        # the caller was faster
                    time.sleep(0.2)
                    continue
                case = f"/v1/cases/{taken.json['case']['id']}"
                wait_until(lambda: self.world.api('GET', case, name).json['contacts'][-1]['call']['state'] == 'ended', 60,
                           what='the end of the talk')
                body = {'outcome': 'solved', 'epoch': taken.json['epoch']}
                self.assertIn(self.world.api('POST', case + '/resolve', name, body).status, (200, 409))
            self.world.agent(name).offline()

        def calls(n):
            call = self.exchange(f'+31610001{n:03d}')
            call.post('ringing')
            answer = call.post('key', key='1')
            until = time.monotonic() + (2 if n % 5 == 0 else 150)
            while answer['do'] == 'wait' and time.monotonic() < until:
                time.sleep(0.3)
                answer = call.post('ask')
            if answer['do'] == 'connect':
                with lock:
                    twice.extend(talking & {answer['agent']})
                    talking.add(answer['agent'])
                call.post('answered', agent=answer['agent'])
                time.sleep(0.2)
                with lock:
                    talking.discard(answer['agent'])
            call.post('ended')

        with concurrent.futures.ThreadPoolExecutor(len(names) + 50) as pool:
            working = [pool.submit(works, name) for name in names]
            try:
                for done in [pool.submit(calls, n) for n in range(50)]:
                    done.result()
            finally:
                over.set()
            for done in working:
                done.result()
        self.assertEqual(twice, [])
        count = dict(self.world.psql('select w.outcome, count(*)::int from loket.call w join loket.contact c on c.id = w.id '
                                     "where c.addresses::text like '%%+31610001%%' group by 1", []))
        self.assertEqual((sum(count.values()), set(count) - {'answered', 'abandoned'}), (50, set()), count)
        self.assertGreaterEqual(count['answered'], 40)
        self.assertEqual(0, self.world.value(
            'select count(*) from loket.call a join loket.call b on a.agent = b.agent and a.id < b.id '
            'where a.answered_at < b.ended_at and b.answered_at < a.ended_at'))
        self.assertTrue(self.world.api('GET', '/v1/ledger', 'lead').json['balanced'])

    def test_at_a_terminal(self):
        """Keys as somebody types them, also too early or none that a telephone has; Ctrl-D hangs up."""
        ours, theirs = pty.openpty()
        os.write(ours, b'2')
        with subprocess.Popen(self.command('--from', '+31610000060'), stdin=theirs, stdout=subprocess.PIPE, text=True) as caller:
            wait_until(lambda: self.case('+31610000060')['product'], what='the call')
            for typed in (b'x\x1b[A', b'1', b'\x04'):
                os.write(ours, typed)
            heard = caller.communicate(timeout=80)[0]
        os.close(ours)
        os.close(theirs)
        self.assertEqual(caller.returncode, 0)
        self.assertRegex(heard, r'(?s)Ctrl-C hangs up.*anna.sh.*Welkom bij Dordrecht.*> 2\n.*Waar gaat het over.*> 1\n.*music; number 1')
        self.assertEqual(self.case('+31610000060')['product'], 'parkeervergunning')

    def test_what_people_changed_stays(self):
        """The product of the menu is not set again by every question of the exchange."""
        w = self.world
        call = self.exchange('+31610000040')
        call.post('ringing')
        call.post('key', key='1')
        self.assertEqual(self.case('+31610000040')['product'], 'rijbewijs')
        w.psql("update loket.case_file set product = 'huwelijk' where product = 'rijbewijs' and id = (select case_id from "
               "loket.contact where addresses::text like '%%+31610000040%%' order by id desc limit 1)", [])
        self.assertEqual(call.post('ask')['do'], 'wait')
        self.assertEqual(self.case('+31610000040')['product'], 'huwelijk')
        call.post('ended')

    def test_what_is_wrong_is_said(self):
        done = subprocess.run(self.command('--inbox', 'nowhere-phone'), check=False, timeout=90, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn('no secret of an inbox nowhere-phone', done.stderr)


if __name__ == '__main__':
    unittest.main(verbosity=2)
