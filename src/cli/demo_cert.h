/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo's certificates: a test CA, and what it signs for the gateway and for the simulated
 * tenants. */
#ifndef CG_CLI_DEMO_CERT_H
#define CG_CLI_DEMO_CERT_H

#include "base/defs.h"
#include "base/err.h"

#define CG_DEMO_CERT_CA "ca.pem"
#define CG_DEMO_CERT_GATEWAY "gateway.pem"
#define CG_DEMO_CERT_GATEWAY_KEY "gateway.key"
#define CG_DEMO_CERT_TENANT "tenant.pem"
#define CG_DEMO_CERT_TENANT_KEY "tenant.key"

/* Names that end in .localhost are this machine (RFC 6761 section 6.3), so the demo needs no DNS.
 */
#define CG_DEMO_CERT_GATEWAY_NAME "*.cpi.localhost"
#define CG_DEMO_CERT_TENANT_NAME "*.tenants.localhost"

/* Write all of these files into DIR; the CA's key is not kept. -1 with ERR. */
CG_MUST_USE int cg_demo_cert_make(const char *dir, struct cg_error *err);

#endif
