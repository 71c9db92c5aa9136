# SPDX-License-Identifier: BSD-2-Clause
"""Which tenant serves: failover, failback, and what becomes of requests meanwhile."""
import collections
import json
import socket
import time

import pytest

from lib_gateway import QUIET_PROBE
from lib_http import connect, request
from lib_load import Load
from lib_port import free_address
from lib_sim import AUTH, BASIC
from lib_wait import wait_for

# The blog's way: the health iFlow must say 200, to someone who may ask it.
DEEP_PROBE = {"header": f"Authorization: {BASIC}", "expect_status": "200"}


def test_walk_of_the_blog(pair_of_sims, make_gateway, authority):
    eu, us = pair_of_sims
    gateway = make_gateway({"eu20": eu, "us21": us}, authority=authority,
                           sections={"probe": DEEP_PROBE, "pool main": {}})
    answer = gateway.ask()
    assert (answer.status, answer.body) == (200, b"cf-eu20\n")
    assert answer.get("X-Cpigate-Tenant") == "eu20"
    assert gateway.health().body == b"ok gw active=eu20\n"

    eu.fault(health=500)
    gateway.wait_active("us21", "main")
    answer = gateway.ask()
    assert (answer.status, answer.body) == (200, b"cf-us21\n")
    assert answer.get("X-Cpigate-Tenant") == "us21"
    assert gateway.health().body == b"ok gw active=us21\n"
    tenant = gateway.tenant("eu20")
    assert tenant["state"] == "degraded" and "500" in tenant["reason"]
    bad = [probe for probe in tenant["last_probes"] if not probe["good"]]
    assert len(bad) >= 2 and {(probe["phase"], probe["status"]) for probe in bad} == {
        ("status", 500)}

    eu.repair()
    gateway.wait_active("eu20", "main")
    assert gateway.ask().body == b"cf-eu20\n"
    assert gateway.health().body == b"ok gw active=eu20\n"

    states = [(event["tenant"], event["from"], event["to"]) for event in gateway.events("state")]
    assert states[:2] == [("eu20", "degraded", "online"), ("eu20", "online", "degraded")]
    assert [event["to"] for event in gateway.events("failover")] == ["us21"]
    assert [event["to"] for event in gateway.events("failback")] == ["eu20"]
    assert "500" in gateway.events("failover")[0]["reason"]
    assert gateway.events()[-1]["kind"] == "start"
    for line in (r"warning.* tenant eu20: online > degraded: probe: .*500.* after ",
                 r"warning.* pool main: failover: eu20 > us21: ",
                 r"info.* tenant eu20: degraded > online: ",
                 r"info.* pool main: failback: us21 > eu20: "):
        gateway.wait_log(line)


def test_fall_needs_its_number_of_failures(make_sim, make_gateway):
    eu, us = make_sim("cf-eu20"), make_sim("cf-us21")
    gateway = make_gateway({"eu20": eu, "us21": us},
                           sections={"probe": {**DEEP_PROBE, "fall": "3", "rise": "4"}})
    eu.fault(health=500)
    gateway.wait_state("eu20", "degraded")
    probes = gateway.tenant("eu20")["last_probes"]
    assert sum(not probe["good"] for probe in probes) >= 3
    eu.repair()
    gateway.wait_state("eu20", "online")
    assert "4 in a row" in gateway.tenant("eu20")["reason"]


def test_primary_killed_under_load(pair_of_sims, make_gateway, authority):
    eu, us = pair_of_sims
    gateway = make_gateway({"eu20": eu, "us21": us}, authority=authority)
    load = Load(gateway)
    try:
        load.wait(200)
        eu.kill()
        killed = time.monotonic()
        load.wait(400, killed)
    finally:
        load.stop()

    late = [(name, status) for name, begun, status in load.results
            if begun > killed and status != 200]
    assert late == [], "a request begun after the kill failed"
    failed = [status for _, begun, status in load.results if begun <= killed and status != 200]
    assert len(failed) <= 4 and set(failed) <= {0, 502}, "only those in flight"
    lines = [line for sim in pair_of_sims for line in sim.log()]
    seen = collections.Counter(line["request_id"] for line in lines)
    posted = {line["request_id"] for line in lines if line["method"] == "POST"}
    assert posted and [name for name in posted if seen[name] > 1] == [], "delivered twice"
    answered = {name for name, _, status in load.results if status == 200}
    assert answered <= set(seen)
    assert set(seen) <= {name for name, _, _ in load.results}


def refuse(primary):
    primary.fault(refuse=1)


def reset_all(primary):
    primary.kill()


