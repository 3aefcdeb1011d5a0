/* sandbox.c - limits, landlock (what files) and seccomp (what calls), where the kernel has them */
#include "fetcher/fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MEMORY = 256 << 20, FILES = 64, CPU_SECONDS = 60 };

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static void limit(int what, rlim_t n)
{
	setrlimit((__rlimit_resource_t)what, &(struct rlimit){ n, n });
}

/* ---- landlock: nothing can be written by name; with a network, what names and certificates need can be read */

static void may_read(int rules, const char *path)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};

	if (rule.parent_fd < 0)
		return;
	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

static bool lock_files(enum needs needs)
{
	/* everything of the first version of landlock */
	const struct landlock_ruleset_attr all = { .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	bool locked;

	if (rules < 0)
		return false;
	if (needs == NEEDS_NETWORK) {
		may_read(rules, "/etc");
		may_read(rules, "/usr");
		may_read(rules, "/lib");
		may_read(rules, "/run/systemd/resolve");
	}
	locked = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return locked;
}

/* ---- seccomp: a list of what may be called; the rest fails with EPERM */

static const int always[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek),
	SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(fsync), SCMP_SYS(mmap),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(futex),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
};

static const int with_network[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(readlink), SCMP_SYS(getdents64), SCMP_SYS(fcntl), SCMP_SYS(ioctl), SCMP_SYS(dup), SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(shutdown),
	SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(alarm), SCMP_SYS(setitimer),
};

static void allow(scmp_filter_ctx f, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
}

static bool lock_calls(enum needs needs)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool locked;

	if (!f)
		return false;
	allow(f, always, sizeof always / sizeof *always);
	if (needs == NEEDS_NETWORK) {
		allow(f, with_network, sizeof with_network / sizeof *with_network);
		seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET));
		seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET6));
	}
	if (SANITIZED) { /* their reports look at their own map */
		static const int theirs[] = { SCMP_SYS(openat), SCMP_SYS(readlink), SCMP_SYS(sched_yield), SCMP_SYS(getppid) };

		allow(f, theirs, sizeof theirs / sizeof *theirs);
	}
	locked = seccomp_load(f) == 0;
	seccomp_release(f);
	return locked;
}

const char *sandbox_enter(enum needs needs, long long max_file_bytes, int seconds)
{
	static char holds[40] = "rlimit";
	size_t n = 6;

	if (seconds < 1 || seconds > JOB_MAX_SECONDS)
		seconds = JOB_MAX_SECONDS;
	alarm((unsigned)seconds);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, max_file_bytes > 0 ? (rlim_t)max_file_bytes : 0);
	limit(RLIMIT_NOFILE, FILES);
	limit(RLIMIT_CPU, CPU_SECONDS);
	if (!SANITIZED)
		limit(RLIMIT_DATA, MEMORY);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return holds;
	if (lock_files(needs))
		n += (size_t)snprintf(holds + n, sizeof holds - n, ",landlock");
	if (lock_calls(needs))
		snprintf(holds + n, sizeof holds - n, ",seccomp");
	return holds;
}
