"""recount.py - the figures of GET /v1/kpis, counted again from the rows of cases, contacts, offers, calls, promises and surveys

    counted = recount(connection, '2026-10-01', '2027-01-01', municipality='dordrecht')
    differences(world.api('GET', '/v1/kpis?…', 'lead').json, counted)       # [] when every figure is the same

Written from the definitions that the API gives with each figure, one case at a time; it shares nothing with the daemon. connection: of
psycopg2, as the owner of the database, who sees all rows. Days are those in Amsterdam; to is not in it. What loketd remembers of a
case although it went since (notices and offers are kept for notice_keep_days; a norm as it was) cannot be counted again.
"""
import collections
import datetime
import math

DAY, WEEK = 86400, 7 * 86400
CASES = """select id::text, municipality, channel, product, option0, opened_at, flags, outcome, state, merged_into, post, reopened
  from loket.case_file
 where (opened_at at time zone 'Europe/Amsterdam')::date >= %s and (opened_at at time zone 'Europe/Amsterdam')::date < %s"""


def rows(connection, sql, params=()):
    with connection.cursor() as c:
        c.execute(sql, params)
        names = [d.name for d in c.description]
        return [dict(zip(names, r)) for r in c.fetchall()]


def by_case(connection, sql):
    found = collections.defaultdict(list)
    for r in rows(connection, sql):
        found[str(r['case_id'])].append(r)
    return found


class Norms:
    """Seconds that a case may wait. Who asked for help by a person waits no longer than who is on the line."""

    def __init__(self, connection):
        self.live = {r['id'] for r in rows(connection, 'select id from loket.channel where live')}
        self.of, self.kinds = {}, {}
        general = {r['id']: r['norm_s'] for r in rows(connection, 'select id, norm_s from loket.channel')}
        for m in rows(connection, '''select m.id, m.settings as own, coalesce(r.settings, '{}') as region
                                       from loket.municipality m left join loket.region r on r.id = m.region'''):
            said = m['region'].get('norms', {}) | m['own'].get('norms', {})
            for channel, seconds in general.items():
                for kind in ('question', 'report', 'formal'):
                    self.of[m['id'], channel, kind] = said.get(f'{channel}.{kind}', said.get(channel, seconds))
            for settings in (m['region'], m['own']):
                for product, of in settings.get('products', {}).items():
                    self.kinds[m['id'], product] = of.get('kind', self.kinds.get((m['id'], product), 'question'))

    def seconds(self, k, helped):
        place, channel = k['municipality'], k['channel']
        own = self.of[place, channel, 'formal' if 'formal' in k['flags'] else self.kinds.get((place, k['product']), 'question')]
        return min([own, *(self.of[place, c, 'question'] for c in self.live)]) if helped else own


class Case:
    """What the figures ask of one case."""

    def __init__(self, k, has, norms, now):
        self.k, opened = k, k['opened_at']
        self.taken_by = min(has['offers'], key=lambda o: o['made_at'], default=None)
        people = [c for c in has['contacts'] if c['agent'] and 'automatic' not in c['flags']]
        typed = sorted((c for c in people if c['direction'] == 'in'), key=lambda c: c['received_at'])
        taken_at = self.taken_by['ended_at'] if self.taken_by else None
        self.agent = self.taken_by['agent'] if self.taken_by else typed[0]['agent'] if typed else None
        self.taken = bool(self.taken_by or typed)
        called = any(taken_at is None or b['created_at'] <= taken_at for b in has['callbacks'])
        waits = not (k['post'] or typed or called)
        self.wait = max(0, math.floor((taken_at - opened).total_seconds())) if waits and taken_at else None
        asked = min((h['asked_at'] for h in has['helps']), default=None)
        norm = datetime.timedelta(seconds=norms.seconds(k, asked and asked <= (taken_at or now)))
        self.in_time = None
        if waits and taken_at:
            self.in_time = taken_at - opened <= norm
        elif waits and ('abandoned' in k['flags'] and k['state'] == 'closed' or
                        k['state'] in ('queued', 'offered') and now > opened + norm):
            self.in_time = False
        ended = [c for c in has['calls'] if c['state'] == 'ended']
        self.calls, self.missed = len(ended), sum(c['outcome'] == 'abandoned' for c in ended)
        told = [n['payload'] | {'at': n['at']} for n in has['notices']]
        self.transferred = any(n.get('event') == 'transfer' for n in told)
        finished = [n['at'] for n in told if n.get('case', {}).get('state') == 'closed' and n.get('event') != 'hangUp'
                    and n['case'].get('outcome') not in (None, 'spam')]
        self.finished, self.reopened = bool(finished), k['reopened'] > 0
        first = [*finished, *(c['received_at'] for c in people if c['direction'] == 'out')]
        if k['channel'] in norms.live:
            first += [taken_at] if taken_at else [c['received_at'] for c in typed]
        self.answered = math.floor((min(first) - opened).total_seconds()) if first else math.inf
        self.age = (now - opened).total_seconds()
        helped = 'assisted' in k['flags'] or any(h['helped_at'] for h in has['helps'])
        self.handled = 'personal' if k['channel'] in ('phone', 'counter') else 'assisted' if helped else 'digital'
        self.fixed = has['outcomes'][0]['y'] if has['outcomes'] else None
        self.asked = bool(has['surveys'])
        self.grade = has['surveys'][0]['grade'] if has['surveys'] else None
        promises = [(min(filter(None, (t['due'], t['term_until']))), t['done_at']) for t in has['tasks']] + [(b['promised_at'], b['ended_at']) for b in has['callbacks']
                                                                      if b['state'] != 'cancelled']
        self.promises = [met is not None and met <= by for by, met in promises if met or by <= now]


