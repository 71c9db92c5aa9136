/* SPDX-License-Identifier: BSD-2-Clause */
/* As on a real tenant there are two layers: the platform's router may refuse before anything else,
 * then the runtime asks for credentials and runs an iFlow. */
#include "sim/sim_answer.h"

#include <stdio.h>

static void answer_say(struct cg_sim_answer *answer, unsigned status, const char *region,
                       const char *text)
{
	answer->status = status;
	answer->content = CG_SIM_CONTENT_TEXT;
	snprintf(answer->text, sizeof(answer->text), "%s: %s\n", region, text);
}

static enum cg_sim_ending answer_ending(const struct cg_sim_fault *fault)
{
	if (fault->is_on[CG_SIM_FAULT_HANG])
		return CG_SIM_ENDING_HANG;
	if (fault->is_on[CG_SIM_FAULT_RESET])
		return CG_SIM_ENDING_RESET;
	if (fault->is_on[CG_SIM_FAULT_CLOSE_AFTER_BODY])
		return CG_SIM_ENDING_CLOSE;
	return CG_SIM_ENDING_ANSWER;
}

static bool answer_by_platform(struct cg_sim_answer *answer, const char *region,
                               const struct cg_sim_fault *fault)
{
	if (fault->is_on[CG_SIM_FAULT_ROUTERERROR]) {
		uint64_t value = fault->value[CG_SIM_FAULT_ROUTERERROR];

		answer_say(answer, cg_sim_fault_router_status(value), region,
		           "simulated router error");
		answer->router_error = cg_sim_fault_router_name(value);
		return true;
	}
	if (fault->is_on[CG_SIM_FAULT_STATUS]) {
		answer_say(answer, (unsigned)fault->value[CG_SIM_FAULT_STATUS], region,
		           "simulated status");
		return true;
	}
	return false;
}

static void answer_health(struct cg_sim_answer *answer, const char *region,
                          const struct cg_sim_fault *fault)
{
	if (fault->is_on[CG_SIM_FAULT_HEALTH])
		answer_say(answer, (unsigned)fault->value[CG_SIM_FAULT_HEALTH], region,
		           "simulated health failure");
	else
		snprintf(answer->text, sizeof(answer->text), "ok\n");
}

static void answer_download(struct cg_sim_answer *answer, const char *region,
                            const struct cg_sim_request *request)
{
	struct cg_str bytes = cg_sim_request_param(request, CG_STR("bytes"));

	if (!cg_str_to_u64(bytes, INT64_MAX, &answer->pattern_len)) {
		answer_say(answer, 400, region, "bytes=N is missing or malformed");
		return;
	}
	answer->content = CG_SIM_CONTENT_PATTERN;
	answer->is_chunked =
	        cg_str_eq(cg_sim_request_param(request, CG_STR("chunked")), CG_STR("1"));
}

static void answer_by_iflow(struct cg_sim_answer *answer, const char *region,
                            const struct cg_sim_request *request, const struct cg_sim_fault *fault)
{
	bool is_get = cg_str_eq(request->method, CG_STR("GET")) ||
	              cg_str_eq(request->method, CG_STR("HEAD"));

	answer->is_from_iflow = true;
	if (cg_str_eq(request->path, CG_STR("/http/health")))
		answer_health(answer, region, fault);
	else if (cg_str_eq(request->path, CG_STR("/http/download")))
		answer_download(answer, region, request);
	else if (cg_str_eq(cg_sim_request_param(request, CG_STR("echo")), CG_STR("1")))
		answer->content = CG_SIM_CONTENT_ECHO;
	else if (is_get)
		snprintf(answer->text, sizeof(answer->text), "%s\n", region);
	else
		answer->content = CG_SIM_CONTENT_RECEIVED;
}

struct cg_sim_answer cg_sim_answer_decide(const struct cg_sim_identity *identity,
                                          const struct cg_sim_request *request,
                                          const struct cg_sim_fault *fault)
{
	struct cg_sim_answer answer = {.status = 200, .ending = answer_ending(fault)};
	struct cg_str given = cg_sim_request_field(request, CG_STR("Authorization"));

	if (!cg_str_has_prefix(request->path, CG_STR("/http/")))
		answer_say(&answer, 404, identity->region, "nothing here");
	else if (answer_by_platform(&answer, identity->region, fault))
		;
	else if (!cg_str_eq(given, cg_str_from(identity->credentials)))
		answer_say(&answer, 401, identity->region, "credentials are missing or wrong");
	else
		answer_by_iflow(&answer, identity->region, request, fault);
	/* An echo begins before the request is read, so it could not end otherwise. */
	if (answer.content == CG_SIM_CONTENT_ECHO && answer.ending != CG_SIM_ENDING_ANSWER)
		answer.content = CG_SIM_CONTENT_RECEIVED;
	return answer;
}

const char *cg_sim_answer_phrase(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 429:
		return "Too Many Requests";
	case 500:
		return "Internal Server Error";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	default:
		return "Simulated";
	}
}

char cg_sim_answer_pattern(uint64_t offset)
{
	return (char)((offset ^ offset >> 8 ^ offset >> 16) & 0xff);
}
