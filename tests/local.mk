# SPDX-License-Identifier: BSD-2-Clause
# What make check runs. Tests are programs named after their one source file, listed one a line;
# style checks are scripts. All of them speak TAP, and find their data below $srcdir/tests.

LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_LOG_DRIVER_FLAGS = --comments
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	CC='$(CC)'; export CC; \
	NM='$(NM)'; export NM; \
	CPPFLAGS='$(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS)'; export CPPFLAGS;

LDADD = src/libcpigate.a $(CMOCKA_LIBS) $(LIBEVENT_OPENSSL_LIBS) $(CG_LIBS)

STYLE_CHECKS = \
	tests/style/check-format \
	tests/style/check-headers \
	tests/style/check-layers \
	tests/style/check-names \
	tests/style/check-options \
	tests/style/check-size \
	tests/style/check-sources

CG_TESTS = \
	tests/scenario/test_scenario \
	tests/unit/admin/test_admin \
	tests/unit/admin/test_admin_auth \
	tests/unit/admin/test_admin_path \
	tests/unit/admin/test_admin_query \
	tests/unit/admin/test_api_change \
	tests/unit/admin/test_api_explain \
	tests/unit/admin/test_api_json \
	tests/unit/admin/test_api_warnings \
	tests/unit/base/test_addr \
	tests/unit/base/test_arena \
	tests/unit/base/test_buf \
	tests/unit/base/test_clock \
	tests/unit/base/test_err \
	tests/unit/base/test_escape \
	tests/unit/base/test_list \
	tests/unit/base/test_log \
	tests/unit/base/test_map \
	tests/unit/base/test_mem \
	tests/unit/base/test_rand \
	tests/unit/base/test_ring \
	tests/unit/base/test_slab \
	tests/unit/base/test_str \
	tests/unit/cli/test_args \
	tests/unit/cli/test_cmd_operate \
	tests/unit/cli/test_demo_cert \
	tests/unit/cli/test_status_text \
	tests/unit/cli/test_table \
	tests/unit/config/test_check \
	tests/unit/config/test_config \
	tests/unit/config/test_options \
	tests/unit/config/test_parse \
	tests/unit/config/test_route \
	tests/unit/config/test_value \
	tests/unit/daemon/test_cert_watch \
	tests/unit/daemon/test_sockets \
	tests/unit/daemon/test_watchdog \
	tests/unit/fetch/test_fetch \
	tests/unit/fetch/test_fetch_verdict \
	tests/unit/http/test_date \
	tests/unit/http/test_field \
	tests/unit/http/test_framing \
	tests/unit/http/test_h1_body \
	tests/unit/http/test_h1_head \
	tests/unit/http/test_h1_write \
	tests/unit/http/test_message \
	tests/unit/http/test_phrase \
	tests/unit/http/test_refusal \
	tests/unit/http/test_target \
	tests/unit/net/test_conn \
	tests/unit/net/test_listener \
	tests/unit/net/test_loop \
	tests/unit/net/test_mailbox \
	tests/unit/net/test_resolve \
	tests/unit/net/test_takeover \
	tests/unit/net/test_timer \
	tests/unit/net/test_tls_ctx \
	tests/unit/net/test_tls_renew \
	tests/unit/probe/test_probe \
	tests/unit/probe/test_probe_judge \
	tests/unit/probe/test_probe_run \
	tests/unit/proxy/test_access_log \
	tests/unit/proxy/test_access_writer \
	tests/unit/proxy/test_failure \
	tests/unit/proxy/test_idle \
	tests/unit/proxy/test_origin \
	tests/unit/proxy/test_repeat \
	tests/unit/proxy/test_replay \
	tests/unit/proxy/test_rewrite \
	tests/unit/state/test_journal \
	tests/unit/state/test_live \
	tests/unit/state/test_live_operate \
	tests/unit/state/test_snapshot \
	tests/unit/state/test_store \
	tests/unit/tenant/test_health \
	tests/unit/tenant/test_probe_result \
	tests/unit/tenant/test_select \
	tests/unit/tenant/test_select_priority \
	tests/wire/test_wire

CG_TEST_FILES = \
	tests/unit/admin/world.h \
	tests/unit/config/load.h \
	tests/unit/net/certs.h \
	tests/unit/net/wait.h \
	tests/unit/state/live_fixture.h \
	tests/unit/test_cert.h \
	tests/unit/test_config.h \
	tests/unit/test_peer.h

EXTRA_DIST += \
	$(STYLE_CHECKS) \
	$(CG_TEST_FILES) \
	tests/style/size-exceptions \
	tests/style/tap.sh

TESTS = $(STYLE_CHECKS)

if HAVE_CMOCKA
check_PROGRAMS = $(CG_TESTS)
TESTS += $(CG_TESTS)
else
check-local:
	@echo "*** Only the style was checked: the tests need cmocka (apt install libcmocka-dev)."
endif

# Cases are found by the tests, not listed: all files of these kinds belong to the release.
dist-hook:
	cd $(srcdir) && find tests -type f \( -name '*.txt' -o -name '*.md' -o -name '*.req' \
		-o -name '*.res' -o -name '*.want' -o -name '*.py' -o -name '*.sh' \) | \
	while read -r file; do \
		$(MKDIR_P) "$(abs_top_builddir)/$(distdir)/$${file%/*}" && \
		cp -p "$$file" "$(abs_top_builddir)/$(distdir)/$$file" || exit 1; \
	done

