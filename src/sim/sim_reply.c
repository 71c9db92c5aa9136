/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes answers into an evbuffer; when, and whether at all, is sim_conn's. */
#include "sim/sim_reply.h"

#include <inttypes.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/util.h>

enum { REPLY_PIECE = 16 * 1024 };

void cg_sim_reply_init(struct cg_sim_reply *reply, const struct cg_sim_identity *identity,
                       const struct cg_sim_request *request, struct cg_sim_fault *fault)
{
	*reply = (struct cg_sim_reply){
	        .fault = cg_sim_fault_take(fault, request->path),
	        .is_head = cg_str_eq(request->method, CG_STR("HEAD")),
	        .closes = request->wants_close,
	};
	reply->answer = cg_sim_answer_decide(identity, request, &reply->fault);
}

void cg_sim_reply_write_body(struct cg_sim_reply *reply, struct evbuffer *out, const char *data,
                             size_t len)
{
	if (reply->fault.is_on[CG_SIM_FAULT_TRUNCATE] &&
	    len > reply->fault.value[CG_SIM_FAULT_TRUNCATE] - reply->sent) {
		len = (size_t)(reply->fault.value[CG_SIM_FAULT_TRUNCATE] - reply->sent);
		reply->is_cut = true;
	}
	reply->sent += len;
	if (len == 0 || reply->is_head)
		return;
	if (reply->is_chunked)
		evbuffer_add_printf(out, "%zx\r\n", len);
	evbuffer_add(out, data, len);
	if (reply->is_chunked)
		evbuffer_add(out, "\r\n", 2);
}

/* The length of the answer's body; false if it is not known yet. */
static bool reply_len(const struct cg_sim_reply *reply, const struct cg_sim_request *request,
                      uint64_t *len)
{
	switch (reply->answer.content) {
	case CG_SIM_CONTENT_PATTERN:
		*len = reply->answer.pattern_len;
		return !reply->answer.is_chunked;
	case CG_SIM_CONTENT_ECHO:
		*len = request->left;
		return !request->is_chunked;
	case CG_SIM_CONTENT_TEXT:
	case CG_SIM_CONTENT_RECEIVED:
		break;
	}
	*len = strlen(reply->answer.text);
	return true;
}

static void reply_write_framing(struct cg_sim_reply *reply, const struct cg_sim_request *request,
                                struct evbuffer *out)
{
	uint64_t len = 0;
	bool is_known = reply_len(reply, request, &len);

	/* HTTP/1.0 knows no chunks: there the end of the connection is the end of the body. */
	reply->is_chunked = !is_known && !request->is_http10;
	reply->closes = reply->closes || (!is_known && request->is_http10);
	if (is_known)
		evbuffer_add_printf(out, "Content-Length: %" PRIu64 "\r\n", len);
	else if (reply->is_chunked)
		evbuffer_add_printf(out, "Transfer-Encoding: chunked\r\n");
	if (reply->fault.is_on[CG_SIM_FAULT_DUPLICATE_LENGTH])
		evbuffer_add_printf(out, "Content-Length: %" PRIu64 "\r\n", len + 1);
	if (reply->closes)
		evbuffer_add_printf(out, "Connection: close\r\n");
	else if (request->is_http10)
		evbuffer_add_printf(out, "Connection: keep-alive\r\n");
}

void cg_sim_reply_write_head(struct cg_sim_reply *reply, const struct cg_sim_request *request,
                             struct evbuffer *out, struct cg_rand *rand)
{
	const struct cg_sim_answer *answer = &reply->answer;
	bool is_text = answer->content == CG_SIM_CONTENT_TEXT ||
	               answer->content == CG_SIM_CONTENT_RECEIVED;
	char id[CG_RAND_UUID_SIZE];
	char date[64];

	if (reply->fault.is_on[CG_SIM_FAULT_MALFORMED])
		evbuffer_add_printf(out, "HTP/1.1 twohundred\r\n");
	else
		evbuffer_add_printf(out, "HTTP/1.1 %u %s\r\n", answer->status,
		                    cg_sim_answer_phrase(answer->status));
	evutil_date_rfc1123(date, sizeof(date), NULL);
	evbuffer_add_printf(out, "Date: %s\r\nContent-Type: %s\r\n", date,
	                    is_text ? "text/plain" : "application/octet-stream");
	if (answer->status == 401)
		evbuffer_add_printf(out, "WWW-Authenticate: Basic realm=\"cpigate-sim\"\r\n");
	if (answer->router_error != NULL)
		evbuffer_add_printf(out, "X-Cf-RouterError: %s\r\n", answer->router_error);
	if (answer->is_from_iflow) {
		cg_rand_uuid(rand, id);
		evbuffer_add_printf(out, "SAP_MessageProcessingLogID: %s\r\n", id);
	}
	evbuffer_add(out, reply->fault.header, strlen(reply->fault.header));
	reply_write_framing(reply, request, out);
	evbuffer_add(out, "\r\n", 2);
	if (is_text)
		cg_sim_reply_write_body(reply, out, answer->text, strlen(answer->text));
}

bool cg_sim_reply_write_pattern(struct cg_sim_reply *reply, struct evbuffer *out)
{
	uint64_t left = reply->answer.pattern_len - reply->sent;
	char piece[REPLY_PIECE];
	size_t len = (size_t)CG_MIN(left, (uint64_t)sizeof(piece));

	if (reply->answer.content != CG_SIM_CONTENT_PATTERN || reply->is_head || reply->is_cut ||
	    left == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		piece[i] = cg_sim_answer_pattern(reply->sent + i);
	cg_sim_reply_write_body(reply, out, piece, len);
	return true;
}

void cg_sim_reply_write_end(struct cg_sim_reply *reply, struct evbuffer *out)
{
	if (reply->is_chunked && !reply->is_cut && !reply->is_head)
		evbuffer_add(out, "0\r\n\r\n", 5);
}
