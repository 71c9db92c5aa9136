/* SPDX-License-Identifier: BSD-2-Clause */
/* The request target (RFC 9112 section 3.2) and the Host field (RFC 9110 section 7.2): split and
 * judged. Pure. */
#ifndef CG_HTTP_TARGET_H
#define CG_HTTP_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/str.h"
#include "http/message.h"
#include "http/refusal.h"

/* Fill authority, path and is_https of REQUEST from its target and method: origin-form,
 * absolute-form with http or https, asterisk-form with OPTIONS only. A fragment, a control
 * character, a space or (outside of origin-form) userinfo is refused, and so is an absolute-form
 * with a query but no path. The path stays byte for byte; it is not normalised. Of absolute-form
 * OPTIONS without a path it is "*". */
CG_MUST_USE enum cg_refusal cg_target_parse(struct cg_message *request);

/* Whether HOST is uri-host [ ":" port ] (RFC 9110 section 7.2, RFC 3986 section 3.2.2): reg-name,
 * IPv4 or [IPv6]; no userinfo, no empty name; port empty or 0..65535. Of reg-name the unreserved
 * characters only: no sub-delims, no '%'. */
bool cg_target_is_host(struct cg_str host);

/* NAME without port and brackets of "name", "name:443", "[::1]:443". */
struct cg_str cg_target_host_name(struct cg_str host);

/* Whether PATH (a query after '?' is ignored) lies under PREFIX on segment borders: "/a" covers
 * "/a", "/a/", "/a/b",
 * "/a?x", not "/ab"; "/" covers all. Paths with dot segments, also percent-encoded ones, or with
 * encoded slashes are matched as the bytes they are. */
bool cg_target_path_covers(struct cg_str prefix, struct cg_str path);

#endif
