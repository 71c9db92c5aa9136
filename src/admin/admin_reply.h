/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of the admin port: JSON, problem+json (RFC 9457), plain text. None may be stored or
 * sniffed. Each ends its request. */
#ifndef CG_ADMIN_ADMIN_REPLY_H
#define CG_ADMIN_ADMIN_REPLY_H

#include <event2/http.h>

#include <jansson.h>

#include "base/defs.h"

/* Takes JSON over. */
void cg_admin_reply_json(struct evhttp_request *req, int status, json_t *json);
/* The title follows from STATUS; the detail is for people. */
void cg_admin_reply_problem(struct evhttp_request *req, int status, const char *format, ...)
        CG_PRINTF(3, 4);
/* The same with further members. Takes MEMBERS over. */
void cg_admin_reply_problem_with(struct evhttp_request *req, int status, json_t *members,
                                 const char *format, ...) CG_PRINTF(4, 5);
void cg_admin_reply_text(struct evhttp_request *req, int status, const char *text);

#endif
