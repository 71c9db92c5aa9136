/* SPDX-License-Identifier: BSD-2-Clause */
/* What each worker counts. One writer (its worker), any reader: relaxed atomics, one cache line
 * group for each worker so that workers never share a line. */
#ifndef CG_STATE_COUNTERS_H
#define CG_STATE_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/defs.h"

/* Of one worker about one tenant. */
struct cg_tenant_counters {
	_Alignas(CG_CACHE_LINE) _Atomic uint64_t requests; /* attempts whose request was sent */
	_Atomic uint64_t failures; /* attempts that ended without an answer */
	_Atomic unsigned in_flight;
};

/* Of one worker about itself. */
struct cg_worker_counters {
	_Alignas(CG_CACHE_LINE) _Atomic uint64_t requests; /* exchanges ended */
	_Atomic uint64_t errors; /* answers that the gateway made itself (status 4xx or 5xx) */
	_Atomic uint64_t connections_total;   /* clients accepted */
	_Atomic uint64_t connections_refused; /* closed at accept: max_connections, descriptors */
	_Atomic uint64_t tenant_connections_total;
	_Atomic unsigned connections;        /* clients connected now */
	_Atomic unsigned tenant_connections; /* to tenants now, idle ones included */
	_Atomic unsigned tenant_connections_idle;
	_Atomic uint64_t log_lines_lost; /* access log lines that found their ring full */
};

/* Add for the single writer: a plain load and store, no locked instruction. */
#define CG_COUNTER_ADD(counter, amount)                                                            \
	atomic_store_explicit(&(counter),                                                          \
	                      atomic_load_explicit(&(counter), memory_order_relaxed) + (amount),   \
	                      memory_order_relaxed)
#define CG_COUNTER_SUB(counter, amount)                                                            \
	atomic_store_explicit(&(counter),                                                          \
	                      atomic_load_explicit(&(counter), memory_order_relaxed) - (amount),   \
	                      memory_order_relaxed)
#define CG_COUNTER_GET(counter) atomic_load_explicit(&(counter), memory_order_relaxed)

#endif
