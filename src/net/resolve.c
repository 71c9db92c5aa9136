/* SPDX-License-Identifier: BSD-2-Clause */
/* Two c-ares channels: one reads the hosts file, the other asks DNS; the source of an answer
 * decides how long it holds. libevent watches the channel's sockets, a timer of the loop its
 * time-outs. A question is always asked from a name's timer, so that nothing calls c-ares from
 * inside c-ares. */
#include "net/resolve.h"

#include <ares.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/timer.h"

#define RESOLVE_CONF "/etc/resolv.conf"

/* For each server 2 s, then 4 s: a dead network is known after a few seconds, not after a minute.
 */
enum { RESOLVE_TIMEOUT_MS = 2000, RESOLVE_TRIES = 2, RESOLVE_MAX_TTL_S = 300 };

struct resolve_socket {
	struct cg_list node;
	struct cg_resolver *resolver;
	ares_socket_t fd;
	struct event *event;
};

struct cg_resolver {
	struct cg_loop *loop;
	ares_channel hosts;
	ares_channel dns;
	struct cg_list sockets;
	struct cg_list names;
	struct cg_timer timeout; /* of c-ares */
	char *servers;           /* instead of resolv.conf's; NULL: those */
	struct stat conf;        /* resolv.conf as it was read */
};

struct cg_resolve_name {
	struct cg_list node;
	struct cg_resolver *resolver;
	char *host;
	uint16_t port;
	cg_resolve_fn on_change;
	void *owner;
	struct cg_timer timer; /* when to ask next */
	int64_t asked_at;
	int64_t retry_ms;            /* wait after the next failure */
	struct resolve_query *query; /* NULL: none is under way */
	bool is_literal;
	bool is_answered;  /* on_change was called */
	const char *error; /* c-ares's text, never freed */
	struct cg_addr addrs[CG_RESOLVE_ADDRS_MAX];
	size_t addrs_n;
};

/* One question; c-ares holds it until it calls back. */
struct resolve_query {
	struct cg_resolver *resolver;
	struct cg_resolve_name *name; /* NULL: nobody wants the answer any more */
	bool is_dns;                  /* else the hosts file is read */
};

/* What a question brought. */
struct resolve_answer {
	struct cg_addr addrs[CG_RESOLVE_ADDRS_MAX];
	size_t n;
	int64_t ttl_ms;
};

static void resolve_on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info);

/* After everything that may have changed what c-ares waits for. */
static void resolve_arm_timeout(struct cg_resolver *resolver)
{
	struct timeval left;
	int64_t ms;

	if (ares_timeout(resolver->dns, NULL, &left) == NULL) {
		cg_timer_cancel(&resolver->timeout);
		return;
	}
	ms = (int64_t)left.tv_sec * 1000 + (left.tv_usec + 999) / 1000;
	cg_timer_set(resolver->loop, &resolver->timeout, cg_loop_now(resolver->loop) + ms);
}

static void resolve_on_timeout(struct cg_timer *timer)
{
	struct cg_resolver *resolver = CG_CONTAINER_OF(timer, struct cg_resolver, timeout);

	ares_process_fd(resolver->dns, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	resolve_arm_timeout(resolver);
}

static void resolve_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct cg_resolver *resolver = arg;

	ares_process_fd(resolver->dns, what & EV_READ ? fd : ARES_SOCKET_BAD,
	                what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	resolve_arm_timeout(resolver);
}

static struct resolve_socket *resolve_find_socket(struct cg_resolver *resolver, ares_socket_t fd)
{
	CG_LIST_FOREACH(node, following, &resolver->sockets)
	{
		struct resolve_socket *sock = CG_LIST_ENTRY(node, struct resolve_socket, node);

		if (sock->fd == fd)
			return sock;
	}
	return NULL;
}

static void resolve_drop_socket(struct resolve_socket *sock)
{
	cg_list_remove(&sock->node);
	event_free(sock->event);
	free(sock);
}

/* c-ares says what it wants to know about FD; neither of both: it is about to close it. */
static void resolve_on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct cg_resolver *resolver = arg;
	struct resolve_socket *sock = resolve_find_socket(resolver, fd);
	int what = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	if (sock != NULL)
		resolve_drop_socket(sock);
	if (what == 0)
		return;
	sock = cg_mem_alloc(sizeof(*sock));
	sock->resolver = resolver;
	sock->fd = fd;
	sock->event = event_new(cg_loop_base(resolver->loop), fd, (short)(what | EV_PERSIST),
	                        resolve_on_ready, resolver);
	cg_assert(sock->event != NULL && event_add(sock->event, NULL) == 0);
	cg_list_push_back(&resolver->sockets, &sock->node);
}

