#!/bin/sh
# banned.sh SOURCE_ROOT - functions we do not use, and why
set -eu
cd "$1"
bad=0

# ban 'PATTERN' 'why' [PATHS] - a line that explains itself with lint-ok is fine
ban()
{
	pattern=$1 why=$2
	shift 2
	[ $# -gt 0 ] || set -- lib daemon fetcher
	for f in "$@"; do
		[ -e "$f" ] || { echo "$f is not there"; bad=1; }
	done
	# comments do not count: they begin with * or // or stand after /*
	if grep -rnE --include='*.[ch]' "(^|[^A-Za-z0-9_.>])($pattern)[[:space:]]*\(" "$@" | grep -vE ':[0-9]+:[[:space:]]*(\*|/\*|//)' |
		grep -v 'lint-ok'; then
		echo "  ^ $why" && bad=1
	fi
}

ban 'strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strncpy' 'no limit, or no end: snprintf, memcpy with a length'
ban 'strtok|strtok_r|asctime|ctime|gmtime|localtime|rand|srand|tmpnam|mktemp|alloca' 'hidden state, or a trap'
ban 'atoi|atol|atoll|atof|scanf|sscanf|fscanf' 'no errors, or undefined on overflow: strtoll with checks'
ban 'system|popen|vfork' 'no shells'
ban 'PQescape[A-Za-z]*|PQexec' 'parameters, in a pipeline' $(find daemon -name '*.c' ! -name migrate.c ! -name replay.c)
ban 'PQ[a-z]+[A-Z][A-Za-z]*' 'libpq is wrapped in pg*.c' $(find daemon -name '*.c' ! -name 'pg*.c' ! -name migrate.c ! -name replay.c ! -name main.c ! -name config_check.c)
ban 'redis[A-Z][A-Za-z]*' 'hiredis is wrapped in stream.c' $(find daemon -name '*.c' ! -name 'stream*.c')
ban 'curl_[a-z_]+' 'libcurl is wrapped in fetch.c' $(find daemon -name '*.c' ! -name 'fetch*.c' ! -name main.c)
ban 'bufferevent_[a-z_]+|evconnlistener_[a-z_]+|event_new|evtimer_new|event_add' 'callbacks live in loop http sse pg stream fetch' \
	$(find daemon -name '*.c' ! -name 'http*.c' ! -name 'loop.c' ! -name 'sse.c' ! -name 'pg*.c' ! -name 'stream*.c' ! -name 'fetch*.c')
ban 'memcmp' 'secrets are compared in constant time: same_bytes, same_text' lib/channel/proof.c daemon/auth.c
ban 'clock_gettime|gettimeofday|time' 'the clocks are now_us and mono_us' \
	$(find daemon -name '*.c' ! -name loop.c ! -name log.c)
ban 'getrandom|RAND_bytes|random' 'chance comes from random_bytes' $(find daemon -name '*.c' ! -name loop.c)
ban 'printf|puts|perror' 'events go through log_event' $(find daemon -name '*.c' ! -name main.c)
exit $bad
