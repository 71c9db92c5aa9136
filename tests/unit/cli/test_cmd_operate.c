/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of operators against an admin port that answers as it is told: what they send, what they
 * print, how they end. */
#include "cli/cmd_operate.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

struct port {
	pthread_t thread;
	int fd;
	int number;
	int status;
	const char *answer;
	char request[8192]; /* the latest; "" if there was none */
};

/* The text of the whole request, once its body is complete. */
static bool port_is_whole(const char *request)
{
	const char *body = strstr(request, "\r\n\r\n");
	const char *length = strstr(request, "Content-Length: ");

	return body != NULL &&
	       (length == NULL || strlen(body + 4) >= strtoul(length + 16, NULL, 10));
}

/* One call. */
static void *port_run(void *arg)
{
	struct port *port = arg;
	int fd = accept(port->fd, NULL, NULL);
	size_t len = 0;
	ssize_t n = 1;

	if (fd == -1)
		return NULL;
	while (n > 0 && !port_is_whole(port->request)) {
		n = read(fd, port->request + len, sizeof(port->request) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		port->request[len] = '\0';
	}
	char *text = cg_str_printf("HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", port->status,
	                           strlen(port->answer), port->answer);
	(void)!write(fd, text, strlen(text));
	free(text);
	close(fd);
	return NULL;
}

static void port_open(struct port *port, int status, const char *answer)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	                         .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(in);

	*port = (struct port){.status = status, .answer = answer};
	port->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(port->fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(port->fd, 1), 0);
	assert_int_equal(getsockname(port->fd, (struct sockaddr *)&in, &len), 0);
	port->number = ntohs(in.sin_port);
	assert_int_equal(pthread_create(&port->thread, NULL, port_run, port), 0);
}

/* Also where no call came. */
static void port_close(struct port *port)
{
	shutdown(port->fd, SHUT_RDWR);
	pthread_join(port->thread, NULL);
	close(port->fd);
}

/* Everything that is written to FD meanwhile goes to a file. */
struct capture {
	FILE *stream;
	FILE *file;
	int saved;
};

static void capture_begin(struct capture *capture, FILE *stream)
{
	fflush(stream);
	capture->stream = stream;
	capture->file = tmpfile();
	assert_non_null(capture->file);
	capture->saved = dup(fileno(stream));
	dup2(fileno(capture->file), fileno(stream));
}

static void capture_end(struct capture *capture, char *out, size_t size)
{
	fflush(capture->stream);
	dup2(capture->saved, fileno(capture->stream));
	close(capture->saved);
	rewind(capture->file);
	out[fread(out, 1, size - 1, capture->file)] = '\0';
	fclose(capture->file);
}

struct outcome {
	int status;
	char out[4096];
	char err[4096];
	struct port port;
};

typedef int (*command_fn)(int argc, char **argv);

/* Run COMMAND with ARGS (separated by '|') against a port that answers. */
static void run(struct outcome *outcome, command_fn command, const char *args, int status,
                const char *answer)
{
	struct capture out, err;
	char *argv[16];
	int argc = 0;

	port_open(&outcome->port, status, answer);
	char *text = cg_str_printf("--admin|http://127.0.0.1:%d/%s%s", outcome->port.number,
	                           args[0] == '\0' ? "" : "|", args);
	for (char *save, *arg = strtok_r(text, "|", &save); arg != NULL;
	     arg = strtok_r(NULL, "|", &save))
		argv[argc++] = arg;
	capture_begin(&out, stdout);
	capture_begin(&err, stderr);
	outcome->status = command(argc, argv);
	capture_end(&err, outcome->err, sizeof(outcome->err));
	capture_end(&out, outcome->out, sizeof(outcome->out));
	port_close(&outcome->port);
	free(text);
}

static void assert_sent(const struct outcome *outcome, const char *line, const char *body)
{
	const char *sent = strstr(outcome->port.request, "\r\n\r\n");

	assert_non_null(sent);
	assert_memory_equal(outcome->port.request, line, strlen(line));
	assert_non_null(strstr(outcome->port.request, "\r\nX-Cpigate-Admin: 1\r\n"));
	assert_string_equal(sent + 4, body);
}

static void test_drain(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, cg_cmd_drain, "eu20|--for|2h|--note|say \"hi\"", 200,
	    "{\"state\": \"drained\", \"drained_until\": \"2026-11-21T07:28:00.000Z\"}");
	assert_sent(&outcome, "POST /api/v1/tenants/eu20/drain HTTP/1.1\r\n",
	            "{\"for\":\"2h\",\"note\":\"say \\\"hi\\\"\"}");
	assert_string_equal(outcome.out, "eu20 is drained until 2026-11-21T07:28:00.000Z\n");
	assert_string_equal(outcome.err, "");
	assert_int_equal(outcome.status, 0);

	run(&outcome, cg_cmd_drain, "eu20", 200,
	    "{\"state\": \"drained\", \"drained_until\": null}");
	assert_sent(&outcome, "POST /api/v1/tenants/eu20/drain HTTP/1.1\r\n", "{}");
	assert_string_equal(outcome.out, "eu20 is drained\n");
}

