# SPDX-License-Identifier: BSD-2-Clause
"""Waiting for a condition with a limit, which is generous since sanitizers are slow."""
import time

LIMIT = 30


def wait_for(condition, what="the condition", limit=LIMIT):
    """Return the first true result of CONDITION."""
    deadline = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"waited {limit} s in vain for {what}"
        time.sleep(0.005)