@pytest.mark.parametrize("breaks", [refuse, reset_all])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_refused_connection_goes_to_the_next_tenant(make_sim, make_gateway, authority, breaks,
                                                    method):
    eu, us = make_sim("cf-eu20", authority=authority), make_sim("cf-us21", authority=authority)
    gateway = make_gateway({"eu20": eu, "us21": us}, sections={"probe": {"interval": "1h"}})
    body = None if method == "GET" else "an order"
    assert gateway.ask(method, body=body).get("X-Cpigate-Tenant") == "eu20"
    breaks(eu)
    answer = gateway.ask(method, body=body)
    assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "us21")
    assert len(us.log()) == 1
    # Each worker has its own way to the log: the order of lines is not the order of requests.
    lines = [line for line in gateway.wait_access(2) if line["tenant"] == "us21"]
    assert [line["attempts"] for line in lines] == [2]


def test_connect_timeout_goes_to_the_next_tenant(make_sim, make_gateway):
    us = make_sim("cf-us21")
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        gateway = make_gateway(
            {"full": {"url": f"http://127.0.0.1:{port}", "probe": "quiet"}, "us21": us},
            sections={"probe quiet": QUIET_PROBE, "timeouts": {"connect": "250ms"}})
        fill = []
        for _ in range(8):  # more than the queue takes: what comes now is dropped
            fill.append(socket.socket())
            fill[-1].setblocking(False)
            fill[-1].connect_ex(("127.0.0.1", port))
        for method in ("POST", "GET"):
            answer = gateway.ask(method, body="an order" if method == "POST" else None)
            assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "us21")
        for sock in fill:
            sock.close()
    assert len(us.log()) == 2


def test_tls_failure_goes_to_the_next_tenant(make_raw, make_sim, make_gateway, authority,
                                             other_authority):
    # answers a ClientHello by closing
    plain = make_raw(serve=lambda tenant, wire, number: wire.fill())
    wrong_name = make_sim("wrong-name", pair=authority.pair("else.tenant.test"),
                          host="eu20.tenant.test")
    unknown = make_sim("unknown-ca", authority=other_authority)
    good = make_sim("cf-us21", authority=authority)
    gateway = make_gateway(
        {"plain": {**plain.keys(), "url": f"https://raw.tenant.test:{plain.port}", "probe": "tcp"},
         "wrong-name": {**wrong_name.keys(), "ca_file": authority.file, "probe": "tcp"},
         "unknown-ca": {**unknown.keys(), "ca_file": authority.file, "probe": "tcp"},
         "us21": good},
        sections={"probe tcp": QUIET_PROBE, "pool main": {"attempts": "4"}})
    for method in ("POST", "GET"):
        answer = gateway.ask(method, body="an order" if method == "POST" else None)
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "us21")
    assert gateway.wait_access(1)[0]["attempts"] == 4
    assert wrong_name.stats()["requests"] == unknown.stats()["requests"] == 0
    assert len(good.log()) == 2


def test_attempts_are_limited(make_raw, make_sim, make_gateway):
    broken = [make_raw(serve=lambda tenant, wire, number: wire.fill()) for _ in range(2)]
    last = make_sim()
    tenants = {f"broken{i}": {**raw.keys(), "url": f"https://raw.tenant.test:{raw.port}"}
               for i, raw in enumerate(broken)}
    gateway = make_gateway({**tenants, "last": last},
                           sections={"probe": QUIET_PROBE, "pool main": {"attempts": "2"}})
    answer = gateway.ask("POST", body="an order")
    assert (answer.status, answer.get("X-Cpigate-Delivery")) == (502, "no")
    assert json.loads(answer.body)["delivery"] == "no"
    assert last.log() == []
    line = gateway.wait_access()[0]
    assert (line["attempts"], line["delivery"], line["error"]) == (2, "no", "tls")


def test_wrong_certificate_never_gets_a_request(make_sim, make_gateway, authority,
                                                other_authority):
    wrong_name = make_sim("wrong-name", pair=authority.pair("else.tenant.test"),
                          host="eu20.tenant.test")
    unknown = make_sim("unknown-ca", authority=other_authority)
    expired = make_sim("expired", pair=authority.pair("old.tenant.test", days=-1),
                       host="old.tenant.test")
    good = make_sim("cf-us21", authority=authority)
    bad = {"wrong-name": wrong_name, "unknown-ca": unknown, "expired": expired}
    gateway = make_gateway(
        {**{name: {**sim.keys(), "ca_file": authority.file} for name, sim in bad.items()},
         "us21": good}, authority=authority)
    assert [gateway.ask().get("X-Cpigate-Tenant") for _ in range(5)] == ["us21"] * 5
    for name, sim in bad.items():
        assert gateway.tenant(name)["state"] == "degraded"
        probe = gateway.tenant(name)["last_probes"][0]
        assert (probe["phase"], probe["good"], probe["status"]) == ("tls", False, None)
        assert probe["error"]
        assert sim.stats()["requests"] == 0


