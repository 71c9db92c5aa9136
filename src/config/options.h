/* SPDX-License-Identifier: BSD-2-Clause */
/* THE table: each section and key of the configuration file, declared once. parse reads values by
 * it, show prints the manual from it, config frees by it. A key that is not here does not exist. */
#ifndef CG_CONFIG_OPTIONS_H
#define CG_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Where a value goes; with CG_OPTION_LIST a TEXT goes to a struct cg_texts, an ADDR to a struct
 * cg_addrs. */
enum cg_storage {
	CG_STORAGE_BOOL,   /* bool */
	CG_STORAGE_UINT,   /* unsigned, or an enum */
	CG_STORAGE_MS,     /* int64_t */
	CG_STORAGE_SIZE,   /* size_t */
	CG_STORAGE_BYTES,  /* uint64_t */
	CG_STORAGE_TEXT,   /* char * */
	CG_STORAGE_ADDR,   /* struct cg_addr */
	CG_STORAGE_STATUS, /* struct cg_status_ranges, always a list */
};

/* Each type with its storage and its name in the manual. */
#define CG_OPTION_TYPES(X)                                                                         \
	X(BOOL, BOOL, "boolean")                                                                   \
	X(UINT, UINT, "number")                                                                    \
	X(WORD, UINT, "word") /* one of option.words and nothing else */                           \
	X(DURATION, MS, "duration")                                                                \
	X(SIZE, SIZE, "size")                                                                      \
	X(BYTES, BYTES, "size")                                                                    \
	X(TEXT, TEXT, "text")                                                                      \
	X(TOKEN, TEXT, "secret text") /* visible ASCII */                                          \
	X(NAME, TEXT, "name")                                                                      \
	X(FILE, TEXT, "file")       /* relative to the configuration file */                       \
	X(PATH, TEXT, "URL path")   /* no query */                                                 \
	X(TARGET, TEXT, "URL path") /* may have a query */                                         \
	X(METHOD, TEXT, "HTTP method")                                                             \
	X(HEADER, TEXT, "HTTP header")                                                             \
	X(FIELD, TEXT, "name of an HTTP header")                                                   \
	X(URL, TEXT, "URL")                                                                        \
	X(HOST, TEXT, "host")                                                                      \
	X(HOST_PATTERN, TEXT, "host pattern") /* exact or "*.domain" */                            \
	X(HOST_PORT, TEXT, "host")            /* with or without port */                           \
	X(ADDRESS, ADDR, "address")                                                                \
	X(ADDRESS_ANY_PORT, ADDR, "address") /* the port may be missing: 0 */                      \
	X(STATUS, STATUS, "status codes")

enum cg_option_type {
#define X(id, storage, name) CG_OPTION_##id,
	CG_OPTION_TYPES(X)
#undef X
};

enum cg_option_flag {
	CG_OPTION_LIST = 1 << 0,     /* may be repeated, commas separate too (not in headers) */
	CG_OPTION_SECRET = 1 << 1,   /* never shown; has a twin NAME_file; wiped when freed */
	CG_OPTION_REQUIRED = 1 << 2, /* each section of its kind needs it */
	CG_OPTION_RESTART = 1 << 3,  /* a reload leaves it as it was */
};

/* A literal that an option accepts. Text options keep the word, numbers and enums take the value.
 */
struct cg_option_word {
	const char *name;
	unsigned value;
};

struct cg_option {
	const char *key;
	enum cg_option_type type;
	size_t offset; /* of the field in the section's struct */
	unsigned flags;
	const char *fallback;               /* the default as it would be written; NULL: none */
	const char *unset;                  /* what then holds, for people */
	const struct cg_option_word *words; /* ends with a NULL name; NULL: none */
	uint64_t min;                       /* of a number, duration (ms) or size */
	uint64_t max;
	const char *help;
};

/* In the order of the manual, and of reading: the default probe before the named ones. */
enum cg_section_kind {
	CG_SECTION_GATEWAY,
	CG_SECTION_LOG,
	CG_SECTION_LISTEN,
	CG_SECTION_HEALTH,
	CG_SECTION_ADMIN,
	CG_SECTION_LIMITS,
	CG_SECTION_TIMEOUTS,
	CG_SECTION_POOL,
	CG_SECTION_ROUTE,
	CG_SECTION_TENANT,
	CG_SECTION_PROBE,
	CG_SECTION_KINDS_N
};

enum cg_section_naming {
	CG_SECTION_ONCE,       /* [kind]; one struct inside the config */
	CG_SECTION_NAMED,      /* [kind NAME]; an array */
	CG_SECTION_MAYBE_NAMED /* both; an array whose first is the one without a name */
};

struct cg_section {
	const char *kind;
	enum cg_section_naming naming;
	size_t offset;   /* in struct cg_config: of the struct, or of the pointer to the array */
	size_t n_offset; /* of the array's length */
	size_t size;     /* of one struct */
	const struct cg_option *options;
	size_t options_n;
	const char *help;
};

const struct cg_section *cg_section_get(enum cg_section_kind kind);
/* NULL if there is no such kind. */
const struct cg_section *cg_section_find(struct cg_str kind);
enum cg_section_kind cg_section_kind(const struct cg_section *section);

/* The option that KEY sets; *IS_FILE: it is the twin KEY_file of a secret. NULL if unknown. */
const struct cg_option *cg_option_find(const struct cg_section *section, struct cg_str key,
                                       bool *is_file);
enum cg_storage cg_option_storage(const struct cg_option *option);
const char *cg_option_type_name(const struct cg_option *option);
bool cg_option_is_list(const struct cg_option *option);
bool cg_option_is_secret(const struct cg_option *option);

#endif
