/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin port: takes requests from evhttp, refuses what may not call, and hands the rest to the
 * table of calls. What the calls do is in the api_*.c files. */
#include "admin/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "admin/admin_auth.h"
#include "admin/admin_impl.h"
#include "admin/admin_path.h"
#include "admin/admin_reply.h"
#include "admin/api_change.h"
#include "admin/api_explain.h"
#include "admin/api_status.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/listener.h"
#include "net/takeover.h"

enum {
	ADMIN_BODY_MAX = 64 * 1024,
	/* Above ours, so that we may say 413 in our own words; evhttp cuts off what is larger. */
	ADMIN_BODY_READ_MAX = 256 * 1024,
	ADMIN_HEADERS_MAX = 16 * 1024,
	ADMIN_TIMEOUT_S = 10,
};

struct admin_route {
	enum evhttp_cmd_type method; /* HEAD works where GET does */
	const char *pattern;
	void (*handle)(struct cg_admin_call *call);
	const char *help;
};

static void admin_index(struct cg_admin_call *call);
static void admin_livez(struct cg_admin_call *call);

static const struct admin_route routes[] = {
        {EVHTTP_REQ_GET, "/", admin_index, "this page"},
        {EVHTTP_REQ_GET, "/api/v1/events", cg_api_events, "what happened, newest first"},
        {EVHTTP_REQ_GET, "/api/v1/explain", cg_api_explain,
         "?host=H&path=P&method=M: route and tenants of such a request"},
        {EVHTTP_REQ_GET, "/api/v1/status", cg_api_status, "gateway, listeners, pools, tenants"},
        {EVHTTP_REQ_GET, "/livez", admin_livez, "200 while the process runs"},
        {EVHTTP_REQ_POST, "/api/v1/pools/NAME/switch", cg_api_switch,
         "make a tenant the pool's first choice"},
        {EVHTTP_REQ_POST, "/api/v1/reload", cg_api_reload, "read the configuration again"},
        {EVHTTP_REQ_POST, "/api/v1/tenants/NAME/drain", cg_api_drain,
         "take a tenant out for new requests"},
        {EVHTTP_REQ_POST, "/api/v1/tenants/NAME/resume", cg_api_resume,
         "put a drained or recovering tenant back"},
};

static const char *admin_method_name(enum evhttp_cmd_type method)
{
	return method == EVHTTP_REQ_GET ? "GET" : "POST";
}

static void admin_livez(struct cg_admin_call *call)
{
	cg_admin_reply_text(call->req, 200, "ok\n");
}

static void admin_index(struct cg_admin_call *call)
{
	struct cg_buf text = {0};

	cg_buf_appendf(&text, "cpigate %s: %s\n\n", PACKAGE_VERSION,
	               call->snapshot->config->gateway.name);
	for (size_t i = 0; i < CG_ARRAY_LEN(routes); i++)
		cg_buf_appendf(&text, "%-4s %-28s %s\n", admin_method_name(routes[i].method),
		               routes[i].pattern, routes[i].help);
	cg_buf_appendf(&text, "\nA POST needs the header X-Cpigate-Admin: 1%s.\n",
	               call->snapshot->config->admin.token == NULL ? "" : " and the bearer token");
	cg_buf_append_char(&text, '\0');
	cg_admin_reply_text(call->req, 200, cg_buf_ptr(&text));
	cg_buf_fini(&text);
}

/* Each Host field, since a second one could be what another party went by. */
static bool admin_is_host(const struct cg_admin_call *call)
{
	const struct cg_texts *names = &call->snapshot->config->admin.host;
	struct evkeyvalq *headers = evhttp_request_get_input_headers(call->req);
	bool has_host = false;

	for (struct evkeyval *header = headers->tqh_first; header != NULL;
	     header = header->next.tqe_next) {
		if (!cg_str_ieq(cg_str_from(header->key), CG_STR("Host")))
			continue;
		if (!cg_admin_auth_is_host(names, cg_str_from(header->value)))
			return false;
		has_host = true;
	}
	return has_host;
}

static const char *admin_peer(struct evhttp_request *req)
{
	char *address = NULL;
	ev_uint16_t port = 0;

	evhttp_connection_get_peer(evhttp_request_get_connection(req), &address, &port);
	return address == NULL ? "unknown" : address;
}

