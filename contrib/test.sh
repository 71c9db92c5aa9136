#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs every test that there is, in builds of its own below build/test: plain, then under the
# address and undefined behaviour sanitizers, the threaded parts under the thread sanitizer, then
# what looks at source, manual pages and leaks. Installs the packages that are missing. A failing
# part does not keep the next ones from running. The last line is the sum; the exit status is 0 only
# if nothing failed. Logs stay in build/test.
#
#   sh contrib/test.sh              all parts
#   sh contrib/test.sh PART...      some of: plain dist address thread source memory
#
# The chaos test runs in its short form; its seed is drawn unless CPIGATE_SEED says one. make soak runs
# the long form.
set -u

parts='plain dist address thread source memory'

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. contrib/packages.sh

out=$top/build/test
jobs=$(nproc)
passed=0
failed=0

# Debian's, for which the packages are.
python=${PYTHON:-/usr/bin/python3}

# The shadow memory of sanitizers may be in the way of a randomised address space. Not all
# containers allow to switch that off, and not all need it.
steady=
setarch -R true 2>/dev/null && steady='setarch -R'

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# Tests of what threads share, for the thread sanitizer.
thread_tests='tests/unit/base/test_log tests/unit/base/test_ring'
thread_tests="$thread_tests tests/unit/net/test_loop tests/unit/net/test_mailbox"
thread_tests="$thread_tests tests/unit/proxy/test_access_writer tests/unit/state/test_store"
thread_e2e='test_failover or test_pool or load or sigterm or sigusr1 or drain or idle_tls'
thread_e2e="$thread_e2e or test_operate or test_reload or test_restart"

# say NAME SECONDS PASSED FAILED [SKIPPED]: one line for each suite, and add to the sum.
say() {
	passed=$((passed + $3))
	failed=$((failed + $4))
	printf '%-38s %5d passed %3d failed %s %4d s\n' "$1" "$3" "$4" \
		"$([ "${5:-0}" -eq 0 ] || printf '%d skipped' "$5")" "$2"
}

# show LOG: what failed in it, as far as a line says so, and its end.
show() {
	echo "---- $1"
	grep -E '^(FAIL|XPASS|ERROR|FAILED):? |error:|Error [0-9]' "$1" | head -n 40
	echo "---- its end"
	tail -n 40 "$1"
	echo "----"
}

# step NAME LOG COMMAND...: counts as one.
step() {
	name=$1
	log=$out/$2
	shift 2
	start=$(date +%s)
	if "$@" >"$log" 2>&1; then
		say "$name" $(($(date +%s) - start)) 1 0
		return 0
	fi
	say "$name" $(($(date +%s) - start)) 0 1
	show "$log"
	return 1
}

configure_and_make() {
	configure_tree "$@" && make -s -j"$jobs" -C "$1"
}

# build KIND OPTION...
build() {
	kind=$1
	shift
	step "build: $kind" "build-$kind.log" configure_and_make "build/test/$kind" "$@"
}

# count FILE WORD: of the lines "# WORD: N" that automake prints.
count() {
	awk -v word="$2:" '$1 == "#" && $2 == word && NF == 3 { n += $3 } END { print n + 0 }' "$1"
}

# check NAME KIND ASSIGNMENT...: make check, counted test by test.
check() {
	name=$1
	kind=$2
	log=$out/check-$kind.log
	shift 2
	start=$(date +%s)
	$steady make -j"$jobs" -C "$out/$kind" check "$@" >"$log" 2>&1
	status=$?
	good=$(($(count "$log" PASS) + $(count "$log" XFAIL)))
	bad=$(($(count "$log" FAIL) + $(count "$log" XPASS) + $(count "$log" ERROR)))
	# It did not come to the tests, or fewer ran than it seems.
	if [ "$bad" -eq 0 ] && { [ $status -ne 0 ] || [ "$good" -eq 0 ]; }; then
		bad=1
	fi
	say "$name" $(($(date +%s) - start)) "$good" "$bad" "$(count "$log" SKIP)"
	[ "$bad" -eq 0 ] && return
	show "$log"
	# What the failing programs said.
	if [ -s "$out/$kind/test-suite.log" ]; then
		tail -n 80 "$out/$kind/test-suite.log"
	fi
}

