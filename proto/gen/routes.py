#!/usr/bin/env python3
"""routes.py OPENAPI.json ROUTES.h ROUTES.c OPENAPI.c - make the route table from the contract.

An operation "caseReply" is done by api_case_reply(). Its x-loket says who may ("roles"; none: no token) and how
large and slow it may be ("plan"). Paths of the most fixed segments come first, so that the first match is right.
"""
import json
import re
import sys

# max_body, spool_above, body_ms, answer_ms, stream; 0: as configured
PLANS = {
    'small': (16 * 1024, 0, 0, 0, False),
    'body': (256 * 1024, 0, 0, 0, False),
    'hook': (0, 0, 0, 0, False),
    'files': (0, 0, 0, 0, False),
    'upload': (0, 0, 0, 0, False),
    'stream': (0, 0, 0, 0, True),
}
METHODS = ('get', 'put', 'post', 'patch', 'delete')


def resolve(doc, node):
    while '$ref' in node:
        target = doc
        for part in node['$ref'].removeprefix('#/').split('/'):
            target = target[part]
        node = target
    return node


def snake(name):
    return re.sub(r'([A-Z])', r'_\1', name).lower()


def prefix(doc, item):
    """The path of the server: "/v1", or nothing for what stands beside the API."""
    url = item.get('servers', doc['servers'])[0]['url']
    return re.sub(r'^https://[^/]+', '', url)


TYPES = {'object': 'SHAPE_OBJECT', 'array': 'SHAPE_ARRAY', 'string': 'SHAPE_STRING', 'integer': 'SHAPE_INTEGER',
         'boolean': 'SHAPE_BOOLEAN'}
FORMATS = {'uuid': 'FORMAT_UUID', 'date-time': 'FORMAT_TIME', 'date': 'FORMAT_DATE', '^[a-z0-9-]{1,80}$': 'FORMAT_CODE',
           '^[a-z]{2,3}$': 'FORMAT_LANGUAGE', r'\S': 'FORMAT_SAID'}
LIMITS = {'object': ('minProperties', 'maxProperties'), 'array': ('minItems', 'maxItems'),
          'string': ('minLength', 'maxLength'), 'integer': ('minimum', 'maximum')}
KNOWN = {'type', 'format', 'pattern', 'enum', 'properties', 'required', 'additionalProperties', 'items', 'description',
         'default', 'writeOnly', 'anyOf', *(word for pair in LIMITS.values() for word in pair)}


def format_of(schema):
    if schema.get('anyOf') == [{'format': 'date-time'}, {'format': 'date'}]:
        return 'FORMAT_TIME_OR_DATE'
    if schema.get('anyOf') == [{'format': 'date-time'}, {'format': 'date'}, {'format': 'duration'}]:
        return 'FORMAT_DUE'
    name = schema.get('pattern') or schema.get('format')
    return FORMATS[name] if name else 'FORMAT_NONE'


def c_shape(doc, schema):
    """A C expression for the shape of a schema; what shape.c does not know ends the build."""
    schema = resolve(doc, schema)
    if set(schema) - KNOWN:
        sys.exit(f'lib/core/shape.c does not know {set(schema) - KNOWN}')
    kind = schema.get('type')
    low, high = (schema.get(word) for word in LIMITS.get(kind, ('', '')))
    fields = [f".type = {TYPES.get(kind, 'SHAPE_ANY')}", f'.format = {format_of(schema)}',
              f".min = {'INT64_MIN' if low is None and kind == 'integer' else low or 0}",
              f".max = {'INT64_MAX' if high is None else high}"]
    if 'enum' in schema:
        fields.append('.words = (const char *const[]){ ' + ''.join(f'"{w}", ' for w in schema['enum']) + 'NULL }')
    more = schema.get('additionalProperties', True)
    if kind == 'object' and more is False:
        fields.append('.keys = ' + c_keys((name, name in schema.get('required', []), c_shape(doc, value))
                                          for name, value in schema['properties'].items()))
    elif kind == 'object' and 'properties' in schema:
        sys.exit('an object has additionalProperties: false, or no properties at all')
    item = schema.get('items') or (more if isinstance(more, dict) else None)
    if item:
        fields.append('.item = ' + c_shape(doc, item))
    return '&(const struct shape){ ' + ', '.join(fields) + ' }'


