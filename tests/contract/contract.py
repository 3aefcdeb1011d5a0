"""contract.py - proto/openapi.json as the tests need it: operations, schemas, and whether JSON fits them."""
import json
import pathlib
import re

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENT = json.loads((ROOT / 'proto/openapi.json').read_text())
EXAMPLES = ROOT / 'proto/examples'
METHODS = ('get', 'put', 'post', 'patch', 'delete')


def resolve(node):
    while '$ref' in node:
        target = DOCUMENT
        for part in node['$ref'].removeprefix('#/').split('/'):
            target = target[part]
        node = target
    return node


class Operation:
    def __init__(self, path, method, item):
        self.spec = item[method]
        self.id = self.spec['operationId']
        self.method = method.upper()
        server = item.get('servers', DOCUMENT['servers'])[0]['url']
        self.path = re.sub(r'^https://[^/]+', '', server) + path
        self.roles = self.spec['x-loket']['roles']
        self.parameters = [resolve(p) for p in self.spec.get('parameters', [])]
        self.responses = {status: resolve(r) for status, r in self.spec['responses'].items()}
        self.raw_body = self.spec['x-loket']['plan'] in ('hook', 'upload')
        self.pattern = re.compile(re.sub(r'\{[^}]+\}', '[^/]+', self.path) + '$')

    def request_schema(self):
        """The schema of a JSON body; None when the route takes none of ours."""
        if 'requestBody' not in self.spec or self.raw_body:
            return None
        return resolve(self.spec['requestBody'])['content']['application/json']['schema']

    def content(self, status):
        """media type → schema of an answer; None when this status is not documented."""
        response = self.responses.get(str(status))
        return None if response is None else {m: c.get('schema', {}) for m, c in response.get('content', {}).items()}

    def may_be_empty(self, status):
        return self.responses.get(str(status), {}).get('x-loket', {}).get('mayBeEmpty', False)

    def fixed_segments(self):
        return sum(not s.startswith('{') for s in self.path.split('/'))

    def __repr__(self):
        return f'{self.id} ({self.method} {self.path})'


OPERATIONS = [Operation(path, method, item) for path, item in DOCUMENT['paths'].items() for method in METHODS if method in item]


def operation_for(method, path):
    """The operation behind a request, the one with the most fixed segments; None when there is none."""
    found = [o for o in OPERATIONS if o.method == method and o.pattern.match(path)]
    return max(found, key=Operation.fixed_segments, default=None)


# jsonschema checks date-time only with a package that Debian 12 has not got, and takes any 32 digits for a UUID
FORMATS = jsonschema.FormatChecker(('date',))


@FORMATS.checks('date-time')
def is_date_time(value):
    return not isinstance(value, str) or bool(re.fullmatch(
        r'\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)', value))


@FORMATS.checks('uuid')
def is_uuid(value):
    return not isinstance(value, str) or bool(re.fullmatch(r'[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}', value))


validators = {}     # by schema: each remembers where its $refs lead


def wrong_with(schema, value):
    """What is wrong with value: a list of sentences."""
    if id(schema) not in validators:        # the schema is kept with it, so that the id stays its own
        whole = schema | {'components': DOCUMENT['components']}
        validators[id(schema)] = schema, jsonschema.Draft202012Validator(whole, format_checker=FORMATS)
    _, validator = validators[id(schema)]
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"[:300] for e in validator.iter_errors(value)]


def example(name):
    """The JSON of proto/examples/NAME.json; None when there is none."""
    file = EXAMPLES / (name + '.json')
    return json.loads(file.read_text()) if file.exists() else None
