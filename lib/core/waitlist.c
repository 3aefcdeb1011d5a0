/*
 * waitlist.c - cases by class, each class a treap in its order; all cases by id in one hash table
 *
 * A treap needs a priority per node that does not follow the order of the keys: a mix of the id does, so no
 * chance is needed and the same puts give the same trees. Ids and class keys are made by ourselves, so nobody
 * outside can aim at a bucket; both still go through a mixer with a key of its own. A node holds only what
 * its class does not know; few cases were declined or handled before, so that stands apart.
 */
#include "lib/core/waitlist.h"

#include "lib/base/must.h"

#include <stdlib.h>
#include <string.h>

struct extra {
	struct agent_id previous, declined[ROUTE_MAX_DECLINED];
	uint8_t n_declined;
};

struct waitlist_node {
	struct case_id id;
	int64_t arrived_us, due_us;
	struct waitlist_node *left, *right; /* in its class */
	struct waitlist_node *next;         /* in its bucket, or on the free list */
	struct waitlist_class *class;
	struct extra *extra; /* NULL: nothing */
};

enum { SLAB_NODES = 1024, FIRST_BUCKETS = 1024, CLASS_BUCKETS = 4096, CLASS_ALIGN = 64 };

struct slab {
	struct slab *next;
	struct waitlist_node nodes[SLAB_NODES];
};

struct waitlist {
	struct waitlist_node **buckets; /* power of two, at most as many cases as buckets */
	size_t n_buckets, n_slabs, n_extras;
	int n, n_live;
	struct waitlist_class *class_buckets[CLASS_BUCKETS];
	struct waitlist_class
		*wish_buckets[CLASS_BUCKETS]; /* those that ask for an agent by name, by agent */
	struct waitlist_class **classes;      /* by slot */
	struct waitlist_brief *briefs;
	uint64_t *filled;
	int n_classes, room_classes, n_wishes;
	unsigned numbering;
	struct slab *slabs;
	struct waitlist_node *free_nodes;
};

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

static bool is_nil(struct uuid u)
{
	static const struct uuid nil;

	return same_id(u, nil);
}

uint32_t waitlist_tail(struct agent_id a)
{
	uint32_t tail;

	memcpy(&tail, a.u.b + sizeof(a.u.b) - sizeof(tail), sizeof(tail));
	return tail;
}

/* ---- one class: a treap */

/* what orders a case within its class */
struct key {
	struct case_id id;
	int64_t arrived_us, due_us;
	enum route_method method;
};

static struct key key_of(const struct waitlist_node *nd)
{
	return (struct key){nd->id, nd->arrived_us, nd->due_us, nd->class->head.method};
}

/* route_class_order, said of keys */
static int key_order(const struct key *a, const struct waitlist_node *b)
{
	if (a->method == METHOD_FIFO && a->due_us != b->due_us)
		return a->due_us < b->due_us ? -1 : 1;
	if (a->arrived_us != b->arrived_us)
		return a->arrived_us < b->arrived_us ? -1 : 1;
	return memcmp(a->id.u.b, b->id.u.b, sizeof(a->id.u.b));
}

static uint64_t priority(const struct waitlist_node *nd)
{
	return mix_id(nd->id.u, 0);
}

static struct waitlist_node *rotate_right(struct waitlist_node *t)
{
	struct waitlist_node *l = t->left;

	t->left = l->right;
	l->right = t;
	return l;
}

static struct waitlist_node *rotate_left(struct waitlist_node *t)
{
	struct waitlist_node *r = t->right;

	t->right = r->left;
	r->left = t;
	return r;
}

static struct waitlist_node *treap_insert(struct waitlist_node *t, struct waitlist_node *new,
					  const struct key *k)
{
	if (!t)
		return new;
	if (key_order(k, t) < 0) {
		t->left = treap_insert(t->left, new, k);
		return priority(t->left) > priority(t) ? rotate_right(t) : t;
	}
	t->right = treap_insert(t->right, new, k);
	return priority(t->right) > priority(t) ? rotate_left(t) : t;
}

/* all of l goes before all of r */
static struct waitlist_node *treap_join(struct waitlist_node *l, struct waitlist_node *r)
{
	if (!l || !r)
		return l ? l : r;
	if (priority(l) > priority(r)) {
		l->right = treap_join(l->right, r);
		return l;
	}
	r->left = treap_join(l, r->left);
	return r;
}

