/* SPDX-License-Identifier: BSD-2-Clause */
/* Request targets and hosts, judged but never rewritten: what is sent on is what was received.
 *
 * A path or query may hold any visible ASCII but '#'. RFC 3986 allows fewer ('"', '<', '>', '\',
 * '^',
 * '`', '{', '|', '}' want percent-encoding), yet clients send those raw, no parser takes one of
 * them for the end of anything, and HAProxy passes them too. '#' starts a fragment for some parsers
 * and is a plain byte for others; bytes from 0x80 are read as UTF-8 by some and as Latin-1 by
 * others. */
#include "http/target.h"

#include <arpa/inet.h>
#include <string.h>

#include "http/char_impl.h"

enum { TARGET_PORT_MAX = 65535 };

/* Cut the scheme and "//" off REST; false unless it is http or https. */
static bool target_take_scheme(struct cg_str *rest, bool *is_https)
{
	const struct cg_str http = CG_STR("http://"), https = CG_STR("https://");
	struct cg_str scheme = *rest;

	scheme.len = CG_MIN(rest->len, https.len);
	*is_https = cg_str_ieq(scheme, https);
	scheme.len = *is_https ? https.len : CG_MIN(rest->len, http.len);
	if (!*is_https && !cg_str_ieq(scheme, http))
		return false;
	rest->ptr += scheme.len;
	rest->len -= scheme.len;
	return true;
}

/* A query after an empty path is refused: origin-form would need a "/" that was not received, and
 * servers are known to take "?x" for a path or for part of the authority. */
static enum cg_refusal target_parse_absolute(struct cg_message *request)
{
	struct cg_str rest = request->target;
	size_t host_len = 0;

	if (!target_take_scheme(&rest, &request->is_https))
		return CG_REFUSAL_BAD_TARGET;
	while (host_len < rest.len && rest.ptr[host_len] != '/' && rest.ptr[host_len] != '?')
		host_len++;
	request->authority = (struct cg_str){.ptr = rest.ptr, .len = host_len};
	request->path = (struct cg_str){.ptr = rest.ptr + host_len, .len = rest.len - host_len};
	if (!cg_target_is_host(request->authority))
		return CG_REFUSAL_BAD_TARGET;
	/* RFC 9112 section 3.2.4: OPTIONS without a path asks about the server as a whole. */
	if (request->path.len == 0)
		request->path = request->method == CG_METHOD_OPTIONS ? CG_STR("*") : CG_STR("/");
	return request->path.ptr[0] == '?' ? CG_REFUSAL_BAD_TARGET : CG_REFUSAL_NONE;
}

enum cg_refusal cg_target_parse(struct cg_message *request)
{
	struct cg_str target = request->target;
	const char *end = target.ptr + target.len;

	request->authority = (struct cg_str){0};
	request->path = target;
	request->is_https = false;
	if (target.len == 0 || cg_char_skip(target.ptr, end, CG_CHAR_TARGET) != end)
		return CG_REFUSAL_BAD_TARGET;
	if (target.ptr[0] == '/')
		return CG_REFUSAL_NONE;
	if (target.len == 1 && target.ptr[0] == '*' && request->method == CG_METHOD_OPTIONS)
		return CG_REFUSAL_NONE;
	return target_parse_absolute(request);
}

/* "[...]" with an IPv6 address. RFC 3986's IPvFuture and zone identifiers are of no use in a Host.
 */
static bool target_is_ipv6(struct cg_str literal)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (literal.len < 4 || literal.len - 2 >= sizeof(text) ||
	    literal.ptr[literal.len - 1] != ']')
		return false;
	memcpy(text, literal.ptr + 1, literal.len - 2);
	text[literal.len - 2] = '\0';
	return strlen(text) == literal.len - 2 && inet_pton(AF_INET6, text, &addr) == 1;
}

/* The length of HOST up to its port's colon. */
static size_t target_name_len(struct cg_str host)
{
	char stop = host.len > 0 && host.ptr[0] == '[' ? ']' : ':';
	const char *at = host.len > 0 ? memchr(host.ptr, stop, host.len) : NULL;

	if (at == NULL)
		return host.len;
	return (size_t)(at - host.ptr) + (stop == ']');
}

/* Of reg-name only the unreserved characters are taken. The others of RFC 3986 (sub-delims, percent
 * codes) stand in no DNS name and no certificate, and "a,b" or "a%2fb" is one host to one parser
 * and two, or a path, to the next. */
bool cg_target_is_host(struct cg_str host)
{
	struct cg_str name = {.ptr = host.ptr, .len = target_name_len(host)};
	struct cg_str port = {.ptr = host.ptr + name.len, .len = host.len - name.len};
	const char *name_end = name.ptr + name.len;
	uint64_t number;

	if (name.len == 0)
		return false;
	if (name.ptr[0] == '[' ? !target_is_ipv6(name)
	                       : cg_char_skip(name.ptr, name_end, CG_CHAR_HOST) != name_end)
		return false;
	if (port.len == 0)
		return true;
	if (port.ptr[0] != ':')
		return false;
	port.ptr++;
	port.len--;
	return port.len == 0 || cg_str_to_u64(port, TARGET_PORT_MAX, &number);
}

struct cg_str cg_target_host_name(struct cg_str host)
{
	struct cg_str name = {.ptr = host.ptr, .len = target_name_len(host)};

	if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']') {
		name.ptr++;
		name.len -= 2;
	}
	return name;
}

bool cg_target_path_covers(struct cg_str prefix, struct cg_str path)
{
	const char *query = path.len > 0 ? memchr(path.ptr, '?', path.len) : NULL;

	if (prefix.len == 0 || (prefix.len == 1 && prefix.ptr[0] == '/'))
		return true;
	if (query != NULL)
		path.len = (size_t)(query - path.ptr);
	if (!cg_str_has_prefix(path, prefix))
		return false;
	return path.len == prefix.len || prefix.ptr[prefix.len - 1] == '/' ||
	       path.ptr[prefix.len] == '/';
}
