"""The answer to a COMMIT does not come (reliability.md F9): it happened, and loketd cannot know. It says 503, and the same
again finds what was done. LOKET_LOST_COMMITS=500 for the full size."""
import os
import pathlib
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import faults  # noqa: E402
import world  # noqa: E402
from proxy import PgLine  # noqa: E402
from servers import wait_until  # noqa: E402

AGENTS = ['bram', 'daan', 'eva', 'kees']
LOST = int(os.environ.get('LOKET_LOST_COMMITS', '20'))


class Lost(world.LoketTest):
    config = 'dispatch { offer_seconds = 20 sweep_seconds = 1 presence_seconds = 10 }'
    record = False

    @classmethod
    def make_world(cls):
        w = super().make_world()
        cls.line = PgLine.before(w)
        cls.addClassCleanup(cls.line.close)
        return w


class Load(Lost):
    def test_under_load(self):
        recorder = faults.Recorder()
        self.line.often(0.2)
        citizens = faults.Citizens(self.world, recorder)
        workers = faults.Workers(self.world, recorder, AGENTS)
        wait_until(lambda: self.line.lost >= LOST, 30 + 5 * LOST, f'{LOST} answers to be lost')
        self.line.often(0)
        self.world.wait_ready()
        citizens.stop()
        left = faults.wait_all_served(self.world, 120)
        workers.stop()
        print(f'{self.line.lost} answers lost, {len(recorder.acknowledged)} acknowledged in {recorder.tries} tries', end=' ')
        self.assertEqual([], faults.violations(self.world, recorder))
        self.assertEqual((0, 0), (left, faults.never_offered(self.world)))


class Agents(Lost):
    """What the agent is told, and what happens when they try again."""

    def test_an_offer_nobody_heard_of(self):
        """It is made, and the stream tells it all the same: else it would run out, and the agent be thought away."""
        bram = self.world.agent('bram')
        bram.ready()
        self.line.lose('dispatch_claim')
        before = self.line.lost
        self.world.hook_whatsapp('Waar is het stadhuis? ' + uuid.uuid4().hex, wa_id='31612345001')
        wait_until(lambda: self.line.lost > before, 20, 'the offer to be made, unheard')
        bram.resolve(bram.accept(bram.next_offer(15)))
        self.assertEqual(0, self.world.value("select count(*) from loket.offer where state = 'expired'"))
        bram.offline()

    def test_what_others_did_not_hear(self):
        """What the API wrote is told by the streams, also when whoever asked heard nothing."""
        bram, lead = self.world.agent('bram'), self.world.events('lead')
        bram.ready()
        self.world.hook_whatsapp('Waar is het stadhuis? ' + uuid.uuid4().hex, wa_id='31612345002')
        offer = bram.next_offer(60)
        self.line.lose('offer_accept')
        answer = self.world.api('POST', f"/v1/offers/{offer['offer']['id']}/accept", 'bram', {})
        self.assertEqual(answer.status, 503)
        for stream in (bram.events, lead):
            stream.wait('case.changed', lambda d: d.get('event') == 'accept' and d['case']['id'] == offer['case']['id'], 20)
        self.world.wait_ready()
        me = bram.call('GET', '/v1/me')['cases'][0]
        bram.resolve({'case': me, 'epoch': me['epoch']})
        bram.offline()

    def again(self, statement, method, path, body, key=None):
        """The first answer is lost; that of the second try."""
        before = self.line.lost
        headers = {'Idempotency-Key': key} if key else {}
        self.line.lose(statement)
        first = self.world.api(method, path, 'anna', body, headers)
        self.assertEqual((first.status, self.line.lost), (503, before + 1), first)
        self.assertIn('Retry-After', first.headers)
        self.world.wait_ready()
        answers = []

        def second():
            answers.append(self.world.api(method, path, 'anna', body, headers))
            return b'key-running' not in answers[-1].body       # "ask again in a moment", far shorter than a dead instance's minute
        wait_until(second, 10, 'the key to be let go')
        return answers[-1]

    def test_a_case_from_begin_to_end(self):
        anna = self.world.agent('anna')
        anna.ready()
        text = 'Waar is het loket? ' + uuid.uuid4().hex
        body = world.whatsapp_body(text)
        self.line.lose('intake_contact_insert')
        self.assertEqual(self.world.hook('dordrecht-whatsapp', body).status, 503)
        self.world.wait_ready()
        self.assertEqual(self.world.hook('dordrecht-whatsapp', body).status, 200)
        self.assertEqual(self.world.value('select count(*) from loket.contact where text = %s', [text]), 1)

        offer = anna.next_offer(20)
        taken = self.again('offer_accept', 'POST', f"/v1/offers/{offer['offer']['id']}/accept", {})
        self.assertEqual(taken.status, 200, taken)
        case, epoch = taken.json['case']['id'], taken.json['epoch']

        reply = {'text': 'Aan de Spuiboulevard', 'epoch': epoch}
        sent = self.again('work_reply', 'POST', f'/v1/cases/{case}/replies', reply, uuid.uuid4().hex)
        self.assertEqual(sent.status, 202, sent)
        self.assertEqual(self.world.value("select count(*) from loket.contact where case_id = %s and direction = 'out'", [case]), 1)

        done = self.again('work_resolve', 'POST', f'/v1/cases/{case}/resolve', {'outcome': 'solved', 'epoch': epoch}, uuid.uuid4().hex)
        self.assertEqual(done.status, 409, done)            # it is closed, as they wanted
        self.assertEqual(self.world.value('select state from loket.case_file where id = %s', [case]), 'closed')
        anna.offline()


if __name__ == '__main__':
    unittest.main(verbosity=2)
