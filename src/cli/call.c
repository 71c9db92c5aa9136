/* SPDX-License-Identifier: BSD-2-Clause */
/* One HTTP call, waited for. What an answer means is the caller's. */
#include "cli/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"

static size_t call_on_body(char *data, size_t size, size_t n, void *arg)
{
	struct cg_call_answer *answer = arg;

	if (cg_buf_len(&answer->body) + size * n > CG_CALL_BODY_MAX)
		return 0;
	cg_buf_append(&answer->body, data, size * n);
	return size * n;
}

static size_t call_on_header(char *data, size_t size, size_t n, void *arg)
{
	struct cg_call_answer *answer = arg;
	struct cg_str line = {.ptr = data, .len = size * n};
	struct cg_str name;

	while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
		line.len--;
	if (cg_str_next(&line, ':', &name) && cg_str_ieq(name, CG_STR("X-Cpigate-Tenant")))
		snprintf(answer->tenant, sizeof(answer->tenant), "%.*s",
		         CG_STR_ARGS(cg_str_trim(line)));
	return size * n;
}

static struct curl_slist *call_add_header(struct curl_slist *headers, char *header)
{
	struct curl_slist *longer = curl_slist_append(headers, header);

	cg_assert(longer != NULL);
	cg_mem_free_secret(header);
	return longer;
}

static struct curl_slist *call_headers(const struct cg_call *call)
{
	struct curl_slist *headers = NULL;

	/* Without these libcurl adds its own; the admin port wants the last one with every change.
	 */
	headers = call_add_header(headers, cg_mem_strdup("Expect:"));
	headers = call_add_header(headers, cg_mem_strdup("Content-Type: application/json"));
	if (strcmp(call->method, "GET") != 0)
		headers = call_add_header(headers, cg_mem_strdup("X-Cpigate-Admin: 1"));
	if (call->token != NULL)
		headers = call_add_header(headers,
		                          cg_str_printf("Authorization: Bearer %s", call->token));
	return headers;
}

static void call_set_body(CURL *curl, const struct cg_call *call)
{
	if (strcmp(call->method, "GET") == 0)
		return;
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body == NULL ? "" : call->body);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
}

static void call_set_place(CURL *curl, const struct cg_call *call, struct curl_slist *place)
{
	curl_easy_setopt(curl, CURLOPT_URL, call->url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_CONNECT_TO, place);
	if (call->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca_file);
	if (call->user != NULL)
		curl_easy_setopt(curl, CURLOPT_USERPWD, call->user);
}

/* "::IP:PORT" is libcurl's word for: whatever the URL says, connect there. */
static struct curl_slist *call_place(const struct cg_call *call)
{
	if (call->connect_to == NULL)
		return NULL;
	return call_add_header(NULL, cg_str_printf("::%s", call->connect_to));
}

static int call_perform(CURL *curl, const struct cg_call *call, struct cg_call_answer *answer,
                        struct cg_error *err)
{
	char reason[CURL_ERROR_SIZE] = "";
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, call_on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, call_on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);

	CURLcode code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return cg_error_set(err, "%s %s: %s", call->method, call->url,
		                    reason[0] == '\0' ? curl_easy_strerror(code) : reason);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	return 0;
}

int cg_call_run(const struct cg_call *call, struct cg_call_answer *answer, struct cg_error *err)
{
	struct curl_slist *headers = call_headers(call);
	struct curl_slist *place = call_place(call);
	CURL *curl = curl_easy_init();

	cg_assert(curl != NULL);
	*answer = (struct cg_call_answer){0};
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	call_set_place(curl, call, place);
	call_set_body(curl, call);

	int result = call_perform(curl, call, answer, err);
	if (result == -1)
		cg_call_answer_fini(answer);
	curl_easy_cleanup(curl);
	curl_slist_free_all(place);
	curl_slist_free_all(headers);
	return result;
}

void cg_call_answer_fini(struct cg_call_answer *answer)
{
	cg_buf_fini(&answer->body);
}
