/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, words, addresses and status codes. The types that are stored as text are in
 * value_text.c. */
#include "config/value.h"

#include "config/value_impl.h"

struct value_unit {
	const char *name;
	uint64_t factor;
};

/* Largest first: numbers are printed in the first unit that divides them. */
static const struct value_unit value_durations[] = {
        {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct value_unit value_sizes[] = {
        {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1}, {NULL, 0}};
static const struct value_unit value_plain[] = {{"", 1}, {NULL, 0}};

static const struct value_unit *value_units(const struct cg_option *option)
{
	switch (cg_option_storage(option)) {
	case CG_STORAGE_MS:
		return value_durations;
	case CG_STORAGE_SIZE:
	case CG_STORAGE_BYTES:
		return value_sizes;
	default:
		return value_plain;
	}
}

static const char *value_explain_number(const struct cg_option *option)
{
	switch (cg_option_storage(option)) {
	case CG_STORAGE_MS:
		return "a duration like 250ms, 10s, 2m or 1h";
	case CG_STORAGE_SIZE:
	case CG_STORAGE_BYTES:
		return "a size like 512, 64k, 10m or 1g";
	default:
		return "a number";
	}
}

int cg_value_read_bool(struct cg_str text, bool *value, struct cg_error *err)
{
	static const char *const words[] = {"off", "on", "no", "yes", "false", "true", "0", "1"};

	for (size_t i = 0; i < CG_ARRAY_LEN(words); i++)
		if (cg_str_ieq(text, cg_str_from(words[i]))) {
			*value = i % 2 == 1;
			return 0;
		}
	return cg_error_set(err, VALUE_QUOTED " is neither on nor off", VALUE_QUOTE(text));
}

/* Digits and a unit; "0" needs none. False if malformed; what is too large becomes UINT64_MAX. */
static bool value_split_number(const struct value_unit *units, struct cg_str text, uint64_t *value)
{
	struct cg_str digits = text;
	struct cg_str unit;

	for (digits.len = 0; digits.len < text.len; digits.len++)
		if (text.ptr[digits.len] < '0' || text.ptr[digits.len] > '9')
			break;
	unit = (struct cg_str){text.ptr + digits.len, text.len - digits.len};
	if (digits.len == 0)
		return false;
	if (!cg_str_to_u64(digits, UINT64_MAX, value))
		*value = UINT64_MAX;
	if (*value == 0 && unit.len == 0)
		return true;
	for (; units->name != NULL; units++)
		if (cg_str_ieq(unit, cg_str_from(units->name))) {
			if (__builtin_mul_overflow(*value, units->factor, value))
				*value = UINT64_MAX;
			return true;
		}
	return false;
}

int cg_value_read_number(const struct cg_option *option, struct cg_str text, uint64_t *value,
                         struct cg_error *err)
{
	struct cg_buf range = {.data = NULL};
	int result;

	if (!value_split_number(value_units(option), text, value))
		return cg_error_set(err, VALUE_QUOTED " is not %s", VALUE_QUOTE(text),
		                    value_explain_number(option));
	if (*value >= option->min && *value <= option->max)
		return 0;
	cg_value_format_number(option, option->min, &range);
	cg_buf_append_str(&range, CG_STR(" to "));
	cg_value_format_number(option, option->max, &range);
	result = cg_error_set(err, VALUE_QUOTED " is out of range (%.*s)", VALUE_QUOTE(text),
	                      CG_STR_ARGS(cg_buf_str(&range)));
	cg_buf_fini(&range);
	return result;
}

void cg_value_format_number(const struct cg_option *option, uint64_t value, struct cg_buf *out)
{
	const struct value_unit *unit = value_units(option);

	while (value % unit->factor != 0)
		unit++;
	cg_buf_append_u64(out, value / unit->factor);
	if (value != 0)
		cg_buf_append_str(out, cg_str_from(unit->name));
}

const struct cg_option_word *cg_value_find_word(const struct cg_option *option, struct cg_str text)
{
	const struct cg_option_word *word = option->words;

	for (; word != NULL && word->name != NULL; word++)
		if (cg_str_eq(cg_str_from(word->name), text))
			return word;
	return NULL;
}

void cg_value_list_words(const struct cg_option *option, struct cg_buf *out)
{
	const struct cg_option_word *word = option->words;

	for (; word->name != NULL; word++) {
		if (word != option->words)
			cg_buf_append_str(out,
			                  word[1].name == NULL ? CG_STR(" or ") : CG_STR(", "));
		cg_buf_append_str(out, cg_str_from(word->name));
	}
}

static bool value_parse_address(struct cg_str text, bool may_lack_port, struct cg_addr *value)
{
	/* To listen on port 0 is to take any free one; nobody can connect to it. */
	if (cg_addr_parse(value, text, 0))
		return !may_lack_port || cg_addr_port(value) != 0;
	/* Any other default tells a missing port from a malformed one. */
	if (!may_lack_port || !cg_addr_parse(value, text, 1))
		return false;
	cg_addr_set_port(value, 0);
	return true;
}

int cg_value_read_address(struct cg_str text, bool may_lack_port, struct cg_addr *value,
                          struct cg_error *err)
{
	if (value_parse_address(text, may_lack_port, value))
		return 0;
	return cg_error_set(err, VALUE_QUOTED " is not %s", VALUE_QUOTE(text),
	                    may_lack_port ? "an address (IP, IP:PORT or [IP6]:PORT)"
	                                  : "an address (IP:PORT or [IP6]:PORT)");
}

static bool value_parse_status(struct cg_str text, int *status)
{
	uint64_t n;

	if (text.len != 3 || !cg_str_to_u64(text, 599, &n) || n < 100)
		return false;
	*status = (int)n;
	return true;
}

int cg_value_read_status(struct cg_str text, struct cg_status_range *value, struct cg_error *err)
{
	struct cg_str rest = text;
	struct cg_str first;

	if (cg_str_next(&rest, '-', &first) && value_parse_status(first, &value->first)) {
		value->last = value->first;
		if (rest.ptr == NULL || value_parse_status(cg_str_trim(rest), &value->last))
			if (value->first <= value->last)
				return 0;
	}
	return cg_error_set(err,
	                    VALUE_QUOTED " is not a status code (100 to 599) or a range of them "
	                                 "like 200-299",
	                    VALUE_QUOTE(text));
}
