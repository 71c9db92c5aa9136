# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2034
# Sourced by quickstart.sh and test.sh, which stand in the source tree: the Debian packages that they
# need, how these are installed, and how a build directory is made.

# To build and to run the demo. curl is for whoever types the demo's lines.
build_packages='ca-certificates gcc libc6-dev make autoconf automake pkg-config
	libevent-dev libssl-dev libcurl4-openssl-dev libinih-dev libjansson-dev libc-ares-dev
	libsqlite3-dev curl'

# To test: unit tests; the end-to-end tests and their nginx; what looks at source and manual pages.
test_packages='libcmocka-dev procps xz-utils
	openssl nginx-light python3 python3-pytest python3-pytest-xdist python3-requests
	python3-cryptography
	clang-format clang-tidy cppcheck universal-ctags mandoc valgrind'

# missing_packages NAME...: those that are not installed.
missing_packages() {
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s ' "$package"
	done
}

# as_root COMMAND...
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# install_packages NAME...: what is missing of them; ends the script if that cannot be done.
install_packages() {
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		echo "This is not Debian or one of its kin, so nothing can be installed for you." >&2
		echo "Install what corresponds to these Debian packages and build as README.md says:" >&2
		echo "$@" | fmt >&2
		exit 1
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		echo "Packages are missing, and you are neither root nor is there sudo. As root, run:" >&2
		echo "  apt-get install --no-install-recommends $missing" >&2
		exit 1
	fi
	echo "installing: $missing"
	# shellcheck disable=SC2086
	if ! as_root apt-get update -qq ||
		! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
			--no-install-recommends --no-remove $missing </dev/null >/dev/null; then
		echo "apt-get could not install: $missing" >&2
		exit 1
	fi
}

# configure_tree DIR OPTION...: a build directory below the source tree, configured once.
configure_tree() {
	dir=$1
	shift
	if [ -f config.status ]; then
		echo "The source tree itself is configured; undoing that (make distclean) to build in $dir."
		make -s distclean || return 1
	fi
	source=$PWD
	if [ ! -f configure ] || [ ! -f Makefile.in ]; then
		autoreconf -i || return 1
	fi
	mkdir -p "$dir"
	[ -f "$dir/Makefile" ] || (cd "$dir" && "$source/configure" -q "$@")
}
