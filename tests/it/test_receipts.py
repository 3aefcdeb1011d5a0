#!/usr/bin/env python3
"""Formal messages: confirmed by the outbox, never by intake, and proved by a log that is only added to. Others are not."""
import hashlib
import pathlib
import sys
import uuid

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dispatch_world  # noqa: E402
import world  # noqa: E402
from dispatch_world import wait_until  # noqa: E402
from servers import at_once  # noqa: E402

FORMAL = 'Hierbij maak ik bezwaar tegen het besluit van 3 november over mijn vergunning.'


class ReceiptTest(dispatch_world.DispatchTest):
    def setUp(self):
        super().setUp()
        self.phone = '3161' + str(uuid.uuid4().int)[:7]

    def writes(self, text=FORMAL, **more):
        """Case and contact of somebody who writes by WhatsApp."""
        self.world.hook_whatsapp(text, wa_id=self.phone, **more)
        return [str(i) for i in self.world.psql(
            "select case_id, id from loket.contact where direction = 'in' and addresses @> jsonb_build_array(jsonb_build_object("
            "'kind', 'phone', 'value', %s::text)) order by received_at desc limit 1", ['+' + self.phone])[0]]

    def receipt(self, contact):
        """how and why, once there is one."""
        query = 'select how, why from loket.receipt where contact = %s'
        wait_until(lambda: self.world.psql(query, [contact]), 20, 'a receipt')
        return self.world.psql(query, [contact])[0]

    def said(self, case):
        return [t for (t,) in self.world.psql("select text from loket.contact where case_id = %s and direction = 'out' order by received_at", [case])]

    def proof(self, **query):
        text = '&'.join(f'{k}={v}' for k, v in query.items())
        answer = self.world.api('GET', f'/v1/municipalities/dordrecht/proof?limit=100&{text}', 'lead')
        self.assertEqual(answer.status, 200, answer)
        return answer.json['items']

    def proved(self, case):
        return [p['what'] for p in self.proof(case=case)]

    def broken(self):
        return self.world.value("select loket.proof_broken('dordrecht')")


class Confirmed(ReceiptTest):
    def test_a_formal_message(self):
        case, contact = self.writes('Klacht! Mijn bsn is 111222333. ' + FORMAL)
        self.assertEqual(self.receipt(contact), ('message', None))
        reference = self.world.value('select reference from loket.case_file where id = %s', [case])
        (text,) = self.said(case)
        self.assertIn(reference, text)
        self.assertIn('vergunning', text)
        self.assertRegex(text, r'\d\d-\d\d-\d{4} \d\d:\d\d')
        self.assertNotIn('111222333', text)
        wait_until(lambda: 'sent' in self.proved(case), 20, 'the delivery in the proof')
        self.assertEqual(self.proved(case)[:3], ['received', 'receipt', 'sent'])
        received, receipt = self.proof(case=case)[:2]
        self.assertEqual(receipt['detail']['sha256'], hashlib.sha256(text.encode()).hexdigest())
        raw = self.world.value('select r.body from loket.raw r join loket.contact c on c.raw = r.id where c.id = %s', [contact])
        self.assertEqual((received['detail']['sha256'], received['detail']['reference']), (hashlib.sha256(bytes(raw)).hexdigest(), reference))
        self.assertEqual(self.world.value('select state from loket.case_file where id = %s', [case]), 'queued')
        self.assertIsNone(self.broken())

    def test_an_ordinary_question(self):
        case, contact = self.writes('Wanneer wordt het huisvuil opgehaald?')
        self.phone = '3161' + str(uuid.uuid4().int)[:7]
        self.receipt(self.writes()[1])          # what came later has one by now
        self.assertEqual(self.world.psql('select * from loket.receipt where contact = %s', [contact]), [])
        self.assertEqual((self.said(case), self.proved(case)), ([], []))

    def test_people_find_it_formal(self):
        case, first = self.writes('Ik ben het er niet mee eens.')
        _, second = self.writes('Dat boek ik als een klacht.')
        epoch = self.world.value('select epoch from loket.case_file where id = %s', [case])
        answer = self.world.api('PATCH', f'/v1/cases/{case}', 'lead', {'epoch': epoch, 'formal': True})
        self.assertEqual(answer.status, 200, answer)
        for contact in (first, second):
            self.assertEqual(self.receipt(contact), ('message', None))
        self.assertEqual(self.world.api('PATCH', f'/v1/cases/{case}', 'lead', {'epoch': epoch, 'formal': False}).status, 200)
        self.assertEqual(self.world.value("select count(*) from loket.contact where case_id = %s and flags @> '{formal}'", [case]), 0)
        self.assertEqual(len(self.said(case)), 2)

    def test_one_each(self):
        case, first = self.writes()
        _, second = self.writes('Nog eens: hierbij maak ik bezwaar tegen dat besluit.')
        self.assertNotEqual(first, second)
        for contact in (first, second):
            self.receipt(contact)
        self.assertEqual(len(self.said(case)), 2)

    def test_who_asked_for_help_by_a_person(self):
        _, contact = self.writes('0 ' + FORMAL)
        self.assertEqual(self.receipt(contact), ('message', None))

    def test_a_long_one_is_cut(self):
        case, contact = self.writes(FORMAL + ' Want ' + 'het is niet waar. ' * 220)
        self.assertEqual(self.receipt(contact), ('message', None))
        self.assertTrue(self.said(case)[0].endswith('…'), self.said(case)[0][-40:])

    def test_a_form_told_it_at_once(self):
        answer = self.world.hook_form({'form': 'vraag', 'submission_id': uuid.uuid4().hex, 'fields': {'bericht': FORMAL}})
        self.assertEqual(answer.status, 201, answer)
        contact = str(self.world.value("select id from loket.contact where channel = 'webform' order by received_at desc limit 1"))
        self.assertEqual(self.receipt(contact), ('answer', None))

    def test_a_form_with_an_address_gets_a_copy(self):
        who = f'{uuid.uuid4().hex}@example.nl'
        self.world.hook_form({'form': 'vraag', 'fields': {'naam': 'P. Puk', 'telefoon': '0612345678', 'email': who, 'bericht': FORMAL}})
        case, contact = (str(i) for i in self.world.psql(
            "select case_id, id from loket.contact where channel = 'webform' order by received_at desc limit 1")[0])
        self.assertEqual(self.receipt(contact), ('message', None))
        ((channel, to, text),) = self.world.psql("""select c.channel, o.to_value, c.text from loket.contact c join loket.outbox o on o.contact = c.id
            where c.case_id = %s and c.direction = 'out'""", [case])
        self.assertEqual((channel, to), ('email', who))
        self.assertIn('vergunning', text)

    def test_intake_waits_for_nothing(self):
        holder = psycopg2.connect(self.world.servers.conninfo(self.world.database, 'loket_system'))
        with holder.cursor() as c:
            c.execute("select pg_advisory_xact_lock(hashtextextended('loket.proof dordrecht', 0))")
        case, contact = self.writes()
        self.phone = '3161' + str(uuid.uuid4().int)[:7]
        self.writes()
        self.assertEqual(self.world.psql('select * from loket.receipt where contact = %s', [contact]), [])
        holder.close()
        self.receipt(contact)


