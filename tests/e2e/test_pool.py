# SPDX-License-Identifier: BSD-2-Clause
"""Connections to tenants that are kept for the next request."""
import ssl

import pytest

from lib_gateway import QUIET_PROBE
from lib_http import OK, request
from lib_port import free_address
from lib_sim import AUTH
from lib_wait import wait_for


@pytest.mark.parametrize("with_tls", [False, True])
def test_requests_share_one_connection(make_sim, make_gateway, authority, with_tls):
    sim = make_sim(authority=authority if with_tls else None)
    gateway = make_gateway({"eu20": sim}, sections={"gateway": {"workers": "1"}})
    for n in range(50):
        assert gateway.ask("POST" if n % 2 else "GET", body="x" if n % 2 else None).status == 200
    lines = sim.log()
    assert len(lines) == 50 and len({line["connection"] for line in lines}) == 1
    assert gateway.status()["connections"]["tenants_idle"] == 1


def test_pool_of_each_worker_is_used_by_one_client(make_sim, make_gateway):
    sim = make_sim()
    gateway = make_gateway({"eu20": sim}, sections={"probe": {"interval": "1h"}})
    with gateway.connect() as client:
        for _ in range(50):
            assert client.ask(request("GET", "/http/a", AUTH.strip())).status == 200
    assert len({line["connection"] for line in sim.log()}) == 1


@pytest.mark.parametrize("with_tls", [False, True])
@pytest.mark.parametrize("ends_by", ["end", "reset"])
def test_tenant_that_closes_idle_connections_costs_no_request(make_raw, make_gateway, authority,
                                                             with_tls, ends_by):
    def serve(tenant, wire, number):
        tenant.take(wire, number)
        wire.send(OK)
        if ends_by == "reset":
            wait_for(lambda: client.rest == b"" and len(tenant.received) == seen[0])
            wire.reset()
    raw = make_raw(serve=serve, authority=authority if with_tls else None)
    gateway = make_gateway({"raw": raw}, sections={"probe": QUIET_PROBE,
                                                   "gateway": {"workers": "1"}})
    seen = [0]
    with gateway.connect() as client:
        for n in range(20):
            answer = client.ask(request("POST", "/http/a", body="an order"))
            assert answer.status == 200
            seen[0] = n + 1
            wait_for(lambda n=n: raw.ended >= n + 1)
    assert len(raw.received) == 20
    assert all(line["attempts"] == 1 for line in gateway.wait_access(20))
    assert gateway.tenant("raw")["failures"] == 0


def test_idle_connections_end_after_tenant_idle(make_sim, make_gateway):
    sim = make_sim()
    gateway = make_gateway({"eu20": sim}, sections={"timeouts": {"tenant_idle": "100ms"},
                                                    "probe": {"interval": "1h"}})
    gateway.ask()
    wait_for(lambda: gateway.status()["connections"]["tenants_idle"] == 0)
    wait_for(lambda: gateway.status()["connections"]["tenants"] == 0)
    assert gateway.ask().status == 200
    assert len({line["connection"] for line in sim.log()}) == 2


def test_connection_close_of_the_tenant_is_honoured(raw_gateway):
    gateway = raw_gateway(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    with gateway.connect() as client:
        for _ in range(3):
            answer = client.ask(request("POST", "/http/a", body="x"))
            assert answer.status == 200
            assert not answer.has("Connection", "close"), "the client's connection is another"
    assert gateway.raw.used() == 3


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_tls_sessions_to_the_tenant_are_resumed(make_raw, make_gateway, authority, version):
    raw = make_raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                   authority=authority)
    raw.context.maximum_version = ssl.TLSVersion[version]
    gateway = make_gateway({"raw": raw}, sections={"probe": {"type": "tcp", "interval": "1h"},
                                                   "gateway": {"workers": "1"}})
    with gateway.connect() as client:
        for _ in range(5):
            assert client.ask(request()).status == 200
    assert raw.resumed == [False, True, True, True, True]


def test_tenant_by_name_from_the_hosts_file(make_sim, make_gateway, authority):
    sim = make_sim(authority=authority, host="localhost")
    keys = {key: value for key, value in sim.keys().items() if key != "address"}
    gateway = make_gateway({"local": keys})
    assert (gateway.ask().status, gateway.ask("POST", body="x").status) == (200, 200)
    assert sim.log()[0]["host"] == f"localhost:{sim.port}"


def test_name_that_is_not_known_goes_to_the_next_tenant(make_sim, make_gateway):
    sim = make_sim()
    gateway = make_gateway({"lost": {"url": "http://nowhere.invalid:8080"}, "eu20": sim},
                           sections={"probe": {"timeout": "2s"}})
    assert gateway.ask("POST", body="x").get("X-Cpigate-Tenant") == "eu20"
    tenant = gateway.tenant("lost")
    assert (tenant["state"], tenant["last_probes"][0]["phase"]) == ("degraded", "name")


def test_several_addresses_are_tried(make_sim, make_gateway):
    sim = make_sim()
    gateway = make_gateway({"eu20": {**sim.keys(), "address": [
        free_address(), free_address(), f"127.0.0.1:{sim.port}"]}})
    for _ in range(4):
        assert gateway.ask("POST", body="x").status == 200
    assert all(line["attempts"] == 1 for line in gateway.wait_access(4))
