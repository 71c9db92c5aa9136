/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of the failures. */
#include "proxy/failure.h"

static const struct {
	int status;
	const char *name;
	const char *proxy_error;
	const char *text;
} failures[] = {[CG_FAILURE_NONE] = {200, "", "", ""},
#define X(id, status, name, proxy_error, text)                                                     \
	[CG_FAILURE_##id] = {status, name, proxy_error, text},
                CG_FAILURES(X)
#undef X
};

int cg_failure_status(enum cg_failure failure)
{
	return failures[failure].status;
}

const char *cg_failure_name(enum cg_failure failure)
{
	return failures[failure].name;
}

const char *cg_failure_proxy_error(enum cg_failure failure)
{
	return failures[failure].proxy_error;
}

const char *cg_failure_text(enum cg_failure failure)
{
	return failures[failure].text;
}
