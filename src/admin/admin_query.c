/* SPDX-License-Identifier: BSD-2-Clause */
/* Queries of admin calls. libevent's own reader takes "+" for a space and passes malformed
 * sequences on as they are. */
#include "admin/admin_query.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

static int admin_query_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = cg_char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* TEXT decoded into OUT, which has as much room and one more; false if it is malformed. */
static bool admin_query_decode(struct cg_str text, char *out)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '%') {
			int high = i + 2 < text.len ? admin_query_digit(text.ptr[i + 1]) : -1;
			int low = i + 2 < text.len ? admin_query_digit(text.ptr[i + 2]) : -1;
			if (high == -1 || low == -1)
				return false;
			c = (unsigned char)(high * 16 + low);
			i += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return false;
		*out++ = (char)c;
	}
	*out = '\0';
	return true;
}

static struct cg_admin_param *admin_query_find(struct cg_admin_param *params, size_t n,
                                               struct cg_str name)
{
	for (size_t i = 0; i < n; i++)
		if (cg_str_eq(cg_str_from(params[i].name), name))
			return &params[i];
	return NULL;
}

/* One "name=value". */
static int admin_query_take(struct cg_str part, struct cg_admin_param *params, size_t n,
                            struct cg_error *err)
{
	struct cg_str value = part;
	struct cg_str name;

	/* Without "=" the value is empty. */
	(void)cg_str_next(&value, '=', &name);
	struct cg_admin_param *param = admin_query_find(params, n, name);
	if (param == NULL)
		return cg_error_set(err, "the query: there is no parameter \"%.*s\"",
		                    CG_STR_ARGS(name));
	if (param->value != NULL)
		return cg_error_set(err, "the query: %s is given twice", param->name);
	if (value.len == 0)
		return cg_error_set(err, "the query: %s has no value", param->name);
	param->value = cg_mem_alloc(value.len + 1);
	if (!admin_query_decode(value, param->value))
		return cg_error_set(err,
		                    "the query: %s has a malformed percent-encoding or a control",
		                    param->name);
	return 0;
}

int cg_admin_query_read(const char *query, struct cg_admin_param *params, size_t n,
                        struct cg_error *err)
{
	struct cg_str rest = cg_str_from(query);
	struct cg_str part;

	for (size_t i = 0; i < n; i++)
		params[i].value = NULL;
	if (rest.len == 0)
		return 0;
	while (cg_str_next(&rest, '&', &part))
		if (admin_query_take(part, params, n, err) == -1)
			return -1;
	return 0;
}

void cg_admin_query_fini(struct cg_admin_param *params, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(params[i].value);
		params[i].value = NULL;
	}
}
