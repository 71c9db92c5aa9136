/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo's world, from an empty folder to a gateway that answers, and back to nothing. */
#include "cli/demo.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/demo_cert.h"

#define DEMO_SIM "cpigate-sim"

enum {
	DEMO_PORT = 8443,
	DEMO_ADMIN_PORT = 9090,
	DEMO_READY_MS = 10000,
	DEMO_STEP_MS = 50,
	DEMO_CALL_MS = 5000,
	DEMO_PORTS_N = 2 + 2 * CG_DEMO_TENANTS_N,
};

/* A socket bound to WANTED on loopback, or to any port with 0; -1 if it is taken. */
static int demo_bind(uint16_t wanted, uint16_t *port)
{
	const int on = 1;
	struct sockaddr_in addr = {
	        .sin_family = AF_INET,
	        .sin_port = htons(wanted),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) == -1) {
		close(fd);
		return -1;
	}
	*port = ntohs(addr.sin_port);
	return fd;
}

bool cg_demo_is_taken(uint16_t port)
{
	int fd = demo_bind(port, &port);

	if (fd == -1)
		return true;
	close(fd);
	return false;
}

/* All are held until the last is found, so that none is found twice. They are fixed for the demo's
 * life: a tenant that was killed comes back where the gateway looks for it. */
static int demo_find_ports(struct cg_demo *demo, struct cg_error *err)
{
	static const uint16_t wanted[DEMO_PORTS_N] = {DEMO_PORT, DEMO_ADMIN_PORT};
	uint16_t *const ports[DEMO_PORTS_N] = {
	        &demo->port,
	        &demo->admin_port,
	        &demo->tenants[0].port,
	        &demo->tenants[0].control_port,
	        &demo->tenants[1].port,
	        &demo->tenants[1].control_port,
	};
	int fds[DEMO_PORTS_N];
	int result = 0;

	for (size_t i = 0; i < DEMO_PORTS_N; i++) {
		fds[i] = demo_bind(wanted[i], ports[i]);
		if (fds[i] == -1)
			fds[i] = demo_bind(0, ports[i]);
		if (fds[i] == -1)
			result =
			        cg_error_set(err, "no free port on 127.0.0.1: %s", strerror(errno));
	}
	for (size_t i = 0; i < DEMO_PORTS_N; i++) {
		if (fds[i] != -1)
			close(fds[i]);
	}
	return result;
}

