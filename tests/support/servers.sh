#!/bin/sh
# servers.sh COMMAND [ARG…] - run COMMAND beside a private PostgreSQL and Redis, on unix sockets in a folder of its own
#
# COMMAND sees LOKET_PG (conninfo, database "loket" with the current schema), LOKET_REDIS (socket), LOKET_SERVERS
# (this script), LOKET_DIR. It can call "$LOKET_SERVERS" ctl pg-stop|pg-start|redis-start|redis-kill|redis-pid.
# NEEDS=pg or NEEDS=redis starts one of them only. FSYNC=on for what is measured.
set -eu

pg_bin=/usr/lib/postgresql/15/bin
here=$(cd "$(dirname "$0")" && pwd)

as_postgres() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=-all -- "$@"
	else
		"$@"
	fi
}

pg_start() {
	as_postgres "$pg_bin/pg_ctl" -D "$LOKET_DIR/pg" -w -s -l "$LOKET_DIR/pg.log" -o "-k $LOKET_DIR" start
}

redis_start() {
	redis-server --port 0 --unixsocket "$LOKET_REDIS" --dir "$LOKET_DIR" --save '' --appendonly no --daemonize yes \
		--pidfile "$LOKET_DIR/redis.pid" --logfile "$LOKET_DIR/redis.log" >/dev/null
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		redis-cli -s "$LOKET_REDIS" ping >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

ctl() {
	case $1 in
	pg-start) pg_start ;;
	pg-stop) as_postgres "$pg_bin/pg_ctl" -D "$LOKET_DIR/pg" -w -s -m "${2:-immediate}" stop ;;
	redis-start) redis_start ;;
	redis-kill) kill -9 "$(cat "$LOKET_DIR/redis.pid")" ;;
	redis-pid) cat "$LOKET_DIR/redis.pid" ;;
	*) echo "servers.sh: what is $1?" >&2; exit 2 ;;
	esac
}

if [ "$1" = ctl ]; then
	shift
	cd /
	ctl "$@"
	exit
fi

LOKET_DIR=$(mktemp -d /tmp/loket-test.XXXXXX)
LOKET_SERVERS=$here/servers.sh
LOKET_PG="host=$LOKET_DIR dbname=loket"
LOKET_REDIS=$LOKET_DIR/redis.sock
export LOKET_DIR LOKET_SERVERS LOKET_PG LOKET_REDIS
needs=${NEEDS:-pg redis}

finish() {
	status=$?
	trap - EXIT INT TERM
	(cd /; ctl pg-stop) >/dev/null 2>&1 || :
	[ ! -f "$LOKET_DIR/redis.pid" ] || ctl redis-kill >/dev/null 2>&1 || :
	if [ "$status" != 0 ] && [ -n "${KEEP:-}" ]; then
		echo "# kept: $LOKET_DIR" >&2
	else
		rm -rf "$LOKET_DIR"
	fi
	exit "$status"
}
trap finish EXIT INT TERM

case $needs in *pg*)
	chmod 755 "$LOKET_DIR"
	[ "$(id -u)" != 0 ] || chown postgres "$LOKET_DIR"
	(
		cd /
		as_postgres "$pg_bin/initdb" -D "$LOKET_DIR/pg" -U loket -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
		{
			echo "listen_addresses = ''"
			echo "fsync = ${FSYNC:-off}"
			echo "max_wal_size = '2GB'"
			echo "shared_buffers = '256MB'"
		} >>"$LOKET_DIR/pg/postgresql.conf"
		pg_start
	)
	psql -qX -h "$LOKET_DIR" -U loket -d postgres -f "$here/../../config/roles.sql" >/dev/null
	for f in "$here"/../../proto/db/*.sql; do
		whole=1
		! grep -q '^-- outside a transaction' "$f" || whole=
		PGOPTIONS='-c client_min_messages=warning' \
			psql -qX$whole -h "$LOKET_DIR" -U loket_owner -d loket -v ON_ERROR_STOP=1 -f "$f" >/dev/null
	done
esac
case $needs in *redis*) redis_start ;; esac

"$@"
