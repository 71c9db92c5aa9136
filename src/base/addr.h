/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses with ports. No name resolution here. */
#ifndef CG_BASE_ADDR_H
#define CG_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/defs.h"
#include "base/str.h"

struct cg_addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

/* Longest text, "[...]:65535" and the NUL included. */
enum { CG_ADDR_TEXT_SIZE = 64 };

/* "192.0.2.1:443" or "[2001:db8::1]:443". Without port: only if DEFAULT_PORT is not 0; then
 * "192.0.2.1", "2001:db8::1" and "[2001:db8::1]" do. False if malformed. */
CG_MUST_USE bool cg_addr_parse(struct cg_addr *addr, struct cg_str text, uint16_t default_port);
/* An IP literal without port or brackets. */
CG_MUST_USE bool cg_addr_parse_ip(struct cg_addr *addr, struct cg_str text);
/* From a kernel's or library's sockaddr; false unless IPv4 or IPv6. An IPv4-mapped IPv6 address
 * becomes IPv4. */
CG_MUST_USE bool cg_addr_from_sockaddr(struct cg_addr *addr, const struct sockaddr *sa);
socklen_t cg_addr_len(const struct cg_addr *addr);
uint16_t cg_addr_port(const struct cg_addr *addr);
void cg_addr_set_port(struct cg_addr *addr, uint16_t port);
bool cg_addr_is_loopback(const struct cg_addr *addr);
bool cg_addr_eq(const struct cg_addr *a, const struct cg_addr *b);
/* With port, IPv6 in brackets. */
void cg_addr_format(const struct cg_addr *addr, char out[CG_ADDR_TEXT_SIZE]);
/* The IP alone, no brackets. */
void cg_addr_format_ip(const struct cg_addr *addr, char out[CG_ADDR_TEXT_SIZE]);

#endif
