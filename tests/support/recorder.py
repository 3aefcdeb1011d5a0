"""recorder.py - what citizens and agents were told, written down outside loketd; and the questions afterwards: is something lost,
doubled, in two hands, stuck?

Every text of the load ends with a key of 32 hex digits, so that what came in, what went out, what PostgreSQL holds and what
the providers got can be laid side by side.
"""
import collections
import json
import re
import threading

LOST, DOUBLED, OWNERS, STUCK, WRONG = KINDS = ('lost', 'doubled', 'two owners', 'stuck', 'wrong')
KEY = re.compile(r'\b[0-9a-f]{32}\b')

# must hold at any moment: each finds what does not
ALWAYS = [
    (OWNERS, 'a case with two offers', "select case_id from loket.offer where state = 'made' group by 1 having count(*) > 1"),
    (OWNERS, 'an epoch given twice', 'select case_id from loket.offer group by case_id, epoch having count(*) > 1'),
    (OWNERS, 'an owner who never accepted', """select id from loket.case_file c where state = 'assigned' and not exists (
        select from loket.offer o where o.case_id = c.id and o.state = 'accepted' and o.agent = c.owner and o.epoch = c.epoch)"""),
    (OWNERS, 'offered, but to nobody', """select id from loket.case_file c where state = 'offered' and not exists (
        select from loket.offer o where o.case_id = c.id and o.state = 'made' and o.epoch = c.epoch)"""),
    (OWNERS, 'somebody who is asked two things', "select agent from loket.offer where state = 'made' group by 1 having count(*) > 1"),
    (OWNERS, 'somebody with more than there is room for', """select a.id from loket.agent a where room_total <
        (select count(*) from loket.offer o where o.agent = a.id and o.state = 'made')
        + (select count(*) from loket.case_file c where c.owner = a.id)"""),
    (LOST, 'contacts without a case', """select c.id from loket.contact c where c.case_id is null
        or not exists (select from loket.case_file k where k.id = c.case_id)"""),
    (LOST, 'promised, and nobody will call', """select b.id from loket.callback b join loket.case_file k on k.id = b.case_id
        where b.state = 'open' and k.state = 'closed'"""),
    (STUCK, 'a case that waits for nothing', """select k.id from loket.case_file k where k.state = 'scheduled'
        and not exists (select from loket.callback b where b.case_id = k.id and b.state = 'open')
        and not exists (select from loket.call l where l.case_id = k.id and l.state <> 'ended')"""),
    (STUCK, 'with the webcare team, without a post to look at', """select k.id from loket.case_file k where k.state = 'triage'
        and not exists (select from loket.post p where p.case_id = k.id and p.state <> 'done')"""),
]

# must hold when nobody does anything any more
AT_REST = [
    (STUCK, 'cases that are open', """select k.id::text, k.state, k.municipality, k.channel, k.product, k.language, k.option0, k.owner::text,
        k.epoch, k.transfers, clock_timestamp() - k.arrived_at, (select string_agg(o.state, ' ' order by o.made_at) from loket.offer o
        where o.case_id = k.id) from loket.case_file k where k.state <> 'closed'"""),
    (STUCK, 'cases that nobody was ever asked', """select k.id from loket.case_file k where outcome is distinct from 'spam'
        and not exists (select from loket.offer o where o.case_id = k.id)
        and not exists (select from loket.post p where p.case_id = k.id)
        and not exists (select from loket.call l where l.case_id = k.id)"""),
    (STUCK, 'replies on their way', "select id from loket.contact where delivery in ('queued', 'sending')"),
    (STUCK, 'attachments on their way', "select id from loket.attachment where state not in ('stored', 'refused', 'failed')"),
    (STUCK, 'calls without an end', "select id from loket.call where state <> 'ended'"),
    (STUCK, 'said by itself, but not yet', "select id from loket.automatic where state = 'queued'"),
    (LOST, 'attachments that failed', "select id from loket.attachment where state = 'failed'"),
]


