/* SPDX-License-Identifier: BSD-2-Clause */
/* One function for each storage. Lists grow by one item at a time: they are short. */
#include "config/slot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/input.h"
#include "config/value.h"

static int slot_put_bool(void *field, struct cg_str text, struct cg_error *err)
{
	bool value;

	if (cg_value_read_bool(text, &value, err) != 0)
		return -1;
	memcpy(field, &value, sizeof(value));
	return 0;
}

static int slot_complain_word(const struct cg_option *option, struct cg_str text,
                              struct cg_error *err)
{
	struct cg_buf words = {.data = NULL};

	cg_value_list_words(option, &words);
	cg_error_set(err, "\"%.*s\" is not %.*s", (int)CG_MIN(text.len, (size_t)80), text.ptr,
	             CG_STR_ARGS(cg_buf_str(&words)));
	cg_buf_fini(&words);
	return -1;
}

/* Numbers, and words that stand for one; written in the width of the field. */
static int slot_put_number(const struct cg_option *option, void *field, struct cg_str text,
                           struct cg_error *err)
{
	const struct cg_option_word *word = cg_value_find_word(option, text);
	uint64_t value = word != NULL ? word->value : 0;
	unsigned narrow;
	size_t size;

	if (word == NULL && option->type == CG_OPTION_WORD)
		return slot_complain_word(option, text, err);
	if (word == NULL && cg_value_read_number(option, text, &value, err) != 0)
		return -1;
	narrow = (unsigned)value;
	size = (size_t)value;
	switch (cg_option_storage(option)) {
	case CG_STORAGE_UINT:
		memcpy(field, &narrow, sizeof(narrow));
		break;
	case CG_STORAGE_SIZE:
		memcpy(field, &size, sizeof(size));
		break;
	default: /* int64_t and uint64_t alike: no maximum is over INT64_MAX */
		memcpy(field, &value, sizeof(value));
	}
	return 0;
}

/* Every list of the config begins with its items and has its length somewhere: make room for one
 * item more. */
static void *slot_grow(void *items, size_t n, size_t size)
{
	return cg_mem_realloc(items, (n + 1) * size);
}

static void slot_append_text(struct cg_texts *texts, char *text, struct cg_place place)
{
	texts->items = slot_grow(texts->items, texts->n, sizeof(*texts->items));
	texts->places = slot_grow(texts->places, texts->n, sizeof(*texts->places));
	texts->items[texts->n] = text;
	texts->places[texts->n++] = place;
}

static int slot_put_text(const struct cg_option *option, void *field, struct cg_str text,
                         struct cg_place place, struct cg_error *err)
{
	char *value;

	if (cg_value_find_word(option, text) != NULL)
		value = cg_str_dup(text);
	else if (option->type == CG_OPTION_FILE)
		value = cg_input_path(place.file, text);
	else
		value = cg_value_read_text(option->type, text, err);
	if (value == NULL)
		return -1;
	if (cg_option_is_list(option))
		slot_append_text(field, value, place);
	else
		*(char **)field = value;
	return 0;
}

static int slot_put_address(const struct cg_option *option, void *field, struct cg_str text,
                            struct cg_place place, struct cg_error *err)
{
	struct cg_addrs *addrs = field;
	struct cg_addr value;

	/* "off" leaves the address without a family. */
	if (cg_value_find_word(option, text) != NULL)
		return 0;
	if (cg_value_read_address(text, option->type == CG_OPTION_ADDRESS_ANY_PORT, &value, err) !=
	    0)
		return -1;
	if (!cg_option_is_list(option)) {
		*(struct cg_addr *)field = value;
		return 0;
	}
	addrs->items = slot_grow(addrs->items, addrs->n, sizeof(*addrs->items));
	addrs->places = slot_grow(addrs->places, addrs->n, sizeof(*addrs->places));
	addrs->items[addrs->n] = value;
	addrs->places[addrs->n++] = place;
	return 0;
}

static int slot_put_status(struct cg_status_ranges *ranges, struct cg_str text,
                           struct cg_error *err)
{
	struct cg_status_range value;

	if (cg_value_read_status(text, &value, err) != 0)
		return -1;
	ranges->items = slot_grow(ranges->items, ranges->n, sizeof(*ranges->items));
	ranges->items[ranges->n++] = value;
	return 0;
}

int cg_slot_put(const struct cg_option *option, void *field, struct cg_str text,
                struct cg_place place, struct cg_error *err)
{
	switch (cg_option_storage(option)) {
	case CG_STORAGE_BOOL:
		return slot_put_bool(field, text, err);
	case CG_STORAGE_UINT:
	case CG_STORAGE_MS:
	case CG_STORAGE_SIZE:
	case CG_STORAGE_BYTES:
		return slot_put_number(option, field, text, err);
	case CG_STORAGE_TEXT:
		return slot_put_text(option, field, text, place, err);
	case CG_STORAGE_ADDR:
		return slot_put_address(option, field, text, place, err);
	case CG_STORAGE_STATUS:
		return slot_put_status(field, text, err);
	}
	return -1;
}

static void slot_free_text(const struct cg_option *option, char *text)
{
	if (cg_option_is_secret(option))
		cg_mem_free_secret(text);
	else
		free(text);
}

static void slot_clear_texts(const struct cg_option *option, struct cg_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		slot_free_text(option, texts->items[i]);
	free(texts->items);
	free(texts->places);
	*texts = (struct cg_texts){.n = 0};
}

static void slot_clear_addrs(struct cg_addrs *addrs)
{
	free(addrs->items);
	free(addrs->places);
	*addrs = (struct cg_addrs){.n = 0};
}

void cg_slot_clear(const struct cg_option *option, void *field)
{
	enum cg_storage storage = cg_option_storage(option);
	struct cg_status_ranges *ranges = field;

	if (storage == CG_STORAGE_TEXT && cg_option_is_list(option)) {
		slot_clear_texts(option, field);
	} else if (storage == CG_STORAGE_TEXT) {
		slot_free_text(option, *(char **)field);
		*(char **)field = NULL;
	} else if (storage == CG_STORAGE_ADDR && cg_option_is_list(option)) {
		slot_clear_addrs(field);
	} else if (storage == CG_STORAGE_STATUS) {
		free(ranges->items);
		*ranges = (struct cg_status_ranges){.n = 0};
	}
}
