#!/bin/sh
# analyzer.sh SOURCE_ROOT BUILD_ROOT - gcc -fanalyzer over every file, with the flags of the build
set -eu
command -v gcc >/dev/null || exit 77
cd "$2"
python3 - "$1" <<'END' >analyzer.list
import json, re, shlex, sys
for entry in json.load(open('compile_commands.json')):
    if not re.search(r'/(lib|daemon|fetcher)/\w+(/\w+)?\.c$', entry['file']) and not re.search(r'\.\./(lib|daemon|fetcher)/', entry['file']):
        continue
    words, out, skip = shlex.split(entry['command']), [], False
    words = words[1:] if words[0].endswith('ccache') else words
    if not words[0].endswith(('cc', 'gcc')) or '-DLOKET_MUTANTS' in words:      # with seeded mistakes, nobody's code
        continue
    for w in words:
        if skip:
            skip = False
        elif w in ('-o', '-MF', '-MQ'):
            skip = True
        elif w in ('-MD', '-c') or w.startswith(('-fsanitize', '-O', '-g', '-fdiagnostics')):
            pass
        else:
            out.append(w)
    print(shlex.join(out + ['-O1', '-fanalyzer', '-S', '-o', '/dev/null']))
END
[ -s analyzer.list ] || { echo 'no compile_commands.json'; exit 77; }
sort -u analyzer.list | tr '\n' '\0' | xargs -0 -P 2 -n 1 sh -c 'eval "$1"' sh >analyzer.out 2>&1 || :
# analyzer.known: PATTERN<tab>WHY a line
cut -f 1 "$1/tests/lint/analyzer.known" | grep -v '^#' >analyzer.patterns
grep -E '(warning|error):' analyzer.out | sed 's/\x1b\[[0-9;]*[mK]//g' | sort -u | grep -vE -f analyzer.patterns >analyzer.found || :
cat analyzer.found
[ ! -s analyzer.found ]
