/*
 * waitlist.c - cases by class, each class a treap in order of urgency; all cases by id in one hash table
 *
 * A treap needs a priority per node that does not follow the order of the keys: a mix of the id does, so no
 * chance is needed and the same puts give the same trees. Ids and class keys are made by ourselves, so nobody
 * outside can aim at a bucket; both still go through a mixer with a key of its own.
 */
#include "lib/core/waitlist.h"

#include <stdlib.h>
#include <string.h>

struct node {
	struct route_case c;             /* first: a case is its node */
	uint64_t priority;
	struct node *left, *right;       /* in its class */
	struct node *next;               /* in its bucket, or on the free list */
	struct class *class;
};

struct class {                           /* cases that the same agents may take */
	struct class_key {
		uint16_t municipality, product, channel, language, team;
		uint8_t kind, method;
		bool option0;
		struct agent_id wanted;
	} key;
	struct node *root, *head;        /* head: the most urgent */
	int n, index;                    /* index: in waitlist.classes */
	struct class *next;              /* in its bucket */
};

enum { SLAB_NODES = 1024, FIRST_BUCKETS = 1024, CLASS_BUCKETS = 4096 };

struct slab {
	struct slab *next;
	struct node nodes[SLAB_NODES];
};

struct waitlist {
	struct node **buckets;           /* power of two, at most as many cases as buckets */
	size_t n_buckets;
	int n;
	struct class *class_buckets[CLASS_BUCKETS];
	struct class **classes;          /* those that hold something, in no order */
	int n_classes, room_classes;
	struct slab *slabs;
	struct node *free_nodes;
};

/* running out of memory ends the process: what waits is stored (base/arena.h) */
static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static uint64_t mix(uint64_t x)          /* splitmix64's finaliser */
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t mix_id(struct uuid u, uint64_t key)
{
	uint64_t half[2];

	memcpy(half, u.b, sizeof(half));
	return mix(mix(half[0] ^ key) + half[1]);
}

static bool same_id(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b)) == 0;
}

/* ---- one class: a treap */

static struct node *rotate_right(struct node *t)
{
	struct node *l = t->left;

	t->left = l->right;
	l->right = t;
	return l;
}

static struct node *rotate_left(struct node *t)
{
	struct node *r = t->right;

	t->right = r->left;
	r->left = t;
	return r;
}

static struct node *treap_insert(struct node *t, struct node *new)
{
	if (!t)
		return new;
	if (route_class_order(&new->c, &t->c) < 0) {
		t->left = treap_insert(t->left, new);
		return t->left->priority > t->priority ? rotate_right(t) : t;
	}
	t->right = treap_insert(t->right, new);
	return t->right->priority > t->priority ? rotate_left(t) : t;
}

/* all of l goes before all of r */
static struct node *treap_join(struct node *l, struct node *r)
{
	if (!l || !r)
		return l ? l : r;
	if (l->priority > r->priority) {
		l->right = treap_join(l->right, r);
		return l;
	}
	r->left = treap_join(l, r->left);
	return r;
}

static struct node *treap_remove(struct node *t, const struct node *old)
{
	if (t == old)
		return treap_join(t->left, t->right);
	if (route_class_order(&old->c, &t->c) < 0)
		t->left = treap_remove(t->left, old);
	else
		t->right = treap_remove(t->right, old);
	return t;
}

/* the first in order after c; NULL c: the very first */
static struct node *treap_after(struct node *t, const struct route_case *c)
{
	struct node *found = NULL;

	while (t) {
		bool later = !c || route_class_order(&t->c, c) > 0;

		if (later)
			found = t;
		t = later ? t->left : t->right;
	}
	return found;
}

/* ---- classes */

static struct class_key key_of(const struct route_case *c)
{
	struct class_key k;

