/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a listener's new certificate better than the one in use? Files are looked at by content, so
 * that symbolic links, mounted secrets and files written in place are all seen. Control thread. */
#ifndef CG_NET_TLS_RENEW_H
#define CG_NET_TLS_RENEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/defs.h"
#include "base/err.h"
#include "config/config.h"
#include "net/tls_ctx.h"

enum { CG_TLS_DIGEST_SIZE = 32 };

/* A digest of all that LISTEN's certificate and key files hold; false if one can't be read. */
CG_MUST_USE bool cg_tls_files_digest(const struct cg_config_listen *listen,
                                     unsigned char out[CG_TLS_DIGEST_SIZE]);

/* Whether FRESH may take the place of OLD: every certificate is in date at NOW_S, and every name
 * that OLD covers is covered. -1 with ERR. */
CG_MUST_USE int cg_tls_server_may_replace(const struct cg_tls_server *fresh,
                                          const struct cg_tls_server *old, int64_t now_s,
                                          struct cg_error *err);

#endif
