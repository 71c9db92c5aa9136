#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# From a fresh clone to a failover on this machine: installs the packages that are missing, builds
# below build/quickstart, starts the demo. Nothing is installed but packages. Debian 12 and its kin.
#
#   sh contrib/quickstart.sh          the demo, until Ctrl-C
#   sh contrib/quickstart.sh --once   the demo checks itself and ends
set -eu

case "$#:${1:-}" in
0:) ;;
1:--once) ;;
*)
	echo "usage: sh contrib/quickstart.sh [--once]" >&2
	exit 2
	;;
esac

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
. contrib/packages.sh

build=build/quickstart
log=$build/build.log

# shellcheck disable=SC2086
install_packages $build_packages
mkdir -p "$build"
echo "building in $build"
if ! { configure_tree "$build" && make -s -j"$(nproc)" -C "$build"; } >"$log" 2>&1; then
	tail -n 40 "$log" >&2
	echo "The build failed; its whole output is in $log." >&2
	exit 1
fi
exec "$build/cpigate" demo "$@"
