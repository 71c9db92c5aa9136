/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls with libcurl's multi interface, whose sockets and timer are events of the loop. Addresses
 * are tried here one after another with CURLOPT_CONNECT_TO, which leaves the name to verify, SNI
 * and Host to the URL. What an ended call means in words and phases is in fetch_verdict. */
#include "fetch/fetch.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <event2/event.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "fetch/fetch_verdict.h"

struct cg_fetcher {
	CURLM *multi;
	struct event_base *base;
	struct event *timer;
	struct cg_list fetches;
};

struct cg_fetch {
	struct cg_list node;
	struct cg_fetcher *fetcher;
	cg_fetch_fn on_end;
	void *owner;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to; /* of the try that runs */
	struct cg_addr *addrs;
	size_t addrs_n;
	size_t addr_at;
	bool is_tls;
	bool has_begun_tls;
	int64_t started;
	int64_t timeout_ms;
	size_t body_max;
	bool has_enough; /* we ended the transfer ourselves */
	struct cg_buf body;
	char error[CURL_ERROR_SIZE];
};

void cg_fetch_global_init(void)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

	cg_assert(code == CURLE_OK);
}

void cg_fetch_global_fini(void)
{
	curl_global_cleanup();
}

/* ---- one call ---- */

static int64_t fetch_left_ms(const struct cg_fetch *fetch)
{
	int64_t left = fetch->started + fetch->timeout_ms - cg_clock_now_ms();

	/* curl takes 0 for no limit */
	return CG_MAX(left, 1);
}

static int fetch_status(const struct cg_fetch *fetch)
{
	long status = 0;

	curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 ? (int)status : 0;
}

static size_t fetch_on_head(char *data, size_t size, size_t n, void *user)
{
	struct cg_fetch *fetch = user;
	bool is_end = size * n <= 2 && (data[0] == '\r' || data[0] == '\n');

	if (!is_end || fetch->body_max > 0 || fetch_status(fetch) == 0)
		return size * n;
	fetch->has_enough = true;
	return 0;
}

static size_t fetch_on_body(char *data, size_t size, size_t n, void *user)
{
	struct cg_fetch *fetch = user;
	size_t room = fetch->body_max - cg_buf_len(&fetch->body);

	cg_buf_append(&fetch->body, data, CG_MIN(size * n, room));
	if (cg_buf_len(&fetch->body) < fetch->body_max)
		return size * n;
	fetch->has_enough = true;
	return 0;
}

/* Some versions of curl tell the time of the connect only with that of the handshake. */
static CURLcode fetch_on_tls(CURL *easy, void *tls_ctx, void *user)
{
	struct cg_fetch *fetch = user;

	(void)easy;
	(void)tls_ctx;
	fetch->has_begun_tls = true;
	return CURLE_OK;
}

static void fetch_free(struct cg_fetch *fetch)
{
	cg_list_remove(&fetch->node);
	curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
	curl_easy_cleanup(fetch->easy);
	/* They may hold credentials. */
	for (struct curl_slist *item = fetch->headers; item != NULL; item = item->next)
		cg_mem_wipe(item->data, strlen(item->data));
	curl_slist_free_all(fetch->headers);
	curl_slist_free_all(fetch->connect_to);
	cg_buf_fini(&fetch->body);
	free(fetch->addrs);
	free(fetch);
}