static void treap_remove(struct waitlist_node **root, const struct waitlist_node *old)
{
	struct key k = key_of(old);

	while (*root != old)
		root = key_order(&k, *root) < 0 ? &(*root)->left : &(*root)->right;
	*root = treap_join(old->left, old->right);
}

/* the first in order after k; NULL k: the very first */
static struct waitlist_node *treap_after(struct waitlist_node *t, const struct key *k)
{
	struct waitlist_node *found = NULL;

	while (t) {
		bool later = !k || key_order(k, t) < 0;

		if (later)
			found = t;
		t = later ? t->left : t->right;
	}
	return found;
}

static void case_of(const struct waitlist_node *nd, struct route_case *out)
{
	*out = nd->class->head;
	out->id = nd->id;
	out->arrived_us = nd->arrived_us;
	out->due_us = nd->due_us;
	out->n_declined = nd->extra ? nd->extra->n_declined : 0;
	memset(&out->previous, 0, sizeof(out->previous));
	memset(out->declined, 0, sizeof(out->declined));
	if (nd->extra) {
		out->previous = nd->extra->previous;
		memcpy(out->declined, nd->extra->declined, sizeof(out->declined));
	}
}

static void set_head(const struct waitlist *w, struct waitlist_class *k, const struct waitlist_node *first)
{
	case_of(first, &k->head);
	if (k->slot < 0)
		return;
	w->briefs[k->slot].arrived_us = first->arrived_us;
	w->briefs[k->slot].declined = k->head.n_declined > 0;
	w->briefs[k->slot].previous = waitlist_tail(k->head.previous);
}

static void new_head(const struct waitlist *w, struct waitlist_class *k)
{
	const struct waitlist_node *first = treap_after(k->root, NULL);

	if (!same_id(first->id.u, k->head.id.u))
		set_head(w, k, first);
}

/* ---- classes */

static struct waitlist_class **class_bucket(const struct waitlist *w, const struct route_case *c)
{
	uint64_t words = (uint64_t)c->municipality << 48 | (uint64_t)c->product << 32 |
			 (uint64_t)c->channel << 16 | c->language;

	if (!is_nil(c->wanted.u))
		return (struct waitlist_class **)&w->wish_buckets[mix_id(c->wanted.u, 0) % CLASS_BUCKETS];
	return (struct waitlist_class **)&w->class_buckets[mix(words ^ (uint64_t)c->team << 40 ^
							       (uint64_t)(c->option0 * 2 + c->method)) %
							   CLASS_BUCKETS];
}

struct waitlist_class *waitlist_class_of(const struct waitlist *w, const struct route_case *c)
{
	struct waitlist_class *k = *class_bucket(w, c);

	while (k && !route_same_class(&k->head, c))
		k = k->next;
	return k;
}

static void drop_class(struct waitlist *w, struct waitlist_class *k)
{
	struct waitlist_class **at = class_bucket(w, &k->head);

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	free(k);
}

static bool is_filled(const struct waitlist *w, int slot)
{
	return w->filled[slot / 64] >> (slot % 64) & 1;
}

static void set_filled(struct waitlist *w, const struct waitlist_class *k, bool on)
{
	if (k->slot < 0)
		return;
	if (on)
		w->filled[k->slot / 64] |= UINT64_C(1) << (k->slot % 64);
	else
		w->filled[k->slot / 64] &= ~(UINT64_C(1) << (k->slot % 64));
}

/* too many: those in which nothing waits are forgotten, the others get new numbers */
static void renumber(struct waitlist *w)
{
	int n = 0;

	for (int i = 0; i < w->n_classes; i++) {
		struct waitlist_class *k = w->classes[i];

		if (is_filled(w, i))
			w->briefs[n] = w->briefs[i], (w->classes[n] = k)->slot = n, n++;
		else
			drop_class(w, k);
	}
	memset(w->filled, 0, (size_t)w->room_classes / 8);
	w->n_classes = n;
	for (int i = 0; i < n; i++)
		set_filled(w, w->classes[i], true);
	w->numbering++;
}

