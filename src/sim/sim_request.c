/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 9112 for the simulated tenant: request line, fields, Content-Length and chunked. */
#include "sim/sim_request.h"

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "base/mem.h"

enum { REQUEST_CHUNK_LINE_MAX = 8 * 1024 };

struct cg_str cg_sim_request_field(const struct cg_sim_request *request, struct cg_str name)
{
	for (size_t i = 0; i < request->fields_n; i++)
		if (cg_str_ieq(request->fields[i].name, name))
			return request->fields[i].value;
	return (struct cg_str){.ptr = NULL};
}

struct cg_str cg_sim_request_param(const struct cg_sim_request *request, struct cg_str name)
{
	struct cg_str rest = request->query;
	struct cg_str pair, key;

	while (cg_str_next(&rest, '&', &pair))
		if (cg_str_next(&pair, '=', &key) && cg_str_eq(key, name))
			return pair.ptr == NULL ? CG_STR("") : pair;
	return (struct cg_str){.ptr = NULL};
}

void cg_sim_request_fini(struct cg_sim_request *request)
{
	free(request->head);
	*request = (struct cg_sim_request){.head = NULL};
}

/* The part before SEPARATOR, byte for byte; false if it does not occur. */
static bool request_cut(struct cg_str *rest, char separator, struct cg_str *part)
{
	const char *at = memchr(rest->ptr, separator, rest->len);

	if (at == NULL)
		return false;
	*part = (struct cg_str){.ptr = rest->ptr, .len = (size_t)(at - rest->ptr)};
	rest->len -= part->len + 1;
	rest->ptr = at + 1;
	return true;
}

static bool request_parse_line(struct cg_sim_request *request, struct cg_str line)
{
	if (!request_cut(&line, ' ', &request->method) ||
	    !request_cut(&line, ' ', &request->target))
		return false;
	request->is_http10 = cg_str_eq(line, CG_STR("HTTP/1.0"));
	request->query = request->target;
	if (!request_cut(&request->query, '?', &request->path)) {
		request->path = request->target;
		request->query = (struct cg_str){.ptr = NULL};
	}
	return request->method.len > 0 && request->target.len > 0 &&
	       (request->is_http10 || cg_str_eq(line, CG_STR("HTTP/1.1")));
}

static bool request_parse_field(struct cg_sim_request *request, struct cg_str line)
{
	struct cg_sim_field *field = &request->fields[request->fields_n];

	if (request->fields_n == CG_SIM_REQUEST_FIELDS_MAX)
		return false;
	if (!request_cut(&line, ':', &field->name) || field->name.len == 0 ||
	    memchr(field->name.ptr, ' ', field->name.len) != NULL ||
	    memchr(field->name.ptr, '\t', field->name.len) != NULL)
		return false;
	field->value = cg_str_trim(line);
	request->fields_n++;
	return true;
}

static size_t request_count(const struct cg_sim_request *request, struct cg_str name)
{
	size_t n = 0;

	for (size_t i = 0; i < request->fields_n; i++)
		n += cg_str_ieq(request->fields[i].name, name);
	return n;
}

/* Both lengths, repeated ones and other codings are refused: whoever sends them smuggles. */
static bool request_settle_framing(struct cg_sim_request *request)
{
	struct cg_str length = cg_sim_request_field(request, CG_STR("Content-Length"));
	struct cg_str coding = cg_sim_request_field(request, CG_STR("Transfer-Encoding"));

	if (request_count(request, CG_STR("Content-Length")) +
	            request_count(request, CG_STR("Transfer-Encoding")) >
	    1)
		return false;
	if (length.ptr != NULL)
		return cg_str_to_u64(length, INT64_MAX, &request->left);
	request->is_chunked = coding.ptr != NULL;
	return coding.ptr == NULL || cg_str_ieq(coding, CG_STR("chunked"));
}

static void request_settle_connection(struct cg_sim_request *request)
{
	struct cg_str connection = cg_sim_request_field(request, CG_STR("Connection"));
	struct cg_str expect = cg_sim_request_field(request, CG_STR("Expect"));

	request->wants_close =
	        cg_str_icontains(connection, CG_STR("close")) ||
	        (request->is_http10 && !cg_str_icontains(connection, CG_STR("keep-alive")));
	request->expects_continue =
	        !request->is_http10 && cg_str_ieq(expect, CG_STR("100-continue"));
}

