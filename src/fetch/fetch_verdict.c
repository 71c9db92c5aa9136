/* SPDX-License-Identifier: BSD-2-Clause */
/* curl's codes and texts made into phases and short sentences. The codes say what failed, the
 * timing says where a time-out or a broken connection met the transfer. */
#include "fetch/fetch_verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum cg_fetch_phase cg_fetch_verdict_phase(const struct cg_fetch_facts *facts)
{
	switch (facts->code) {
	case CURLE_OK:
		return CG_FETCH_DONE;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return CG_FETCH_NAME;
	case CURLE_COULDNT_CONNECT:
		return CG_FETCH_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return CG_FETCH_HANDSHAKE;
	default:
		break;
	}
	if (!facts->is_connected)
		return CG_FETCH_CONNECT;
	if (facts->is_tls && !facts->is_secured)
		return CG_FETCH_HANDSHAKE;
	return facts->status == 0 ? CG_FETCH_WAIT : CG_FETCH_BODY;
}

/* Without the library's prefixes: "SSL: no alternative...", "SSL certificate problem: ...",
 * "error:0A000410:SSL routines::sslv3 alert handshake failure". */
static const char *fetch_verdict_shorten(const char *text)
{
	static const char *const prefixes[] = {"SSL: ", "SSL "};
	const char *routines = strstr(text, "routines::");

	if (routines != NULL)
		return routines + strlen("routines::");
	for (size_t i = 0; i < CG_ARRAY_LEN(prefixes); i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return text + strlen(prefixes[i]);
	return text;
}

void cg_fetch_verdict_words(const struct cg_fetch_facts *facts, enum cg_fetch_phase phase,
                            char *out, size_t size)
{
	char duration[32];

	if (phase == CG_FETCH_DONE) {
		out[0] = '\0';
	} else if (facts->code == CURLE_OPERATION_TIMEDOUT) {
		cg_clock_format_duration(duration, sizeof(duration), facts->timeout_ms);
		snprintf(out, size, "timed out after %s", duration);
	} else if (phase == CG_FETCH_CONNECT && facts->os_errno != 0) {
		/* curl's own text hides the reason behind "Couldn't connect to server". */
		snprintf(out, size, "%s", strerror((int)facts->os_errno));
	} else if (facts->text[0] != '\0') {
		snprintf(out, size, "%s", fetch_verdict_shorten(facts->text));
	} else {
		snprintf(out, size, "%s", curl_easy_strerror(facts->code));
	}
}
