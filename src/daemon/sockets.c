/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets by address. */
#include "daemon/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/listener.h"

/* sd_listen_fds(3): the first descriptor that is handed over. */
enum { SOCKETS_INHERITED_FIRST = 3, SOCKETS_INHERITED_MAX = 1024 };

/* ---- from the service manager ---- */

static unsigned sockets_read_number(const char *name, uint64_t max)
{
	uint64_t value;

	if (!cg_str_to_u64(cg_str_from(getenv(name)), max, &value))
		return 0;
	return (unsigned)value;
}

static bool sockets_is_listening(int fd)
{
	int is_listening = 0;
	socklen_t len = sizeof(is_listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 &&
	       is_listening != 0;
}

static void sockets_inherit(struct cg_sockets *sockets, int fd)
{
	struct sockaddr_storage storage;
	socklen_t len = sizeof(storage);
	struct cg_inherited *entry = &sockets->inherited[sockets->inherited_n];
	char text[CG_ADDR_TEXT_SIZE];

	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	if (!sockets_is_listening(fd) || getsockname(fd, (struct sockaddr *)&storage, &len) < 0 ||
	    !cg_addr_from_sockaddr(&entry->addr, (const struct sockaddr *)&storage)) {
		cg_log(CG_LOG_WARNING,
		       "descriptor %d from the service manager is no listening IP socket", fd);
		(void)close(fd);
		return;
	}
	cg_addr_format(&entry->addr, text);
	cg_log(CG_LOG_DEBUG, "socket %s comes from the service manager", text);
	entry->fd = fd;
	sockets->inherited_n++;
}

void cg_sockets_init(struct cg_sockets *sockets, unsigned workers_n)
{
	bool is_for_us = sockets_read_number("LISTEN_PID", INT32_MAX) == (unsigned)getpid();
	unsigned n = is_for_us ? sockets_read_number("LISTEN_FDS", SOCKETS_INHERITED_MAX) : 0;

	*sockets = (struct cg_sockets){.workers_n = workers_n};
	sockets->inherited = cg_mem_alloc_array(n, sizeof(*sockets->inherited));
	for (unsigned i = 0; i < n; i++)
		sockets_inherit(sockets, SOCKETS_INHERITED_FIRST + (int)i);
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
}

void cg_sockets_fini(struct cg_sockets *sockets)
{
	for (size_t i = 0; i < sockets->inherited_n; i++)
		(void)close(sockets->inherited[i].fd);
	free(sockets->inherited);
	free(sockets->addrs);
}

static struct cg_inherited *sockets_find_inherited(struct cg_sockets *sockets,
                                                   const struct cg_addr *addr)
{
	for (size_t i = 0; i < sockets->inherited_n; i++)
		if (cg_addr_eq(&sockets->inherited[i].addr, addr))
			return &sockets->inherited[i];
	return NULL;
}

/* ---- what is needed ---- */

static bool sockets_is_open(const struct cg_sockets *sockets, const struct cg_addr *addr)
{
	for (size_t i = 0; i < sockets->addrs_n; i++)
		if (cg_addr_eq(&sockets->addrs[i], addr))
			return true;
	return false;
}

/* Port 0 of a listener that stays means the port it took. */
static void sockets_settle_port(struct cg_snapshot *snapshot, size_t index, size_t at,
                                const struct cg_snapshot *old)
{
	struct cg_snapshot_listener *fresh = &snapshot->listeners[index];

	if (cg_addr_port(&fresh->bound[at]) != 0 || old == NULL)
		return;
	for (size_t i = 0; i < old->listeners_n; i++) {
		const struct cg_snapshot_listener *was = &old->listeners[i];

		if (strcmp(was->config->name, fresh->config->name) == 0 &&
		    at < was->config->address.n &&
		    cg_addr_eq(&was->config->address.items[at], &fresh->config->address.items[at]))
			fresh->bound[at] = was->bound[at];
	}
}

/* One address for every worker: the same socket where it came from the service manager, else one
 * each. */
static int sockets_open_one(struct cg_sockets *sockets, struct cg_addr *addr,
                            struct cg_sockets_plan *plan, size_t at, struct cg_error *err)
{
	struct cg_inherited *inherited = sockets_find_inherited(sockets, addr);

	if (inherited != NULL)
		inherited->is_used = true;
	for (unsigned w = 0; w < sockets->workers_n; w++) {
		struct cg_worker_plan *one = &plan->plans[w * plan->n + at];

		one->fd = inherited == NULL ? cg_listener_open_socket(addr, err)
		                            : fcntl(inherited->fd, F_DUPFD_CLOEXEC, 0);
		if (one->fd < 0 && inherited != NULL)
			return cg_error_set(err, "dup: %s", strerror(errno));
		if (one->fd < 0)
			return -1;
	}
	return 0;
}

static int sockets_plan_one(struct cg_sockets *sockets, struct cg_addr *addr,
                            const struct cg_worker_plan *like, struct cg_sockets_plan *plan,
                            size_t at, struct cg_error *err)
{
	bool is_open = cg_addr_port(addr) != 0 && sockets_is_open(sockets, addr);

	for (unsigned w = 0; w < sockets->workers_n; w++) {
		plan->plans[w * plan->n + at] = *like;
		plan->plans[w * plan->n + at].fd = -1;
	}
	if (!is_open && sockets_open_one(sockets, addr, plan, at, err) < 0)
		return -1;
	for (unsigned w = 0; w < sockets->workers_n; w++)
		plan->plans[w * plan->n + at].addr = *addr;
	return 0;
}

static int sockets_plan_listener(struct cg_sockets *sockets, struct cg_snapshot *snapshot,
                                 const struct cg_snapshot *old, size_t index,
                                 struct cg_sockets_plan *plan, size_t *at, struct cg_report *report)
{
	struct cg_snapshot_listener *listener = &snapshot->listeners[index];
	const struct cg_addrs *addrs = &listener->config->address;
	struct cg_worker_plan like = {.name = listener->config->name, .index = index};
	struct cg_error err;
	int result = 0;

	for (size_t j = 0; j < addrs->n; j++, (*at)++) {
		sockets_settle_port(snapshot, index, j, old);
		if (sockets_plan_one(sockets, &listener->bound[j], &like, plan, *at, &err) == 0)
			continue;
		cg_report_error(report, addrs->places[j].file, addrs->places[j].line, "%s",
		                err.text);
		result = -1;
	}
	return result;
}

static int sockets_plan_health(struct cg_sockets *sockets, const struct cg_snapshot *snapshot,
                               struct cg_sockets_plan *plan, size_t *at, struct cg_report *report)
{
	const struct cg_addrs *addrs = &snapshot->config->health.address;
	struct cg_worker_plan like = {.name = "health", .index = SIZE_MAX, .is_health = true};
	struct cg_error err;
	int result = 0;

	for (size_t j = 0; j < addrs->n; j++, (*at)++) {
		struct cg_addr addr = addrs->items[j];

		if (sockets_plan_one(sockets, &addr, &like, plan, *at, &err) == 0)
			continue;
		cg_report_error(report, addrs->places[j].file, addrs->places[j].line, "%s",
		                err.text);
		result = -1;
	}
	return result;
}

int cg_sockets_open(struct cg_sockets *sockets, struct cg_snapshot *snapshot,
                    const struct cg_snapshot *old, struct cg_sockets_plan *plan,
                    struct cg_report *report)
{
	size_t at = 0;
	int result = 0;

	plan->n = snapshot->config->health.address.n;
	for (size_t i = 0; i < snapshot->listeners_n; i++)
		plan->n += snapshot->listeners[i].config->address.n;
	plan->plans = cg_mem_alloc_array(plan->n * sockets->workers_n, sizeof(*plan->plans));
	for (size_t i = 0; i < plan->n * sockets->workers_n; i++)
		plan->plans[i].fd = -1;
	for (size_t i = 0; i < snapshot->listeners_n; i++)
		result |= sockets_plan_listener(sockets, snapshot, old, i, plan, &at, report);
	result |= sockets_plan_health(sockets, snapshot, plan, &at, report);
	if (result < 0)
		cg_sockets_drop(sockets, plan);
	return result;
}

static void sockets_log(const struct cg_worker_plan *plan)
{
	char text[CG_ADDR_TEXT_SIZE];

	if (plan->fd < 0)
		return;
	cg_addr_format(&plan->addr, text);
	cg_log(CG_LOG_INFO, "listener %s: %s", plan->name, text);
}

/* Whoever asked the service manager for a socket should hear that it is not used. */
static void sockets_warn_unused(struct cg_sockets *sockets)
{
	for (size_t i = 0; i < sockets->inherited_n; i++) {
		char text[CG_ADDR_TEXT_SIZE];

		if (sockets->inherited[i].is_used)
			continue;
		cg_addr_format(&sockets->inherited[i].addr, text);
		cg_log(CG_LOG_WARNING,
		       "socket %s from the service manager is in no [listen] section", text);
	}
}

void cg_sockets_taken(struct cg_sockets *sockets, struct cg_sockets_plan *plan)
{
	bool is_start = sockets->addrs == NULL;

	free(sockets->addrs);
	sockets->addrs = cg_mem_alloc_array(plan->n, sizeof(*sockets->addrs));
	sockets->addrs_n = plan->n;
	for (size_t i = 0; i < plan->n; i++) {
		sockets->addrs[i] = plan->plans[i].addr;
		sockets_log(&plan->plans[i]);
	}
	if (is_start)
		sockets_warn_unused(sockets);
	free(plan->plans);
	*plan = (struct cg_sockets_plan){0};
}

void cg_sockets_drop(struct cg_sockets *sockets, struct cg_sockets_plan *plan)
{
	for (size_t i = 0; i < plan->n * sockets->workers_n; i++)
		if (plan->plans[i].fd >= 0)
			(void)close(plan->plans[i].fd);
	free(plan->plans);
	*plan = (struct cg_sockets_plan){0};
}