static bool request_parse(struct cg_sim_request *request, struct cg_str head)
{
	struct cg_str line;
	bool is_first = true;

	if (memchr(head.ptr, '\0', head.len) != NULL)
		return false;
	while (head.len > 0) {
		if (!request_cut(&head, '\n', &line) || line.len == 0 ||
		    line.ptr[line.len - 1] != '\r')
			return false;
		line.len--;
		if (line.len > 0 && !(is_first ? request_parse_line(request, line)
		                               : request_parse_field(request, line)))
			return false;
		is_first = false;
	}
	request_settle_connection(request);
	return request_settle_framing(request) &&
	       (request->is_http10 || request_count(request, CG_STR("Host")) == 1);
}

static void request_skip_empty_lines(struct evbuffer *in)
{
	char start[2];

	while (evbuffer_copyout(in, start, 2) == 2 && memcmp(start, "\r\n", 2) == 0)
		evbuffer_drain(in, 2);
}

enum cg_sim_read cg_sim_request_read_head(struct cg_sim_request *request, struct evbuffer *in)
{
	struct evbuffer_ptr end;
	size_t len;

	request_skip_empty_lines(in);
	end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	if (end.pos < 0)
		return evbuffer_get_length(in) > CG_SIM_REQUEST_HEAD_MAX ? CG_SIM_READ_BAD
		                                                         : CG_SIM_READ_MORE;
	len = (size_t)end.pos + 4;
	if (len > CG_SIM_REQUEST_HEAD_MAX)
		return CG_SIM_READ_BAD;
	request->head = cg_mem_alloc(len + 1);
	evbuffer_remove(in, request->head, len);
	return request_parse(request, (struct cg_str){.ptr = request->head, .len = len})
	               ? CG_SIM_READ_DONE
	               : CG_SIM_READ_BAD;
}

static bool request_parse_chunk_size(const char *line, uint64_t *size)
{
	size_t digits = strspn(line, "0123456789abcdefABCDEF");

	if (digits == 0 || digits > 15 || (line[digits] != '\0' && line[digits] != ';'))
		return false;
	*size = strtoull(line, NULL, 16);
	return true;
}

/* One line of the chunked coding: a size, the empty end of a chunk, or a trailer. */
static enum cg_sim_read request_on_chunk_line(struct cg_sim_request *request, const char *line)
{
	switch (request->chunk) {
	case CG_SIM_CHUNK_SIZE:
		if (!request_parse_chunk_size(line, &request->left))
			return CG_SIM_READ_BAD;
		request->chunk = request->left == 0 ? CG_SIM_CHUNK_TRAILER : CG_SIM_CHUNK_DATA;
		return CG_SIM_READ_MORE;
	case CG_SIM_CHUNK_DATA_END:
		request->chunk = CG_SIM_CHUNK_SIZE;
		return line[0] == '\0' ? CG_SIM_READ_MORE : CG_SIM_READ_BAD;
	case CG_SIM_CHUNK_TRAILER:
		return line[0] == '\0' ? CG_SIM_READ_DONE : CG_SIM_READ_MORE;
	case CG_SIM_CHUNK_DATA:
		break;
	}
	return CG_SIM_READ_BAD;
}

/* Lines until data, the end or nothing more: MORE with chunk DATA means that data follows. */
static enum cg_sim_read request_read_chunk_lines(struct cg_sim_request *request,
                                                 struct evbuffer *in)
{
	enum cg_sim_read result = CG_SIM_READ_MORE;

	while (result == CG_SIM_READ_MORE && request->chunk != CG_SIM_CHUNK_DATA) {
		size_t len;
		char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_CRLF_STRICT);

		if (line == NULL)
			return evbuffer_get_length(in) > REQUEST_CHUNK_LINE_MAX ? CG_SIM_READ_BAD
			                                                        : CG_SIM_READ_MORE;
		result = strlen(line) == len ? request_on_chunk_line(request, line)
		                             : CG_SIM_READ_BAD;
		free(line);
	}
	return result;
}

enum cg_sim_read cg_sim_request_read_body(struct cg_sim_request *request, struct evbuffer *in,
                                          char *out, size_t size, size_t *n)
{
	int got;

	if (request->is_chunked && request->chunk != CG_SIM_CHUNK_DATA) {
		enum cg_sim_read result = request_read_chunk_lines(request, in);

		if (result != CG_SIM_READ_MORE || request->chunk != CG_SIM_CHUNK_DATA)
			return result;
	}
	if (request->left == 0)
		return CG_SIM_READ_DONE;
	got = evbuffer_remove(in, out, (size_t)CG_MIN((uint64_t)size, request->left));
	if (got <= 0)
		return CG_SIM_READ_MORE;
	*n = (size_t)got;
	request->left -= *n;
	if (request->is_chunked && request->left == 0)
		request->chunk = CG_SIM_CHUNK_DATA_END;
	return CG_SIM_READ_DATA;
}