class Kept(ReceiptTest):
    def test_only_added_to(self):
        self.receipt(self.writes()[1])
        for user in ('loket_system', 'loket_api', 'loket_owner', None):
            for sql in ("update loket.proof set what = 'read'", 'delete from loket.proof', 'truncate loket.proof'):
                with self.subTest(sql, user=user), self.assertRaises(psycopg2.errors.InsufficientPrivilege):
                    self.world.psql(sql, **({'user': user} if user else {}))
        with self.assertRaises(psycopg2.errors.InsufficientPrivilege):
            self.world.psql("insert into loket.proof (municipality) values ('dordrecht')", user='loket_api')

    def test_anybody_can_check_it(self):
        for _ in range(3):
            self.phone = '3161' + str(uuid.uuid4().int)[:7]
            self.receipt(self.writes()[1])
        before = bytes(32)
        rows = self.proof()
        for n, row in enumerate(rows, 1):
            self.assertEqual((row['n'], row['previous']), (n, before.hex()))
            before = hashlib.sha256(before + row['text'].encode()).digest()
            self.assertEqual(row['hash'], before.hex())
        page = self.world.api('GET', '/v1/municipalities/dordrecht/proof?limit=2', 'lead').json
        after = self.world.api('GET', f"/v1/municipalities/dordrecht/proof?limit=2&cursor={page['next']}", 'lead').json
        self.assertEqual([p['n'] for p in page['items'] + after['items']], [1, 2, 3, 4])
        for none in ('eeuw', 'YWJj', 'MA', 'MXg'):      # not base64url of a number above 0: abc, 0, 1x
            self.assertEqual(self.world.api('GET', f'/v1/municipalities/dordrecht/proof?cursor={none}', 'lead').status, 400)
        self.assertEqual(self.world.api('GET', '/v1/municipalities/dordrecht/proof', 'anna').status, 403)

    def test_what_was_changed_is_found(self):
        self.receipt(self.writes()[1])
        self.world.psql('alter table loket.proof disable trigger user')
        try:
            self.world.psql("update loket.proof set at = at - interval '1 day' where municipality = 'dordrecht' and n = 2")
            self.assertEqual(self.broken(), 2)
            self.world.psql("update loket.proof set at = at + interval '1 day' where municipality = 'dordrecht' and n = 2")
            self.assertIsNone(self.broken())
            self.world.psql("update loket.proof set n = 1000 where municipality = 'dordrecht' and n = 1")      # gone from its place
            self.assertEqual(self.broken(), 2)
            self.world.psql("update loket.proof set n = 1 where municipality = 'dordrecht' and n = 1000")
        finally:
            self.world.psql('alter table loket.proof enable trigger user')

    def test_many_at_once(self):
        insert = ("insert into loket.proof (municipality, at, case_id, contact, what, detail) "
                  "select 'zwijndrecht', now(), gen_random_uuid(), gen_random_uuid(), 'received', '{}' from generate_series(1, 20)")
        at_once([lambda: self.world.psql(insert, user='loket_system')] * 5)
        self.assertEqual(self.world.value("select max(n) from loket.proof where municipality = 'zwijndrecht'"), 100)
        self.assertIsNone(self.world.value("select loket.proof_broken('zwijndrecht')"))


if __name__ == '__main__':
    world.main()
