/* SPDX-License-Identifier: BSD-2-Clause */
/* The control port, on evhttp. */
#include "sim/sim_control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

static void control_answer(struct evhttp_request *request, int status, const char *type,
                           struct cg_str text)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
	evbuffer_add(evhttp_request_get_output_buffer(request), text.ptr, text.len);
	evhttp_send_reply(request, status, NULL, NULL);
}

static void control_answer_fault(struct cg_sim_control *control, struct evhttp_request *request)
{
	struct cg_buf out;

	cg_buf_init(&out);
	cg_sim_fault_show(&control->server->fault, &out);
	control_answer(request, HTTP_OK, "text/plain", cg_buf_str(&out));
	cg_buf_fini(&out);
}

static int control_set(struct cg_sim_fault *fault, struct cg_str key, struct cg_str value,
                       struct cg_error *err)
{
	if (!cg_str_eq(key, CG_STR("clear")))
		return cg_sim_fault_set(fault, key, value, err);
	cg_sim_fault_clear(fault);
	return 0;
}

static int control_set_query(struct cg_sim_fault *fault, const char *query, struct cg_error *err)
{
	struct evkeyvalq params = {.tqh_first = NULL};
	int result = 0;

	if (query == NULL)
		return 0;
	if (evhttp_parse_query_str(query, &params) != 0)
		return cg_error_set(err, "malformed query");
	for (struct evkeyval *param = params.tqh_first; param != NULL && result == 0;
	     param = param->next.tqe_next)
		result =
		        control_set(fault, cg_str_from(param->key), cg_str_from(param->value), err);
	evhttp_clear_headers(&params);
	return result;
}

static int control_set_body(struct cg_sim_fault *fault, struct cg_str body, struct cg_error *err)
{
	struct cg_str line, key;

	while (cg_str_next(&body, '\n', &line)) {
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0)
			continue;
		if (!cg_str_next(&line, '=', &key) || line.ptr == NULL)
			return cg_error_set(err, "not key=value: '%.*s'", CG_STR_ARGS(key));
		if (control_set(fault, key, cg_str_trim(line), err) != 0)
			return -1;
	}
	return 0;
}

static int control_change(struct cg_sim_control *control, struct evhttp_request *request,
                          struct cg_error *err)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	struct cg_sim_fault fault = control->server->fault;
	struct cg_str body = {.len = evbuffer_get_length(in)};

	if (evhttp_request_get_command(request) == EVHTTP_REQ_DELETE) {
		cg_sim_fault_clear(&fault);
		return cg_sim_server_set_fault(control->server, &fault, err);
	}
	body.ptr = (const char *)evbuffer_pullup(in, -1);
	if (control_set_query(&fault, evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request)),
	                      err) != 0 ||
	    control_set_body(&fault, body, err) != 0)
		return -1;
	return cg_sim_server_set_fault(control->server, &fault, err);
}

static void control_on_fault(struct evhttp_request *request, void *arg)
{
	struct cg_sim_control *control = arg;
	struct cg_error err;
	char text[sizeof(err.text) + 1];

	if (evhttp_request_get_command(request) == EVHTTP_REQ_GET ||
	    control_change(control, request, &err) == 0) {
		control_answer_fault(control, request);
		return;
	}
	snprintf(text, sizeof(text), "%s\n", err.text);
	control_answer(request, HTTP_BADREQUEST, "text/plain", cg_str_from(text));
}

static void control_on_stats(struct evhttp_request *request, void *arg)
{
	struct cg_sim_control *control = arg;
	struct cg_buf out;

	cg_buf_init(&out);
	cg_sim_server_show_stats(control->server, &out);
	control_answer(request, HTTP_OK, "application/json", cg_buf_str(&out));
	cg_buf_fini(&out);
}

int cg_sim_control_open(struct cg_sim_control *control, struct cg_sim_server *server,
                        struct cg_addr *address, struct cg_error *err)
{
	struct evhttp_bound_socket *socket;
	socklen_t len = sizeof(*address);
	char text[CG_ADDR_TEXT_SIZE];

	control->server = server;
	control->http = evhttp_new(server->base);
	cg_assert(control->http != NULL);
	evhttp_set_allowed_methods(control->http,
	                           EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_DELETE);
	evhttp_set_max_body_size(control->http, 64 * 1024);
	evhttp_set_cb(control->http, "/fault", control_on_fault, control);
	evhttp_set_cb(control->http, "/stats", control_on_stats, control);
	cg_addr_format_ip(address, text);
	socket = evhttp_bind_socket_with_handle(control->http, text, cg_addr_port(address));
	if (socket == NULL)
		return cg_error_set(err, "control port %s:%u: %s", text, cg_addr_port(address),
		                    strerror(errno));
	getsockname(evhttp_bound_socket_get_fd(socket), &address->sa, &len);
	return 0;
}

void cg_sim_control_close(struct cg_sim_control *control)
{
	if (control->http != NULL)
		evhttp_free(control->http);
	control->http = NULL;
}