/* LOOKUPS: "f" for the hosts file, "b" for DNS (bind). */
static int resolve_open_channel(struct cg_resolver *resolver, char *lookups, ares_channel *channel,
                                struct cg_error *err)
{
	struct ares_options options = {
	        .lookups = lookups,
	        .timeout = RESOLVE_TIMEOUT_MS,
	        .tries = RESOLVE_TRIES,
	        .sock_state_cb = resolve_on_socket,
	        .sock_state_cb_data = resolver,
	};
	int status = ares_init_options(channel, &options,
	                               ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	                                       ARES_OPT_SOCK_STATE_CB);

	if (status != ARES_SUCCESS)
		return cg_error_set(err, "cannot set up DNS: %s", ares_strerror(status));
	return 0;
}

/* Open the DNS channel, afresh if there is one: questions under way are asked again. The old one
 * stays if that fails. */
static int resolve_open_dns(struct cg_resolver *resolver, const char *servers, struct cg_error *err)
{
	ares_channel fresh;
	ares_channel old = resolver->dns;
	struct stat conf = {0};
	int status = ARES_SUCCESS;

	/* Looked at before it is read: a change in between is then seen next time. */
	(void)stat(RESOLVE_CONF, &conf);
	if (resolve_open_channel(resolver, (char[]){"b"}, &fresh, err) != 0)
		return -1;
	if (servers != NULL)
		status = ares_set_servers_ports_csv(fresh, servers);
	if (status != ARES_SUCCESS) {
		ares_destroy(fresh);
		return cg_error_set(err, "DNS servers \"%s\": %s", servers, ares_strerror(status));
	}
	resolver->conf = conf;
	resolver->dns = fresh;
	if (old != NULL)
		ares_destroy(old);
	return 0;
}

static void resolve_follow_conf(struct cg_resolver *resolver)
{
	struct stat conf = {0};
	const struct stat *old = &resolver->conf;
	struct cg_error err;

	(void)stat(RESOLVE_CONF, &conf);
	if (resolver->servers != NULL ||
	    (conf.st_ino == old->st_ino && conf.st_mtim.tv_sec == old->st_mtim.tv_sec &&
	     conf.st_mtim.tv_nsec == old->st_mtim.tv_nsec))
		return;
	if (resolve_open_dns(resolver, NULL, &err) != 0)
		cg_log(CG_LOG_WARNING, "%s has changed: %s", RESOLVE_CONF, err.text);
}

static bool resolve_has(const struct cg_addr *addrs, size_t n, const struct cg_addr *addr)
{
	for (size_t i = 0; i < n; i++)
		if (cg_addr_eq(&addrs[i], addr))
			return true;
	return false;
}

/* The addresses and the shortest TTL on the way to them. */
static void resolve_read(const struct ares_addrinfo *info, uint16_t port,
                         struct resolve_answer *answer)
{
	int ttl_s = RESOLVE_MAX_TTL_S;

	for (const struct ares_addrinfo_cname *cname = info->cnames; cname; cname = cname->next)
		ttl_s = CG_MIN(ttl_s, cname->ttl);
	for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next) {
		struct cg_addr addr;

		ttl_s = CG_MIN(ttl_s, node->ai_ttl);
		if (answer->n == CG_ARRAY_LEN(answer->addrs) ||
		    !cg_addr_from_sockaddr(&addr, node->ai_addr))
			continue;
		cg_addr_set_port(&addr, port);
		if (!resolve_has(answer->addrs, answer->n, &addr))
			answer->addrs[answer->n++] = addr;
	}
	answer->ttl_ms = CG_MAX((int64_t)ttl_s * 1000, (int64_t)CG_RESOLVE_TTL_MIN_MS);
}