static void number_class(struct waitlist *w, struct waitlist_class *k)
{
	const struct route_case *c = &k->head;

	if (w->n_classes >= WAITLIST_MAX_CLASSES && w->n_classes == w->room_classes)
		renumber(w);
	if (w->n_classes == w->room_classes) {
		int room = w->room_classes ? 2 * w->room_classes : 256;

		w->classes = must(realloc(w->classes, (size_t)room * sizeof(*w->classes)));
		w->briefs = must(realloc(w->briefs, (size_t)room * sizeof(*w->briefs)));
		w->filled = must(realloc(w->filled, (size_t)room / 8));
		memset((char *)w->filled + w->room_classes / 8, 0, (size_t)(room - w->room_classes) / 8);
		w->room_classes = room;
	}
	k->slot = w->n_classes;
	w->classes[w->n_classes++] = k;
	w->briefs[k->slot] = (struct waitlist_brief){.municipality = c->municipality,
						     .product = c->product,
						     .channel = c->channel,
						     .language = c->language,
						     .team = c->team,
						     .kind = (uint8_t)c->kind,
						     .method = (uint8_t)c->method,
						     .option0 = c->option0};
}

static struct waitlist_class *class_for(struct waitlist *w, const struct route_case *c)
{
	struct waitlist_class *k = waitlist_class_of(w, c), **at = class_bucket(w, c);

	if (k)
		return k;
	k = must(aligned_alloc(CLASS_ALIGN, (sizeof(*k) + CLASS_ALIGN - 1) / CLASS_ALIGN * CLASS_ALIGN));
	memset(k, 0, sizeof(*k));
	k->head = *c;
	memset(&k->head.id, 0, sizeof(k->head.id));
	k->slot = -1;
	if (is_nil(c->wanted.u))
		number_class(w, k);
	else
		w->n_wishes++;
	at = class_bucket(w, c);
	k->next = *at;
	*at = k;
	return k;
}

/* ---- cases by id */

static struct waitlist_node **bucket_of(const struct waitlist *w, struct case_id id)
{
	return &w->buckets[mix_id(id.u, UINT64_C(0x9e3779b97f4a7c15)) & (w->n_buckets - 1)];
}

static void grow(struct waitlist *w)
{
	struct waitlist_node **old = w->buckets;
	size_t n_old = w->n_buckets;

	w->n_buckets = n_old ? 2 * n_old : FIRST_BUCKETS;
	w->buckets = must(calloc(w->n_buckets, sizeof(struct waitlist_node *)));
	for (size_t i = 0; i < n_old; i++)
		while (old[i]) {
			struct waitlist_node *nd = old[i], **to = bucket_of(w, nd->id);

			old[i] = nd->next;
			nd->next = *to;
			*to = nd;
		}
	free(old);
}

static struct waitlist_node *node_new(struct waitlist *w)
{
	struct waitlist_node *nd;

	if (!w->free_nodes) {
		struct slab *s = must(calloc(1, sizeof(*s)));

		s->next = w->slabs;
		w->slabs = s;
		w->n_slabs++;
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

static void free_classes(struct waitlist_class *const *buckets)
{
	for (int i = 0; i < CLASS_BUCKETS; i++)
		for (struct waitlist_class *k = buckets[i], *next; k; k = next) {
			next = k->next;
			free(k);
		}
}

struct waitlist *waitlist_free(struct waitlist *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < w->n_buckets; i++)
		for (struct waitlist_node *nd = w->buckets[i]; nd; nd = nd->next)
			free(nd->extra);
	while (w->slabs) {
		struct slab *s = w->slabs;

		w->slabs = s->next;
		free(s);
	}
	free_classes(w->class_buckets);
	free_classes(w->wish_buckets);
	free(w->classes);
	free(w->briefs);
	free(w->filled);
	free(w->buckets);
	free(w);
	return NULL;
}

static struct extra *extra_of(struct waitlist *w, const struct route_case *c)
{
	struct extra *e;

	if (c->n_declined == 0 && is_nil(c->previous.u))
		return NULL;
	e = must(calloc(1, sizeof(*e)));
	e->previous = c->previous;
	e->n_declined = c->n_declined;
	memcpy(e->declined, c->declined, sizeof(e->declined));
	w->n_extras++;
	return e;
}

struct waitlist_class *waitlist_put(struct waitlist *w, const struct route_case *c)
{
	struct route_case copy = *c;     /* c may be the very one that is replaced */
	struct waitlist_class *k;
	struct waitlist_node *nd, **at;
	struct key key;