	memset(&k, 0, sizeof(k));        /* also the padding: keys are compared as bytes */
	k.municipality = c->municipality;
	k.product = c->product;
	k.channel = c->channel;
	k.language = c->language;
	k.team = c->team;
	k.option0 = c->option0;
	k.kind = (uint8_t)c->kind;
	k.method = (uint8_t)c->method;
	k.wanted = c->wanted;
	return k;
}

static size_t class_bucket(const struct class_key *k)
{
	uint64_t words = (uint64_t)k->municipality << 48 | (uint64_t)k->product << 32 |
	                 (uint64_t)k->channel << 16 | k->language;

	return mix_id(k->wanted.u, mix(words ^ (uint64_t)k->team << 40 ^ (uint64_t)(k->option0 * 2 + k->method))) % CLASS_BUCKETS;
}

static struct class *class_of(struct waitlist *w, const struct class_key *k)
{
	struct class **at = &w->class_buckets[class_bucket(k)], *c;

	for (c = *at; c; c = c->next)
		/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c): key_of zeroes padding */
		if (memcmp(&c->key, k, sizeof(*k)) == 0)
			return c;
	c = must(calloc(1, sizeof(*c)));
	c->key = *k;
	c->next = *at;
	*at = c;
	if (w->n_classes == w->room_classes) {
		w->room_classes = w->room_classes ? 2 * w->room_classes : 64;
		w->classes = must(realloc(w->classes, (size_t)w->room_classes * sizeof(*w->classes)));
	}
	c->index = w->n_classes;
	w->classes[w->n_classes++] = c;
	return c;
}

static void class_free(struct waitlist *w, struct class *c)
{
	struct class **at = &w->class_buckets[class_bucket(&c->key)];

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	w->classes[c->index] = w->classes[--w->n_classes];
	w->classes[c->index]->index = c->index;
	free(c);
}

/* ---- cases by id */

static struct node **bucket_of(const struct waitlist *w, struct case_id id)
{
	return &w->buckets[mix_id(id.u, UINT64_C(0x9e3779b97f4a7c15)) & (w->n_buckets - 1)];
}

static void grow(struct waitlist *w)
{
	struct node **old = w->buckets;
	size_t n_old = w->n_buckets;

	w->n_buckets = n_old ? 2 * n_old : FIRST_BUCKETS;
	w->buckets = must(calloc(w->n_buckets, sizeof(*w->buckets)));
	for (size_t i = 0; i < n_old; i++)
		while (old[i]) {
			struct node *nd = old[i];
			struct node **to = bucket_of(w, nd->c.id);

			old[i] = nd->next;
			nd->next = *to;
			*to = nd;
		}
	free(old);
}

static struct node *node_new(struct waitlist *w)
{
	struct node *nd;

	if (!w->free_nodes) {
		struct slab *s = must(calloc(1, sizeof(*s)));

		s->next = w->slabs;
		w->slabs = s;
		for (int i = 0; i < SLAB_NODES; i++) {
			s->nodes[i].next = w->free_nodes;
			w->free_nodes = &s->nodes[i];
		}
	}
	nd = w->free_nodes;
	w->free_nodes = nd->next;
	memset(nd, 0, sizeof(*nd));
	return nd;
}

struct waitlist *waitlist_new(void)
{
	struct waitlist *w = must(calloc(1, sizeof(*w)));

	grow(w);
	return w;
}

struct waitlist *waitlist_free(struct waitlist *w)
{
	if (!w)
		return NULL;
	while (w->slabs) {
		struct slab *s = w->slabs;

		w->slabs = s->next;
		free(s);
	}
	for (int i = 0; i < w->n_classes; i++)
		free(w->classes[i]);
	free(w->classes);
	free(w->buckets);
	free(w);
	return NULL;
}

