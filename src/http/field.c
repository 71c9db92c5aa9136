/* SPDX-License-Identifier: BSD-2-Clause */
/* Field names to numbers: the length picks a handful of candidates, one comparison settles it.
 * Runs once for each field of each message, so it allocates nothing and hashes nothing. */
#include "http/field.h"

#include <string.h>

#include "http/char_impl.h"

enum { FIELD_NAME_MAX = 26, FIELD_SAME_LENGTH_MAX = 6 };

static const struct cg_str field_names[CG_FIELD_N] = {
#define X(id, name, kind) [CG_FIELD_##id] = {.ptr = (name), .len = sizeof(name) - 1},
        CG_FIELDS(X)
#undef X
};

static const uint8_t field_kinds[CG_FIELD_N] = {
#define X(id, name, kind) [CG_FIELD_##id] = CG_FIELD_KIND_##kind,
        CG_FIELDS(X)
#undef X
                /* Dropped from requests like what it pretends to be. */
                [CG_FIELD_FORGED] = CG_FIELD_KIND_CLIENT,
};

/* Every row of CG_FIELDS under the length of its name, most frequent first; 0 ends a list. The unit
 * test finds a row that is missing here. */
static const uint8_t field_by_length[FIELD_NAME_MAX + 1][FIELD_SAME_LENGTH_MAX + 1] = {
        [2] = {CG_FIELD_TE},
        [3] = {CG_FIELD_VIA},
        [4] = {CG_FIELD_HOST, CG_FIELD_DATE},
        [6] = {CG_FIELD_COOKIE, CG_FIELD_EXPECT},
        [7] = {CG_FIELD_REFERER, CG_FIELD_UPGRADE, CG_FIELD_TRAILER},
        [8] = {CG_FIELD_LOCATION},
        [9] = {CG_FIELD_REAL_IP, CG_FIELD_FORWARDED},
        [10] = {CG_FIELD_CONNECTION, CG_FIELD_USER_AGENT, CG_FIELD_SET_COOKIE, CG_FIELD_KEEP_ALIVE},
        [11] = {CG_FIELD_RETRY_AFTER},
        [12] = {CG_FIELD_CONTENT_TYPE, CG_FIELD_REQUEST_ID, CG_FIELD_MAX_FORWARDS},
        [13] = {CG_FIELD_AUTHORIZATION},
        [14] = {CG_FIELD_CONTENT_LENGTH},
        [15] = {CG_FIELD_X_FORWARDED_FOR},
        [16] = {CG_FIELD_X_FORWARDED_HOST, CG_FIELD_X_FORWARDED_PORT, CG_FIELD_CPIGATE_TENANT,
                CG_FIELD_CF_ROUTER_ERROR, CG_FIELD_CONTENT_LOCATION, CG_FIELD_PROXY_CONNECTION},
        [17] = {CG_FIELD_TRANSFER_ENCODING, CG_FIELD_X_FORWARDED_PROTO, CG_FIELD_CF_APP_INSTANCE},
        [18] = {CG_FIELD_CPIGATE_DELIVERY, CG_FIELD_PROXY_AUTHENTICATE},
        [19] = {CG_FIELD_PROXY_AUTHORIZATION},
        [20] = {CG_FIELD_SAP_MPL_CORRELATION_ID},
        [23] = {CG_FIELD_XFCC},
        [26] = {CG_FIELD_SAP_MPL_ID},
};

static inline unsigned field_lower(char c)
{
	unsigned u = (uint8_t)c;

	return u - 'A' < 26 ? u | 0x20 : u;
}

static inline uint64_t field_difference(const char *a, const char *b)
{
	uint64_t eight_a, eight_b;

	memcpy(&eight_a, a, 8);
	memcpy(&eight_b, b, 8);
	return (eight_a ^ eight_b) & ~(0x20 * (UINT64_MAX / 255));
}

/* B is a known name. Of what it is made of, letters, '-' and '_', the bit 0x20 tells only letters'
 * case; with it, '-' and '_' are CR and DEL, which no token has. */
static inline bool field_is_same(const char *a, const char *b, size_t len)
{
	size_t i = 0;

	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): names are not empty */
	if ((a[0] | 0x20) != (b[0] | 0x20))
		return false;
	if (len < 8) {
		while (i < len && (a[i] | 0x20) == (b[i] | 0x20))
			i++;
		return i == len;
	}
	for (; i + 8 < len; i += 8)
		if (field_difference(a + i, b + i) != 0)
			return false;
	return field_difference(a + len - 8, b + len - 8) == 0;
}

