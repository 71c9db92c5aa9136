/* SPDX-License-Identifier: BSD-2-Clause */
/* The options table as documentation, for doc/options.md and the OPTIONS section of cpigate.ini(5).
 */
#ifndef CG_CONFIG_SHOW_H
#define CG_CONFIG_SHOW_H

#include "base/buf.h"

void cg_show_markdown(struct cg_buf *out);
/* From ".Sh OPTIONS" on, one subsection for each section of the file. */
void cg_show_mdoc(struct cg_buf *out);

#endif
