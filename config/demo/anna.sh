#!/bin/sh
# anna.sh DEMO.ENV - plays Anna's front end: ready, take the next offer, answer, wait for "delivered", solve; then it ends
set -eu
case ${1:-} in
'' | -*) echo 'usage: anna.sh var/demo.env (written by ./loket demo)' >&2; exit 2 ;;
*/*) . "$1" ;;
*) . "./$1" ;;
esac
export LOKET_URL LOKET_AGENT_ANNA_TOKEN
exec python3 - <<'END'
import http.client
import json
import os
import urllib.parse

host = urllib.parse.urlsplit(os.environ['LOKET_URL']).netloc
auth = {'Authorization': 'Bearer ' + os.environ['LOKET_AGENT_ANNA_TOKEN'], 'Content-Type': 'application/json'}


def call(method, path, body=None):
    c = http.client.HTTPConnection(host, timeout=30)
    c.request(method, path, json.dumps(body) if body is not None else None, auth)
    answer = c.getresponse()
    text = answer.read().decode()
    print(f'{method} {path} -> {answer.status} {text[:160]}')
    return json.loads(text) if text and answer.status < 300 else None


stream = http.client.HTTPConnection(host, timeout=90)
stream.request('GET', '/v1/me/events', headers=auth)
events = stream.getresponse()
call('PUT', '/v1/me/presence', {'state': 'ready'})
kind, taken, reply = None, None, None
for line in events:
    name, _, value = line.decode().rstrip('\r\n').partition(':')
    if name == 'event':
        kind = value.strip()
    if name != 'data':
        continue
    print(f'<- {kind} {value.strip()[:400]}')
    data = json.loads(value)
    if kind == 'offer.made' and not taken:
        taken = call('POST', f"/v1/offers/{data['offer']['id']}/accept", {})
        case = f"/v1/cases/{taken['case']['id']}"
        text = 'Goedemorgen, dat regelen we graag. U ontvangt zo een afspraakbevestiging.'
        reply = call('POST', case + '/replies', {'text': text, 'epoch': taken['epoch']})
    if kind == 'delivery.changed' and reply and data['contact']['delivery'] in ('delivered', 'read', 'failed'):
        break
    if taken and not reply:
        break   # a form that cannot be answered here
if taken:
    call('POST', case + '/resolve', {'outcome': 'solved', 'epoch': taken['epoch']})
call('PUT', '/v1/me/presence', {'state': 'offline'})
END
