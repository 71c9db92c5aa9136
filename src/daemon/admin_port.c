/* SPDX-License-Identifier: BSD-2-Clause */
/* What the admin port is lent by the daemon. */
#include "daemon/admin_port.h"

#include "base/log.h"
#include "daemon/reload.h"

static struct cg_snapshot *admin_port_snapshot(void *owner)
{
	return ((struct cg_control *)owner)->snapshot;
}

static int admin_port_reload(void *owner, struct cg_report *report)
{
	return cg_reload(owner, report);
}

static const struct cg_reload_outcome *admin_port_last_reload(void *owner)
{
	return &((struct cg_control *)owner)->last_reload;
}

struct cg_admin *cg_admin_port_open(struct cg_control *control, const struct cg_config *config,
                                    struct cg_error *err)
{
	struct cg_admin_setup setup = {
	        .loop = control->loop,
	        .live = control->live,
	        .journal = control->journal,
	        .counters = control->counters,
	        .workers_n = control->workers_n,
	        .started_wall_ms = control->started_wall_ms,
	        .address = config->admin.address,
	        .snapshot = admin_port_snapshot,
	        .reload = admin_port_reload,
	        .last_reload = admin_port_last_reload,
	        .owner = control,
	};
	struct cg_admin *admin = cg_admin_new(&setup, err);
	char text[CG_ADDR_TEXT_SIZE];
	struct cg_addr addr;

	if (admin == NULL)
		return NULL;
	cg_admin_address(admin, &addr);
	cg_addr_format(&addr, text);
	cg_log(CG_LOG_INFO, "admin port: http://%s", text);
	return admin;
}

bool cg_admin_port_is_other(const struct cg_control *control, const struct cg_config *config)
{
	const struct cg_config_admin *old = &control->snapshot->config->admin;

	return old->is_on != config->admin.is_on ||
	       (old->is_on && !cg_addr_eq(&old->address, &config->admin.address));
}