def test_tls_verify_off_serves_and_warns(make_sim, make_gateway, other_authority):
    unknown = make_sim("unknown-ca", authority=other_authority)
    keys = {key: value for key, value in unknown.keys().items() if key != "ca_file"}
    gateway = make_gateway({"unknown": {**keys, "tls_verify": "off"}})
    assert gateway.ask().status == 200
    assert any("unknown" in warning for warning in gateway.status()["warnings"])
    gateway.wait_log(r"warning.*unknown")


def test_all_down_is_503_until_one_is_back(pair_of_sims, make_gateway, authority):
    eu, us = pair_of_sims
    gateway = make_gateway({"eu20": eu, "us21": us}, authority=authority,
                           sections={"health": {"address": free_address()}})
    eu.kill()
    us.kill()
    gateway.wait_active(None)
    with gateway.connect() as client:
        for method in ("GET", "POST"):
            answer = client.ask(request(method, "/http/a", AUTH.strip(), "X-Request-Id: r-1",
                                        body="x" if method == "POST" else None))
            assert answer.status == 503
            assert int(answer.get("Retry-After")) > 0
            assert answer.get("Content-Type") == "application/problem+json"
            assert answer.get("X-Cpigate-Delivery") == "no"
            assert answer.get("X-Cpigate-Tenant") is None
            assert answer.get("Proxy-Status").startswith("gw; error=")
            problem = json.loads(answer.body)
            assert (problem["status"], problem["delivery"], problem["request_id"]) == (
                503, "no", "r-1")
            assert problem["title"]
    health = gateway.health()
    assert (health.status, health.body) == (503, b"unavailable gw\n")
    assert health.get("Cache-Control") == "no-store"
    with connect(gateway.port_of("health")) as client:
        assert client.ask(request(path="/healthz")).status == 503
    gateway.wait_log(r"error.* pool default: no tenant may be chosen")
    assert gateway.events("failover")[0].get("to") is None

    us.start()
    gateway.wait_active("us21")
    answer = gateway.ask()
    assert (answer.status, answer.body) == (200, b"cf-us21\n")
    assert gateway.health().body == b"ok gw active=us21\n"
    eu.start()
    gateway.wait_active("eu20")
    assert gateway.ask().body == b"cf-eu20\n"


def test_request_at_start_waits_for_the_first_verdict(make_sim, make_gateway):
    slow, down = make_sim("cf-eu20"), make_sim("cf-us21")
    slow.fault(delay_ms=700, path="/http/health")
    down.fault(status=500)
    gateway = make_gateway({"down": down, "slow": slow}, is_ready=False)
    assert gateway.health().status == 503, "no verdict yet"
    answer = gateway.ask()
    assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "slow")


def test_500_and_429_are_passed_on_and_cost_nothing(make_sim, make_gateway):
    eu, us = make_sim("cf-eu20"), make_sim("cf-us21")
    gateway = make_gateway({"eu20": eu, "us21": us})
    for status in (500, 429):
        eu.fault(status=status, path="/http/orders")
        answers = [gateway.ask(path="/http/orders") for _ in range(6)]
        assert {(answer.status, answer.get("X-Cpigate-Tenant")) for answer in answers} == {
            (status, "eu20")}
        assert answers[0].get("X-Cpigate-Delivery") is None
    assert gateway.tenant("eu20")["state"] == "online"
    assert us.log() == []


def test_equal_priorities_share_by_requests_in_flight(make_sim, make_gateway):
    a, b = make_sim("a"), make_sim("b")
    for sim in (a, b):
        sim.fault(delay_ms=1500, path="/http/slow")
    gateway = make_gateway({"a": {**a.keys(), "priority": 1}, "b": {**b.keys(), "priority": 1}})
    clients = [gateway.connect() for _ in range(8)]
    for n, client in enumerate(clients, 1):
        client.send(request("GET", "/http/slow", AUTH.strip()))
        wait_for(lambda n=n: a.stats()["requests"] + b.stats()["requests"] >= n)
        if n == 8:
            counts = sorted(gateway.tenant(name)["in_flight"] for name in "ab")
    for client in clients:
        assert client.answer().status == 200
        client.close()
    assert len(a.log("/http/slow")) == len(b.log("/http/slow")) == 4
    assert counts == [4, 4]
