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


def c_list(words):
    return '(const char *const[]){ ' + ''.join(f'"{w}", ' for w in words) + 'NULL }'


def body_keys(doc, operation):
    """(allowed, required) at the top of a JSON body; None when the route takes no JSON of ours."""
    if 'requestBody' not in operation or operation['x-loket']['plan'] == 'hook':
        return None, None
    schema = resolve(doc, resolve(doc, operation['requestBody'])['content']['application/json']['schema'])
    if schema.get('additionalProperties') is not False:
        sys.exit(f"{operation['operationId']}: the body must say additionalProperties: false")
    return list(schema['properties']), schema.get('required', [])


def route(doc, path, method, item):
    operation = item[method]
    parameters = [resolve(doc, p) for p in operation.get('parameters', [])]
    keys, required = body_keys(doc, operation)
    plan = PLANS[operation['x-loket']['plan']]
    roles = [f'ROLE_BIT(ROLE_{r.upper()})' for r in operation['x-loket']['roles']]
    key_header = any(p['name'] == 'Idempotency-Key' for p in parameters)
    if method == 'post' and roles and not key_header:
        sys.exit(f"{operation['operationId']}: a POST of ours takes an Idempotency-Key")
    return f'''\t{{ "{method.upper()}", "{prefix(doc, item)}{path}", "{operation['operationId']}",
\t  api_{snake(operation['operationId'])}, {' | '.join(roles) or '0'}, {str(key_header).lower()},
\t  {c_list(p['name'] for p in parameters if p['in'] == 'query')},
\t  {c_list(keys) if keys is not None else 'NULL'},
\t  {c_list(required) if keys is not None else 'NULL'},
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
        h.write(f'\nenum {{ N_API_ROUTES = {len(found)} }};\nextern const char api_version[];\n'
                'extern const unsigned char openapi_json[];\nextern const unsigned long openapi_json_len;\n\n#endif\n')
    with open(sys.argv[3], 'w') as c:
        c.write('/* made by proto/gen/routes.py */\n#include "daemon/api.h"\n\n'
                f"const char api_version[] = \"{doc['info']['version']}\";\n"
                'const int n_api_routes = N_API_ROUTES;\nconst struct api_route api_routes[] = {\n')
        c.writelines(route(doc, *r) for r in found)
        c.write('};\n')
    text = json.dumps(doc, ensure_ascii=False, separators=(',', ':')).encode()
    with open(sys.argv[4], 'w') as c:
        c.write('/* made by proto/gen/routes.py */\n#include "daemon/api_routes.h"\n\n'
                f'const unsigned char openapi_json[] = {{\n\t{c_bytes(text)}\n}};\n'
                'const unsigned long openapi_json_len = sizeof openapi_json;\n')


main()
