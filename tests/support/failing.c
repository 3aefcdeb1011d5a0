/*
 * failing.c - preloaded into loketd by failing.py: the n-th call of a kind fails, as it may in the world
 *
 * The test and the process share the file $LOKET_FAILING, one struct plan: the test writes what is to fail, and reads what
 * became of it. Memory: malloc, calloc, realloc and their like give NULL. Reads and writes of sockets and files: an errno, or
 * half of what was asked.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum what { NOTHING, MEMORY, READS, WRITES, FILES };   /* FILES: writes to files, no sockets */
enum { HALF = -1, EARLY_BYTES = 65536 };

static struct plan {
	_Atomic int32_t what;
	_Atomic int32_t error;      /* errno; HALF: nothing fails, half of it is done */
	_Atomic int64_t left;       /* the call in which this becomes 0 fails */
	_Atomic int64_t every;      /* then again after so many; 0: only once */
	_Atomic int64_t least;      /* bytes: smaller calls do not count */
	_Atomic int64_t failed;     /* how many did */
	_Atomic int64_t seen;       /* calls of this kind since the test wrote 0 here */
} nothing, *plan = &nothing;

static bool fails(enum what what, size_t n)
{
	int64_t every;

	if (plan->what != (int32_t)what || (int64_t)n < plan->least)
		return false;
	plan->seen++;
	if (atomic_fetch_sub(&plan->left, 1) != 1)
		return false;
	every = plan->every;
	if (every > 0)
		plan->left = every;
	plan->failed++;
	return true;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("LOKET_FAILING");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (p != MAP_FAILED)
		plan = p;
	if (fd >= 0)
		close(fd);
}

/* ---------------------------------------------------------------- memory */

/* dlsym itself takes memory before we know where it is: it gets some of this, which is never given back */
static char early[EARLY_BYTES];
static size_t n_early;
static volatile bool looking;    /* dlsym is declared as one that never comes back to us */

static void *early_bytes(size_t n)
{
	void *p = early + n_early;

	n_early += (n + 15) & ~(size_t)15;
	if (n_early > sizeof(early))
		abort();
	return p;
}

static bool is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + sizeof(early);
}

static void *next(const char *name)
{
	void *p;

	looking = true;
	p = dlsym(RTLD_NEXT, name);
	looking = false;
	if (p == NULL)
		abort();
	return p;
}

#define NEXT(type, name) \
	static __typeof__(type) *real; \
	if (real == NULL) \
		real = (__typeof__(type) *)next(name)

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *malloc(size_t n)
{
	if (looking)
		return early_bytes(n);
	NEXT(void *(size_t), "malloc");
	return fails(MEMORY, n) ? no_memory() : real(n);
}

void *calloc(size_t n, size_t size)
{
	if (looking)
		return early_bytes(n * size);
	NEXT(void *(size_t, size_t), "calloc");
	return fails(MEMORY, n * size) ? no_memory() : real(n, size);
}

void *realloc(void *p, size_t n)
{
	NEXT(void *(void *, size_t), "realloc");
	if (is_early(p))
		return memcpy(malloc(n), p, n);
	return fails(MEMORY, n) ? no_memory() : real(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
	NEXT(void *(size_t, size_t), "aligned_alloc");
	return fails(MEMORY, n) ? no_memory() : real(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
	NEXT(int(void **, size_t, size_t), "posix_memalign");
	return fails(MEMORY, n) ? ENOMEM : real(out, align, n);
}

void free(void *p)
{
	if (looking || is_early(p))   /* dlsym gives back what it said last time */
		return;
	NEXT(void(void *), "free");
	real(p);
}

/* ---------------------------------------------------------------- reads and writes */

static bool is_of_kind(int fd, bool writes, enum what *what)
{
	struct stat st;

	if (plan->what < READS || fstat(fd, &st) != 0 || (!S_ISSOCK(st.st_mode) && !S_ISREG(st.st_mode)))
		return false;
	*what = !writes ? READS : plan->what == FILES && S_ISREG(st.st_mode) ? FILES : WRITES;
	return true;
}

/* stopped - true: the call ends with errno; *n may become half */
static bool stopped(int fd, bool writes, size_t *n)
{
	enum what what;

	if (!is_of_kind(fd, writes, &what) || !fails(what, *n))
		return false;
	if (plan->error == HALF) {
		*n = (*n + 1) / 2;
		return false;
	}
	errno = plan->error;
	return true;
}

ssize_t read(int fd, void *p, size_t n)
{
	NEXT(ssize_t(int, void *, size_t), "read");
	return stopped(fd, false, &n) ? -1 : real(fd, p, n);
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	NEXT(ssize_t(int, void *, size_t, int), "recv");
	return stopped(fd, false, &n) ? -1 : real(fd, p, n, flags);
}

ssize_t write(int fd, const void *p, size_t n)
{
	NEXT(ssize_t(int, const void *, size_t), "write");
	return stopped(fd, true, &n) ? -1 : real(fd, p, n);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
	NEXT(ssize_t(int, const void *, size_t, int), "send");
	return stopped(fd, true, &n) ? -1 : real(fd, p, n, flags);
}

/* half of a vector is its first piece, or half of that */
static int first_of(const struct iovec *v, int n, size_t total, size_t wanted, struct iovec *out)
{
	if (wanted == total)
		return n;
	*out = v[0];
	if (out->iov_len > wanted)
		out->iov_len = wanted;
	return 0;
}

static size_t total_of(const struct iovec *v, int n)
{
	size_t total = 0;

	for (int i = 0; i < n; i++)
		total += v[i].iov_len;
	return total;
}

ssize_t readv(int fd, const struct iovec *v, int n)
{
	size_t total = total_of(v, n), wanted = total;
	struct iovec one;

	NEXT(ssize_t(int, const struct iovec *, int), "readv");
	if (stopped(fd, false, &wanted))
		return -1;
	return first_of(v, n, total, wanted, &one) == n ? real(fd, v, n) : real(fd, &one, 1);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	size_t total = total_of(v, n), wanted = total;
	struct iovec one;

	NEXT(ssize_t(int, const struct iovec *, int), "writev");
	if (stopped(fd, true, &wanted))
		return -1;
	return first_of(v, n, total, wanted, &one) == n ? real(fd, v, n) : real(fd, &one, 1);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	size_t total = total_of(m->msg_iov, (int)m->msg_iovlen), wanted = total;
	struct msghdr less = *m;
	struct iovec one;

	NEXT(ssize_t(int, const struct msghdr *, int), "sendmsg");
	if (stopped(fd, true, &wanted))
		return -1;
	if (first_of(m->msg_iov, (int)m->msg_iovlen, total, wanted, &one) == 0 && total > 0) {
		less.msg_iov = &one;
		less.msg_iovlen = 1;
	}
	return real(fd, &less, flags);
}
