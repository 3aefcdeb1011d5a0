#!/usr/bin/env python3
"""test_traffic.py DIR - what the integration tests really sent and got, against proto/openapi.json.

Each test wrote DIR/<test>.jsonl (tests/support/world.py). Every request that was answered well fits the schemas, and
so does every answer. When the tests ran that do everything, each operation and each status of the document was seen.
"""
import collections
import json
import pathlib
import sys
import unittest

import contract

FOLDER = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
TESTS = ['accents', 'access', 'api', 'articles', 'attachments', 'dispatch', 'events', 'flood', 'identity', 'intake', 'kpis', 'outbox', 'posts', 'receipts', 'reply_files', 'signals', 'status', 'story', 'surveys', 'tasks', 'webcare', 'work']  # between them: everything
# any operation may give these; where the document does not name them they are its "default"
ANYWHERE = {400, 404, 405, 408, 413, 414, 429, 431, 500, 501, 503, 505}


def traffic():
    for file in sorted(FOLDER.glob('*.jsonl')):
        with open(file, encoding='utf-8') as lines:
            for n, line in enumerate(lines, 1):
                yield f'{file.stem}:{n}', json.loads(line)


def media_type(t):
    headers = {k.lower(): v for k, v in t['responseHeaders'].items()}
    return headers.get('content-type', '').partition(';')[0]


def wrong_with_answer(operation, t):
    status, media = t['status'], media_type(t)
    content = operation.content(status)
    if content is None and status not in ANYWHERE:
        return [f'status {status} is not documented']
    if content is None:
        content = operation.content('default')
    if not media and not t['responseBody']:
        return [f'empty instead of {list(content)}'] if content and not operation.may_be_empty(status) else []
    if media not in content and '*/*' not in content:
        return [f'media type {media!r} is not documented']
    if media not in content or media not in ('application/json', 'application/problem+json'):
        return []
    return contract.wrong_with(content[media], json.loads(t['responseBody']))


def wrong_with_request(operation, t):
    """Only of requests that were answered well: others may be as wrong as they like."""
    schema = operation.request_schema()
    media = next((v for k, v in t['requestHeaders'].items() if k.lower() == 'content-type'), '')
    if t['status'] >= 300 or schema is None or not t['requestBody'] or not media.startswith('application/json'):
        return []
    return contract.wrong_with(schema, json.loads(t['requestBody']))


@unittest.skipUnless(FOLDER and any(FOLDER.glob('*.jsonl')), 'nothing was recorded')
class Traffic(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.seen = collections.defaultdict(set)
        cls.wrong = collections.defaultdict(list)
        same = set()
        for where, t in traffic():
            said = hash((t['method'], t['path'], t['status'], media_type(t), t['requestBody'], t['responseBody']))
            if said in same:                # tests ask again and again until something has happened
                continue
            same.add(said)
            operation = contract.operation_for(t['method'], t['path'])
            if operation is None:
                if t['status'] not in ANYWHERE:
                    cls.wrong[f"{t['method']} {t['path']}"].append(f"{where}: {t['status']}, and not in the contract")
                continue
            cls.seen[operation.id].add(t['status'])
            cls.wrong[operation.id] += [f'{where}: request: {s}' for s in wrong_with_request(operation, t)]
            cls.wrong[operation.id] += [f"{where}: {t['status']}: {s}" for s in wrong_with_answer(operation, t)]

    def test_everything_fits(self):
        self.assertEqual({k: v[:3] for k, v in self.wrong.items() if v}, {})

    def test_everything_was_exercised(self):
        absent = [name for name in TESTS if not (FOLDER / f'{name}.jsonl').exists()]
        if absent:
            self.skipTest(f'not run yet: {absent}')
        missing = [f'{o.id} {status}' for o in contract.OPERATIONS for status in o.responses
                   if status != 'default' and int(status) not in self.seen[o.id]]
        self.assertEqual(missing, [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
