# SPDX-License-Identifier: BSD-2-Clause
"""Where the programs are, how they are run, and what they must never print."""
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
GATEWAY = os.environ.get("CPIGATE") or str(TOP / "cpigate")
SIM = os.environ.get("CPIGATE_SIM") or str(TOP / "cpigate-sim")

REPORT = re.compile(r"Sanitizer|runtime error:|assertion|Assertion")


def is_sanitized(program=GATEWAY):
    """Whether the program carries a sanitizer, whose memory is not the program's own."""
    data = pathlib.Path(program).read_bytes()
    return b"__asan_init" in data or b"__tsan_init" in data


def environment(**more):
    env = {name: value for name, value in os.environ.items() if not name.endswith("_proxy")}
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=1")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    env.setdefault("TSAN_OPTIONS", "halt_on_error=1")
    env.update(more)
    return env


def run(*arguments, program=GATEWAY, limit=60, **more):
    """Run to the end; the result has returncode, stdout, stderr."""
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                            timeout=limit, env=environment(**more), check=False)
    assert not REPORT.search(result.stderr), result.stderr
    return result
