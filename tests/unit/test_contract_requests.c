/* test_contract_requests.c DIR - every request in proto/examples is what the generated route table takes, and
 * nothing less */
#include "daemon/api.h"
#include "lib/base/jsonx.h"
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static const char *folder;

static void count(void *arg, enum shape_wrong wrong, const char *path, const char *reason)
{
	(void)wrong, (void)path, (void)reason;
	++*(int *)arg;
}

static int n_wrong(const struct shape *s, const json_t *body)
{
	int n = 0;

	shape_check(s, body, count, &n);
	return n;
}

static const struct api_route *route_of(const char *operation)
{
	for (int i = 0; i < n_api_routes; i++)
		if (!strcmp(api_routes[i].operation, operation))
			return &api_routes[i];
	return NULL;
}

static json_t *read_json(struct arena *a, const char *name)
{
	static char text[65536];
	char path[4096];
	json_t *body = NULL;
	FILE *f;
	size_t len;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	len = fread(text, 1, sizeof text, f);
	fclose(f);
	ck_assert_int_eq(jsonx_load(a, (struct bytes){ (uint8_t *)text, len }, &body, NULL), 0);
	return body;
}

/* as it stands, without each thing that is required, and with a thing too many */
static void try_request(const char *name)
{
	struct arena *a = arena_new(1 << 20);
	const struct api_route *r = route_of(arena_dup(a, name, strcspn(name, ".")));
	json_t *body = read_json(a, name), *less;

	ck_assert_msg(r && r->body, "%s: no route takes it", name);
	ck_assert_msg(n_wrong(r->body, body) == 0, "%s", name);
	for (const struct shape_key *k = r->body->keys; k->name; k++) {
		if (!k->required)
			continue;
		less = json_copy(body);
		json_object_del(less, k->name);
		ck_assert_msg(n_wrong(r->body, less) == 1, "%s without %s", name, k->name);
		json_decref(less);
	}
	less = json_copy(body);
	json_object_set_new(less, "more", json_true());
	ck_assert_msg(n_wrong(r->body, less) == 1, "%s with more", name);
	json_decref(less);
	arena_free(a);
}

START_TEST(examples_are_taken)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)))
		if (strstr(e->d_name, ".request.json")) {
			try_request(e->d_name);
			n++;
		}
	closedir(d);
	ck_assert_int_ge(n, 15);
}
END_TEST

/* paths of the most fixed segments stand first, and no two routes are the same */
START_TEST(routes_are_in_order)
{
	for (int i = 0; i < n_api_routes; i++)
		for (int k = i + 1; k < n_api_routes; k++) {
			ck_assert(strcmp(api_routes[i].operation, api_routes[k].operation) != 0);
			ck_assert(strcmp(api_routes[i].path, api_routes[k].path) != 0 ||
			          strcmp(api_routes[i].method, api_routes[k].method) != 0);
		}
}
END_TEST

int main(int argc, char **argv)
{
	const TTest *tests[] = { examples_are_taken, routes_are_in_order };

	if (argc != 2)
		return 2;
	folder = argv[1];
	return unit_run("contract_requests", tests, COUNT(tests));
}
