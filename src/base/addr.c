/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: text to struct and back. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* inet_pton wants a NUL, which a slice lacks. */
static bool addr_parse_family(int family, struct cg_str text, void *out)
{
	char copy[INET6_ADDRSTRLEN];

	/* A NUL inside would hide what follows it. */
	if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return inet_pton(family, copy, out) == 1;
}

static bool addr_parse_port(struct cg_str text, uint16_t *port)
{
	uint64_t value;

	if (text.len > 5 || !cg_str_to_u64(text, UINT16_MAX, &value))
		return false;
	*port = (uint16_t)value;
	return true;
}

/* The text as IP (no brackets) and port, the default port if it has none. */
static bool addr_split(struct cg_str text, struct cg_str *ip, struct cg_str *port)
{
	const char *end = text.ptr + text.len;
	const char *colon;

	*port = (struct cg_str){0};
	if (text.len == 0)
		return false;
	if (text.ptr[0] == '[') {
		const char *close = memchr(text.ptr, ']', text.len);

		if (close == NULL || (close + 1 < end && close[1] != ':'))
			return false;
		*ip = (struct cg_str){.ptr = text.ptr + 1, .len = (size_t)(close - text.ptr - 1)};
		colon = close + 1 < end ? close + 1 : NULL;
	} else {
		colon = memchr(text.ptr, ':', text.len);
		/* Two colons outside brackets: an IPv6 address without port. */
		if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL)
			colon = NULL;
		*ip = (struct cg_str){.ptr = text.ptr, .len = text.len};
		if (colon != NULL)
			ip->len = (size_t)(colon - text.ptr);
	}
	if (colon != NULL)
		*port = (struct cg_str){.ptr = colon + 1, .len = (size_t)(end - colon - 1)};
	return true;
}

bool cg_addr_parse(struct cg_addr *addr, struct cg_str text, uint16_t default_port)
{
	struct cg_str ip, port_text;
	uint16_t port = default_port;

	if (!addr_split(text, &ip, &port_text))
		return false;
	if (port_text.ptr == NULL ? default_port == 0 : !addr_parse_port(port_text, &port))
		return false;
	if (!cg_addr_parse_ip(addr, ip))
		return false;
	/* Brackets are for IPv6 alone. */
	if (text.ptr[0] == '[' && addr->sa.sa_family != AF_INET6)
		return false;
	cg_addr_set_port(addr, port);
	return true;
}

bool cg_addr_parse_ip(struct cg_addr *addr, struct cg_str text)
{
	memset(addr, 0, sizeof(*addr));
	if (addr_parse_family(AF_INET, text, &addr->in.sin_addr)) {
		addr->in.sin_family = AF_INET;
		return true;
	}
	if (addr_parse_family(AF_INET6, text, &addr->in6.sin6_addr)) {
		addr->in6.sin6_family = AF_INET6;
		return true;
	}
	return false;
}

bool cg_addr_from_sockaddr(struct cg_addr *addr, const struct sockaddr *sa)
{
	struct sockaddr_in6 in6;

	memset(addr, 0, sizeof(*addr));
	if (sa->sa_family == AF_INET) {
		memcpy(&addr->in, sa, sizeof(addr->in));
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&in6, sa, sizeof(in6));
	if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
		addr->in6 = in6;
		return true;
	}
	addr->in.sin_family = AF_INET;
	addr->in.sin_port = in6.sin6_port;
	memcpy(&addr->in.sin_addr, &in6.sin6_addr.s6_addr[12], sizeof(addr->in.sin_addr));
	return true;
}

socklen_t cg_addr_len(const struct cg_addr *addr)
{
	return addr->sa.sa_family == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->in);
}

uint16_t cg_addr_port(const struct cg_addr *addr)
{
	if (addr->sa.sa_family == AF_INET6)
		return ntohs(addr->in6.sin6_port);
	return ntohs(addr->in.sin_port);
}

void cg_addr_set_port(struct cg_addr *addr, uint16_t port)
{
	if (addr->sa.sa_family == AF_INET6)
		addr->in6.sin6_port = htons(port);
	else
		addr->in.sin_port = htons(port);
}

bool cg_addr_is_loopback(const struct cg_addr *addr)
{
	const struct in6_addr *ip6 = &addr->in6.sin6_addr;

	if (addr->sa.sa_family == AF_INET)
		return ntohl(addr->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	if (addr->sa.sa_family != AF_INET6)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(ip6))
		return ip6->s6_addr[12] == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(ip6);
}

bool cg_addr_eq(const struct cg_addr *a, const struct cg_addr *b)
{
	if (a->sa.sa_family != b->sa.sa_family || cg_addr_port(a) != cg_addr_port(b))
		return false;
	if (a->sa.sa_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr) &&
		       a->in6.sin6_scope_id == b->in6.sin6_scope_id;
	return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
}

void cg_addr_format(const struct cg_addr *addr, char out[CG_ADDR_TEXT_SIZE])
{
	char ip[CG_ADDR_TEXT_SIZE];
	bool has_brackets = addr->sa.sa_family == AF_INET6;

	cg_addr_format_ip(addr, ip);
	/* No IP is longer than its own limit; the precision tells the compiler. */
	snprintf(out, CG_ADDR_TEXT_SIZE, "%s%.*s%s:%u", has_brackets ? "[" : "", INET6_ADDRSTRLEN,
	         ip, has_brackets ? "]" : "", (unsigned)cg_addr_port(addr));
}

void cg_addr_format_ip(const struct cg_addr *addr, char out[CG_ADDR_TEXT_SIZE])
{
	const void *ip = &addr->in.sin_addr;

	if (addr->sa.sa_family == AF_INET6)
		ip = &addr->in6.sin6_addr;
	if (inet_ntop(addr->sa.sa_family, ip, out, CG_ADDR_TEXT_SIZE) == NULL)
		snprintf(out, CG_ADDR_TEXT_SIZE, "-");
}
