/* SPDX-License-Identifier: BSD-2-Clause */
/* One value from its text, for each type of the options table. Pure. TEXT is trimmed and not empty.
 * An error says what is wrong with the text and quotes it, except where it may be a secret. */
#ifndef CG_CONFIG_VALUE_H
#define CG_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "config/options.h"

CG_MUST_USE int cg_value_read_bool(struct cg_str text, bool *value, struct cg_error *err);

/* UINT, DURATION (in ms), SIZE and BYTES, within the option's range. */
CG_MUST_USE int cg_value_read_number(const struct cg_option *option, struct cg_str text,
                                     uint64_t *value, struct cg_error *err);
/* As it would be written: "10s", "64k", "3". */
void cg_value_format_number(const struct cg_option *option, uint64_t value, struct cg_buf *out);

/* NULL: not one of the option's words. */
const struct cg_option_word *cg_value_find_word(const struct cg_option *option, struct cg_str text);
/* The words as a person lists them: "a, b or c". */
void cg_value_list_words(const struct cg_option *option, struct cg_buf *out);

/* Types that are stored as text, except FILE: a copy in normal form (host names in lower case ...),
 * freed by the caller; NULL if malformed. */
CG_MUST_USE char *cg_value_read_text(enum cg_option_type type, struct cg_str text,
                                     struct cg_error *err);

/* With a port; or (MAY_LACK_PORT) without one, which is then 0. */
CG_MUST_USE int cg_value_read_address(struct cg_str text, bool may_lack_port, struct cg_addr *value,
                                      struct cg_error *err);

/* "401" or "200-299". */
CG_MUST_USE int cg_value_read_status(struct cg_str text, struct cg_status_range *value,
                                     struct cg_error *err);

/* A tenant's url in parts. */
struct cg_value_url {
	bool is_https;
	bool is_ip6;
	struct cg_str host; /* a part of the text, without brackets, in the text's case */
	uint16_t port;
	bool has_default_port;
};

CG_MUST_USE int cg_value_split_url(struct cg_str text, struct cg_value_url *url,
                                   struct cg_error *err);

/* [A-Za-z0-9_.-]{1,64} */
bool cg_value_is_name(struct cg_str text);

#endif