static char *demo_find_in_path(const char *name)
{
	struct cg_str rest = cg_str_from(getenv("PATH"));
	struct cg_str dir;

	while (cg_str_next(&rest, ':', &dir)) {
		char *path = cg_str_printf("%.*s/%s", CG_STR_ARGS(dir), name);
		if (dir.len > 0 && access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static int demo_find_programs(struct cg_demo *demo, struct cg_error *err)
{
	char program[PATH_MAX] = "";
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (len == -1)
		return cg_error_set(err, "/proc/self/exe: %s", strerror(errno));
	program[len] = '\0';
	demo->program = cg_mem_strdup(program);
	*strrchr(program, '/') = '\0';
	demo->sim = cg_str_printf("%s/%s", program, DEMO_SIM);
	if (access(demo->sim, X_OK) == 0)
		return 0;
	free(demo->sim);
	demo->sim = demo_find_in_path(DEMO_SIM);
	if (demo->sim == NULL)
		return cg_error_set(err, "the program %s is neither in %s nor in PATH", DEMO_SIM,
		                    program);
	return 0;
}

static int demo_make_dir(struct cg_demo *demo, struct cg_error *err)
{
	const char *parent = getenv("TMPDIR");
	char *dir = cg_str_printf("%s/cpigate-demo-XXXXXX",
	                          parent == NULL || parent[0] == '\0' ? "/tmp" : parent);

	if (mkdtemp(dir) == NULL) {
		cg_error_set(err, "%s: %s", dir, strerror(errno));
		free(dir);
		return -1;
	}
	demo->dir = dir;
	return cg_demo_cert_make(dir, err);
}

static void demo_remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(path);
}

static void demo_write_gateway(const struct cg_demo *demo, FILE *file)
{
	fprintf(file,
	        "[gateway]\nname = cpigate-demo\ndrain_timeout = 2s\n\n"
	        "[log]\naccess = access.log\n\n"
	        "[listen https]\naddress = 127.0.0.1:%u\ncertificate = %s\nprivate_key = %s\n\n"
	        "[admin]\naddress = 127.0.0.1:%u\n\n",
	        demo->port, CG_DEMO_CERT_GATEWAY, CG_DEMO_CERT_GATEWAY_KEY, demo->admin_port);
	/* The 200 approach: the probe logs in (demo:demo) and runs the health iFlow. */
	fputs("[probe]\npath = /http/health\nheader = Authorization: Basic ZGVtbzpkZW1v\n"
	      "expect_status = 200\ninterval = 1s\ninterval_down = 1s\ntimeout = 2s\nfall = 2\n",
	      file);
}

static void demo_write_tenants(const struct cg_demo *demo, FILE *file)
{
	for (unsigned i = 0; i < CG_DEMO_TENANTS_N; i++) {
		const struct cg_demo_tenant *tenant = &demo->tenants[i];
		fprintf(file,
		        "\n[tenant %s]\nurl = https://%s.tenants.localhost:%u\n"
		        "address = 127.0.0.1:%u\nca_file = %s\npriority = %u\nregion = %s\n",
		        tenant->name, tenant->name, tenant->port, tenant->port, CG_DEMO_CERT_CA,
		        i + 1, tenant->region);
	}
}

static int demo_write_config(const struct cg_demo *demo, struct cg_error *err)
{
	char *path = cg_str_printf("%s/cpigate.ini", demo->dir);
	FILE *file = fopen(path, "we");
	int result = 0;

	if (file != NULL) {
		demo_write_gateway(demo, file);
		demo_write_tenants(demo, file);
	}
	if (file == NULL || fclose(file) != 0)
		result = cg_error_set(err, "%s: %s", path, strerror(errno));
	free(path);
	return result;
}

static void demo_init_tenant(struct cg_demo *demo, struct cg_demo_tenant *tenant)
{
	struct cg_demo_child *child = &tenant->child;
	char *log = cg_str_printf("%s/%s.log", demo->dir, tenant->name);

	cg_demo_child_init(child, log);
	cg_demo_child_add(child, "%s", demo->sim);
	cg_demo_child_add(child, "--listen");
	cg_demo_child_add(child, "127.0.0.1:%u", tenant->port);
	cg_demo_child_add(child, "--certificate");
	cg_demo_child_add(child, "%s/%s", demo->dir, CG_DEMO_CERT_TENANT);
	cg_demo_child_add(child, "--private-key");
	cg_demo_child_add(child, "%s/%s", demo->dir, CG_DEMO_CERT_TENANT_KEY);
	cg_demo_child_add(child, "--region");
	cg_demo_child_add(child, "%s", tenant->region);
	cg_demo_child_add(child, "--user");
	cg_demo_child_add(child, "%s", CG_DEMO_USER);
	cg_demo_child_add(child, "--password");
	cg_demo_child_add(child, "%s", CG_DEMO_PASSWORD);
	cg_demo_child_add(child, "--control");
	cg_demo_child_add(child, "127.0.0.1:%u", tenant->control_port);
	free(log);
}

static void demo_init_gateway(struct cg_demo *demo)
{
	char *log = cg_str_printf("%s/gateway.log", demo->dir);

	cg_demo_child_init(&demo->gateway, log);
	cg_demo_child_add(&demo->gateway, "%s", demo->program);
	cg_demo_child_add(&demo->gateway, "run");
	cg_demo_child_add(&demo->gateway, "-c");
	cg_demo_child_add(&demo->gateway, "%s/cpigate.ini", demo->dir);
	free(log);
}

static bool demo_is_ready(const struct cg_demo *demo)
{
	struct cg_call_answer answer;

	if (cg_demo_call(demo, "/healthz", &answer, NULL) == -1)
		return false;
	cg_call_answer_fini(&answer);
	return answer.status == 200;
}

/* Wait for CHILD: until its log says TEXT, or (NULL) until the gateway's health endpoint says 200.
 */
static int demo_wait(struct cg_demo *demo, struct cg_demo_child *child, const char *text,
                     struct cg_error *err)
{
	int64_t deadline = cg_clock_now_ms() + DEMO_READY_MS;
	char end[64];

	while (text == NULL ? !demo_is_ready(demo) : !cg_demo_child_said(child, text)) {
		if (!cg_demo_child_runs(child)) {
			cg_demo_child_print_log(child, 10);
			cg_demo_child_end_text(child, end, sizeof(end));
			return cg_error_set(err, "%s %s", child->argv[0], end);
		}
		if (!cg_demo_pause(demo, DEMO_STEP_MS))
			return cg_error_set(err, "interrupted");
		if (cg_clock_now_ms() > deadline) {
			cg_demo_child_print_log(child, 10);
			return cg_error_set(err, "%s is not ready after %d seconds", child->argv[0],
			                    DEMO_READY_MS / 1000);
		}
	}
	return 0;
}

int cg_demo_start_tenant(struct cg_demo *demo, struct cg_demo_tenant *tenant, struct cg_error *err)
{
	if (cg_demo_child_start(&tenant->child, err) == -1)
		return -1;
	return demo_wait(demo, &tenant->child, "listening ", err);
}

static int demo_start(struct cg_demo *demo, struct cg_error *err)
{
	for (size_t i = 0; i < CG_DEMO_TENANTS_N; i++) {
		demo_init_tenant(demo, &demo->tenants[i]);
		if (cg_demo_start_tenant(demo, &demo->tenants[i], err) == -1)
			return -1;
	}
	demo_init_gateway(demo);
	if (cg_demo_child_start(&demo->gateway, err) == -1)
		return -1;
	return demo_wait(demo, &demo->gateway, NULL, err);
}

static void demo_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

int cg_demo_init(struct cg_demo *demo, struct cg_error *err)
{
	sigset_t set;

	*demo = (struct cg_demo){
	        .tenants = {{.name = "cf-eu20", .region = "eu20"},
	                    {.name = "cf-us21", .region = "us21"}},
	};
	demo_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (demo_find_programs(demo, err) == -1 || demo_find_ports(demo, err) == -1 ||
	    demo_make_dir(demo, err) == -1 || demo_write_config(demo, err) == -1)
		return -1;
	return demo_start(demo, err);
}

void cg_demo_fini(struct cg_demo *demo)
{
	cg_demo_child_fini(&demo->gateway);
	for (size_t i = 0; i < CG_DEMO_TENANTS_N; i++)
		cg_demo_child_fini(&demo->tenants[i].child);
	if (demo->dir != NULL)
		demo_remove_dir(demo->dir);
	free(demo->dir);
	free(demo->program);
	free(demo->sim);
}

bool cg_demo_pause(struct cg_demo *demo, int64_t ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000 * 1000};
	sigset_t set;

	demo_signals(&set);
	int caught = sigtimedwait(&set, NULL, &time);
	if (caught != -1 && caught != SIGCHLD)
		demo->has_ended = true;
	return !demo->has_ended;
}

int cg_demo_call(const struct cg_demo *demo, const char *path, struct cg_call_answer *answer,
                 struct cg_error *err)
{
	char *url = cg_str_printf("https://%s:%u%s", CG_DEMO_HOST, demo->port, path);
	char *ca_file = cg_str_printf("%s/%s", demo->dir, CG_DEMO_CERT_CA);
	char *place = cg_str_printf("127.0.0.1:%u", demo->port);
	const struct cg_call call = {
	        .method = "GET",
	        .url = url,
	        .user = CG_DEMO_USER ":" CG_DEMO_PASSWORD,
	        .ca_file = ca_file,
	        .connect_to = place,
	        .timeout_ms = DEMO_CALL_MS,
	};
	int result = cg_call_run(&call, answer, err);

	free(place);
	free(ca_file);
	free(url);
	return result;
}
