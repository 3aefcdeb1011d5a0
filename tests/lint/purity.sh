#!/bin/sh
# purity.sh LIBRARY.a SOURCE_ROOT - lib/ decides, daemon/ does
set -eu
lib=$1 root=$2 bad=0

# what a pure library may not ask the world: sockets, files, clocks, chance, processes, output, locale, environment
banned='socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|poll|select|epoll_.*|open(at|64)?|fopen(64)?|read|write|close|unlink|rename|mkdir|stat|fstat|lstat|time|gettimeofday|clock_gettime|clock|localtime(_r)?|rand|rand_r|random|srand|srandom|getrandom|getentropy|RAND_.*|printf|puts|putchar|perror|fprintf|vfprintf|stdout|stderr|stdin|syslog|fork|exec.*|system|popen|getenv|setenv|setlocale|signal|sigaction|exit|_exit|sleep|usleep|nanosleep|pthread_.*|event_.*|bufferevent_.*|PQ.*|redis.*|curl_.*'
found=$(nm -A -u "$lib" | sed 's/@.*//' | awk '{ print $1, $NF }' | grep -E " (__)?($banned)(_chk)?\$" |
	grep -vE '/base_arena.c.o: (fprintf|stderr|__fprintf_chk)$' || :)   # its last words, out of memory
if [ -n "$found" ]; then
	echo "lib/ uses:" && echo "$found" && bad=1
fi

# writable data is state (sanitizers keep tables of their own there)
state=$(nm -A "$lib" | awk '$(NF - 1) ~ /^[bBdDC]$/ { print $1, $NF }' |
	grep -vE ' (__asan|__ubsan|\.L|_?\.?L[A-Za-z]+[0-9]+|__odr_asan|__sancov)' | grep -v '__asan_gen' || :)
if [ -n "$state" ] && ! nm "$lib" 2>/dev/null | grep -q __asan_init; then
	echo "lib/ keeps state:" && echo "$state" && bad=1
fi

# downwards only: base knows nothing of core, nothing in lib knows daemon
if grep -rnE '#include "(daemon|tests)/' "$root/lib"; then
	echo "lib/ must not include daemon/" && bad=1
fi
if grep -rnE '#include "lib/(core|channel)/' "$root/lib/base"; then
	echo "lib/base must not include lib/core or lib/channel" && bad=1
fi
if grep -rnE '#include "lib/channel/' "$root/lib/core"; then
	echo "lib/core must not include lib/channel" && bad=1
fi
exit $bad
