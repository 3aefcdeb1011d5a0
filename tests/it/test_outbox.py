#!/usr/bin/env python3
"""Replies on their way: tried again when they certainly did not arrive, never sent twice, uncertain when nobody knows (P6)."""
import itertools
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402

people = itertools.count(31630000001)


class OutboxTest(world.LoketTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.world.agent('anna')
        cls.anna.ready()

    def take(self):
        self.world.hook_whatsapp('Hoe vraag ik een rijbewijs aan?', wa_id=str(next(people)))
        return self.anna.accept(self.anna.next_offer())

    def delivery(self, taken):
        c = self.anna.case(taken['case']['id'])['contacts'][-1]
        return c['delivery'], c.get('deliveryError')

    def sent(self, contact):
        """What the provider got of it."""
        return [r for r in self.world.standin.received if r['message'].get('biz_opaque_callback_data') == contact]

    def reply(self, taken, *faults, text='Dat kan aan de balie'):
        self.world.standin.faults[:] = list(faults)
        return self.anna.reply(taken, text)['contact']['id']

    def wait_for(self, taken, *states, timeout=15):
        try:
            wait_until(lambda: self.delivery(taken)[0] in states, timeout, 'it')
        except AssertionError:
            self.fail(f'delivery is {self.delivery(taken)}, not {states}')


class Provider(OutboxTest):
    config = 'outbox { outbox_attempts = 4 }'

    def done(self, taken):
        self.anna.resolve(taken)

    def test_retries_until_taken(self):
        taken = self.take()
        contact = self.reply(taken, '500', '429')
        self.wait_for(taken, 'delivered', 'read')
        self.assertEqual([r['fault'] for r in self.sent(contact)], ['500', '429', 'ok'])
        self.assertIsNone(self.delivery(taken)[1])
        at = [r['at'] for r in self.sent(contact)]
        self.assertGreaterEqual(at[1] - at[0], 1.8)     # 2 s, then 4 s
        self.assertGreaterEqual(at[2] - at[1], 3.8)
        self.done(taken)

    def test_gives_up(self):
        taken = self.take()
        contact = self.reply(taken, '400')
        self.wait_for(taken, 'failed')
        self.assertEqual(len(self.sent(contact)), 1)
        self.assertTrue(self.delivery(taken)[1])
        self.done(taken)

    def test_cut_after_it_was_taken(self):
        """No answer: uncertain, not sent again; then the provider's reports say what became of it."""
        self.world.standin.delay = 1.0
        taken = self.take()
        contact = self.reply(taken, 'cut')
        self.wait_for(taken, 'uncertain', timeout=5)
        self.anna.events.wait('delivery.changed', lambda d: d['contact'] == {'id': contact, 'delivery': 'uncertain'})
        self.wait_for(taken, 'delivered')
        self.assertEqual(len(self.sent(contact)), 1)
        self.world.standin.delay = 0.02
        self.done(taken)

    def test_reports_in_any_order_only_go_forward(self):
        taken = self.take()
        contact = self.reply(taken, 'disorder')
        self.wait_for(taken, 'read')
        time.sleep(0.3)
        self.assertEqual(self.delivery(taken)[0], 'read')
        # by their ids: two that were committed by different connections may be told in the other order
        states = [d['contact']['delivery'] for _, d in sorted((int(i), d) for k, i, d in self.anna.events.all
                                                              if k == 'delivery.changed' and d['contact']['id'] == contact)]
        order = ['queued', 'sending', 'sent', 'delivered', 'read']
        self.assertEqual(states, sorted(states, key=order.index))
        self.done(taken)

    def test_reports_before_the_answer(self):
        """The answer to our request comes after its reports: they count, the answer does not undo them."""
        taken = self.take()
        contact = self.reply(taken, 'slow')
        self.wait_for(taken, 'read')
        wait_until(lambda: self.world.value('select provider_id from loket.contact where id = %s', [contact]), what='the answer')
        self.assertEqual(self.delivery(taken)[0], 'read')
        self.done(taken)

    def test_same_report_is_known_by_the_provider_id_too(self):
        """A provider that does not give our id back: its report waits in delivery_report until the answer names it."""
        taken = self.take()
        self.world.psql("insert into loket.delivery_report (inbox, provider_id, status, municipality, at) select 'dordrecht-whatsapp', "
                        "'wamid.STANDIN' || %s, 'delivered', 'dordrecht', now()", [self.world.standin.n + 1])
        self.reply(taken, 'silent')
        self.wait_for(taken, 'delivered')
        self.world.psql('delete from loket.delivery_report')
        self.done(taken)

    def test_failed_at_the_provider(self):
        taken = self.take()
        self.reply(taken, 'failed')
        self.wait_for(taken, 'failed')
        self.done(taken)

    def test_order_is_kept_over_a_retry(self):
        taken = self.take()
        first = self.reply(taken, '500', text='Eerst')
        second = self.anna.reply(taken, 'Dan')['contact']['id']
        wait_until(lambda: self.sent(second), 15, 'the second')
        taken_order = [r['message']['text']['body'] for r in self.world.standin.received
                       if r['taken'] and r['message'].get('biz_opaque_callback_data') in (first, second)]
        self.assertEqual(taken_order, ['Eerst', 'Dan'])
        self.done(taken)


class Death(OutboxTest):
    """kill -9 while a reply is being sent."""

    def crash(self):
        self.world.kill9()
        self.world.start()
        type(self).anna = self.world.agent('anna')
        self.anna.ready()

    def test_uncertain_and_never_sent_twice(self):
        taken = self.take()
        contact = self.reply(taken, 'timeout')
        self.world.standin.delay = 30                          # its reports come after we looked
        wait_until(lambda: self.sent(contact), what='the request at the provider')
        self.crash()
        self.wait_for(taken, 'uncertain')
        self.assertEqual(self.delivery(taken)[1], 'lost while sending')
        time.sleep(1.5)
        self.assertEqual(len(self.sent(contact)), 1)
        # what was not begun yet goes out once
        self.world.standin.delay = 0.02
        again = self.reply(taken, text='Nogmaals')
        wait_until(lambda: self.sent(again), what='the new reply')
        self.assertEqual(len(self.sent(again)), 1)
        # and a report that comes late still says what became of the first
        self.world.standin.deliver(*self.world.standin.providers['whatsapp'].webhook(
            self.world.account('dordrecht-whatsapp'), {'statuses': [
            {'id': self.sent(contact)[0]['id'], 'status': 'delivered', 'timestamp': str(int(time.time())), 'recipient_id': '31630000001',
             'biz_opaque_callback_data': contact}]}))
        wait_until(lambda: self.world.value('select delivery from loket.contact where id = %s', [contact]) == 'delivered',
                   what='the late report')

    def test_what_another_instance_is_sending(self):
        """It is left alone while that instance has a session, and uncertain when it has none."""
        import psycopg2
        taken = self.take()
        self.world.standin.faults[:] = []
        other = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket_system'),
                                 application_name='loketd another-instance')
        contact = self.reply(taken, 'silent')
        self.wait_for(taken, 'sent')
        self.world.psql("update loket.outbox set state = 'sending', holder = 'another-instance', next_at = now() where contact = %s",
                        [contact])
        self.world.psql("update loket.contact set delivery = 'sending' where id = %s", [contact])
        time.sleep(6)
        self.assertEqual(self.delivery(taken)[0], 'sending')
        other.close()
        self.wait_for(taken, 'uncertain')

    def test_what_was_accepted_before_the_crash_is_sent_after_it(self):
        taken = self.take()
        self.world.standin.faults[:] = []
        contacts = [self.anna.reply(taken, f'Nummer {i}')['contact']['id'] for i in range(3)]
        self.crash()
        wait_until(lambda: all(r[0] not in ('queued', 'sending') for r in self.world.psql(
            'select delivery from loket.contact where id = any (%s::uuid[])', [contacts])), 20, 'every reply to be settled')
        for contact in contacts:
            self.assertLessEqual(len(self.sent(contact)), 1)


