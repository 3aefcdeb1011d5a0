#!/usr/bin/env python3
"""loketd --replay: the decisions that were kept, again: the same with the same settings, counted and explained with others, and
nothing is touched."""
import hashlib
import json
import subprocess

from dispatch_world import DispatchTest, wait_until, world

PRODUCT = 'parkeervergunning'           # daan and oksana have it
TABLES = ('routing', 'routing_settings', 'offer', 'case_file', 'notice', 'learned', 'arm_day', 'municipality')


class Replay(DispatchTest):
    policy = {'method': 'ftf', 'controlShare': 0, 'holdPrice': 0, 'occupancy': 0}

    def replay(self, *options, code=0):
        done = subprocess.run([world.LOKETD, '--config', str(self.world.dir / 'loketd.conf'), '--replay', *options], check=False,
                              capture_output=True, text=True, timeout=60, env=self.world._env())
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def result(self, *options):
        return json.loads(self.replay('--json', '--from', '2020-01-01', '--to', '2100-01-01', *options))

    def picture(self):
        rows = [self.world.psql(f'select t::text, xmin::text from loket.{t} t order by 1') for t in TABLES]
        rows.append(self.world.psql("select to_jsonb(p) - 'seen_at' from loket.presence p order by agent"))     # which loketd renews
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    def decided(self, n):
        """So many decisions between daan, who is idle longer, and oksana, who solves it."""
        self.world.psql('delete from loket.routing; delete from loket.learned; delete from loket.outcome')
        for name, reopened in (('oksana', 0), ('daan', 1)):
            for _ in range(30):
                case = self.waits(product=PRODUCT)
                self.world.psql("update loket.case_file set state = 'closed', closed_at = now(), party = gen_random_uuid(), reopened = %s "
                                'where id = %s', [reopened, case])
                self.world.psql("insert into loket.outcome (case_id, municipality, product, agent, at, due_at) values "
                                "(%s, 'dordrecht', %s, %s, now() - interval '8 days', now() - interval '1 day')",
                                [case, PRODUCT, self.agent_id(name)])
        wait_until(lambda: self.world.value('select count(*) from loket.outcome where y is null') == 0, 15, 'outcomes to mature')
        self.restart()
        self.person('daan')
        wait_until(lambda: self.world.value("select count(*) from loket.presence where state = 'ready'") == 1, 5)
        oksana = self.person('oksana')
        wait_until(lambda: self.world.value("select count(*) from loket.presence where state = 'ready'") == 2, 5)
        for _ in range(n):
            case = self.waits(product=PRODUCT)
            oksana.resolve(oksana.accept(oksana.next_offer(8)))
            self.assertEqual(self.state(case), 'closed')
            self.world.psql('delete from loket.wrapup')

    def test_again(self):
        self.decided(4)
        self.assertEqual(self.world.psql("select count(*), settings->'routing'->>'occupancy' from loket.routing join loket.routing_settings "
                                         "on hash = settings_hash group by 2"), [(4, '0.0')])   # one version for all four
        self.world.psql("insert into loket.routing (case_id, municipality, at, policy, rule, n_considered, candidates, left_out) "
                        "select case_id, municipality, at, policy, 'heldForBetter', 1, '[]', '[]' from loket.routing")
        before = self.picture()              # what was held is no decision that somebody was asked by
        same = self.result()
        self.assertEqual({k: same[k] for k in ('decisions', 'replayed', 'different', 'notKept', 'notKnown', 'notReproduced', 'gain')},
                         {'decisions': 4, 'replayed': 4, 'different': 0, 'notKept': 0, 'notKnown': 0, 'notReproduced': 0, 'gain': 0})
        self.assertGreater(same['fix'], 0.7)
        fifo = self.result('--set', 'method=skills-fifo', '--examples', '2')
        self.assertEqual((fifo['different'], fifo['wouldWait'], len(fifo['examples'])), (4, 0, 2))
        self.assertEqual(fifo['set'], {'method': 'skills-fifo'})
        self.assertLess(fifo['gain'], -1)                # four times from oksana, who solves it, to daan
        self.assertAlmostEqual(fifo['gain'] / 4, fifo['fixInstead'] - fifo['fix'], 9)
        self.assertEqual([(p['product'], p['decisions'], p['different']) for p in fifo['products']], [(PRODUCT, 4, 4)])
        self.assertEqual([(r['rule'], r['different']) for r in fifo['rules']], [('bestFix', 4)])
        one = fifo['examples'][0]
        self.assertEqual((one['rule'], one['wouldBe']), ('bestFix', 'longestIdle'))
        self.assertGreater(one['insteadIdleSeconds'], one['idleSeconds'])
        self.assertLess(one['fix'], -0.3)
        self.assertEqual(self.result('--set', 'sticky=0.01')['different'], 0)
        text = self.replay('--from', '2020-01-01', '--to', '2100-01-01', '--set', 'method=skills-fifo')
        for words in ('4 replayed: 4 (100.0 %) would have gone to somebody else', PRODUCT, 'bestFix -> longestIdle',
                      'what this cannot know:'):
            self.assertIn(words, text)
        for name in ('daan', 'oksana'):
            self.assertNotIn(self.agent_id(name), text + json.dumps(fifo))
        self.assertEqual(self.picture(), before)

    def test_what_was_not_kept(self):
        """from before the log, of another municipality, of another day"""
        self.decided(2)
        self.world.psql('update loket.routing set log = null where id = (select min(id) from loket.routing)')
        r = self.result()
        self.assertEqual((r['decisions'], r['notKept'], r['replayed']), (2, 1, 1))
        self.world.psql('update loket.routing set settings_hash = null where id = (select max(id) from loket.routing)')
        r = self.result()
        self.assertEqual((r['decisions'], r['notKept'], r['replayed']), (2, 2, 0))
        self.world.psql('update loket.routing set settings_hash = (select hash from loket.routing_settings limit 1)')
        self.assertEqual(self.result('--municipality', 'zwijndrecht')['decisions'], 0)
        self.assertEqual(json.loads(self.replay('--json'))['decisions'], 0)         # yesterday
        self.world.psql("update loket.routing set at = at - interval '1 day'")
        self.assertEqual(json.loads(self.replay('--json'))['decisions'], 2)
        self.world.psql("update loket.routing set chosen = %s, rule = 'lowestId' where log is not null", [self.agent_id('daan')])
        self.assertEqual(json.loads(self.replay('--json'))['notReproduced'], 1)

    def test_everything_wrong_is_said(self):
        said = self.replay('--set', 'colour=red', '--set', 'occupancy=99', '--set', 'holdPrice=0.1', '--from', '2026-01-01', code=2)
        for words in ('colour: is not known', 'occupancy: is out of range', 'holdPrice: cannot be replayed', '--from and --to'):
            self.assertIn(words, said)
        self.assertIn('invalid input syntax', self.replay('--from', 'x', '--to', 'y', code=1))
        for options in (['--examples', 'many'], ['more']):
            self.assertIn('--help', self.replay(*options, code=2))
        done = subprocess.run([world.LOKETD, '--json'], check=False, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)


if __name__ == '__main__':
    world.main()
