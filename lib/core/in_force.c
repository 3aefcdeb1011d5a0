#include "lib/core/in_force.h"

#include <stdio.h>

enum { NAME_BYTES = 200 };

json_t *in_force(const json_t *own, const json_t *over, const char *name, json_t *value)
{
	return json_pack("{s:o, s:s}", "value", value, "from",
			 json_object_get(over, name)  ? "municipality"
			 : json_object_get(own, name) ? "region"
						      : "default");
}

static void put_all(json_t *all, const json_t *settings, const char *from)
{
	const char *group, *name;
	json_t *of, *v;
	char key[NAME_BYTES];

	json_object_foreach((json_t *)settings, group, of)
	{
		json_object_foreach(of, name, v)
		{
			snprintf(key, sizeof key, "%s.%s", group, name);
			json_object_set_new(all, key, json_pack("{s:O, s:s}", "value", v, "from", from));
		}
	}
}

json_t *in_force_deep(const json_t *region, const json_t *municipality, const char *key)
{
	json_t *all = json_object();

	put_all(all, json_object_get(region, key), "region");
	put_all(all, json_object_get(municipality, key), "municipality");
	return all;
}
