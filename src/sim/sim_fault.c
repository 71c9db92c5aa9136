/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses, shows and counts the faults; what they do is in sim_answer (which answer) and sim_conn
 * (how it is sent). */
#include "sim/sim_fault.h"

#include <inttypes.h>
#include <string.h>

enum fault_kind { FAULT_FLAG, FAULT_NUMBER, FAULT_STATUS, FAULT_ROUTER };

static const struct {
	const char *key;
	enum fault_kind kind;
} fault_table[] = {
#define X(id, key, kind) {key, FAULT_##kind},
        CG_SIM_FAULTS(X)
#undef X
};

static const struct {
	const char *name;
	unsigned status;
} fault_router_errors[] = {
#define X(id, name, status) {name, status},
        CG_SIM_ROUTER_ERRORS(X)
#undef X
};

const char *cg_sim_fault_router_name(uint64_t value)
{
	cg_assert(value < CG_ARRAY_LEN(fault_router_errors));
	return fault_router_errors[value].name;
}

unsigned cg_sim_fault_router_status(uint64_t value)
{
	cg_assert(value < CG_ARRAY_LEN(fault_router_errors));
	return fault_router_errors[value].status;
}

static bool fault_parse_flag(struct cg_str text, uint64_t *value)
{
	*value = 1;
	return cg_str_eq(text, CG_STR("1")) || cg_str_eq(text, CG_STR("on"));
}

static bool fault_parse_router(struct cg_str text, uint64_t *value)
{
	for (size_t i = 0; i < CG_ARRAY_LEN(fault_router_errors); i++) {
		if (!cg_str_eq(text, cg_str_from(fault_router_errors[i].name)))
			continue;
		*value = i;
		return true;
	}
	return false;
}

static bool fault_parse(enum fault_kind kind, struct cg_str text, uint64_t *value)
{
	switch (kind) {
	case FAULT_FLAG:
		return fault_parse_flag(text, value);
	case FAULT_NUMBER:
		return cg_str_to_u64(text, INT64_MAX / 1000, value);
	case FAULT_STATUS:
		return cg_str_to_u64(text, 599, value) && *value >= 400;
	case FAULT_ROUTER:
		return fault_parse_router(text, value);
	}
	return false;
}

static int fault_set_row(struct cg_sim_fault *fault, size_t row, struct cg_str value,
                         struct cg_error *err)
{
	bool is_flag = fault_table[row].kind == FAULT_FLAG;
	uint64_t number = 0;

	if (cg_str_eq(value, CG_STR("off")) || (is_flag && cg_str_eq(value, CG_STR("0")))) {
		fault->is_on[row] = false;
		return 0;
	}
	if (!fault_parse(fault_table[row].kind, value, &number) ||
	    (row == CG_SIM_FAULT_TIMES && number == 0))
		return cg_error_set(err, "bad value for %s: '%.*s'", fault_table[row].key,
		                    CG_STR_ARGS(value));
	fault->is_on[row] = true;
	fault->value[row] = number;
	return 0;
}

static int fault_set_path(struct cg_sim_fault *fault, struct cg_str value, struct cg_error *err)
{
	if (value.len >= sizeof(fault->path))
		return cg_error_set(err, "path is longer than %zu", sizeof(fault->path) - 1);
	if (value.len > 0)
		memcpy(fault->path, value.ptr, value.len);
	fault->path[value.len] = '\0';
	return 0;
}

static int fault_add_header(struct cg_sim_fault *fault, struct cg_str value, struct cg_error *err)
{
	size_t used = strlen(fault->header);

	if (value.len == 0) {
		fault->header[0] = '\0';
		return 0;
	}
	if (value.len + 3 > sizeof(fault->header) - used)
		return cg_error_set(err, "headers are longer than %zu", sizeof(fault->header) - 1);
	memcpy(fault->header + used, value.ptr, value.len);
	memcpy(fault->header + used + value.len, "\r\n", 3);
	return 0;
}

int cg_sim_fault_set(struct cg_sim_fault *fault, struct cg_str key, struct cg_str value,
                     struct cg_error *err)
{
	for (size_t i = 0; i < CG_ARRAY_LEN(fault_table); i++)
		if (cg_str_eq(key, cg_str_from(fault_table[i].key)))
			return fault_set_row(fault, i, value, err);
	if (cg_str_eq(key, CG_STR("path")))
		return fault_set_path(fault, value, err);
	if (cg_str_eq(key, CG_STR("header")))
		return fault_add_header(fault, value, err);
	return cg_error_set(err, "unknown fault '%.*s'", CG_STR_ARGS(key));
}

void cg_sim_fault_clear(struct cg_sim_fault *fault)
{
	*fault = (struct cg_sim_fault){.path = ""};
}

void cg_sim_fault_show(const struct cg_sim_fault *fault, struct cg_buf *out)
{
	struct cg_str rest = {.ptr = fault->header, .len = strlen(fault->header)};
	struct cg_str line;

	for (size_t i = 0; i < CG_ARRAY_LEN(fault_table); i++) {
		if (!fault->is_on[i])
			continue;
		if (fault_table[i].kind == FAULT_ROUTER)
			cg_buf_appendf(out, "%s=%s\n", fault_table[i].key,
			               cg_sim_fault_router_name(fault->value[i]));
		else
			cg_buf_appendf(out, "%s=%" PRIu64 "\n", fault_table[i].key,
			               fault->value[i]);
	}
	if (fault->path[0] != '\0')
		cg_buf_appendf(out, "path=%s\n", fault->path);
	while (cg_str_next(&rest, '\n', &line))
		if (line.len > 1)
			cg_buf_appendf(out, "header=%.*s\n", (int)line.len - 1, line.ptr);
}

struct cg_sim_fault cg_sim_fault_take(struct cg_sim_fault *fault, struct cg_str path)
{
	struct cg_sim_fault taken = *fault;
	bool is_refused = fault->is_on[CG_SIM_FAULT_REFUSE];

	if (!cg_str_has_prefix(path, cg_str_from(fault->path))) {
		cg_sim_fault_clear(&taken);
		return taken;
	}
	if (fault->is_on[CG_SIM_FAULT_TIMES] && --fault->value[CG_SIM_FAULT_TIMES] == 0) {
		cg_sim_fault_clear(fault);
		fault->is_on[CG_SIM_FAULT_REFUSE] = is_refused;
		fault->value[CG_SIM_FAULT_REFUSE] = is_refused;
	}
	return taken;
}