static bool resolve_is_same_set(const struct cg_resolve_name *name,
                                const struct resolve_answer *answer)
{
	if (name->addrs_n != answer->n)
		return false;
	for (size_t i = 0; i < answer->n; i++)
		if (!resolve_has(name->addrs, name->addrs_n, &answer->addrs[i]))
			return false;
	return true;
}

static void resolve_set_timer(struct cg_resolve_name *name, int64_t ms)
{
	struct cg_loop *loop = name->resolver->loop;

	cg_timer_set(loop, &name->timer, cg_loop_now(loop) + ms);
}

/* Last step of an answer: the callback may unwatch the name. */
static void resolve_tell(struct cg_resolve_name *name)
{
	name->is_answered = true;
	name->on_change(name->owner, name->addrs, name->addrs_n, name->error);
}

static void resolve_succeed(struct cg_resolve_name *name, const struct resolve_answer *answer)
{
	bool is_same = name->is_answered && resolve_is_same_set(name, answer);

	if (name->error != NULL)
		cg_log(CG_LOG_INFO, "name %s resolves again", name->host);
	name->error = NULL;
	name->retry_ms = CG_RESOLVE_RETRY_MS;
	if (!name->is_literal)
		resolve_set_timer(name, answer->ttl_ms);
	if (is_same)
		return;
	memcpy(name->addrs, answer->addrs, answer->n * sizeof(answer->addrs[0]));
	name->addrs_n = answer->n;
	resolve_tell(name);
}

static void resolve_fail(struct cg_resolve_name *name, const char *error)
{
	if (name->error == NULL)
		cg_log(CG_LOG_WARNING, "name %s does not resolve: %s%s", name->host, error,
		       name->addrs_n > 0 ? "; its last addresses stay in use" : "");
	name->error = error;
	resolve_set_timer(name, name->retry_ms);
	name->retry_ms = CG_MIN(name->retry_ms * 2, (int64_t)CG_RESOLVE_RETRY_MAX_MS);
	if (!name->is_answered)
		resolve_tell(name);
}

static void resolve_send(struct resolve_query *query)
{
	const struct ares_addrinfo_hints hints = {
	        .ai_family = AF_UNSPEC,
	        .ai_socktype = SOCK_STREAM,
	};
	struct cg_resolver *resolver = query->resolver;

	ares_getaddrinfo(query->is_dns ? resolver->dns : resolver->hosts, query->name->host, NULL,
	                 &hints, resolve_on_answer, query);
}

/* Read the answer out of INFO; false if there is no address in it. */
static bool resolve_take(const struct resolve_query *query, const struct ares_addrinfo *info,
                         struct resolve_answer *answer)
{
	if (info == NULL)
		return false;
	resolve_read(info, query->name->port, answer);
	if (!query->is_dns)
		answer->ttl_ms = CG_RESOLVE_TTL_MAX_MS;
	return answer->n > 0;
}

static void resolve_on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct resolve_query *query = arg;
	struct cg_resolve_name *name = query->name;
	struct resolve_answer answer = {0};
	bool is_good = name != NULL && status == ARES_SUCCESS && resolve_take(query, info, &answer);

	(void)timeouts;
	if (info != NULL)
		ares_freeaddrinfo(info);
	if (name != NULL && !is_good && !query->is_dns && status != ARES_EDESTRUCTION) {
		query->is_dns = true;
		resolve_send(query);
		return;
	}
	free(query);
	if (name == NULL)
		return;
	name->query = NULL;
	if (is_good)
		resolve_succeed(name, &answer);
	else if (status == ARES_EDESTRUCTION) /* the channel made room for a new one */
		resolve_set_timer(name, 0);
	else
		resolve_fail(name, ares_strerror(status == ARES_SUCCESS ? ARES_ENODATA : status));
}

/* A literal's answer is in its addrs since it is watched. */
static void resolve_answer_literal(struct cg_resolve_name *name)
{
	struct resolve_answer answer = {.n = 1, .addrs = {name->addrs[0]}};

	resolve_succeed(name, &answer);
}

