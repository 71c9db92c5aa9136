/* SPDX-License-Identifier: BSD-2-Clause */
/* For each name that stands in a certificate: the first pair of each key type that lists it. Names
 * with equal sets share a choice, so that a listener with one certificate has one. */
#include "net/tls_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { TLS_CHOICE_NAME_SIZE = 256 };

/* What a certificate may list to cover a host. */
struct tls_choice_host {
	char name[TLS_CHOICE_NAME_SIZE];
	char wildcard[TLS_CHOICE_NAME_SIZE]; /* "*.domain"; empty for a single label */
};

/* False if HOST can be in no certificate. */
static bool tls_choice_read_host(struct tls_choice_host *out, struct cg_str host)
{
	const char *dot;

	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (host.len == 0 || host.len >= sizeof(out->name))
		return false;
	for (size_t i = 0; i < host.len; i++)
		out->name[i] = cg_char_lower(host.ptr[i]);
	out->name[host.len] = '\0';
	out->wildcard[0] = '\0';
	dot = strchr(out->name, '.');
	if (dot == NULL || dot == out->name)
		return true;
	out->wildcard[0] = '*';
	memcpy(out->wildcard + 1, dot, strlen(dot) + 1);
	return true;
}

static bool tls_choice_has_key_type(const struct cg_tls_choice *choice, const char *key_type)
{
	for (size_t i = 0; i < choice->pairs_n; i++)
		if (strcmp(choice->pairs[i]->facts.key_type, key_type) == 0)
			return true;
	return false;
}

/* Add PAIR unless there is one of its key type, which stood first. */
static void tls_choice_add_pair(struct cg_tls_choice *choice, const struct cg_tls_pair *pair)
{
	if (!tls_choice_has_key_type(choice, pair->facts.key_type))
		choice->pairs[choice->pairs_n++] = pair;
}

static bool tls_choice_has_all_names(const struct cg_tls_pair *pair,
                                     const struct cg_tls_pair *other)
{
	for (size_t i = 0; i < other->facts.names_n; i++)
		if (!cg_tls_pair_has_name(pair, cg_str_from(other->facts.names[i])))
			return false;
	return other->facts.names_n > 0;
}

/* The choice with the pairs of WANTED, made if there is none. */
static struct cg_tls_choice *tls_choice_get(struct cg_tls_choices *choices,
                                            const struct cg_tls_choice *wanted)
{
	struct cg_tls_choice *choice;

	for (size_t i = 0; i < choices->n; i++)
		if (memcmp(choices->items[i]->pairs, wanted->pairs, sizeof(wanted->pairs)) == 0)
			return choices->items[i];
	choice = cg_mem_alloc(sizeof(*choice));
	*choice = *wanted;
	choices->items = cg_mem_realloc(choices->items, (choices->n + 1) * sizeof(*choices->items));
	choices->items[choices->n++] = choice;
	return choice;
}

static void tls_choice_add_name(struct cg_tls_choices *choices, struct cg_str name,
                                const struct cg_tls_pair *pairs, size_t n)
{
	struct cg_tls_choice wanted = {0};

	if (cg_map_get(choices->names, name) != NULL)
		return;
	for (size_t i = 0; i < n; i++)
		if (cg_tls_pair_has_name(&pairs[i], name))
			tls_choice_add_pair(&wanted, &pairs[i]);
	cg_map_put(choices->names, name, tls_choice_get(choices, &wanted));
}

void cg_tls_choices_init(struct cg_tls_choices *choices, const struct cg_tls_pair *pairs, size_t n)
{
	struct cg_tls_choice wanted = {.pairs = {&pairs[0]}, .pairs_n = 1};

	memset(choices, 0, sizeof(*choices));
	choices->names = cg_map_new();
	/* The default: the first pair, with those of other key types that can stand in for it. */
	for (size_t i = 1; i < n; i++)
		if (tls_choice_has_all_names(&pairs[i], &pairs[0]))
			tls_choice_add_pair(&wanted, &pairs[i]);
	(void)tls_choice_get(choices, &wanted);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < pairs[i].facts.names_n; k++)
			tls_choice_add_name(choices, cg_str_from(pairs[i].facts.names[k]), pairs,
			                    n);
}

void cg_tls_choices_fini(struct cg_tls_choices *choices)
{
	for (size_t i = 0; i < choices->n; i++)
		free(choices->items[i]);
	free(choices->items);
	cg_map_free(choices->names);
	memset(choices, 0, sizeof(*choices));
}

struct cg_tls_choice *cg_tls_choices_find(const struct cg_tls_choices *choices, struct cg_str host)
{
	struct tls_choice_host keys;
	struct cg_tls_choice *choice;

	if (!tls_choice_read_host(&keys, host))
		return NULL;
	choice = cg_map_get(choices->names, cg_str_from(keys.name));
	if (choice == NULL && keys.wildcard[0] != '\0')
		choice = cg_map_get(choices->names, cg_str_from(keys.wildcard));
	return choice;
}

bool cg_tls_choice_covers(const struct cg_tls_choice *choice, struct cg_str host)
{
	struct tls_choice_host keys;

	if (!tls_choice_read_host(&keys, host))
		return false;
	for (size_t i = 0; i < choice->pairs_n; i++)
		if (cg_tls_pair_has_name(choice->pairs[i], cg_str_from(keys.name)) ||
		    (keys.wildcard[0] != '\0' &&
		     cg_tls_pair_has_name(choice->pairs[i], cg_str_from(keys.wildcard))))
			return true;
	return false;
}
