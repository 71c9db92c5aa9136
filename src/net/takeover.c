/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that share a port (SO_REUSEPORT) stand in one array of the kernel, in the order in which
 * they began to listen; one that closes leaves its place to the last. So all from place OLDER_N on
 * are the newest process', and stay so while the older ones close. A filter of one instruction
 * names that place; a place that does not exist any more means the kernel's own choice (socket(7),
 * SO_ATTACH_REUSEPORT_CBPF). */
#include "net/takeover.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"

/* As /proc/net/tcp writes an address: each 32 bits in the machine's order, then the port. */
static void takeover_format(const struct cg_addr *addr, char *out, size_t size)
{
	const unsigned char *bytes = addr->sa.sa_family == AF_INET
	                                     ? (const unsigned char *)&addr->in.sin_addr
	                                     : (const unsigned char *)&addr->in6.sin6_addr;
	size_t n = addr->sa.sa_family == AF_INET ? 4 : 16;
	size_t at = 0;

	for (size_t i = 0; i < n; i += 4) {
		uint32_t word;

		memcpy(&word, bytes + i, sizeof(word));
		at += (size_t)snprintf(out + at, size - at, "%08X", word);
	}
	(void)snprintf(out + at, size - at, ":%04X", cg_addr_port(addr));
}

/* Listening sockets come first in the file. */
unsigned cg_takeover_count(const struct cg_addr *addr)
{
	const char *path = addr->sa.sa_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6";
	FILE *file = fopen(path, "re");
	char wanted[48];
	char local[64];
	char line[512];
	char state[8];
	unsigned n = 0;

	if (file == NULL)
		return 0;
	takeover_format(addr, wanted, sizeof(wanted));
	(void)!fgets(line, sizeof(line), file); /* the titles */
	while (fgets(line, sizeof(line), file) != NULL) {
		/* 0A: listening (include/net/tcp_states.h) */
		if (sscanf(line, " %*s %63s %*s %7s", local, state) != 2 ||
		    strcmp(state, "0A") != 0)
			break;
		n += strcmp(local, wanted) == 0;
	}
	(void)fclose(file);
	return n;
}

bool cg_takeover_steer(int fd, unsigned place)
{
	struct sock_filter name_place = BPF_STMT(BPF_RET | BPF_K, place);
	struct sock_fprog program = {.len = 1, .filter = &name_place};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) == 0;
}

void cg_takeover_unsteer(int fd)
{
	int ignored = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &ignored, sizeof(ignored));
}
