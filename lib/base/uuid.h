/* uuid.h - UUIDv7 (RFC 9562): sorts by time, also when the clock steps back */
#ifndef LOKET_UUID_H
#define LOKET_UUID_H

#include <stdbool.h>
#include <stdint.h>

enum { UUID_TEXT = 37 };

struct uuid {
	uint8_t b[16];
};

/* different things, different types: the compiler catches a swap */
struct contact_id { struct uuid u; };
struct case_id    { struct uuid u; };
struct party_id   { struct uuid u; };
struct agent_id   { struct uuid u; };
struct offer_id   { struct uuid u; };

/* what is remembered between two ids; zero to begin with; owned by the daemon */
struct uuid_gen {
	uint64_t last_ms;
	uint16_t seq;
};

/* uuid_make - the next id; now_ms since 1970, random: 10 bytes nobody can guess */
struct uuid uuid_make(struct uuid_gen *g, uint64_t now_ms, const uint8_t random[10]);
/* uuid_format / uuid_parse - lower-case text; parse is false for anything that is no UUID */
void uuid_format(struct uuid u, char out[UUID_TEXT]);
bool uuid_parse(const char *s, struct uuid *out);
bool uuid_same(struct uuid a, struct uuid b);
bool uuid_is_nil(struct uuid u);

#endif
