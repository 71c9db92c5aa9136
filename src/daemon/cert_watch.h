/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks at the certificate files once a minute, by content: a good new pair is taken without a
 * reload, any other is left alone and said once. Control thread. */
#ifndef CG_DAEMON_CERT_WATCH_H
#define CG_DAEMON_CERT_WATCH_H

#include <stddef.h>

#include "net/loop.h"
#include "net/timer.h"
#include "net/tls_renew.h"
#include "state/journal.h"
#include "state/snapshot.h"

enum { CG_CERT_WATCH_MS = 60000 };

struct cg_cert_watch {
	struct cg_loop *loop;
	struct cg_journal *journal;
	struct cg_snapshot *snapshot; /* counted */
	/* by listener: the content seen last, good or not */
	unsigned char (*seen)[CG_TLS_DIGEST_SIZE];
	unsigned *unreadable_n; /* by listener: looks in a row that could not read the files */
	struct cg_timer timer;
};

/* JOURNAL is lent. */
void cg_cert_watch_init(struct cg_cert_watch *watch, struct cg_loop *loop,
                        struct cg_journal *journal);
void cg_cert_watch_fini(struct cg_cert_watch *watch);
/* Watch SNAPSHOT's listeners, whose files were read just now. */
void cg_cert_watch_apply(struct cg_cert_watch *watch, struct cg_snapshot *snapshot);
/* Look now. */
void cg_cert_watch_look(struct cg_cert_watch *watch);

#endif
