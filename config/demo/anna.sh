#!/bin/sh
# anna.sh DEMO.ENV [NAME [CHANNEL]] - plays the front end of Anna (or of Bram, or Carla the coach): ready, take the next offer,
# answer, wait for "delivered", solve; then it ends. A call is answered on the telephone, and solved when it is over
set -eu
case ${1:-} in
'' | -*) echo 'usage: anna.sh var/demo.env [carla [phone]] (written by ./loket demo)' >&2; exit 2 ;;
*/*) . "$1" ;;
*) . "./$1" ;;
esac
name=$(printf %s "${2:-anna}" | tr '[:lower:]' '[:upper:]')
eval "token=\${LOKET_AGENT_${name}_TOKEN:-\${LOKET_COACH_${name}_TOKEN:?nobody of that name}}"
export LOKET_URL token channel="${3:-}"
exec python3 - <<'END'
import http.client
import json
import os
import time
import urllib.parse

host = urllib.parse.urlsplit(os.environ['LOKET_URL']).netloc
auth = {'Authorization': 'Bearer ' + os.environ['token'], 'Content-Type': 'application/json'}


def call(method, path, body=None):
    c = http.client.HTTPConnection(host, timeout=30)
    c.request(method, path, json.dumps(body) if body is not None else None, auth)
    answer = c.getresponse()
    text = answer.read().decode()
    print(f'{method} {path} -> {answer.status} {text[:160]}')
    return json.loads(text) if text and answer.status < 300 else None


def call_is_over(case):
    return call('GET', case)['contacts'][-1]['call']['state'] == 'ended'


stream = http.client.HTTPConnection(host, timeout=90)
stream.request('GET', '/v1/me/events', headers=auth)
events = stream.getresponse()
call('PUT', '/v1/me/presence', {'state': 'ready'} | ({'channels': [os.environ['channel']]} if os.environ['channel'] else {}))


def happenings():
    """What she was asked before she looked, then what happens."""
    for offer in call('GET', '/v1/me/offers')['items']:
        print(f"<- offer.made {offer['id']}")
        yield 'offer.made', {'offer': offer}
    kind = None
    for line in events:
        name, _, value = line.decode().rstrip('\r\n').partition(':')
        if name == 'event':
            kind = value.strip()
        if name == 'data':
            print(f'<- {kind} {value.strip()[:400]}')
            yield kind, json.loads(value)


taken, reply = None, None
for kind, data in happenings():
    if kind == 'offer.made' and not taken:
        taken = call('POST', f"/v1/offers/{data['offer']['id']}/accept", {})
        case = f"/v1/cases/{taken['case']['id']}"
        if taken['case']['channel'] == 'phone':
            while not call_is_over(case):
                time.sleep(2)
            break
        text = 'Goedemorgen, dat regelen we graag. U ontvangt zo een afspraakbevestiging.'
        reply = call('POST', case + '/replies', {'text': text, 'epoch': taken['epoch']})
    if kind == 'delivery.changed' and reply and data['contact']['delivery'] in ('delivered', 'read', 'failed'):
        break
    if taken and not reply:
        break   # a form that cannot be answered here
if taken:
    helped = {'help': {'outcome': 'doneTogether'}} if 'option0' in taken['case']['flags'] else {}
    call('POST', case + '/resolve', {'outcome': 'solved', 'epoch': taken['epoch']} | helped)
call('PUT', '/v1/me/presence', {'state': 'offline'})
END
