#!/usr/bin/env python3
"""missing.py OPENAPI.json DAEMON_DIR OUT.c - a stand-in for every operation without a function (goes away)."""
import json
import pathlib
import re
import sys

doc = json.load(open(sys.argv[1]))
code = '\n'.join(p.read_text() for p in pathlib.Path(sys.argv[2]).glob('*.c'))
out = '/* made by proto/gen/missing.py */\n#include "daemon/api.h"\n\n'
for item in doc['paths'].values():
    for o in item.values():
        if isinstance(o, dict) and 'operationId' in o:
            name = 'api_' + re.sub(r'([A-Z])', r'_\1', o['operationId']).lower()
            if not re.search(rf'^(enum op_status )?{name}\(struct api \*', code, re.M):
                out += f'enum op_status {name}(struct api *a)\n{{\n\treturn api_answer(a, 501, NULL);\n}}\n'
path = pathlib.Path(sys.argv[3])
if not path.exists() or path.read_text() != out:
    path.write_text(out)