static bool field_has_prefix(struct cg_str name, struct cg_str prefix)
{
	return name.len >= prefix.len && field_is_same(name.ptr, prefix.ptr, prefix.len);
}

static enum cg_field_id field_find_exact(struct cg_str name)
{
	if (name.len > FIELD_NAME_MAX)
		return CG_FIELD_OTHER;
	for (const uint8_t *id = field_by_length[name.len]; *id != CG_FIELD_OTHER; id++)
		if (field_is_same(name.ptr, field_names[*id].ptr, name.len))
			return *id;
	return CG_FIELD_OTHER;
}

/* Whether a server that reads '_' as '-' must not meet another spelling of ID. */
static bool field_is_guarded(enum cg_field_id id)
{
	switch (id) {
	case CG_FIELD_EXPECT:
	case CG_FIELD_HOST:
	case CG_FIELD_MAX_FORWARDS:
	case CG_FIELD_REQUEST_ID:
	case CG_FIELD_VIA:
		return true;
	default:
		return field_kinds[id] != CG_FIELD_KIND_NONE;
	}
}

/* NAME has '_' and is no known spelling. */
static enum cg_field_id field_find_forged(struct cg_str name)
{
	char mapped[FIELD_NAME_MAX];
	enum cg_field_id id;

	if (name.len > sizeof(mapped))
		return CG_FIELD_OTHER;
	for (size_t i = 0; i < name.len; i++)
		mapped[i] = name.ptr[i] == '_' ? '-' : name.ptr[i];
	id = field_find_exact((struct cg_str){.ptr = mapped, .len = name.len});
	return field_is_guarded(id) ? CG_FIELD_FORGED : CG_FIELD_OTHER;
}

/* Whether NAME begins with PREFIX, '-' and '_' being one letter. */
static bool field_has_mapped_prefix(struct cg_str name, struct cg_str prefix)
{
	if (name.len < prefix.len)
		return false;
	for (size_t i = 0; i < prefix.len; i++) {
		char c = name.ptr[i] == '_' ? '-' : name.ptr[i];

		if (field_lower(c) != field_lower(prefix.ptr[i]))
			return false;
	}
	return true;
}

/* What TLS terminators call the parts of a client certificate. "X-SSL-Client" alone is what HAProxy
 * in front of Cloud Foundry sets to say that there was one. */
static enum cg_field_id field_find_ssl_client(struct cg_str name)
{
	const struct cg_str plain = CG_STR("SSL_CLIENT_"), dashed = CG_STR("X-SSL-Client");
	char after;

	if (field_has_prefix(name, plain))
		return CG_FIELD_SSL_CLIENT;
	if (field_has_mapped_prefix(name, CG_STR("ssl-client-")))
		return CG_FIELD_FORGED;
	if (!field_has_mapped_prefix(name, dashed))
		return CG_FIELD_OTHER;
	after = name.len > dashed.len ? name.ptr[dashed.len] : '-';
	if (after != '-' && after != '_')
		return CG_FIELD_OTHER;
	return after == '-' && field_has_prefix(name, dashed) ? CG_FIELD_SSL_CLIENT
	                                                      : CG_FIELD_FORGED;
}

enum cg_field_id cg_field_find(struct cg_str name)
{
	enum cg_field_id id;

	if (name.len == 0)
		return CG_FIELD_OTHER;
	id = field_find_exact(name);
	if (id != CG_FIELD_OTHER)
		return id;
	switch (field_lower(name.ptr[0])) {
	case 's':
	case 'x':
		id = field_find_ssl_client(name);
	}
	if (id == CG_FIELD_OTHER && memchr(name.ptr, '_', name.len) != NULL)
		id = field_find_forged(name);
	return id;
}

enum cg_field_kind cg_field_kind(enum cg_field_id id)
{
	return field_kinds[id];
}

bool cg_field_is_tchar(char c)
{
	return cg_char_is(c, CG_CHAR_TOKEN);
}

bool cg_field_is_value_char(char c)
{
	return cg_char_is(c, CG_CHAR_VALUE);
}

bool cg_field_is_token(struct cg_str str)
{
	const char *end = str.ptr + str.len;

	return str.len > 0 && cg_char_skip(str.ptr, end, CG_CHAR_TOKEN) == end;
}
