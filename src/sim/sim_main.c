/* SPDX-License-Identifier: BSD-2-Clause */
/* cpigate-sim: one simulated SAP Cloud Integration tenant, for the demo and for tests. Options
 * here; the tenant is sim_server, the faults are switched through sim_control. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <event2/event.h>

#include "base/addr.h"
#include "base/defs.h"
#include "base/err.h"
#include "sim/sim_control.h"
#include "sim/sim_server.h"

enum { SIM_MAIN_USAGE = 2, SIM_MAIN_HELP = 3 };

struct sim_main_options {
	struct cg_sim_config config;
	struct cg_addr control;
	bool has_listen;
	bool has_control;
	bool has_log;
	const char *log_file; /* NULL: stderr */
};

static const char sim_main_help[] =
        "usage: cpigate-sim --listen IP:PORT [OPTIONS]\n"
        "Simulates one SAP Cloud Integration tenant.\n"
        "\n"
        "  --listen IP:PORT       where the tenant listens; port 0: any free one\n"
        "  --control IP:PORT      plain-HTTP port that switches faults; port 0: any free one\n"
        "  --certificate FILE     PEM chain; without it the tenant speaks plain HTTP\n"
        "  --private-key FILE     PEM key of the certificate\n"
        "  --region TEXT          what answers say about where they come from (sim)\n"
        "  --user NAME            of the Basic credentials (demo)\n"
        "  --password TEXT        of the Basic credentials (demo)\n"
        "  --log [FILE]           a JSON line for each request, to stderr or FILE\n"
        "  --help, --version\n"
        "\n"
        "The addresses in use are printed as 'listening IP:PORT' and 'control IP:PORT'.\n"
        "cpigate-sim(1) lists the faults.\n";

static int sim_main_usage(const char *format, const char *text)
{
	fprintf(stderr, "cpigate-sim: ");
	fprintf(stderr, format, text);
	fprintf(stderr, "\nTry cpigate-sim --help.\n");
	return SIM_MAIN_USAGE;
}

static int sim_main_take_address(struct cg_addr *addr, bool *has_it, const char *text)
{
	*has_it = true;
	if (cg_addr_parse(addr, cg_str_from(text), 0))
		return 0;
	return sim_main_usage("not IP:PORT: '%s'", text);
}

/* getopt takes an optional value only with "="; "--log FILE" is meant too. */
static void sim_main_take_log(struct sim_main_options *options, int argc, char **argv)
{
	options->has_log = true;
	options->log_file = optarg;
	if (optarg == NULL && optind < argc && argv[optind][0] != '-')
		options->log_file = argv[optind++];
}

static int sim_main_take(struct sim_main_options *options, int option, int argc, char **argv)
{
	switch (option) {
	case 'l':
		return sim_main_take_address(&options->config.listen, &options->has_listen, optarg);
	case 'C':
		return sim_main_take_address(&options->control, &options->has_control, optarg);
	case 'c':
		options->config.certificate = optarg;
		return 0;
	case 'k':
		options->config.private_key = optarg;
		return 0;
	case 'r':
		options->config.region = optarg;
		return 0;
	case 'u':
		options->config.user = optarg;
		return 0;
	case 'p':
		options->config.password = optarg;
		return 0;
	case 'L':
		sim_main_take_log(options, argc, argv);
		return 0;
	case 'h':
		fputs(sim_main_help, stdout);
		return SIM_MAIN_HELP;
	case 'V':
		printf("cpigate-sim %s\n", PACKAGE_VERSION);
		return SIM_MAIN_HELP;
	default:
		return SIM_MAIN_USAGE;
	}
}

static int sim_main_parse(struct sim_main_options *options, int argc, char **argv)
{
	static const struct option known[] = {
	        {"listen", required_argument, NULL, 'l'},
	        {"control", required_argument, NULL, 'C'},
	        {"certificate", required_argument, NULL, 'c'},
	        {"private-key", required_argument, NULL, 'k'},
	        {"region", required_argument, NULL, 'r'},
	        {"user", required_argument, NULL, 'u'},
	        {"password", required_argument, NULL, 'p'},
	        {"log", optional_argument, NULL, 'L'},
	        {"help", no_argument, NULL, 'h'},
	        {"version", no_argument, NULL, 'V'},
	        {NULL, 0, NULL, 0},
	};
	int option, result;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		result = sim_main_take(options, option, argc, argv);
		if (result != 0)
			return result;
	}
	if (optind < argc)
		return sim_main_usage("unexpected argument '%s'", argv[optind]);
	if (!options->has_listen)
		return sim_main_usage("%s is required", "--listen IP:PORT");
	if ((options->config.certificate == NULL) != (options->config.private_key == NULL))
		return sim_main_usage("%s belong together", "--certificate and --private-key");
	return 0;
}

static void sim_main_on_signal(evutil_socket_t signal_number, short what, void *arg)
{
	(void)signal_number;
	(void)what;
	event_base_loopbreak(arg);
}

static void sim_main_announce(const char *what, const struct cg_addr *addr)
{
	char text[CG_ADDR_TEXT_SIZE];

	cg_addr_format(addr, text);
	printf("%s %s\n", what, text);
	fflush(stdout);
}

static int sim_main_serve(struct sim_main_options *options, struct event_base *base, FILE *log,
                          struct cg_error *err)
{
	struct cg_sim_server server;
	struct cg_sim_control control = {.http = NULL};
	int result = cg_sim_server_open(&server, base, &options->config, err);

	server.log = log;
	if (result == 0 && options->has_control)
		result = cg_sim_control_open(&control, &server, &options->control, err);
	if (result == 0) {
		sim_main_announce("listening", &server.address);
		if (options->has_control)
			sim_main_announce("control", &options->control);
		event_base_dispatch(base);
	}
	cg_sim_control_close(&control);
	cg_sim_server_close(&server);
	/* libevent frees closed connections in its next turn. */
	event_base_loop(base, EVLOOP_NONBLOCK);
	return result;
}

static int sim_main_run(struct sim_main_options *options, struct cg_error *err)
{
	struct event_base *base;
	struct event *signals[2];
	FILE *log = options->has_log ? stderr : NULL;
	int result;

	if (options->log_file != NULL) {
		log = fopen(options->log_file, "ae");
		if (log == NULL)
			return cg_error_set(err, "%s: %s", options->log_file, strerror(errno));
	}
	base = event_base_new();
	cg_assert(base != NULL);
	for (size_t i = 0; i < CG_ARRAY_LEN(signals); i++) {
		signals[i] =
		        evsignal_new(base, i == 0 ? SIGTERM : SIGINT, sim_main_on_signal, base);
		cg_assert(signals[i] != NULL);
		evsignal_add(signals[i], NULL);
	}
	result = sim_main_serve(options, base, log, err);
	for (size_t i = 0; i < CG_ARRAY_LEN(signals); i++)
		event_free(signals[i]);
	event_base_free(base);
	if (options->log_file != NULL)
		fclose(log);
	return result;
}

static void sim_main_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct sim_main_options options = {
	        .config = {.region = "sim", .user = "demo", .password = "demo"}};
	int result = sim_main_parse(&options, argc, argv);
	struct cg_error err;

	if (result != 0)
		return result == SIM_MAIN_HELP ? 0 : result;
	signal(SIGPIPE, SIG_IGN);
	sim_main_raise_limit();
	if (sim_main_run(&options, &err) != 0) {
		fprintf(stderr, "cpigate-sim: %s\n", err.text);
		return 1;
	}
	return 0;
}
