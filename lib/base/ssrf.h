/*
 * ssrf.h - is an address somewhere on the public internet?
 *
 * For requests to addresses that others chose: what is inside (this machine, its networks, the cloud's metadata
 * service) must not be reachable through us. Asked of the address that is really connected to, after DNS.
 */
#ifndef LOKET_SSRF_H
#define LOKET_SSRF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * ssrf_public_v4 / ssrf_public_v6 - true for globally reachable unicast only
 * in       address in network order
 * returns  false for special-purpose ranges, for IPv4-mapped ones, and for IPv6 forms that carry an IPv4 address
 *          (6to4, NAT64, ISATAP) that is not public itself; Teredo and local NAT64 never
 * source   IANA special-purpose address registries, read 2026-11-21
 */
bool ssrf_public_v4(const uint8_t a[4]);
bool ssrf_public_v6(const uint8_t a[16]);

#endif
