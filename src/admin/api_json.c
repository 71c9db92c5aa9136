/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of ours as JSON values. */
#include "admin/api_json.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

json_t *cg_api_json_text(const char *text)
{
	if (text == NULL)
		return json_null();

	json_t *json = json_string(text);
	if (json != NULL)
		return json;

	/* A tenant's or a file's bytes: what cannot be told is not worth guessing. */
	char *ascii = cg_mem_strdup(text);
	for (char *c = ascii; *c != '\0'; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	json = json_string(ascii);
	free(ascii);
	return json;
}

json_t *cg_api_json_time(int64_t wall_ms)
{
	char text[CG_CLOCK_RFC3339_SIZE];

	if (wall_ms == 0)
		return json_null();
	cg_clock_format_rfc3339(text, wall_ms);
	return json_string(text);
}

json_t *cg_api_json_addrs(const struct cg_addr *addrs, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		char text[CG_ADDR_TEXT_SIZE];
		cg_addr_format(&addrs[i], text);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

json_t *cg_api_json_texts(char *const *texts, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, cg_api_json_text(texts[i]));
	return array;
}

const char *cg_api_json_all_down(enum cg_all_down all_down)
{
	return all_down == CG_ALL_DOWN_TRY ? "try" : "reject";
}
