# SPDX-License-Identifier: BSD-2-Clause
"""Tenants that answer badly, late, or not at all: the client hears so, and no answer that was cut
short looks whole."""
import array
import fcntl
import json
import signal
import socket
import termios
import threading

import pytest

from lib_gateway import QUIET_PROBE
from lib_http import OK, Ended, chunked, request
from lib_sim import AUTH
from lib_wait import wait_for


def problem_of(answer, status, error, delivery="unknown"):
    problem = json.loads(answer.body)
    assert (answer.status, problem["status"], problem["error"], problem["delivery"],
            answer.get("X-Cpigate-Delivery")) == (status, status, error, delivery, delivery)


MALFORMED = {
    "no HTTP": b"hello\r\n\r\n",
    "bad version": b"HTP/1.1 200 OK\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "bad status": b"HTTP/1.1 two OK\r\nContent-Length: 0\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "both lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "folded": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok",
    "space before the colon": b"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 2\r\n\r\nok",
    "NUL": b"HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 2\r\n\r\nok",
    "large head": b"HTTP/1.1 200 OK\r\nA: " + b"a" * 100_000 + b"\r\nContent-Length: 2\r\n\r\nok",
    "many fields": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"Content-Length: 2\r\n\r\nok",
    "cut head": b"HTTP/1.1 200 OK\r\nContent-Le",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_answer_is_502(raw_gateway, text):
    def serve(tenant, wire, number):
        received = tenant.take(wire, number)
        wire.send(OK if received.path == "/good" else text)
        if b"cut" not in received.path.encode():
            wire.fill()
    gateway = raw_gateway(serve=serve)
    path = "/cut" if text.endswith(b"Le") else "/a"
    with gateway.connect() as client:
        problem_of(client.ask(request("POST", path, body="x")), 502, "malformed_answer")
        assert client.ask(request(path="/good")).status == 200, "the client's connection stays"
    assert gateway.raw.used() == 2, "the tenant's is dropped"
    assert len([got for got in gateway.raw.received if got.method == "POST"]) == 1


def take_truncated(client, is_reset=None):
    """An answer of which the end never comes; the part of its body that did."""
    head = client.take_head()
    with pytest.raises(Ended) as end:
        client.take_body(head)
    return head, end.value


def finish_by_end(wire):
    wire.end_writing()


def finish_by_reset(wire):
    # what was sent must be there before the reset
    wait_for(lambda: not unsent(wire.sock))
    wire.reset()


def unsent(sock):
    count = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, count)
    return count[0]


@pytest.mark.parametrize("finish", [finish_by_end, finish_by_reset])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("size", [10, 100_000])
def test_truncated_answer_never_looks_whole(raw_gateway, finish, framing, size):
    def serve(tenant, wire, number):
        tenant.take(wire, number)
        if framing == "length":
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (size + 1) + b"x" * size)
        else:
            wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                      b"%x\r\n" % size + b"x" * size + b"\r\n")
        finish(wire)
    gateway = raw_gateway(serve=serve)
    with gateway.connect() as client:
        client.send(request())
        head, end = take_truncated(client)
        assert b" 200 " in head.raw
        assert len(end.rest) <= size + 10 and not end.rest.endswith(b"0\r\n\r\n")
    line = gateway.wait_access()[0]
    assert (line["status"], line["error"], line["delivery"]) == (200, "answer_truncated", "yes")


