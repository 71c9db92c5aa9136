# SPDX-License-Identifier: BSD-2-Clause
"""How the gateway ends."""
import signal
import threading

import pytest

from lib_gateway import QUIET_PROBE
from lib_http import OK, Ended, connect, request
from lib_wait import wait_for


class Held:
    """A raw tenant's answer that waits for a word."""

    def __init__(self):
        self.goes_on = threading.Event()

    def __call__(self, wire, received):
        if received.path == "/held":
            self.goes_on.wait(60)
        return OK


@pytest.fixture
def held_gateway(make_raw, make_gateway, stack):
    def make(**gateway_keys):
        held = Held()
        stack.callback(held.goes_on.set)
        raw = make_raw(held)
        gateway = make_gateway({"raw": raw},
                               sections={"probe": QUIET_PROBE, "gateway": gateway_keys})
        gateway.held, gateway.raw = held, raw
        return gateway
    return make


def is_refused(port):
    try:
        connect(port).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_end(held_gateway, number):
    gateway = held_gateway(drain_timeout="60s")
    with gateway.connect() as busy, gateway.connect() as idle, gateway.connect() as fresh:
        assert idle.ask(request()).status == 200
        busy.send(request(path="/held"))
        wait_for(lambda: any(got.path == "/held" for got in gateway.raw.received))
        gateway.signal(number)
        wait_for(lambda: is_refused(gateway.port), "the listener to close")
        assert idle.is_closed() and fresh.is_closed()
        assert gateway.process.poll() is None
        gateway.held.goes_on.set()
        answer = busy.answer()
        assert (answer.status, answer.body) == (200, b"ok")
        assert answer.has("Connection", "close")
        assert busy.is_closed()
        assert gateway.process.wait(30) == 0
    assert "stopped" in gateway.log()


def test_drain_timeout_cuts(held_gateway):
    gateway = held_gateway(drain_timeout="300ms")
    with gateway.connect() as busy:
        busy.send(request(path="/held"))
        wait_for(lambda: gateway.raw.received)
        gateway.signal(signal.SIGTERM)
        answer = busy.answer()
        assert (answer.status, answer.get("X-Cpigate-Delivery")) == (503, "unknown")
        assert busy.is_closed()
        assert gateway.process.wait(30) == 0
    assert "drain_timeout is over" in gateway.log()
    line = gateway.access()[0]
    assert (line["error"], line["delivery"]) == ("stopping", "unknown")


def test_second_signal_stops_at_once(held_gateway):
    gateway = held_gateway(drain_timeout="1h")
    with gateway.connect() as busy:
        busy.send(request(path="/held"))
        wait_for(lambda: gateway.raw.received)
        gateway.signal(signal.SIGTERM)
        gateway.wait_log("draining: ")
        gateway.signal(signal.SIGTERM)
        assert gateway.process.wait(30) == 0
        assert busy.answer().get("X-Cpigate-Delivery") == "unknown"
        assert busy.is_closed()


def test_admin_port_while_draining(held_gateway):
    gateway = held_gateway(drain_timeout="60s")
    with gateway.connect() as busy, gateway.connect() as second:
        busy.send(request(path="/held"))
        second.send(request(path="/held"))
        wait_for(lambda: len(gateway.raw.received) == 2)
        gateway.signal(signal.SIGTERM)
        wait_for(lambda: is_refused(gateway.port), "the listener to close")
        assert gateway.session.get(gateway.admin + "/livez").status_code == 200
        gateway.held.goes_on.set()
        assert busy.answer().status == second.answer().status == 200
    assert gateway.process.wait(30) == 0


def test_stop_while_a_tenant_is_probed_and_waited_for(make_raw, make_gateway):
    """Before the first verdict, with requests that wait for it."""
    raw = make_raw(serve=lambda tenant, wire, number: wire.fill())
    gateway = make_gateway({"raw": raw}, is_ready=False, sections={"probe": {"timeout": "50s"}})
    with gateway.connect() as client:
        client.send(request())
        wait_for(lambda: gateway.status()["connections"]["clients"] == 1)
        gateway.stop()


def test_pipelined_requests_behind_the_last_are_not_answered(held_gateway):
    gateway = held_gateway(drain_timeout="60s")
    with gateway.connect() as busy:
        busy.send(request(path="/held") + request("POST", "/second", body="x"))
        wait_for(lambda: gateway.raw.received)
        gateway.signal(signal.SIGTERM)
        wait_for(lambda: is_refused(gateway.port), "the listener to close")
        gateway.held.goes_on.set()
        assert busy.answer().has("Connection", "close")
        assert busy.is_closed()
    assert gateway.process.wait(30) == 0
    assert [got.path for got in gateway.raw.received] == ["/held"]
