/* SPDX-License-Identifier: BSD-2-Clause */
/* Words to the service manager (sd_notify(3)'s protocol): one datagram to NOTIFY_SOCKET, nothing if
 * there is none. */
#ifndef CG_DAEMON_NOTIFY_H
#define CG_DAEMON_NOTIFY_H

/* TEXT such as "READY=1". Control. */
void cg_notify(const char *text);

#endif