def test_bad_chunk_of_the_tenant_truncates(raw_gateway):
    gateway = raw_gateway(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXX")
    with gateway.connect() as client:
        client.send(request())
        _, end = take_truncated(client)
        assert b"0\r\n\r\n" not in end.rest


def test_truncated_answer_to_1_0_is_a_reset(raw_gateway):
    """Without a length only the kind of end can tell."""
    gateway = raw_gateway(lambda wire, received: wire.send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"))
    with gateway.connect() as client:
        client.send(request(version="1.0"))
        with pytest.raises(Ended) as end:
            while True:
                client.fill()
        assert end.value.reset


def test_cut_tls_is_no_end_of_a_body(make_raw, make_gateway, authority):
    """FIN without close_notify: whoever sits in between could have sent it."""
    def serve(tenant, wire, number):
        tenant.take(wire, number)
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000)
        wait_for(lambda: not unsent(wire.sock))
        raw = socket.socket(fileno=wire.sock.detach())
        raw.shutdown(socket.SHUT_WR)
        raw.recv(1000)
        raw.close()
    gateway = make_gateway({"raw": make_raw(authority=authority, serve=serve)},
                           sections={"probe": QUIET_PROBE})
    with gateway.connect() as client:
        client.send(request())
        take_truncated(client)
    assert gateway.wait_access()[0]["error"] == "answer_truncated"


@pytest.mark.parametrize("fault", ["close_after_body", "reset"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_no_answer_is_502_and_never_sent_again(make_sim, make_gateway, fault, method):
    eu, us = make_sim("cf-eu20"), make_sim("cf-us21")
    gateway = make_gateway({"eu20": eu, "us21": us}, sections={"probe": {"interval": "1h"}})
    eu.fault(**{fault: 1, "path": "/http/orders"})
    body = None if method == "GET" else "an order"
    for is_pooled in (False, True):
        answer = gateway.ask(method, "/http/orders", body=body)
        problem_of(answer, 502, "closed")
        gateway.ask("GET", "/http/other")  # leaves a connection in the pool
    assert len(eu.log("/http/orders")) == 2
    assert us.log() == []


def test_answer_timeout_is_504(make_sim, make_gateway):
    sim = make_sim()
    gateway = make_gateway({"eu20": sim}, sections={
        "timeouts": {"response": "300ms"},
        "route slow": {"path": "/http/patient", "pool": "main", "response": "20s"},
        "route rest": {"pool": "main"}, "pool main": {}})
    sim.fault(delay_ms=1500, path="/http/orders")
    with gateway.connect() as client:
        problem_of(client.ask(request("POST", "/http/orders", AUTH.strip(), body="x")), 504,
                   "response_timeout")
        sim.repair()
        sim.fault(delay_ms=700, path="/http/patient")
        assert client.ask(request("GET", "/http/patient/a", AUTH.strip())).status == 200
    assert len(sim.log("/http/orders")) == 1


def test_stalled_answer_is_cut(raw_gateway):
    def serve(tenant, wire, number):
        tenant.take(wire, number)
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        wire.fill()
    gateway = raw_gateway(serve=serve, sections={"timeouts": {"tenant_read": "200ms"}})
    with gateway.connect() as client:
        client.send(request())
        take_truncated(client)
    assert gateway.wait_access()[0]["error"] == "tenant_read_timeout"


def test_bytes_behind_an_answer_are_dropped(raw_gateway):
    """They could only be taken for the next request's answer."""
    gateway = raw_gateway(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    with gateway.connect() as client:
        for _ in range(5):
            assert client.ask(request()).body == b"ok"
    assert gateway.raw.used() == 5


def test_unasked_answer_on_an_idle_connection(raw_gateway):
    """As above, but a moment later."""
    goes_on, is_there = threading.Semaphore(0), threading.Semaphore(0)

    def serve(tenant, wire, number):
        tenant.take(wire, number)
        wire.send(OK)
        goes_on.acquire()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        wait_for(lambda: not unsent(wire.sock))
        is_there.release()
        wire.fill()
    gateway = raw_gateway(serve=serve)
    with gateway.connect() as client:
        for _ in range(5):
            assert client.ask(request()).body == b"ok"
            goes_on.release()
            is_there.acquire()
    assert gateway.raw.used() == 5


@pytest.mark.parametrize("text", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                                  b"HTTP/1.1 200 OK\r\n\r\nabc", b"HTTP/1.1 200 OK\r\n"])
def test_bytes_and_a_reset_in_one_turn(raw_gateway, text):
    """The gateway sees both at once, as it does when it is busy."""
    def serve(tenant, wire, number):
        tenant.take(wire, number)
        gateway.pause()
        wire.send(text)
        wait_for(lambda: not unsent(wire.sock))
        wire.reset()
        gateway.signal(signal.SIGCONT)
    gateway = raw_gateway(serve=serve)
    with gateway.connect() as client:
        client.sock.settimeout(5)
        client.send(request())
        if text.endswith(b"abc"):
            take_truncated(client)
        else:
            assert client.answer().status == 502


def test_tenant_that_closes_while_the_body_is_sent(raw_gateway):
    def serve(tenant, wire, number):
        tenant.take(wire, number, with_body=False)
        wire.reset()
    gateway = raw_gateway(serve=serve)
    with gateway.connect() as client:
        client.send(request("POST", "/http/a", "Transfer-Encoding: chunked") +
                    chunked(b"x" * 10)[:-5])
        wait_for(lambda: gateway.raw.received)
        problem_of(client.answer(), 502, "closed")


def test_malformed_and_double_length_of_the_simulator(make_sim, make_gateway):
    sim = make_sim()
    gateway = make_gateway({"eu20": sim}, sections={"probe": {"interval": "1h"}})
    for fault in ("malformed", "duplicate_length"):
        sim.fault(**{fault: 1, "path": "/http/orders"})
        problem_of(gateway.ask(path="/http/orders"), 502, "malformed_answer")
        sim.repair()