class Start(OutboxTest):
    def test_nothing_is_sent_before_the_set_up_is_read(self):
        """What waits for a provider when loketd starts waits until it knows its inboxes: a reply, and a file to be fetched."""
        taken = self.take()
        contact = self.reply(taken, '500')                     # so it waits
        wait_until(lambda: self.sent(contact), what='the first try')
        self.world.standin.faults[:] = ['500']
        self.world.hook_whatsapp(message={'type': 'image', 'image': {'id': '1166846181421424', 'mime_type': 'image/png'}},
                                 wa_id=str(next(people)))
        self.world.kill9()
        self.world.psql("update loket.outbox set state = 'queued', next_at = now() where contact = %s", [contact])
        self.world.psql("update loket.attachment set state = 'pending', holder = null, next_at = now()")
        # PostgreSQL is slow with the set-up, and with nothing else
        self.world.psql("""alter table loket.world_version rename to really; create view loket.world_version as
            select * from loket.really where pg_sleep(3)::text = ''; grant select on loket.world_version to loket_system""")
        self.world.start()
        self.world.psql('drop view loket.world_version; alter table loket.really rename to world_version')
        self.world.restart()
        self.world.wait_ready()
        wait_until(lambda: self.world.value('select delivery from loket.contact where id = %s', [contact]) in ('delivered', 'read'), 20,
                   'the reply')
        wait_until(lambda: self.world.value("select bool_and(state = 'stored') from loket.attachment"), 30, 'the attachment')


class DatabaseDeath(OutboxTest):
    """PostgreSQL crashes while the provider has the message and its answer is not recorded yet."""
    fsync = True

    def test_what_came_back_is_recorded_when_it_can_be(self):
        taken = self.take()
        self.world.standin.delay = 0.7                         # "slow": the answer comes after its three reports
        contact = self.reply(taken, 'slow')
        wait_until(lambda: self.sent(contact), what='the request at the provider')
        self.world.servers.pg_stop()
        time.sleep(3)
        self.world.servers.pg_start()

        def delivery():
            try:
                return self.world.value('select delivery from loket.contact where id = %s', [contact])
            except Exception:                                # still starting
                return None
        wait_until(lambda: delivery() == 'read', 30, 'the reports')
        wait_until(lambda: self.world.value('select state from loket.outbox where contact = %s', [contact]) == 'done', 30, 'the record')
        self.assertEqual((delivery(), len(self.sent(contact))), ('read', 1))


if __name__ == '__main__':
    unittest.main(verbosity=2)
