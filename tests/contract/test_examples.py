#!/usr/bin/env python3
"""Every file of proto/examples fits its schema; every body that a route takes or gives has an example."""
import json
import sys
import unittest

import contract

SURFACE = """
GET /livez · GET /readyz · GET /metrics · GET /v1/openapi.json · POST /v1/hooks/{inbox} · GET /v1/hooks/{inbox}
POST /v1/contacts · GET /v1/me · PUT /v1/me/presence · GET /v1/me/events · GET /v1/queue
POST /v1/offers/{id}/accept · POST /v1/offers/{id}/decline · GET /v1/cases · GET /v1/cases/{id} · PATCH /v1/cases/{id}
POST /v1/cases/{id}/replies · POST /v1/cases/{id}/notes · POST /v1/cases/{id}/transfer · POST /v1/cases/{id}/tasks
POST /v1/cases/{id}/resolve · POST /v1/cases/{id}/reopen · GET /v1/cases/{id}/routing · GET /v1/contacts/{id}
GET /v1/contacts/{id}/raw · GET /v1/parties/{id} · POST /v1/parties/search · GET /v1/tasks · PATCH /v1/tasks/{id}
GET /v1/municipalities/{id} · PUT /v1/municipalities/{id} · GET /v1/products/{id} · PUT /v1/products/{id}
GET /v1/agents/{id} · PUT /v1/agents/{id} · GET /v1/inboxes/{id} · PUT /v1/inboxes/{id} · GET /v1/norms · PUT /v1/norms
GET /v1/posts · POST /v1/posts/{id}/triage · GET /v1/tokens · PUT /v1/tokens · GET /v1/dead-letters · POST /v1/dead-letters/{id}/retry · GET /v1/ledger
GET /v1/articles · GET /v1/articles/{id} · PUT /v1/articles/{id}
POST /v1/cases/{id}/callbacks · POST /v1/callbacks/{id}/attempts
"""


class Examples(unittest.TestCase):
    def test_each_fits_its_schema(self):
        by_id = {o.id: o for o in contract.OPERATIONS}
        for file in sorted(contract.EXAMPLES.glob('*.json')):
            operation_id, kind, _ = file.name.split('.')
            with self.subTest(file=file.name):
                operation = by_id[operation_id]
                media = 'application/problem+json' if kind[0] in '45' else 'application/json'
                schema = operation.request_schema() if kind == 'request' else operation.content(kind)[media]
                self.assertEqual(contract.wrong_with(schema, json.loads(file.read_text())), [])

    def test_none_is_missing(self):
        missing = [f'{o.id}.request' for o in contract.OPERATIONS
                   if o.request_schema() and contract.example(f'{o.id}.request') is None]
        for o in contract.OPERATIONS:
            answers = [s for s in o.responses if s.startswith('2') and 'application/json' in o.content(s)]
            if answers and o.id != 'openapi' and not any(contract.example(f'{o.id}.{s}') for s in answers):
                missing.append(f'{o.id}.{answers[0]}')
        self.assertEqual(missing, [])


class Document(unittest.TestCase):
    def test_objects_say_what_they_hold(self):
        """An object that lists its properties takes no others."""
        def walk(node, path):
            if isinstance(node, dict):
                if node.get('type') == 'object' and 'properties' in node:
                    self.assertIs(node.get('additionalProperties'), False, path)
                for key, value in node.items():
                    walk(value, f'{path}/{key}')
            elif isinstance(node, list):
                for i, value in enumerate(node):
                    walk(value, f'{path}/{i}')
        walk(contract.DOCUMENT, '')

    def test_the_surface_is_all_there(self):
        here = {f'{o.method} {o.path}' for o in contract.OPERATIONS}
        for words in SURFACE.replace('\n', ' · ').split(' · '):
            if words.strip():
                self.assertIn(words.strip(), here)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
