/* bytes.h - a view on bytes that somebody else owns */
#ifndef LOKET_BYTES_H
#define LOKET_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* len bytes at data; data may be NULL when len is 0; never NUL-terminated by promise */
struct bytes {
	const uint8_t *data;
	size_t len;
};

#endif