# attribute FILE NAME: of the first test suite of a JUnit file.
attribute() {
	sed -n "s/.*<testsuite [^>]* $2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# e2e NAME KIND OPTION...: the end-to-end tests with the programs of build KIND.
e2e() {
	name=$1
	kind=$2
	log=$out/e2e-$kind.log
	report=$out/e2e-$kind.xml
	shift 2
	rm -f "$report"
	start=$(date +%s)
	CPIGATE=$out/$kind/cpigate CPIGATE_SIM=$out/$kind/cpigate-sim \
		$steady "$python" -m pytest -q -ra -n 2 -p no:cacheprovider --rootdir="$top/tests/e2e" \
		--basetemp="$out/e2e-$kind" --junitxml="$report" "$@" tests/e2e >"$log" 2>&1
	status=$?
	good=0
	bad=1
	skipped=0
	if [ -s "$report" ]; then
		skipped=$(attribute "$report" skipped)
		bad=$(($(attribute "$report" failures) + $(attribute "$report" errors)))
		good=$(($(attribute "$report" tests) - bad - skipped))
	fi
	if [ "$bad" -eq 0 ] && { [ $status -ne 0 ] || [ "$good" -eq 0 ]; }; then
		bad=1
	fi
	say "$name" $(($(date +%s) - start)) "$good" "$bad" "$skipped"
	[ "$bad" -eq 0 ] || show "$log"
}

# ---- parts ----

part_plain() {
	build plain --enable-werror || return
	check 'make check' plain
	e2e 'end to end' plain
}

distcheck() {
	configure_tree build/test/plain --enable-werror && make -j"$jobs" -C "$out/plain" distcheck
}

part_dist() {
	step 'make distcheck' distcheck.log distcheck
}

part_address() {
	build address --enable-werror --enable-sanitizer=address,undefined || return
	check 'make check, ASan and UBSan' address
	e2e 'end to end, ASan and UBSan' address
}

# Without --enable-werror: gcc warns of each fence that this sanitizer cannot follow.
part_thread() {
	build thread --enable-sanitizer=thread || return
	check 'threaded unit tests, TSan' thread check_PROGRAMS="$thread_tests" TESTS="$thread_tests"
	e2e 'threaded end to end, TSan' thread -k "$thread_e2e"
}

# What mandoc has to say of PAGE; that other pages are not installed here says nothing about it.
lint_page() {
	! mandoc -T lint "$1" 2>&1 | grep -v 'referenced manual not found' | grep .
}

# look TARGET: a target of make that needs no build.
look() {
	configure_tree build/test/plain --enable-werror && make -C "$out/plain" "$1"
}

part_source() {
	step 'make lint' lint.log look lint
	step 'make tidy' tidy.log look tidy
	for page in doc/*.[158]; do
		step "mandoc $page" "mandoc-${page##*/}.log" lint_page "$page"
	done
}

# The demo's walk, with gateway and tenants under valgrind: each process leaves a file.
walk_under_valgrind() {
	configure_and_make build/test/plain --enable-werror || return 1
	rm -rf "$out/valgrind"
	mkdir "$out/valgrind"
	valgrind --trace-children=yes --leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
		--log-file="$out/valgrind/%p" "$out/plain/cpigate" demo --once || return 1
	# The demo, two tenants, the gateway.
	[ "$(grep -l 'ERROR SUMMARY: 0 errors' "$out"/valgrind/* | wc -l)" -eq 4 ] && return
	cat "$out"/valgrind/*
	return 1
}

part_memory() {
	step 'no leak or error under valgrind' valgrind.log walk_under_valgrind
}

# ---- all ----

[ $# -gt 0 ] || eval "set -- $parts"
for part in "$@"; do
	case " $parts " in
	*" $part "*) ;;
	*)
		echo "usage: sh contrib/test.sh [PART...], of: $parts" >&2
		exit 2
		;;
	esac
done

had_nginx=$(dpkg-query -W -f '${db:Status-Status}' nginx-light 2>/dev/null)
# shellcheck disable=SC2086
install_packages $build_packages $test_packages
# Its package starts it; the tests start their own.
if [ "$had_nginx" != installed ] && [ -d /run/systemd/system ]; then
	as_root systemctl disable -q --now nginx
fi

mkdir -p "$out"
for part in "$@"; do
	"part_$part"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