/* Connect to the address that is at turn. */
static void fetch_try(struct cg_fetch *fetch)
{
	char rule[CG_ADDR_TEXT_SIZE + 2] = "::";
	int64_t left = fetch_left_ms(fetch);
	bool is_last = fetch->addr_at + 1 >= fetch->addrs_n;
	CURLMcode code;

	/* HOST and PORT of the rule are empty: whatever the URL says. */
	cg_addr_format(&fetch->addrs[fetch->addr_at], rule + 2);
	curl_slist_free_all(fetch->connect_to);
	fetch->connect_to = curl_slist_append(NULL, rule);
	cg_assert(fetch->connect_to != NULL);
	curl_easy_setopt(fetch->easy, CURLOPT_CONNECT_TO, fetch->connect_to);
	fetch->error[0] = '\0';
	fetch->has_begun_tls = false;
	curl_easy_setopt(fetch->easy, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(fetch->easy, CURLOPT_CONNECTTIMEOUT_MS,
	                 (long)(is_last ? left : (left + 1) / 2));
	code = curl_multi_add_handle(fetch->fetcher->multi, fetch->easy);
	cg_assert(code == CURLM_OK);
}

static struct cg_fetch_facts fetch_facts(const struct cg_fetch *fetch, CURLcode code)
{
	struct cg_fetch_facts facts = {
	        .code = fetch->has_enough ? CURLE_OK : code,
	        .is_tls = fetch->is_tls,
	        .status = fetch_status(fetch),
	        .timeout_ms = fetch->timeout_ms,
	        .text = fetch->error,
	};
	curl_off_t connected = 0;
	curl_off_t secured = 0;

	curl_easy_getinfo(fetch->easy, CURLINFO_CONNECT_TIME_T, &connected);
	curl_easy_getinfo(fetch->easy, CURLINFO_APPCONNECT_TIME_T, &secured);
	curl_easy_getinfo(fetch->easy, CURLINFO_OS_ERRNO, &facts.os_errno);
	facts.is_connected = connected > 0 || fetch->has_begun_tls;
	facts.is_secured = secured > 0;
	return facts;
}

/* The transfer is over: another address, or tell the owner. */
static void fetch_on_done(struct cg_fetch *fetch, CURLcode code)
{
	struct cg_fetch_facts facts = fetch_facts(fetch, code);
	enum cg_fetch_phase phase = cg_fetch_verdict_phase(&facts);
	char words[CG_FETCH_VERDICT_SIZE];
	struct cg_fetch_answer answer;

	curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
	if (phase <= CG_FETCH_HANDSHAKE && fetch->addr_at + 1 < fetch->addrs_n &&
	    fetch_left_ms(fetch) > 1) {
		fetch->addr_at++;
		fetch_try(fetch);
		return;
	}
	cg_fetch_verdict_words(&facts, phase, words, sizeof(words));
	answer = (struct cg_fetch_answer){
	        .phase = phase,
	        .status = facts.status,
	        .error = phase == CG_FETCH_DONE ? NULL : words,
	        .body = cg_buf_str(&fetch->body),
	        .duration_ms = cg_clock_now_ms() - fetch->started,
	};
	fetch->on_end(fetch->owner, &answer);
	fetch_free(fetch);
}

/* ---- curl on the loop ---- */

/* Never called from inside curl: owners may start and cancel fetches in their callback. */
static void fetch_collect(struct cg_fetcher *fetcher)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		char *fetch = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
		fetch_on_done((struct cg_fetch *)(void *)fetch, code);
	}
}

static void fetch_on_timer(evutil_socket_t fd, short what, void *user)
{
	struct cg_fetcher *fetcher = user;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	fetch_collect(fetcher);
}

static void fetch_on_ready(evutil_socket_t fd, short what, void *user)
{
	struct cg_fetcher *fetcher = user;
	int mask = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
	           ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(fetcher->multi, fd, mask, &running);
	fetch_collect(fetcher);
}

static int fetch_on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
	struct cg_fetcher *fetcher = user;
	struct event *event = socket_user;
	int flags = ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
	            ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0) | EV_PERSIST;

	(void)easy;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		event = event_new(fetcher->base, fd, (short)flags, fetch_on_ready, fetcher);
		cg_assert(event != NULL);
		event_add(event, NULL);
	}
	curl_multi_assign(fetcher->multi, fd, event);
	return 0;
}

static int fetch_on_timer_change(CURLM *multi, long timeout_ms, void *user)
{
	struct cg_fetcher *fetcher = user;
	struct timeval after = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	(void)multi;
	if (timeout_ms < 0)
		event_del(fetcher->timer);
	else
		event_add(fetcher->timer, &after);
	return 0;
}

struct cg_fetcher *cg_fetcher_new(struct cg_loop *loop)
{
	struct cg_fetcher *fetcher = cg_mem_alloc(sizeof(*fetcher));

	cg_list_init(&fetcher->fetches);
	fetcher->base = cg_loop_base(loop);
	fetcher->timer = evtimer_new(fetcher->base, fetch_on_timer, fetcher);
	fetcher->multi = curl_multi_init();
	cg_assert(fetcher->timer != NULL && fetcher->multi != NULL);
	curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, fetch_on_socket);
	curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
	curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, fetch_on_timer_change);
	curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
	return fetcher;
}

void cg_fetcher_free(struct cg_fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	CG_LIST_FOREACH(node, following, &fetcher->fetches)
	fetch_free(CG_LIST_ENTRY(node, struct cg_fetch, node));
	curl_multi_cleanup(fetcher->multi);
	event_free(fetcher->timer);
	free(fetcher);
}

/* ---- starting a call ---- */

static bool fetch_has_header(const struct cg_fetch_request *request, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < request->headers_n; i++)
		if (strncasecmp(request->headers[i], name, len) == 0 &&
		    request->headers[i][len] == ':')
			return true;
	return false;
}

static void fetch_add_header(struct cg_fetch *fetch, const char *line)
{
	struct curl_slist *headers = curl_slist_append(fetch->headers, line);

	cg_assert(headers != NULL);
	fetch->headers = headers;
}

/* The Host of the URL as written, when the URL is about to get another host. */
static void fetch_keep_host(struct cg_fetch *fetch, CURLU *url)
{
	char *host = NULL;
	char *port = NULL;
	char *line;

	curl_url_get(url, CURLUPART_HOST, &host, 0);
	curl_url_get(url, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT);
	line = cg_str_printf("Host: %s%s%s", host == NULL ? "" : host, port == NULL ? "" : ":",
	                     port == NULL ? "" : port);
	fetch_add_header(fetch, line);
	free(line);
	curl_free(host);
	curl_free(port);
}