static void resolve_on_timer(struct cg_timer *timer)
{
	struct cg_resolve_name *name = CG_CONTAINER_OF(timer, struct cg_resolve_name, timer);
	struct cg_resolver *resolver = name->resolver;

	if (name->is_literal) {
		resolve_answer_literal(name);
		return;
	}
	cg_assert(name->query == NULL);
	resolve_follow_conf(resolver);
	name->asked_at = cg_loop_now(resolver->loop);
	name->query = cg_mem_alloc(sizeof(*name->query));
	name->query->resolver = resolver;
	name->query->name = name;
	resolve_send(name->query);
	resolve_arm_timeout(resolver);
}

static void resolve_free_name(void *object)
{
	struct cg_resolve_name *name = object;

	free(name->host);
	free(name);
}

struct cg_resolver *cg_resolver_new(struct cg_loop *loop, struct cg_error *err)
{
	struct cg_resolver *resolver = cg_mem_alloc(sizeof(*resolver));
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	cg_assert(status == ARES_SUCCESS);
	resolver->loop = loop;
	cg_list_init(&resolver->sockets);
	cg_list_init(&resolver->names);
	cg_timer_init(&resolver->timeout, resolve_on_timeout);
	if (resolve_open_channel(resolver, (char[]){"f"}, &resolver->hosts, err) != 0 ||
	    resolve_open_dns(resolver, NULL, err) != 0) {
		cg_resolver_free(resolver);
		return NULL;
	}
	return resolver;
}

void cg_resolver_free(struct cg_resolver *resolver)
{
	if (resolver == NULL)
		return;
	CG_LIST_FOREACH(node, following, &resolver->names)
	cg_resolver_unwatch(CG_LIST_ENTRY(node, struct cg_resolve_name, node));
	cg_timer_cancel(&resolver->timeout);
	if (resolver->hosts != NULL)
		ares_destroy(resolver->hosts);
	if (resolver->dns != NULL)
		ares_destroy(resolver->dns);
	cg_assert(cg_list_is_empty(&resolver->sockets));
	ares_library_cleanup();
	free(resolver->servers);
	free(resolver);
}

int cg_resolver_set_servers(struct cg_resolver *resolver, const char *servers, struct cg_error *err)
{
	if (resolve_open_dns(resolver, servers, err) != 0)
		return -1;
	free(resolver->servers);
	resolver->servers = cg_mem_strdup(servers);
	return 0;
}

struct cg_resolve_name *cg_resolver_watch(struct cg_resolver *resolver, const char *host,
                                          uint16_t port, cg_resolve_fn on_change, void *owner)
{
	struct cg_resolve_name *name = cg_mem_alloc(sizeof(*name));

	name->resolver = resolver;
	name->host = cg_mem_strdup(host);
	name->port = port;
	name->on_change = on_change;
	name->owner = owner;
	name->retry_ms = CG_RESOLVE_RETRY_MS;
	name->is_literal = cg_addr_parse_ip(&name->addrs[0], cg_str_from(host));
	if (name->is_literal) {
		cg_addr_set_port(&name->addrs[0], port);
		name->addrs_n = 1;
	}
	cg_timer_init(&name->timer, resolve_on_timer);
	cg_list_push_back(&resolver->names, &name->node);
	resolve_set_timer(name, 0);
	return name;
}

void cg_resolver_unwatch(struct cg_resolve_name *name)
{
	if (name == NULL)
		return;
	cg_timer_cancel(&name->timer);
	cg_list_remove(&name->node);
	if (name->query != NULL)
		name->query->name = NULL;
	cg_loop_discard(name->resolver->loop, name, resolve_free_name);
}

void cg_resolver_refresh(struct cg_resolve_name *name)
{
	int64_t at =
	        CG_MAX(cg_loop_now(name->resolver->loop), name->asked_at + CG_RESOLVE_TTL_MIN_MS);

	/* Under way already, the first answer to come, or (literals) nothing to ask: no timer runs.
	 */
	if (cg_timer_is_set(&name->timer) && name->is_answered && at < name->timer.deadline)
		cg_timer_set(name->resolver->loop, &name->timer, at);
}

const struct cg_addr *cg_resolve_name_addrs(const struct cg_resolve_name *name, size_t *n)
{
	*n = name->addrs_n;
	return name->addrs;
}

const char *cg_resolve_name_error(const struct cg_resolve_name *name)
{
	return name->error;
}