/* Whether CALL may change something; refused already if not. */
static bool admin_may_change(struct cg_admin_call *call)
{
	const char *token = call->snapshot->config->admin.token;
	struct evkeyvalq *headers = evhttp_request_get_input_headers(call->req);
	const char *mark = evhttp_find_header(headers, "X-Cpigate-Admin");

	/* A page of another origin cannot send this field without asking first, and we never say
	 * yes. */
	if (mark == NULL || strcmp(mark, "1") != 0) {
		cg_admin_reply_problem(call->req, 403, "the header X-Cpigate-Admin: 1 is missing");
		return false;
	}
	if (token == NULL ||
	    cg_admin_auth_is_token(token, evhttp_find_header(headers, "Authorization")))
		return true;
	cg_log(CG_LOG_WARNING, "admin: a call from %s without the right token was refused",
	       admin_peer(call->req));
	evhttp_add_header(evhttp_request_get_output_headers(call->req), "WWW-Authenticate",
	                  "Bearer realm=\"cpigate\"");
	cg_admin_reply_problem(call->req, 401, "the bearer token is missing or wrong");
	return false;
}

static void admin_run(struct cg_admin_call *call, const struct admin_route *route)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(call->req);
	size_t len = evbuffer_get_length(body);

	if (route->method == EVHTTP_REQ_POST && !admin_may_change(call))
		return;
	if (len > ADMIN_BODY_MAX) {
		cg_admin_reply_problem(call->req, 413, "the body is larger than %d bytes",
		                       ADMIN_BODY_MAX);
		return;
	}
	if (len > 0)
		call->body =
		        (struct cg_str){.ptr = (const char *)evbuffer_pullup(body, -1), .len = len};
	route->handle(call);
}

static void admin_dispatch(struct cg_admin_call *call, struct cg_str path)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(call->req);
	const char *allow = NULL;

	if (method == EVHTTP_REQ_HEAD)
		method = EVHTTP_REQ_GET;
	for (size_t i = 0; i < CG_ARRAY_LEN(routes); i++) {
		if (!cg_admin_path_is(routes[i].pattern, path, &call->name))
			continue;
		if (routes[i].method == method) {
			admin_run(call, &routes[i]);
			return;
		}
		allow = routes[i].method == EVHTTP_REQ_GET ? "GET, HEAD" : "POST";
	}
	if (allow == NULL) {
		cg_admin_reply_problem(call->req, 404, "there is no such call; GET / lists them");
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(call->req), "Allow", allow);
	cg_admin_reply_problem(call->req, 405, "this call takes %s", allow);
}

static void admin_on_request(struct evhttp_request *req, void *arg)
{
	struct cg_admin *admin = arg;
	struct cg_admin_call call = {
	        .admin = admin,
	        .req = req,
	        .snapshot = admin->setup.snapshot(admin->setup.owner),
	};

	if (!admin_is_host(&call)) {
		cg_admin_reply_problem(
		        req, 403, "Host is no IP address, not localhost and not in [admin] host");
		return;
	}
	admin_dispatch(&call, cg_str_from(evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req))));
}

static struct evhttp *admin_new_http(struct cg_admin *admin)
{
	struct evhttp *http = evhttp_new(cg_loop_base(admin->setup.loop));

	cg_assert(http != NULL);
	evhttp_set_max_headers_size(http, ADMIN_HEADERS_MAX);
	evhttp_set_max_body_size(http, ADMIN_BODY_READ_MAX);
	evhttp_set_timeout(http, ADMIN_TIMEOUT_S);
	/* All that evhttp knows, so that our 405 names what is allowed. */
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
	                                         EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
	                                         EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
	                                         EVHTTP_REQ_PATCH);
	evhttp_set_gencb(http, admin_on_request, admin);
	return http;
}

struct cg_admin *cg_admin_new(const struct cg_admin_setup *setup, struct cg_error *err)
{
	struct cg_admin *admin = cg_mem_alloc(sizeof(*admin));
	int fd;

	admin->setup = *setup;
	admin->addr = setup->address;
	/* Shared, so that a new gateway may start beside the old one. */
	fd = cg_listener_open_socket(&admin->addr, err);
	if (fd == -1) {
		free(admin);
		return NULL;
	}
	admin->fd = fd;
	admin->http = admin_new_http(admin);
	/* The socket is evhttp's from here on. */
	if (evhttp_accept_socket_with_handle(admin->http, fd) == NULL) {
		cg_error_set(err, "admin port: libevent does not take the socket");
		close(fd);
		cg_admin_free(admin);
		return NULL;
	}
	return admin;
}

void cg_admin_free(struct cg_admin *admin)
{
	if (admin == NULL)
		return;
	evhttp_free(admin->http);
	free(admin);
}

void cg_admin_take_over(const struct cg_admin *admin)
{
	unsigned n = cg_takeover_count(&admin->addr);

	if (n > 1 && !cg_takeover_steer(admin->fd, n - 1))
		cg_log(CG_LOG_WARNING, "admin port: another process answers, too: %s",
		       strerror(errno));
}

void cg_admin_address(const struct cg_admin *admin, struct cg_addr *addr)
{
	*addr = admin->addr;
}