ROWS = {
    'offers': "select case_id, agent, made_at, ended_at from loket.offer where state = 'accepted'",
    'contacts': 'select case_id, direction, agent, flags, received_at from loket.contact where agent is not null',
    'callbacks': 'select case_id, state, created_at, promised_at, ended_at from loket.callback',
    'helps': 'select case_id, asked_at, helped_at from loket.help_request',
    'calls': 'select case_id, state, outcome from loket.call',
    'notices': "select case_id, at, payload from loket.notice where kind = 'case.changed'",
    'outcomes': 'select case_id, y from loket.outcome',
    'surveys': "select case_id, grade from loket.survey where state in ('offered', 'answered')",
    'tasks': "select case_id, due, term_until, done_at from loket.task where state <> 'cancelled'",
}


def share(of):
    of = list(of)
    return {'n': len(of), 'value': sum(of) / len(of) if of else None}


def quantile(waits, q):
    waits = sorted(waits)
    return {'n': len(waits), 'value': waits[max(0, math.ceil(q * len(waits)) - 1)] if waits else None, 'rough': True}


class Recount:
    """All cases of a period, to be counted in groups."""

    def __init__(self, connection, from_, to):
        now = rows(connection, 'select clock_timestamp() as now')[0]['now']
        norms = Norms(connection)
        has = {name: by_case(connection, sql) for name, sql in ROWS.items()}
        self.teams = {str(a['id']): min(a['teams'], default='') for a in rows(connection, 'select id, teams from loket.agent')}
        self.cases = [Case(k, {name: found[k['id']] for name, found in has.items()}, norms, now)
                      for k in rows(connection, CASES, [from_, to])
                      if not (k['merged_into'] or 'spam' in k['flags'] or k['outcome'] == 'spam')]

    def figures(self, team=None, **wanted):
        return figures([c for c in self.cases if all(v in (None, c.k[what]) for what, v in wanted.items())
                        and team in (None, self.teams.get(str(c.agent), ''))])


def recount(connection, from_, to, **group):
    """{figure: {'n', 'value'}}; value None where there are no cases. group: municipality, channel, product, team (of who had a
    case first; of several the first by name)."""
    return Recount(connection, from_, to).figures(**group)


def figures(cases):
    waits = [c.wait for c in cases if c.wait is not None]
    grades = [c.grade for c in cases if c.grade is not None]
    calls, missed = sum(c.calls for c in cases), sum(c.missed for c in cases)
    return {
        'cases': {'n': len(cases), 'value': len(cases)},
        'serviceLevel': share(c.in_time for c in cases if c.in_time is not None),
        'waitMedian': quantile(waits, 0.5),
        'waitP90': quantile(waits, 0.9),
        'abandoned': {'n': calls, 'value': missed / calls if calls else None},
        'firstTimeFix': share(c.fixed for c in cases if c.fixed is not None),
        'transfers': share(c.transferred for c in cases if c.taken),
        'repeatContacts': share(c.reopened for c in cases if c.finished),
        'answeredDay': share(c.answered <= DAY for c in cases if c.age >= DAY),
        'answeredWeek': share(c.answered <= WEEK for c in cases if c.age >= WEEK),
        'digital': share(c.handled == 'digital' for c in cases),
        'assisted': share(c.handled == 'assisted' for c in cases),
        'personal': share(c.handled == 'personal' for c in cases),
        'option0': share(c.k['option0'] for c in cases),
        'satisfaction': {'n': len(grades), 'value': sum(grades) / len(grades) if grades else None},
        'response': share(c.grade is not None for c in cases if c.asked),
        'promisesKept': share(kept for c in cases for kept in c.promises),
    }


def differences(kpis, counted, group=None):
    """What GET /v1/kpis says otherwise, as words; of one of its groups, or of all together. A figure that is not shown has its n."""
    out = []
    told = {f['id']: f if group is None else next((g for g in f['groups'] if g['group'] == group), {'n': 0}) for f in kpis['figures']}
    if set(told) != set(counted):
        out.append(f'figures: {sorted(set(told) ^ set(counted))}')
    for name in sorted(set(told) & set(counted)):
        one, other = told[name], counted[name]
        if one['n'] != other['n']:
            out.append(f"{name}: of {one['n']}, counted {other['n']}")
        elif 'value' in one and other['n'] and not same(one['value'], other):
            out.append(f"{name}: {one['value']}, counted {other['value']}")
    return out


def same(value, counted):
    if counted.get('rough'):    # the end of a bucket: at most a fifth longer than the wait itself
        return counted['value'] <= value <= (counted['value'] + 1) * 1.2
    return math.isclose(value, counted['value'], rel_tol=1e-9)
