/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of the admin port's calls, compared segment by segment. */
#include "admin/admin_path.h"

bool cg_admin_path_is(const char *pattern, struct cg_str path, struct cg_str *name)
{
	struct cg_str rest = cg_str_from(pattern);
	struct cg_str wanted;
	struct cg_str given;

	*name = CG_STR("");
	if (path.len == 0)
		return false;
	while (cg_str_next(&rest, '/', &wanted)) {
		if (!cg_str_next(&path, '/', &given))
			return false;
		if (cg_str_eq(wanted, CG_STR("NAME")) && given.len > 0)
			*name = given;
		else if (!cg_str_eq(wanted, given))
			return false;
	}
	return !cg_str_next(&path, '/', &given);
}
