/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole files in memory, with a limit: the configuration and the secrets that it names. */
#ifndef CG_CONFIG_INPUT_H
#define CG_CONFIG_INPUT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Append the bytes of FILE to BUF; more than LIMIT bytes are an error. What was read is the
 * caller's to wipe, also after an error. */
CG_MUST_USE int cg_input_read(const char *file, size_t limit, struct cg_buf *buf,
                              struct cg_error *err);
/* Wipe the bytes and give the memory back. */
void cg_input_wipe(struct cg_buf *buf);

/* NAME as seen from the directory of FILE; freed by the caller. */
CG_MUST_USE char *cg_input_path(const char *file, struct cg_str name);

#endif
