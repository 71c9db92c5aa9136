# SPDX-License-Identifier: BSD-2-Clause
"""What real requests say about a tenant: passive_fall failures in a row take it down at once. The
probes' intervals are an hour, so that they do not have a say."""
import time

import pytest

from lib_gateway import QUIET_PROBE
from lib_http import OK, request
from lib_tenant import (NO_ENDPOINTS, UNKNOWN_ROUTE, OnKept, ask, close, count, hold, reset, say)
from lib_wait import wait_for

ALONE = {"type": "tcp", "interval": "1h", "interval_down": "1h"}


@pytest.fixture
def make_pair(make_raw, make_gateway):
    """Tenants a and b, of which a answers so; .a and .b of the gateway."""
    def make(answer, probe=None, **sections):
        a, b = make_raw(answer), make_raw()
        gateway = make_gateway({"a": a, "b": b}, sections={
            "gateway": {"workers": "1"}, "probe": {**ALONE, **(probe or {})}, **sections})
        gateway.a, gateway.b = a, b
        return gateway
    return make


def failures(gateway):
    return gateway.tenant("a")["consecutive"]["passive"]


def wait_failures(gateway, n):
    wait_for(lambda: failures(gateway) == n, f"{n} failures in a row")


KINDS = {
    "closed": (close, "closed"), "reset": (reset, "closed"),
    "502": (say(502), "status 502"), "503": (say(503), "status 503"), "504": (say(504), "status 504"),
    "unknown_route": (UNKNOWN_ROUTE, "status 404, X-Cf-RouterError: unknown_route"),
    "no_endpoints": (NO_ENDPOINTS, "status 503, X-Cf-RouterError: no_endpoints"),
    "other router error": (say(200, b"", "X-Cf-RouterError: x"), "X-Cf-RouterError: x"),
    "malformed": (b"hello\r\n\r\n", "malformed_answer"),
    "timeout": (hold, "response_timeout"),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("answer, why", KINDS.values(), ids=KINDS.keys())
def test_failures_in_a_row_take_a_tenant_down(make_pair, method, answer, why):
    gateway = make_pair(answer, timeouts={"response": "100ms"})
    for n in (1, 2):
        ask(gateway, method)
        wait_failures(gateway, n)
    assert gateway.tenant("a")["state"] == "online"
    ask(gateway, method)
    gateway.wait_state("a", "degraded")
    tenant = gateway.tenant("a")
    assert tenant["reason"].startswith("requests: ") and why in tenant["reason"]
    assert "3 in a row" in tenant["reason"]
    gateway.wait_log(r"warning .*tenant a: online > degraded: requests: .*\(3 in a row\) after ")
    assert gateway.pool()["active"] == "b"
    seen = count(gateway.a)
    assert ask(gateway, method)[0].get("X-Cpigate-Tenant") == "b"
    assert count(gateway.a) == seen == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refused_connections_take_a_tenant_down(make_pair, method):
    gateway = make_pair(OK)
    gateway.a.stop()
    for _ in range(3):
        assert ask(gateway, method)[0].get("X-Cpigate-Tenant") == "b"
    gateway.wait_state("a", "degraded")
    assert ask(gateway, method)[1]["attempts"] == 1


def test_one_success_starts_the_count_again(make_pair):
    answers = []
    gateway = make_pair(lambda wire, received: answers.pop(0))
    for bad in (1, 2, 2, 1):
        answers += [say(503)] * bad + [OK]
        for n in range(1, bad + 1):
            ask(gateway, "POST")
            wait_failures(gateway, n)
        ask(gateway, "POST")
        wait_failures(gateway, 0)
    assert gateway.tenant("a")["state"] == "online"
    assert count(gateway.b) == 0


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500, 501, 505])
def test_an_iflows_own_errors_do_not_count(make_pair, status):
    gateway = make_pair(say(status), probe={"passive_fall": "1"})
    for _ in range(5):
        assert ask(gateway, "POST")[0].status == status
    assert (failures(gateway), gateway.tenant("a")["state"]) == (0, "online")
    assert count(gateway.b) == 0


@pytest.mark.parametrize("ends", [close, reset])
def test_stale_connections_do_not_count(make_pair, ends):
    gateway = make_pair(OnKept(ends), probe={"passive_fall": "1"})
    for _ in range(4):
        assert ask(gateway)[0].status == 200
        assert ask(gateway, "POST")[0].status == 502
    assert (failures(gateway), gateway.tenant("a")["state"]) == (0, "online")
    assert count(gateway.b) == 0


def test_sick_answers_on_kept_connections_count(make_pair):
    gateway = make_pair(OnKept(lambda wire, received: say(503)))
    ask(gateway)
    for _ in range(3):
        ask(gateway, "POST")
    gateway.wait_state("a", "degraded")
    assert gateway.a.used() == 1


def test_passive_fall_of_one(make_pair):
    gateway = make_pair(say(503), probe={"passive_fall": "1"})
    assert ask(gateway)[0].get("X-Cpigate-Tenant") == "b"
    gateway.wait_state("a", "degraded")
    assert count(gateway.a) == 1


def test_passive_fall_off(make_pair):
    gateway = make_pair(say(503), probe={"passive_fall": "0"})
    for _ in range(10):
        assert ask(gateway)[0].get("X-Cpigate-Tenant") == "b"
        assert ask(gateway, "POST")[0].status == 503
    assert gateway.tenant("a")["state"] == "online"
    assert (count(gateway.a), count(gateway.b)) == (20, 10)


def test_the_tenants_are_counted_apart(make_raw, make_gateway):
    raws = [make_raw(say(503)) for _ in range(3)]
    gateway = make_gateway(dict(zip("abc", raws)), sections={"probe": ALONE})
    for _ in range(3):
        assert ask(gateway)[0].status == 503
    for name in "abc":
        gateway.wait_state(name, "degraded")
    assert [count(raw) for raw in raws] == [3, 3, 3]


def test_a_failure_has_the_tenant_probed(make_raw, make_gateway):
    """Not after an hour."""
    a, b = make_raw(say(503)), make_raw()
    gateway = make_gateway({"a": a, "b": b}, sections={"probe": {**ALONE, "interval": "1h"}})
    assert len(gateway.tenant("a")["last_probes"]) == 1
    ask(gateway)
    wait_for(lambda: len(gateway.tenant("a")["last_probes"]) == 2)


def test_recovery_is_by_probes_at_interval_down(make_raw, make_gateway):
    a, b = make_raw(say(503)), make_raw()
    gateway = make_gateway({"a": a, "b": b}, sections={
        "probe": {**QUIET_PROBE, "interval_down": "300ms", "passive_fall": "1", "rise": "3"},
        "pool main": {"flap_backoff": "off"}})
    began = time.monotonic()
    ask(gateway)
    gateway.wait_state("a", "degraded")
    a.answer = OK
    gateway.wait_state("a", "online")
    assert time.monotonic() - began > 0.5, "three probes, one at once, two more"
    assert "3 in a row" in gateway.tenant("a")["reason"]
    assert ask(gateway)[0].get("X-Cpigate-Tenant") == "a"


def test_kept_connections_of_a_tenant_that_fell_are_dropped(make_pair):
    gateway = make_pair(OK, probe={"passive_fall": "1"})
    with gateway.connect() as client:
        assert client.ask(request()).status == 200
        assert gateway.status()["connections"]["tenants_idle"] == 1
        gateway.a.answer = say(503, b"", "Connection: close")
        assert client.ask(request("POST", "/x", body="x")).status == 503
        gateway.wait_state("a", "degraded")
        wait_for(lambda: gateway.status()["connections"]["tenants"] == 0)
