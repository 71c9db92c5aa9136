# SPDX-License-Identifier: BSD-2-Clause
# Read by the checks beside it: where the tree is, and their one result as TAP. A check prints each
# problem as FILE:LINE: TEXT into a pipe to tap_report; by hand it runs from the build directory.

set -u
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)

# tap_report NAME: pass if standard input is empty, else fail and show it.
tap_report() {
	tap_problems=$(cat)
	echo "1..1"
	if [ -z "$tap_problems" ]; then
		echo "ok 1 - $1"
		return 0
	fi
	echo "not ok 1 - $1"
	printf '%s\n' "$tap_problems" | sed 's/^/# /'
	return 1
}

# tap_skip REASON: end without a result.
tap_skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

# Every source of the program, relative to the root.
sources() {
	(cd "$root" && find src -name '*.[ch]' | sort)
}
