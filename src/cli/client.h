/* SPDX-License-Identifier: BSD-2-Clause */
/* The running gateway, as commands reach it: where its admin port is, the token, and calls that
 * give JSON. */
#ifndef CG_CLI_CLIENT_H
#define CG_CLI_CLIENT_H

#include <jansson.h>

#include "base/defs.h"
#include "base/err.h"
#include "cli/args.h"

/* The options that all of these commands have; NULL where not given. */
struct cg_client_options {
	const char *admin;
	const char *token_file;
	const char *config;
};

/* Their rows for a command's table. */
#define CG_CLIENT_ARGS(options)                                                                    \
	{.name = "admin", .value = &(options)->admin},                                             \
	        {.name = "token-file", .value = &(options)->token_file},                           \
	{                                                                                          \
		.name = "config", .letter = 'c', .value = &(options)->config                       \
	}

struct cg_client {
	char *url;   /* without a slash at its end */
	char *token; /* secret; NULL: none */
};

/* -1 with ERR if a file cannot be read or says nothing of use. */
CG_MUST_USE int cg_client_init(struct cg_client *client, const struct cg_client_options *options,
                               struct cg_error *err);
void cg_client_fini(struct cg_client *client);

/* Call PATH and wait; BODY (JSON) may be NULL. A new reference, or NULL with ERR: no gateway there,
 * or its refusal in its own words. */
CG_MUST_USE json_t *cg_client_call(const struct cg_client *client, const char *method,
                                   const char *path, const char *body, struct cg_error *err);

/* POST to PATH without a body, and take a refusal for an answer: *STATUS tells which it is, 200 or
 * the problem's (RFC 9457). NULL with ERR if none came. */
CG_MUST_USE json_t *cg_client_post(const struct cg_client *client, const char *path, int *status,
                                   struct cg_error *err);

#endif
