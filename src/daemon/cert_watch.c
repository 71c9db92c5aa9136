/* SPDX-License-Identifier: BSD-2-Clause */
/* Renewed certificates. */
#include "daemon/cert_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

static void cert_watch_on_timer(struct cg_timer *timer)
{
	struct cg_cert_watch *watch = CG_CONTAINER_OF(timer, struct cg_cert_watch, timer);

	cg_cert_watch_look(watch);
	cg_timer_set(watch->loop, &watch->timer, cg_loop_now(watch->loop) + CG_CERT_WATCH_MS);
}

void cg_cert_watch_init(struct cg_cert_watch *watch, struct cg_loop *loop,
                        struct cg_journal *journal)
{
	*watch = (struct cg_cert_watch){.loop = loop, .journal = journal};
	cg_timer_init(&watch->timer, cert_watch_on_timer);
	cg_timer_set(loop, &watch->timer, cg_loop_now(loop) + CG_CERT_WATCH_MS);
}

void cg_cert_watch_fini(struct cg_cert_watch *watch)
{
	if (watch->loop == NULL)
		return;
	cg_timer_cancel(&watch->timer);
	cg_snapshot_unref(watch->snapshot);
	free(watch->seen);
	free(watch->unreadable_n);
}

void cg_cert_watch_apply(struct cg_cert_watch *watch, struct cg_snapshot *snapshot)
{
	struct cg_snapshot *old = watch->snapshot;

	watch->snapshot = cg_snapshot_ref(snapshot);
	cg_snapshot_unref(old);
	free(watch->seen);
	free(watch->unreadable_n);
	watch->seen = cg_mem_alloc_array(snapshot->listeners_n, sizeof(*watch->seen));
	watch->unreadable_n =
	        cg_mem_alloc_array(snapshot->listeners_n, sizeof(*watch->unreadable_n));
	for (size_t i = 0; i < snapshot->listeners_n; i++)
		if (snapshot->listeners[i].config->tls)
			(void)!cg_tls_files_digest(snapshot->listeners[i].config, watch->seen[i]);
}

static void cert_watch_note(struct cg_cert_watch *watch, const char *listener, bool is_taken,
                            const char *why)
{
	char *text = is_taken ? cg_str_printf("listener %s: new certificate taken", listener)
	                      : cg_str_printf("listener %s: new certificate files left alone: %s",
	                                      listener, why);

	cg_log(is_taken ? CG_LOG_INFO : CG_LOG_WARNING, "%s", text);
	cg_journal_add(watch->journal, &(struct cg_event){.kind = CG_EVENT_CERTIFICATE,
	                                                  .to = is_taken ? "taken" : "left",
	                                                  .reason = text,
	                                                  .lasted_ms = -1});
	free(text);
}

/* Files that changed: are they better than what is served? A half-written pair is bad now and
 * looked at again when its content changes. */
static void cert_watch_try(struct cg_cert_watch *watch, size_t index)
{
	struct cg_snapshot_listener *listener = &watch->snapshot->listeners[index];
	const char *name = listener->config->name;
	struct cg_report report;
	struct cg_tls_server *fresh;
	struct cg_error err;

	cg_report_init(&report);
	fresh = cg_tls_server_new(listener->config, &report);
	if (fresh == NULL) {
		cert_watch_note(watch, name, false,
		                report.n > 0 ? report.items[0].text : "they can't be read");
	} else if (cg_tls_server_may_replace(fresh, cg_snapshot_tls(listener),
	                                     cg_clock_wall_ms() / 1000, &err) < 0) {
		cert_watch_note(watch, name, false, err.text);
		cg_tls_server_free(fresh);
	} else {
		cg_snapshot_replace_tls(watch->snapshot, index, fresh);
		cert_watch_note(watch, name, true, NULL);
	}
	cg_report_fini(&report);
}

/* Missing for a moment, as while it is replaced, is nothing to say; missing for longer is. */
static void cert_watch_note_unreadable(struct cg_cert_watch *watch, size_t index)
{
	enum { LOOKS = 3 };

	if (++watch->unreadable_n[index] == LOOKS)
		cert_watch_note(watch, watch->snapshot->listeners[index].config->name, false,
		                "they can't be read");
}

static void cert_watch_look_at(struct cg_cert_watch *watch, size_t index)
{
	const struct cg_config_listen *config = watch->snapshot->listeners[index].config;
	unsigned char digest[CG_TLS_DIGEST_SIZE];

	if (!config->tls)
		return;
	if (!cg_tls_files_digest(config, digest)) {
		cert_watch_note_unreadable(watch, index);
		return;
	}
	watch->unreadable_n[index] = 0;
	if (memcmp(digest, watch->seen[index], sizeof(digest)) == 0)
		return;
	memcpy(watch->seen[index], digest, sizeof(digest));
	cert_watch_try(watch, index);
}

void cg_cert_watch_look(struct cg_cert_watch *watch)
{
	for (size_t i = 0; watch->snapshot != NULL && i < watch->snapshot->listeners_n; i++)
		cert_watch_look_at(watch, i);
}