void waitlist_put(struct waitlist *w, const struct route_case *c)
{
	struct class_key key = key_of(c);
	struct route_case copy = *c;     /* c may be the very one that is replaced */
	struct node *nd, **at;

	waitlist_remove(w, c->id);
	if ((size_t)w->n >= w->n_buckets)
		grow(w);
	nd = node_new(w);
	nd->c = copy;
	nd->priority = mix_id(copy.id.u, 0);
	nd->class = class_of(w, &key);
	nd->class->root = treap_insert(nd->class->root, nd);
	if (nd->class->n++ == 0 || route_class_order(&nd->c, &nd->class->head->c) < 0)
		nd->class->head = nd;
	at = bucket_of(w, copy.id);
	nd->next = *at;
	*at = nd;
	w->n++;
}

bool waitlist_remove(struct waitlist *w, struct case_id id)
{
	struct node **at = bucket_of(w, id), *nd;

	while (*at && !same_id((*at)->c.id.u, id.u))
		at = &(*at)->next;
	nd = *at;
	if (!nd)
		return false;
	*at = nd->next;
	nd->class->root = treap_remove(nd->class->root, nd);
	if (--nd->class->n == 0)
		class_free(w, nd->class);
	else if (nd->class->head == nd)
		nd->class->head = treap_after(nd->class->root, NULL);
	nd->next = w->free_nodes;
	w->free_nodes = nd;
	w->n--;
	return true;
}

const struct route_case *waitlist_get(const struct waitlist *w, struct case_id id)
{
	for (struct node *nd = *bucket_of(w, id); nd; nd = nd->next)
		if (same_id(nd->c.id.u, id.u))
			return &nd->c;
	return NULL;
}

int waitlist_count(const struct waitlist *w)
{
	return w->n;
}

/* the most urgent of a class that a may take now: its head, or the first that a has not declined */
static const struct route_case *head_for(const struct class *cl, const struct route_policy *p, const struct route_agent *a,
                                         int64_t now_us)
{
	const struct node *nd = cl->head;
	enum route_why why = route_eligible(&nd->c, a, p, now_us);

	while (why == WHY_DECLINED && (nd = treap_after(cl->root, &nd->c)))
		why = route_eligible(&nd->c, a, p, now_us);
	return why == WHY_OK ? &nd->c : NULL;    /* what else is wrong with one is wrong with the whole class */
}

static int least_urgent(const struct route_case **out, int n)
{
	int worst = 0;

	for (int i = 1; i < n; i++)
		if (route_case_order(out[i], out[worst]) > 0)
			worst = i;
	return worst;
}

int waitlist_heads(const struct waitlist *w, const struct route_policy *policies, const struct route_agent *a, int64_t now_us,
                   const struct route_case **out, int max)
{
	int n = 0, worst = -1;

	for (int i = 0; i < w->n_classes; i++) {
		const struct route_case *c = head_for(w->classes[i], &policies[w->classes[i]->key.municipality], a, now_us);

		if (!c)
			continue;
		if (n < max) {
			out[n++] = c;
			continue;
		}
		if (worst < 0)           /* more classes than room: the most urgent heads are kept */
			worst = least_urgent(out, n);
		if (route_case_order(c, out[worst]) < 0) {
			out[worst] = c;
			worst = -1;
		}
	}
	return n;
}

void waitlist_each(const struct waitlist *w, void (*fn)(const struct route_case *c, void *arg), void *arg)
{
	for (size_t i = 0; i < w->n_buckets; i++)
		for (struct node *nd = w->buckets[i]; nd; nd = nd->next)
			fn(&nd->c, arg);
}

int waitlist_late_wishes(const struct waitlist *w, int64_t now_us, struct case_id *out, int max)
{
	static const struct agent_id nobody;
	int n = 0;

	for (int i = 0; i < w->n_classes && n < max; i++) {
		const struct class *cl = w->classes[i];
		struct node *nd = NULL;

		if (same_id(cl->key.wanted.u, nobody.u) && !cl->key.team)
			continue;
		while (n < max && (nd = treap_after(cl->root, nd ? &nd->c : NULL)) && nd->c.due_us < now_us)
			out[n++] = nd->c.id;
	}
	return n;
}