def c_keys(keys):
    rows = ''.join(f'\n\t\t{{ "{name}", {str(required).lower()}, {shape} }},' for name, required, shape in keys)
    return f'(const struct shape_key[]){{{rows}\n\t\t{{ NULL, false, NULL }} }}'


def body_shape(doc, method, operation):
    """NULL when the route takes no JSON of ours; a write that needs no words takes {} at most."""
    if method == 'get' or operation['x-loket']['plan'] in ('hook', 'upload'):
        return 'NULL'
    if 'requestBody' not in operation:
        return c_shape(doc, {'type': 'object', 'properties': {}, 'additionalProperties': False})
    body = resolve(doc, operation['requestBody'])
    return c_shape(doc, body['content']['application/json']['schema'])


def query_keys(doc, parameters, operation):
    """NULL: any query; whoever signed it reads it."""
    if operation['x-loket']['plan'] == 'hook':
        return 'NULL'
    return c_keys((p['name'], False, c_shape(doc, p['schema'])) for p in parameters if p['in'] == 'query')


def route(doc, path, method, item):
    operation = item[method]
    parameters = [resolve(doc, p) for p in operation.get('parameters', [])]
    body = body_shape(doc, method, operation)
    plan = PLANS[operation['x-loket']['plan']]
    roles = [f'ROLE_BIT(ROLE_{r.upper()})' for r in operation['x-loket']['roles']]
    # kept by token; who has none reads it in the route
    key_header = bool(roles) and any(p['name'] == 'Idempotency-Key' for p in parameters)
    if method == 'post' and roles and not key_header:
        sys.exit(f"{operation['operationId']}: a POST of ours takes an Idempotency-Key")
    return f'''\t{{ "{method.upper()}", "{prefix(doc, item)}{path}", "{operation['operationId']}",
\t  api_{snake(operation['operationId'])}, {' | '.join(roles) or '0'}, {str(key_header).lower()},
\t  {query_keys(doc, parameters, operation)},
\t  {body},
\t  {{ {plan[0]}, {plan[1]}, {plan[2]}, {plan[3]}, {str(plan[4]).lower()} }} }},
'''


def c_bytes(data):
    rows = (data[i:i + 24] for i in range(0, len(data), 24))
    return ',\n\t'.join(', '.join(str(b) for b in row) for row in rows)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding='utf-8') as f:
        doc = json.load(f)
    found = [(path, method, item) for path, item in doc['paths'].items() for method in METHODS if method in item]
    found.sort(key=lambda r: [(segment.startswith('{'), segment) for segment in r[0].split('/')])
    with open(sys.argv[2], 'w') as h:
        h.write('/* made by proto/gen/routes.py */\n#ifndef LOKET_API_ROUTES_H\n#define LOKET_API_ROUTES_H\n\n'
                '#include "daemon/op.h"\n\nstruct api;\n')
        for _, method, item in found:
            h.write(f"enum op_status api_{snake(item[method]['operationId'])}(struct api *a);\n")
        h.write(f'\nenum {{ N_API_ROUTES = {len(found)} }};\n'
                'extern const unsigned char openapi_json[];\nextern const unsigned long openapi_json_len;\n\n#endif\n')
    with open(sys.argv[3], 'w') as c:
        c.write('/* made by proto/gen/routes.py */\n#include "daemon/api.h"\n\n'
                'const int n_api_routes = N_API_ROUTES;\nconst struct api_route api_routes[] = {\n')
        c.writelines(route(doc, *r) for r in found)
        c.write('};\n')
    text = json.dumps(doc, ensure_ascii=False, separators=(',', ':')).encode()
    with open(sys.argv[4], 'w') as c:
        c.write('/* made by proto/gen/routes.py */\n#include "daemon/api_routes.h"\n\n'
                f'const unsigned char openapi_json[] = {{\n\t{c_bytes(text)}\n}};\n'
                'const unsigned long openapi_json_len = sizeof openapi_json;\n')


main()