class Recorder:
    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged, self.tries, self.wrong = set(), 0, []     # keys of contacts answered 2xx
        self.calls = set()                  # calls of which something was answered 2xx
        self.taken, self.stale_writes, self.stale_tries = [], 0, 0
        self.replies = {}                   # {contact: key}, answered 202
        self.arrived = collections.Counter()    # at the providers, by key

    def note_wrong(self, what):
        with self.lock:
            self.wrong.append(what)

    def drain(self, standin):
        """What the stand-in got since the last time; it forgets it."""
        with standin.lock:
            got, standin.received[:] = list(standin.received), []
        for r in got:
            found = KEY.findall(json.dumps(r['message']))
            if r['taken'] and found:
                self.arrived[found[-1]] += 1

    def owners(self):
        """(case, epoch) that more than one agent was given."""
        owners = {}
        for case, epoch, name in self.taken:
            owners.setdefault((case, epoch), set()).add(name)
        return [what for what, names in owners.items() if len(names) > 1]


def keys(world, direction):
    """[(key, id, delivery)] of the contacts of one direction."""
    rows = world.psql('select text, id::text, delivery from loket.contact where direction = %s and text is not null', [direction])
    found = ((KEY.findall(text), *more) for text, *more in rows)
    return [(k[-1], *more) for k, *more in found if k]


class Findings:
    def __init__(self):
        self.by_kind = {kind: [] for kind in KINDS}

    def say(self, kind, n, what, examples=()):
        if n:
            self.by_kind[kind].append((n, f'{what}: {n}' + ''.join(f' {" ".join(str(x) for x in row)};' for row in examples[:3])))

    def count(self, kind):
        return sum(n for n, _ in self.by_kind[kind])

    def lines(self):
        return [line for kind in KINDS for _, line in self.by_kind[kind]]


def ask(world, questions, found=None):
    """What is wrong in PostgreSQL, by these questions."""
    found = found or Findings()
    for kind, what, sql in questions:
        rows = world.psql(sql)
        found.say(kind, len(rows), what, rows)
    return found


def judge_replies(world, recorder, found):
    accepted = set(recorder.replies)    # before PostgreSQL is asked
    out = {contact: (key, delivery) for key, contact, delivery in keys(world, 'out')}
    recorder.drain(world.standin)       # after that: what is sent by then has arrived
    found.say(LOST, len(accepted - set(out)), 'replies accepted and lost')
    never = [(contact, d) for contact, (key, d) in out.items() if d in ('sent', 'delivered', 'read') and not recorder.arrived[key]]
    found.say(LOST, len(never), 'replies that are sent, but never arrived', never)
    found.say(DOUBLED, sum(n > 1 for n in recorder.arrived.values()), 'replies that arrived twice')


def judge(world, recorder, questions=()):
    """Findings: all that was promised and not kept, so far; questions: more of them (AT_REST)."""
    found = Findings()
    stored = [key for key, *_ in keys(world, 'in')]
    calls = [c for (c,) in world.psql("select provider_id from loket.contact where kind = 'call'")]
    found.say(LOST, len(recorder.acknowledged - set(stored)), 'acknowledged and lost')
    found.say(DOUBLED, len(stored) - len(set(stored)), 'stored twice')
    found.say(LOST, len(recorder.calls - set(calls)), 'calls acknowledged and lost')
    found.say(DOUBLED, len(calls) - len(set(calls)), 'calls stored twice')
    found.say(WRONG, len(recorder.wrong), f'wrong answers {sorted({str(x) for x in recorder.wrong})}')
    found.say(OWNERS, recorder.stale_writes, 'writes with a stale epoch')
    found.say(OWNERS, len(recorder.owners()), 'cases given to two agents')
    judge_replies(world, recorder, found)
    ledger = world.api('GET', '/v1/ledger', 'lead').json
    found.say(WRONG, not ledger['balanced'], f'ledger out of balance {json.dumps(ledger)}')
    return ask(world, [*ALWAYS, *questions], found)
