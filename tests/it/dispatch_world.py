"""dispatch_world.py - what the tests of the dispatcher share: cases put into the database as if they had come in."""
import pathlib
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import world  # noqa: E402
from servers import wait_until  # noqa: E402, F401

INSERT = '''insert into loket.case_file (id, municipality, reference, product, inbox, channel, language, state, option0,
    opened_at, arrived_at, due_at, last_contact_at, wanted_agent)
  values (%s, %s, %s, %s, %s, %s, %s, 'queued', %s, now(), now() - make_interval(secs => %s),
          now() + make_interval(secs => %s), now(), %s)'''


class DispatchTest(world.LoketTest):
    config = 'dispatch { sweep_seconds = 1 offer_seconds = 20 }'
    policy = {'method': 'skills-fifo'}       # of every municipality; settings.routing

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for (place,) in cls.world.psql('select id from loket.municipality order by id'):
            cls.set_policy(place, cls.policy)

    @classmethod
    def set_policy(cls, municipality, policy):
        """Change settings.routing, and nothing else."""
        now = cls.world.api('GET', f'/v1/municipalities/{municipality}', 'admin').json
        body = {'region': now['region'], 'name': now['name'], 'settings': now['settings'] | {'routing': policy}}
        return cls.world.api('PUT', f'/v1/municipalities/{municipality}', 'admin', body)

    def restart(self):
        """And what was learned is read again: until then nobody is better than another."""
        before = len(self.world.log())
        self.world.restart()
        wait_until(lambda: 'learn.loaded' in self.world.log()[before:], what='what was learned')

    def waits(self, product='rijbewijs', municipality='dordrecht', channel='whatsapp', language='nl', option0=False,
              age=0, due=3600, wanted=None):
        """A case that waits, behind the dispatcher's back: only the sweep can find it. Its id."""
        case = str(uuid.uuid4())
        self.world.psql(INSERT, [case, municipality, 'T-' + case[:13], product, f'{municipality}-{channel}', channel,
                                 language, option0, age, due, wanted])
        return case

    def state(self, case):
        return self.world.value('select state from loket.case_file where id = %s', [case])

    def owner(self, case):
        return self.world.value('select owner from loket.case_file where id = %s', [case])

    def agent_id(self, name):
        return str(self.world.value('select id from loket.agent where lower(name) = %s', [name]))

    def routing(self, case, token='lead'):
        answer = self.world.api('GET', f'/v1/cases/{case}/routing', token)
        assert answer.status == 200, answer
        return answer.json['decisions']

    def nobody_is_there(self):
        """Between tests: everybody offline, nothing waits."""
        self.world.psql("update loket.case_file set state = 'closed', closed_at = now(), owner = null "
                        "where state <> 'closed'")
        self.world.psql("update loket.offer set state = 'withdrawn', ended_at = now() where state = 'made'")
        self.world.psql('delete from loket.wrapup')

    def setUp(self):
        self.people = []

    def person(self, name, **more):
        who = self.world.agent(name)
        self.people.append(who)
        who.ready(**more)
        return who

    def tearDown(self):
        self.nobody_is_there()
        for who in self.people:
            who.offline()
            who.events.close()
        time.sleep(0.1)