static void test_resume(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, cg_cmd_resume, "eu20|--note|ok", 200, "{\"state\": \"online\"}");
	assert_sent(&outcome, "POST /api/v1/tenants/eu20/resume HTTP/1.1\r\n", "{\"note\":\"ok\"}");
	assert_string_equal(outcome.out, "eu20 is online\n");
	assert_int_equal(outcome.status, 0);
}

static void test_switch(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, cg_cmd_switch, "default|us21|--note|drill", 200,
	    "{\"switched_to\": \"us21\", \"active\": \"eu20\"}");
	assert_sent(&outcome, "POST /api/v1/pools/default/switch HTTP/1.1\r\n",
	            "{\"tenant\":\"us21\",\"note\":\"drill\"}");
	assert_string_equal(outcome.out, "default: the first choice is us21, and eu20 is active\n");
	assert_int_equal(outcome.status, 0);

	run(&outcome, cg_cmd_switch, "default|auto", 200,
	    "{\"switched_to\": null, \"active\": null}");
	assert_sent(&outcome, "POST /api/v1/pools/default/switch HTTP/1.1\r\n",
	            "{\"tenant\":\"auto\"}");
	assert_string_equal(outcome.out,
	                    "default: the first choice is by priority, and none is active\n");
}

static void test_reload_taken(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, cg_cmd_reload, "", 200,
	    "{\"outcome\": \"taken\", \"warnings\": [\"f:1: warning: w\"]}");
	assert_sent(&outcome, "POST /api/v1/reload HTTP/1.1\r\n", "");
	assert_string_equal(outcome.out, "the new configuration is in force\n");
	assert_string_equal(outcome.err, "f:1: warning: w\n");
	assert_int_equal(outcome.status, 0);
}

static void test_reload_refused_prints_every_problem(void **state)
{
	const char *wanted = "f:1: error: a\nf:2: error: b\ncpigate reload: http://";
	struct outcome outcome;

	(void)state;
	run(&outcome, cg_cmd_reload, "", 409,
	    "{\"detail\": \"has 2 errors\", \"errors\": [\"f:1: error: a\", \"f:2: error: b\"]}");
	assert_string_equal(outcome.out, "");
	assert_memory_equal(outcome.err, wanted, strlen(wanted));
	assert_non_null(strstr(outcome.err, "says 409: has 2 errors\n"));
	assert_int_equal(outcome.status, 1);
}

static void test_refusals_are_shown_in_the_gateways_words(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, cg_cmd_drain, "nope", 404, "{\"detail\": \"there is no tenant nope\"}");
	assert_non_null(strstr(outcome.err, "says 404: there is no tenant nope\n"));
	assert_int_equal(outcome.status, 1);

	run(&outcome, cg_cmd_reload, "", 401, "{\"detail\": \"the bearer token is missing\"}");
	assert_non_null(strstr(outcome.err, "says 401: the bearer token is missing\n"));
	assert_int_equal(outcome.status, 1);

	run(&outcome, cg_cmd_reload, "", 200, "<html>");
	assert_non_null(strstr(outcome.err, "not as a cpigate would"));
	assert_int_equal(outcome.status, 1);
}

static void test_wrong_usage_calls_nobody(void **state)
{
	static const struct {
		command_fn command;
		const char *args;
		const char *wanted;
	} rows[] = {
	        {cg_cmd_drain, "", "TENANT is missing"},
	        {cg_cmd_drain, "../x", "../x is no name of a tenant"},
	        {cg_cmd_drain, "eu20|--until|2h", "no option --until"},
	        {cg_cmd_drain, "eu20|--note|\xff", "not UTF-8"},
	        {cg_cmd_switch, "default", "TENANT is missing"},
	        {cg_cmd_switch, "a/b|eu20", "a/b is no name of a pool"},
	        {cg_cmd_reload, "now", "no use for now"},
	};
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < CG_ARRAY_LEN(rows); i++) {
		run(&outcome, rows[i].command, rows[i].args, 200, "{}");
		if (strstr(outcome.err, rows[i].wanted) == NULL)
			fail_msg("no \"%s\" in: %s", rows[i].wanted, outcome.err);
		assert_int_equal(outcome.status, 2);
		assert_string_equal(outcome.port.request, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_drain),
	        cmocka_unit_test(test_resume),
	        cmocka_unit_test(test_switch),
	        cmocka_unit_test(test_reload_taken),
	        cmocka_unit_test(test_reload_refused_prints_every_problem),
	        cmocka_unit_test(test_refusals_are_shown_in_the_gateways_words),
	        cmocka_unit_test(test_wrong_usage_calls_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
