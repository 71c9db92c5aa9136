# SPDX-License-Identifier: BSD-2-Clause
# The programs and their files: one a line, in alphabetical order (tests/style/check-sources). All
# but the mains are in libcpigate.a, so that the tests can link them.

noinst_LIBRARIES += src/libcpigate.a
EXTRA_DIST += src/layers.txt

# A tool of the build: make options.
noinst_PROGRAMS += cg-options
cg_options_SOURCES = src/config/options_main.c
cg_options_LDADD = src/libcpigate.a $(CG_LIBS)

src_libcpigate_a_SOURCES = \
	src/base/addr.c \
	src/base/addr.h \
	src/base/arena.c \
	src/base/arena.h \
	src/base/buf.c \
	src/base/buf.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/defs.h \
	src/base/err.c \
	src/base/err.h \
	src/base/escape.c \
	src/base/escape.h \
	src/base/list.h \
	src/base/log.c \
	src/base/log.h \
	src/base/map.c \
	src/base/map.h \
	src/base/mem.c \
	src/base/mem.h \
	src/base/rand.c \
	src/base/rand.h \
	src/base/ring.c \
	src/base/ring.h \
	src/base/slab.c \
	src/base/slab.h \
	src/base/str.c \
	src/base/str.h \
	src/config/check.c \
	src/config/check.h \
	src/config/check_impl.h \
	src/config/check_listeners.c \
	src/config/check_routing.c \
	src/config/config.c \
	src/config/config.h \
	src/config/derive.c \
	src/config/derive.h \
	src/config/input.c \
	src/config/input.h \
	src/config/lines.c \
	src/config/lines.h \
	src/config/nearest.c \
	src/config/nearest.h \
	src/config/options.c \
	src/config/options.h \
	src/config/parse.c \
	src/config/parse.h \
	src/config/route.c \
	src/config/route.h \
	src/config/show.c \
	src/config/show.h \
	src/config/store.c \
	src/config/store.h \
	src/config/value.c \
	src/config/value.h \
	src/config/value_impl.h \
	src/config/value_text.c \
	src/fetch/fetch.c \
	src/fetch/fetch.h \
	src/fetch/fetch_verdict.c \
	src/fetch/fetch_verdict.h \
	src/http/char_impl.h \
	src/http/date.c \
	src/http/date.h \
	src/http/field.c \
	src/http/field.h \
	src/http/framing.c \
	src/http/framing.h \
	src/http/h1_body.c \
	src/http/h1_body.h \
	src/http/h1_head.c \
	src/http/h1_head.h \
	src/http/h1_write.c \
	src/http/h1_write.h \
	src/http/message.c \
	src/http/message.h \
	src/http/phrase.c \
	src/http/phrase.h \
	src/http/refusal.c \
	src/http/refusal.h \
	src/http/target.c \
	src/http/target.h \
	src/net/conn.c \
	src/net/conn.h \
	src/net/conn_impl.h \
	src/net/conn_plain.c \
	src/net/conn_tls.c \
	src/net/listener.c \
	src/net/listener.h \
	src/net/loop.c \
	src/net/loop.h \
	src/net/mailbox.c \
	src/net/mailbox.h \
	src/net/resolve.c \
	src/net/resolve.h \
	src/net/timer.c \
	src/net/timer.h \
	src/net/tls_choice.c \
	src/net/tls_choice.h \
	src/net/tls_ctx.c \
	src/net/tls_ctx.h \
	src/net/tls_pair.c \
	src/net/tls_pair.h \
	src/probe/probe.c \
	src/probe/probe.h \
	src/probe/probe_judge.c \
	src/probe/probe_judge.h \
	src/probe/probe_run.c \
	src/probe/probe_run.h \
	src/state/counters.h \
	src/state/journal.c \
	src/state/journal.h \
	src/state/live.c \
	src/state/live.h \
	src/state/live_impl.h \
	src/state/live_pools.c \
	src/state/snapshot.c \
	src/state/snapshot.h \
	src/tenant/health.c \
	src/tenant/health.h \
	src/tenant/probe_result.c \
	src/tenant/probe_result.h \
	src/tenant/select.c \
	src/tenant/select.h \
	src/tenant/select_priority.c \
	src/tenant/select_priority.h