	waitlist_remove(w, copy.id);
	if ((size_t)w->n >= w->n_buckets)
		grow(w);
	k = class_for(w, &copy);
	nd = node_new(w);
	nd->id = copy.id;
	nd->arrived_us = copy.arrived_us;
	nd->due_us = copy.due_us;
	nd->extra = extra_of(w, &copy);
	nd->class = k;
	key = key_of(nd);
	k->root = treap_insert(k->root, nd, &key);
	if (k->n++ == 0 || route_class_order(&copy, &k->head) < 0)
		set_head(w, k, nd);
	set_filled(w, k, true);
	at = bucket_of(w, copy.id);
	nd->next = *at;
	*at = nd;
	w->n++;
	w->n_live += k->head.kind != KIND_ASYNC;
	return k;
}

bool waitlist_remove(struct waitlist *w, struct case_id id)
{
	struct waitlist_node **at = bucket_of(w, id), *nd;
	struct waitlist_class *k;

	while (*at && !same_id((*at)->id.u, id.u))
		at = &(*at)->next;
	nd = *at;
	if (!nd)
		return false;
	*at = nd->next;
	k = nd->class;
	treap_remove(&k->root, nd);
	w->n_extras -= nd->extra != NULL;
	free(nd->extra);
	nd->next = w->free_nodes;
	w->free_nodes = nd;
	w->n--;
	w->n_live -= k->head.kind != KIND_ASYNC;
	if (--k->n > 0) {
		new_head(w, k);
		return true;
	}
	set_filled(w, k, false);
	if (k->slot < 0) {
		w->n_wishes--;
		drop_class(w, k);
	}
	return true;
}

bool waitlist_get(const struct waitlist *w, struct case_id id, struct route_case *out)
{
	for (const struct waitlist_node *nd = *bucket_of(w, id); nd; nd = nd->next)
		if (same_id(nd->id.u, id.u)) {
			if (out)
				case_of(nd, out);
			return true;
		}
	return false;
}

int waitlist_count(const struct waitlist *w)
{
	return w->n;
}

int waitlist_live(const struct waitlist *w)
{
	return w->n_live;
}

static int late_of(const struct waitlist_class *k, int64_t now_us, struct case_id *out, int max)
{
	const struct waitlist_node *nd = k->n > 0 ? treap_after(k->root, NULL) : NULL;
	int n = 0;

	while (nd && n < max && nd->due_us < now_us) {
		struct key key = key_of(nd);

		out[n++] = nd->id;
		nd = treap_after(k->root, &key);
	}
	return n;
}

int waitlist_late_wishes(const struct waitlist *w, int64_t now_us, struct case_id *out, int max)
{
	int n = 0;

	for (int i = 0; i < CLASS_BUCKETS && n < max && w->n_wishes > 0; i++)
		for (const struct waitlist_class *k = w->wish_buckets[i]; k; k = k->next)
			n += late_of(k, now_us, out + n, max - n);
	for (int i = 0; i < w->n_classes && n < max; i++)
		if (w->classes[i]->head.team)
			n += late_of(w->classes[i], now_us, out + n, max - n);
	return n;
}

int waitlist_classes(const struct waitlist *w)
{
	return w->n_classes;
}

unsigned waitlist_numbering(const struct waitlist *w)
{
	return w->numbering;
}

struct waitlist_class *waitlist_class(const struct waitlist *w, int slot)
{
	return w->classes[slot];
}

struct waitlist_brief *waitlist_briefs(const struct waitlist *w)
{
	return w->briefs;
}

const uint64_t *waitlist_filled(const struct waitlist *w)
{
	return w->filled;
}

struct waitlist_class *waitlist_wished(const struct waitlist *w, struct agent_id a,
				       const struct waitlist_class *k)
{
	struct waitlist_class *at = k ? k->next : w->wish_buckets[mix_id(a.u, 0) % CLASS_BUCKETS];

	while (at && !same_id(at->head.wanted.u, a.u))
		at = at->next;
	return at;
}

bool waitlist_after(const struct waitlist_class *k, const struct route_case *c, struct route_case *out)
{
	struct key key = {c->id, c->arrived_us, c->due_us, c->method};
	const struct waitlist_node *nd = treap_after(k->root, &key);

	if (nd)
		case_of(nd, out);
	return nd != NULL;
}

size_t waitlist_bytes(const struct waitlist *w)
{
	return w->n_slabs * sizeof(struct slab) + w->n_buckets * sizeof(struct waitlist_node *) +
	       w->n_extras * sizeof(struct extra) +
	       (size_t)(w->n_classes + w->n_wishes) * sizeof(struct waitlist_class);
}
