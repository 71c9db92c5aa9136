/* SPDX-License-Identifier: BSD-2-Clause */
/* Values that are stored as text: names, hosts, paths, headers, URLs. Each is checked and copied in
 * normal form. */
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/value_impl.h"

typedef bool (*value_char_fn)(char c);

static bool value_all(struct cg_str text, value_char_fn is_good)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_good(text.ptr[i]))
			return false;
	return true;
}

static bool value_is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool value_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool value_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool value_is_visible(char c)
{
	return c > 0x20 && c < 0x7f;
}

static bool value_is_name_char(char c)
{
	return value_is_alnum(c) || (c != '\0' && strchr("_.-", c) != NULL);
}

/* RFC 9110 section 5.6.2 */
static bool value_is_token_char(char c)
{
	return value_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool value_is_label_char(char c)
{
	return value_is_alnum(c) || c == '-' || c == '_';
}

/* RFC 9110 section 5.5, obs-text included. */
static bool value_is_field_char(char c)
{
	return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
}

bool cg_value_is_name(struct cg_str text)
{
	return text.len > 0 && text.len <= 64 && value_all(text, value_is_name_char);
}

/* A DNS name as people use them (RFC 1123 section 2.1, and underscores), or IPv4: a last label of
 * digits alone can be nothing else. */
static bool value_is_host(struct cg_str text)
{
	struct cg_str rest = text;
	struct cg_str label = {.ptr = NULL};
	struct cg_addr addr;

	if (text.len == 0 || text.len > 253)
		return false;
	while (cg_str_next(&rest, '.', &label))
		if (label.len == 0 || label.len > 63 || !value_all(label, value_is_label_char) ||
		    label.ptr[0] == '-')
			return false;
	return !value_all(label, value_is_digit) || cg_addr_parse_ip(&addr, text);
}

static bool value_parse_port(struct cg_str text, uint16_t *port)
{
	uint64_t n;

	if (text.len > 5 || !cg_str_to_u64(text, UINT16_MAX, &n) || n == 0)
		return false;
	*port = (uint16_t)n;
	return true;
}

/* "host", "host:port", "[ip6]", "[ip6]:port". PORT stays as it is where none is written. */
static bool value_split_host_port(struct cg_str text, struct cg_str *host, bool *is_ip6,
                                  uint16_t *port)
{
	const char *colon = memchr(text.ptr, ':', text.len);
	struct cg_str after = {.ptr = text.ptr + text.len};
	struct cg_addr addr;

	*is_ip6 = text.len > 0 && text.ptr[0] == '[';
	*host = text;
	if (*is_ip6) {
		const char *close = memchr(text.ptr, ']', text.len);

		if (close == NULL)
			return false;
		*host = (struct cg_str){text.ptr + 1, (size_t)(close - text.ptr - 1)};
		after.ptr = close + 1;
		if (!cg_addr_parse_ip(&addr, *host) || addr.sa.sa_family != AF_INET6)
			return false;
	} else if (colon != NULL) {
		host->len = (size_t)(colon - text.ptr);
		after.ptr = colon;
	}
	after.len = (size_t)(text.ptr + text.len - after.ptr);
	if (!*is_ip6 && !value_is_host(*host))
		return false;
	if (after.len == 0)
		return true;
	return after.ptr[0] == ':' &&
	       value_parse_port((struct cg_str){after.ptr + 1, after.len - 1}, port);
}

static bool value_cut_iprefix(struct cg_str *text, struct cg_str prefix)
{
	if (text->len < prefix.len || !cg_str_ieq((struct cg_str){text->ptr, prefix.len}, prefix))
		return false;
	text->ptr += prefix.len;
	text->len -= prefix.len;
	return true;
}

int cg_value_split_url(struct cg_str text, struct cg_value_url *url, struct cg_error *err)
{
	struct cg_str rest = text;
	uint16_t default_port;

	url->is_https = value_cut_iprefix(&rest, CG_STR("https://"));
	if (!url->is_https && !value_cut_iprefix(&rest, CG_STR("http://")))
		return cg_error_set(err, VALUE_QUOTED " does not begin with https:// or http://",
		                    VALUE_QUOTE(text));
	if (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
		rest.len--;
	/* The part before '@' may be a password: not quoted. */
	if (memchr(rest.ptr, '@', rest.len) != NULL)
		return cg_error_set(err, "a user or password in the URL is not allowed");
	for (size_t i = 0; i < rest.len; i++)
		if (strchr("/?#", rest.ptr[i]) != NULL)
			return cg_error_set(err,
			                    VALUE_QUOTED " has a path or query: only "
			                                 "scheme, host and port are allowed",
			                    VALUE_QUOTE(text));
	default_port = url->is_https ? 443 : 80;
	url->port = default_port;
	if (!value_split_host_port(rest, &url->host, &url->is_ip6, &url->port))
		return cg_error_set(err, VALUE_QUOTED " has no valid host and port",
		                    VALUE_QUOTE(text));
	url->has_default_port = url->port == default_port;
	return 0;
}

static char *value_dup_lower(struct cg_str text)
{
	char *copy = cg_str_dup(text);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = cg_char_lower(copy[i]);
	return copy;
}

/* scheme://host in lower case, the port only where it is not the scheme's own, no last '/'. */
static char *value_read_url(struct cg_str text, struct cg_error *err)
{
	struct cg_value_url url = {0};
	char port[8] = "";
	char *result;
	char *host;

	if (cg_value_split_url(text, &url, err) != 0)
		return NULL;
	if (!url.has_default_port)
		snprintf(port, sizeof(port), ":%u", (unsigned)url.port);
	host = value_dup_lower(url.host);
	result = cg_str_printf("%s://%s%s%s%s", url.is_https ? "https" : "http",
	                       url.is_ip6 ? "[" : "", host, url.is_ip6 ? "]" : "", port);
	free(host);
	return result;
}

static char *value_read_name(struct cg_str text, struct cg_error *err)
{
	if (cg_value_is_name(text))
		return cg_str_dup(text);
	cg_error_set(err, VALUE_QUOTED " is not a name (1 to 64 of A-Z a-z 0-9 _ . -)",
	             VALUE_QUOTE(text));
	return NULL;
}

static char *value_read_any(struct cg_str text, struct cg_error *err)
{
	(void)err;
	return cg_str_dup(text);
}

static char *value_read_token(struct cg_str text, struct cg_error *err)
{
	if (value_all(text, value_is_visible))
		return cg_str_dup(text);
	cg_error_set(err, "the secret has a space, a control character or a letter beyond ASCII");
	return NULL;
}

static char *value_read_target(struct cg_str text, struct cg_error *err)
{
	if (text.ptr[0] != '/')
		cg_error_set(err, VALUE_QUOTED " does not begin with \"/\"", VALUE_QUOTE(text));
	else if (!value_all(text, value_is_visible) || memchr(text.ptr, '#', text.len) != NULL)
		cg_error_set(err, VALUE_QUOTED " has a space, a \"#\" or a letter beyond ASCII",
		             VALUE_QUOTE(text));
	else
		return cg_str_dup(text);
	return NULL;
}

static char *value_read_path(struct cg_str text, struct cg_error *err)
{
	if (text.ptr[0] == '/' && memchr(text.ptr, '?', text.len) != NULL) {
		cg_error_set(err, VALUE_QUOTED " has a query: only a path is allowed",
		             VALUE_QUOTE(text));
		return NULL;
	}
	return value_read_target(text, err);
}

static char *value_read_method(struct cg_str text, struct cg_error *err)
{
	if (text.len <= 32 && value_all(text, value_is_upper) &&
	    !cg_str_eq(text, CG_STR("CONNECT")) && !cg_str_eq(text, CG_STR("TRACE")))
		return cg_str_dup(text);
	cg_error_set(err, VALUE_QUOTED " is not a method that a probe can use", VALUE_QUOTE(text));
	return NULL;
}

/* Fields that the sender of the probe must make itself. */
static bool value_is_framing_field(struct cg_str name)
{
	return cg_str_ieq(name, CG_STR("Content-Length")) ||
	       cg_str_ieq(name, CG_STR("Transfer-Encoding")) ||
	       cg_str_ieq(name, CG_STR("Connection"));
}

/* The text may be a credential: only a name that is sound is quoted. */
static char *value_read_header(struct cg_str text, struct cg_error *err)
{
	struct cg_str value = text;
	struct cg_str name;

	if (memchr(text.ptr, ':', text.len) == NULL || !cg_str_next(&value, ':', &name) ||
	    name.len == 0 || !value_all(name, value_is_token_char) || text.ptr[name.len] != ':')
		cg_error_set(err, "not a header (Name: value)");
	else if (value_is_framing_field(name))
		cg_error_set(err, "header " VALUE_QUOTED " is made by the probe itself",
		             VALUE_QUOTE(name));
	else if (cg_str_trim(value).len == 0)
		cg_error_set(err, "header " VALUE_QUOTED " has no value", VALUE_QUOTE(name));
	else if (!value_all(value, value_is_field_char))
		cg_error_set(err, "header " VALUE_QUOTED " has a control character in its value",
		             VALUE_QUOTE(name));
	else
		return cg_str_printf("%.*s: %.*s", CG_STR_ARGS(name),
		                     CG_STR_ARGS(cg_str_trim(value)));
	return NULL;
}

/* Of a field that clients choose to send: one that nearly each request has would say nothing. */
static char *value_read_field(struct cg_str text, struct cg_error *err)
{
	if (text.len > 128 || !value_all(text, value_is_token_char))
		cg_error_set(err, VALUE_QUOTED " is not the name of a header", VALUE_QUOTE(text));
	else if (value_is_framing_field(text) || cg_str_ieq(text, CG_STR("Host")))
		cg_error_set(err, VALUE_QUOTED " has a meaning of its own in every request",
		             VALUE_QUOTE(text));
	else
		return cg_str_dup(text);
	return NULL;
}

static char *value_read_host(struct cg_str text, struct cg_error *err)
{
	if (value_is_host(text))
		return value_dup_lower(text);
	cg_error_set(err, VALUE_QUOTED " is not a host name", VALUE_QUOTE(text));
	return NULL;
}

static char *value_read_host_pattern(struct cg_str text, struct cg_error *err)
{
	struct cg_str host = text;

	if (!cg_str_has_prefix(text, CG_STR("*.")))
		return value_read_host(text, err);
	host.ptr += 2;
	host.len -= 2;
	if (value_is_host(host))
		return value_dup_lower(text);
	cg_error_set(err, VALUE_QUOTED " is neither a host name nor *.domain", VALUE_QUOTE(text));
	return NULL;
}

static char *value_read_host_port(struct cg_str text, struct cg_error *err)
{
	struct cg_str host;
	uint16_t port;
	bool is_ip6;

	if (value_split_host_port(text, &host, &is_ip6, &port))
		return value_dup_lower(text);
	cg_error_set(err, VALUE_QUOTED " is not a host name", VALUE_QUOTE(text));
	return NULL;
}

char *cg_value_read_text(enum cg_option_type type, struct cg_str text, struct cg_error *err)
{
	static char *(*const readers[])(struct cg_str text, struct cg_error * err) = {
	        [CG_OPTION_TEXT] = value_read_any,
	        [CG_OPTION_TOKEN] = value_read_token,
	        [CG_OPTION_NAME] = value_read_name,
	        [CG_OPTION_PATH] = value_read_path,
	        [CG_OPTION_TARGET] = value_read_target,
	        [CG_OPTION_METHOD] = value_read_method,
	        [CG_OPTION_HEADER] = value_read_header,
	        [CG_OPTION_FIELD] = value_read_field,
	        [CG_OPTION_URL] = value_read_url,
	        [CG_OPTION_HOST] = value_read_host,
	        [CG_OPTION_HOST_PATTERN] = value_read_host_pattern,
	        [CG_OPTION_HOST_PORT] = value_read_host_port,
	};

	cg_assert(type < CG_ARRAY_LEN(readers) && readers[type] != NULL);
	return readers[type](text, err);
}