static void fetch_add_host(struct cg_fetch *fetch, const struct cg_fetch_request *request,
                           CURLU *url)
{
	char *line;

	if (request->host == NULL) {
		if (request->sni != NULL)
			fetch_keep_host(fetch, url);
		return;
	}
	line = cg_str_printf("Host: %s", request->host);
	fetch_add_header(fetch, line);
	free(line);
}

static void fetch_set_sni(CURLU *url, const char *sni)
{
	char *host = cg_str_printf(strchr(sni, ':') != NULL ? "[%s]" : "%s", sni);

	curl_url_set(url, CURLUPART_HOST, host, 0);
	free(host);
}

/* The URL that curl gets: its scheme says whether TLS is spoken and its host is the name to verify.
 */
static void fetch_set_url(struct cg_fetch *fetch, const struct cg_fetch_request *request)
{
	CURLU *url = curl_url();
	char *text = NULL;

	cg_assert(url != NULL);
	curl_url_set(url, CURLUPART_URL, request->url, 0);
	if (request->kind != CG_FETCH_HTTP)
		curl_url_set(url, CURLUPART_SCHEME,
		             request->kind == CG_FETCH_TLS ? "https" : "http", 0);
	if (!fetch_has_header(request, "Host"))
		fetch_add_host(fetch, request, url);
	if (request->sni != NULL)
		fetch_set_sni(url, request->sni);
	curl_url_get(url, CURLUPART_URL, &text, 0);
	/* A malformed one is curl's to tell. */
	curl_easy_setopt(fetch->easy, CURLOPT_URL, text == NULL ? request->url : text);
	fetch->is_tls = strncasecmp(text == NULL ? "" : text, "https:", 6) == 0;
	curl_free(text);
	curl_url_cleanup(url);
}

static void fetch_set_protocol(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "cpigate/" PACKAGE_VERSION);
}

static void fetch_set_tls(CURL *easy, const struct cg_fetch_request *request)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request->tls_verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request->tls_verify ? 2L : 0L);
	if (request->ca_file == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
	/* Else the system's directory would be trusted beside the file. */
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A file that was replaced counts at once, not after curl's 24 hours. */
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
}

static void fetch_set_method(CURL *easy, const struct cg_fetch_request *request)
{
	if (request->kind != CG_FETCH_HTTP)
		curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	else if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(request->method, "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void fetch_set_callbacks(struct cg_fetch *fetch)
{
	curl_easy_setopt(fetch->easy, CURLOPT_PRIVATE, fetch);
	curl_easy_setopt(fetch->easy, CURLOPT_ERRORBUFFER, fetch->error);
	curl_easy_setopt(fetch->easy, CURLOPT_SSL_CTX_FUNCTION, fetch_on_tls);
	curl_easy_setopt(fetch->easy, CURLOPT_SSL_CTX_DATA, fetch);
	curl_easy_setopt(fetch->easy, CURLOPT_HEADERFUNCTION, fetch_on_head);
	curl_easy_setopt(fetch->easy, CURLOPT_HEADERDATA, fetch);
	curl_easy_setopt(fetch->easy, CURLOPT_WRITEFUNCTION, fetch_on_body);
	curl_easy_setopt(fetch->easy, CURLOPT_WRITEDATA, fetch);
}

struct cg_fetch *cg_fetch_start(struct cg_fetcher *fetcher, const struct cg_fetch_request *request,
                                cg_fetch_fn on_end, void *owner)
{
	struct cg_fetch *fetch = cg_mem_alloc(sizeof(*fetch));

	cg_assert(request->addrs_n > 0);
	cg_list_push_back(&fetcher->fetches, &fetch->node);
	fetch->fetcher = fetcher;
	fetch->on_end = on_end;
	fetch->owner = owner;
	fetch->started = cg_clock_now_ms();
	fetch->timeout_ms = request->timeout_ms;
	fetch->body_max = request->body_max;
	fetch->addrs_n = request->addrs_n;
	fetch->addrs = cg_mem_alloc_array(request->addrs_n, sizeof(*fetch->addrs));
	memcpy(fetch->addrs, request->addrs, request->addrs_n * sizeof(*fetch->addrs));
	fetch->easy = curl_easy_init();
	cg_assert(fetch->easy != NULL);
	fetch_set_url(fetch, request);
	fetch_set_protocol(fetch->easy);
	fetch_set_tls(fetch->easy, request);
	fetch_set_method(fetch->easy, request);
	fetch_set_callbacks(fetch);
	for (size_t i = 0; i < request->headers_n; i++)
		fetch_add_header(fetch, request->headers[i]);
	curl_easy_setopt(fetch->easy, CURLOPT_HTTPHEADER, fetch->headers);
	fetch_try(fetch);
	return fetch;
}

void cg_fetch_cancel(struct cg_fetch *fetch)
{
	if (fetch != NULL)
		fetch_free(fetch);
}
