# SPDX-License-Identifier: BSD-2-Clause
"""SPEC section 4, "What is sent again, and what never is": each row by itself, from both ends. A is
the pool's first tenant, B the second; what they received decides, not only what the client got."""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from lib_gateway import PROBE, QUIET_PROBE
from lib_http import OK, Ended, chunked, request
from lib_port import free_address
from lib_sim import AUTH
from lib_tenant import (NO_ENDPOINTS, UNKNOWN_ROUTE, Held, OnKept, ask, check_failure, check_served,
                        close, count, got, hold, reset, say)
from lib_wait import wait_for

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH")
SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "DELETE", "PATCH")
# Only what is under test shall take a tenant down.
NO_COUNT = {**QUIET_PROBE, "passive_fall": "0"}
LARGE = b"0123456789abcdef" * 6250  # 100,000 bytes: over retry_buffer


@pytest.fixture
def make_pool(make_raw, make_gateway):
    """Tenants a, b and so on that answer so; they are gateway.tenants and .a, .b. ROUTE, POOL: keys."""
    def make(*answers, route=None, pool=None, sections=None, **gateway_keys):
        raws = [make_raw(answer) for answer in answers]
        names = "abcdefghij"[:len(raws)]
        gateway = make_gateway(dict(zip(names, raws)), sections={
            "gateway": {"workers": "1", **gateway_keys}, "probe": NO_COUNT, "pool main": pool or {},
            "route all": {"pool": "main", **(route or {})}, **(sections or {})})
        gateway.tenants = raws
        for name, raw in zip(names, raws):
            setattr(gateway, name, raw)
        return gateway
    return make


def warm(gateway, path="/warm"):
    """Leave a connection in the pool of the first tenant."""
    assert ask(gateway, path=path)[0].status == 200


# ---- nothing of the request has left ----

@pytest.mark.parametrize("method", METHODS)
def test_refused_goes_on_at_once(make_raw, make_gateway, method):
    """Measured elsewhere: 503 after three seconds, though the other one is up."""
    b = make_raw()
    gateway = make_gateway({"a": {"url": "http://" + free_address(), "probe": "quiet"}, "b": b},
                           sections={"probe": NO_COUNT,
                                     "probe quiet": {"path": "/", "interval": "1h",
                                                     "interval_down": "1h"},
                                     "pool main": {"all_down": "try"}})
    gateway.wait_state("a", "degraded")
    result = ask(gateway, method)
    check_served(result, "b", attempts=1)
    assert gateway.post("/api/v1/tenants/b/drain").status_code == 200
    check_failure(ask(gateway, "POST"), 502, "connect", "no", attempts=1)
    assert count(b) == 1


@pytest.mark.parametrize("method", METHODS)
def test_refused_by_a_tenant_that_was_online(make_pool, method):
    gateway = make_pool(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", OK)
    warm(gateway)
    gateway.a.stop()
    result = ask(gateway, method)
    check_served(result, "b", attempts=2)
    assert result[1]["duration_ms"] < 2000
    assert (count(gateway.a), count(gateway.b)) == (1, 1)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_all_refuse(make_pool, method):
    gateway = make_pool(OK, OK)
    for raw in gateway.tenants:
        raw.stop()
    check_failure(ask(gateway, method), 502, "connect", "no", attempts=2)


def test_next_address_before_next_tenant(make_raw, make_gateway):
    a, b = make_raw(), make_raw()
    gateway = make_gateway({"a": {**a.keys(), "address": [free_address(), f"127.0.0.1:{a.port}"]},
                            "b": b}, sections={"probe": NO_COUNT})
    check_served(ask(gateway, "POST"), "a", attempts=1)
    assert (count(a), count(b)) == (1, 0)


# ---- a kept connection that the tenant has closed ----

class Ending:
    """Answers, and ends the kept connection when it is told to."""

    def __init__(self, ends_by):
        self.ends_by = ends_by
        self.goes_on, self.is_done = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, tenant, wire, number):
        if tenant.take(wire, number).path != "/warm":
            wire.send(OK)
            return
        wire.send(OK)
        self.goes_on.acquire()
        if self.ends_by == "end":
            wire.close()
        else:
            wire.reset()
        self.is_done.release()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ends_by", ["end", "reset"])
def test_kept_connection_closed_before(make_pool, method, ends_by):
    """The tenant's end and the request arrive in the same turn: the gateway stands still."""
    gateway = make_pool(OK, OK)
    ending = gateway.a.serve = Ending(ends_by)
    for n in range(1, 4):
        with gateway.connect() as client:
            warm(gateway)
            gateway.pause()
            ending.goes_on.release()
            ending.is_done.acquire()
            client.send(request(method, "/race", f"X-Request-Id: race-{n}",
                                body="an order" if method == "POST" else None))
            gateway.signal(signal.SIGCONT)
            assert client.answer(method).status == 200
            line = gateway.wait_line(f"race-{n}")
            assert (line["tenant"], line["attempts"]) == ("a", 1)
    assert [received.method for received in gateway.a.received if received.path == "/race"] == [
        method] * 3
    assert count(gateway.b) == 0
    assert gateway.tenant("a")["consecutive"]["passive"] == 0


@pytest.mark.parametrize("then", [close, reset])
@pytest.mark.parametrize("method", SAFE)
def test_kept_connection_closed_by_the_request_goes_again_once(make_pool, then, method):
    gateway = make_pool(OnKept(then), OK)
    warm(gateway)
    check_served(ask(gateway, method), "a", attempts=1)
    assert [got_method for got_method, _ in got(gateway.a)] == ["GET", method, method]
    assert gateway.a.used() == 2 and count(gateway.b) == 0


@pytest.mark.parametrize("then", [close, reset])
@pytest.mark.parametrize("method", UNSAFE)
def test_kept_connection_closed_by_the_request_is_never_repeated(make_pool, then, method):
    """Measured elsewhere: a PUT delivered twice, and then ten seconds of all traffic to the
    backup."""
    gateway = make_pool(OnKept(then), OK)
    warm(gateway)
    check_failure(ask(gateway, method), 502, "closed", "unknown", attempts=1)
    assert count(gateway.a, method) == 1 and count(gateway.b) == 0
    for _ in range(3):
        check_served(ask(gateway, method), "a", attempts=1)  # on a fresh one
        check_failure(ask(gateway, method), 502, "closed", "unknown")
    assert count(gateway.b) == 0
    tenant = gateway.tenant("a")
    assert (tenant["state"], tenant["consecutive"]["passive"]) == ("online", 0)


def test_only_one_fresh_connection_after_a_stale_one(make_pool):
    """Several stale ones in the pool; the fresh one fails too."""
    held = Held()
    kept = set()

    def answer(wire, received):
        if received.path == "/held":
            kept.add(received.connection)
            return held(wire, received)
        return None
    gateway = make_pool(answer, OK)
    clients = [gateway.connect() for _ in range(4)]
    for client in clients:
        client.send(request(path="/held"))
    wait_for(lambda: count(gateway.a) == 4)
    held.goes_on.set()
    for client in clients:
        assert client.answer().status == 200
        client.close()
    check_served(ask(gateway), "b", attempts=2)
    seen = [received.connection for received in gateway.a.received if received.path == "/http/a"]
    assert len(seen) == 2 and seen[0] in kept and seen[1] not in kept
    assert count(gateway.b) == 1


# ---- closed after the request has left ----

@pytest.mark.parametrize("ends", [close, reset])
@pytest.mark.parametrize("method", SAFE)
def test_closed_without_an_answer_moves_on(make_pool, ends, method):
    gateway = make_pool(ends, OK)
    check_served(ask(gateway, method), "b", attempts=2)
    assert (count(gateway.a), count(gateway.b)) == (1, 1)


@pytest.mark.parametrize("ends", [close, reset])
@pytest.mark.parametrize("method", UNSAFE)
def test_closed_without_an_answer_is_unknown(make_pool, ends, method):
    gateway = make_pool(ends, OK)
    check_failure(ask(gateway, method), 502, "closed", "unknown", attempts=1)
    assert (count(gateway.a), count(gateway.b)) == (1, 0)


def test_get_with_a_body_moves_on_with_it(make_pool):
    gateway = make_pool(close, OK)
    check_served(ask(gateway, "GET", body=b"x" * 60_000), "b", attempts=2)
    assert got(gateway.a) == got(gateway.b) == [("GET", b"x" * 60_000)]


def test_never_more_copies_than_tenants(make_pool):
    """Measured elsewhere: thirteen copies of one GET to the same host."""
    gateway = make_pool(close, close, close, pool={"attempts": "10"})
    check_failure(ask(gateway), 502, "closed", "unknown", attempts=3)
    assert [count(raw) for raw in gateway.tenants] == [1, 1, 1]


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_attempts(make_pool, attempts):
    gateway = make_pool(close, close, OK, pool={"attempts": attempts})
    result = ask(gateway)
    if attempts < 3:
        check_failure(result, 502, "closed", "unknown", attempts=attempts)
    else:
        check_served(result, "c", attempts=3)
    assert [count(raw) for raw in gateway.tenants] == [1, int(attempts > 1), int(attempts > 2)]


def test_part_of_the_body_is_repeated_and_the_rest_goes_on(make_pool):
    """The tenant leaves in the middle of the upload."""
    def serve_part(wire, received):
        return None
    gateway = make_pool(serve_part, OK, route={"repeat": "idempotent"})
    gateway.a.serve = lambda tenant, wire, number: tenant.take(wire, number, with_body=False)
    with gateway.connect() as client:
        client.send(request("PUT", "/put", "Transfer-Encoding: chunked") + b"5\r\nfirst\r\n")
        wait_for(lambda: count(gateway.b) or any(got.path == "/put" for got in gateway.a.received))
        client.send(chunked(b" and the rest"))
        assert client.answer().status == 200
    assert got(gateway.b) == [("PUT", b"first and the rest")]


# ---- the platform refuses ----

@pytest.mark.parametrize("refusal", [UNKNOWN_ROUTE, NO_ENDPOINTS], ids=["unknown", "no_endpoints"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("body", [b"", b"an order", b"\0\xff" * 32_000],
                         ids=["empty", "small", "64000"])
def test_platform_refusal_moves_on(make_pool, refusal, method, body):
    gateway = make_pool(refusal, OK)
    check_served(ask(gateway, method, body=body), "b", attempts=2)
    assert got(gateway.a) == got(gateway.b) == [(method, body)]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_platform_refusal_of_a_large_body_is_passed_on(make_pool, framing):
    gateway = make_pool(UNKNOWN_ROUTE, OK)
    with gateway.connect() as client:
        head = ("POST", "/http/a", "X-Request-Id: large")
        if framing == "length":
            client.send(request(*head, body=LARGE))
        else:
            client.send(request(*head, "Transfer-Encoding: chunked") +
                        chunked(LARGE[:50_000], LARGE[50_000:]))
        answer = client.answer()
        assert client.ask(request(path="/next")).status == 200
    assert (answer.status, answer.get("X-Kept"), answer.get("X-Cf-RouterError")) == (
        404, "a", "unknown_route")
    assert answer.body == UNKNOWN_ROUTE.partition(b"\r\n\r\n")[2]
    assert answer.get("X-Cpigate-Delivery") == "no"
    line = gateway.wait_line("large")
    assert (line["status"], line["delivery"], line["tenant"], line["attempts"]) == (
        404, "no", "a", 1)
    assert got(gateway.a, "/http") == [("POST", LARGE)] and got(gateway.b, "/http") == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_platform_refusal_of_the_last_tenant_is_passed_on(make_pool, method):
    gateway = make_pool(UNKNOWN_ROUTE, NO_ENDPOINTS)
    answer, line = ask(gateway, method)
    assert (answer.status, answer.get("X-Cf-RouterError"), answer.get("X-Cpigate-Tenant")) == (
        503, "no_endpoints", "b")
    assert (answer.get("X-Cpigate-Delivery"), line["delivery"], line["attempts"]) == ("no", "no", 2)
    assert count(gateway.a) == count(gateway.b) == 1


@pytest.mark.parametrize("then", [close, reset, hold])
def test_post_refused_by_one_and_lost_at_the_next(make_pool, then):
    """The refusal of the first says nothing about the second, which may have taken it."""
    gateway = make_pool(UNKNOWN_ROUTE, then, sections={"timeouts": {"response": "300ms"}})
    answer, line = ask(gateway, "POST")
    assert (answer.get("X-Cpigate-Delivery"), line["delivery"]) == ("unknown", "unknown")
    assert (answer.status, line["error"]) == (
        (504, "response_timeout") if then is hold else (502, "closed"))
    assert count(gateway.a) == count(gateway.b) == 1


def test_post_refused_by_one_and_unreachable_at_the_next(make_pool):
    gateway = make_pool(UNKNOWN_ROUTE, OK)
    gateway.b.stop()
    answer, line = ask(gateway, "POST")
    assert (answer.get("X-Cpigate-Delivery"), line["delivery"]) == ("no", "no")
    assert answer.status in (404, 502)
    assert (count(gateway.a), count(gateway.b)) == (1, 0)


def test_other_router_errors_are_answers_of_a_sick_tenant(make_pool):
    gateway = make_pool(say(502, b"failed", "X-Cf-RouterError: endpoint_failure"), OK)
    check_served(ask(gateway, "GET"), "b", attempts=2)
    check_served(ask(gateway, "POST"), "a", attempts=1, status=502)
    assert [method for method, _ in got(gateway.a)] == ["GET", "POST"]


# ---- answers ----

@pytest.mark.parametrize("status", [502, 503, 504])
def test_sick_answers_of_safe_requests_move_on(make_pool, status):
    gateway = make_pool(say(status, b"sick"), OK)
    for method in SAFE:
        check_served(ask(gateway, method), "b", attempts=2)
    assert count(gateway.a) == count(gateway.b) == 3


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("method", UNSAFE)
def test_sick_answers_of_other_requests_are_passed_on(make_pool, status, method):
    gateway = make_pool(say(status, b"sick", "X-Kept: a", "Retry-After: 7"), OK)
    result = ask(gateway, method)
    check_served(result, "a", attempts=1, status=status)
    assert (result[0].body, result[0].get("X-Kept"), result[0].get("Retry-After")) == (
        b"sick", "a", "7")
    assert count(gateway.b) == 0


@pytest.mark.parametrize("second", [close, reset, say(503, b"also", "X-Kept: b"), hold],
                         ids=["close", "reset", "503", "hold"])
@pytest.mark.parametrize("body", [b"sick", b"s" * 300_000], ids=["small", "large"])
def test_original_answer_if_nothing_better_came(make_pool, second, body):
    gateway = make_pool(say(503, body, "X-Kept: a", "Retry-After: 7"), second,
                        sections={"timeouts": {"response": "300ms"}})
    answer, line = ask(gateway)
    assert answer.status == 503
    kept = answer.get("X-Kept")
    assert (kept, answer.body, answer.get("X-Cpigate-Tenant"), line["tenant"]) in (
        ("a", body, "a", "a"), ("b", b"also", "b", "b"))
    if callable(second):
        assert (kept, answer.get("Retry-After")) == ("a", "7")
    assert (line["delivery"], line["attempts"]) == ("yes", 2)
    assert count(gateway.a) == count(gateway.b) == 1


def test_sick_answer_is_passed_on_if_no_other_is_online(make_pool):
    gateway = make_pool(say(503, b"sick"), OK)
    assert gateway.post("/api/v1/tenants/b/drain").status_code == 200
    check_served(ask(gateway), "a", attempts=1, status=503)
    assert count(gateway.b) == 0


@pytest.mark.parametrize("status", [200, 201, 304, 400, 401, 404, 409, 429, 500, 501, 599])
def test_every_other_answer_is_passed_on_and_never_counts(make_raw, make_gateway, status):
    body = b"" if status == 304 else b"an iFlow's own"
    a, b = make_raw(say(status, body)), make_raw()
    gateway = make_gateway({"a": a, "b": b}, sections={"probe": {**QUIET_PROBE, "passive_fall": "1"}})
    for method in ("GET", "POST", "GET", "POST"):
        result = ask(gateway, method)
        check_served(result, "a", attempts=1, status=status)
        assert result[0].body == body
    assert count(a) == 4 and count(b) == 0
    assert gateway.tenant("a")["state"] == "online"
    assert gateway.tenant("a")["consecutive"]["passive"] == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_response_timeout_is_never_repeated(make_pool, method):
    gateway = make_pool(hold, OK, sections={"timeouts": {"response": "200ms"}})
    check_failure(ask(gateway, method), 504, "response_timeout", "unknown", attempts=1)
    assert (count(gateway.a), count(gateway.b)) == (1, 0)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("text", [b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"],
                         ids=["no HTTP", "cut head"])
def test_malformed_answer_is_never_repeated(make_pool, method, text):
    def answer(wire, received):
        wire.send(text)
    gateway = make_pool(answer, OK)
    check_failure(ask(gateway, method), 502, "malformed_answer", "unknown", attempts=1)
    assert (count(gateway.a), count(gateway.b)) == (1, 0)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [200, 503])
def test_truncated_answer_is_never_hidden(make_pool, method, status):
    """One byte of its body came: also the 503 is that tenant's if it is passed on."""
    def answer(wire, received):
        wire.send(b"HTTP/1.1 %d OK\r\nContent-Length: 2\r\n\r\nx" % status)
    gateway = make_pool(answer, OK)
    with gateway.connect() as client:
        client.send(request(method, "/http/a", "X-Request-Id: cut",
                            body="x" if method == "POST" else None))
        if (method, status) == ("GET", 503):
            assert client.answer().status == 200
        else:
            with pytest.raises(Ended) as end:
                client.take_body(client.take_head())
            assert end.value.rest == b"x"
    line = gateway.wait_line("cut")
    assert count(gateway.a) == 1
    if (method, status) == ("GET", 503):
        assert (line["tenant"], count(gateway.b)) == ("b", 1)
    else:
        assert (line["status"], line["error"], line["delivery"], count(gateway.b)) == (
            status, "answer_truncated", "yes", 0)


# ---- what the route, the client and the pool say ----

@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rule", ["safe", "idempotent", "never"])
@pytest.mark.parametrize("answer", [close, say(503)], ids=["close", "503"])
def test_repeat_rule_of_the_route(make_pool, method, rule, answer):
    repeated = {"safe": SAFE, "idempotent": (*SAFE, "PUT", "DELETE"), "never": ()}[rule]
    gateway = make_pool(answer, OK, route={"repeat": rule})
    body = b"a body" if method in ("POST", "PUT", "PATCH") else None
    result = ask(gateway, method, body=body)
    if method in repeated:
        check_served(result, "b", attempts=2)
        assert got(gateway.b) == [(method, body or b"")]
    else:
        assert result[0].status == (502 if answer is close else 503)
        assert result[1]["delivery"] == ("unknown" if answer is close else "yes")
        assert count(gateway.b) == 0
    assert got(gateway.a) == [(method, body or b"")]


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("answer", [close, say(503)], ids=["close", "503"])
@pytest.mark.parametrize("name, line, is_repeated", [
    (None, "Idempotency-Key: k-1", True),
    (None, "idempotency-key: k-1", True),
    (None, "X-Idempotency-Key: k-1", False),
    ("X-Message-Id", "X-Message-Id: m-1", True),
    ("X-Message-Id", "Idempotency-Key: k-1", False)])
def test_idempotency_header(make_pool, method, answer, name, line, is_repeated):
    gateway = make_pool(answer, OK, pool={"idempotency_header": name} if name else {})
    result = ask(gateway, method, "/http/a", line, body="an order")
    if is_repeated:
        check_served(result, "b", attempts=2)
        assert got(gateway.b) == [(method, b"an order")]
        field, _, value = line.partition(": ")
        assert gateway.b.last.get(field) == gateway.a.last.get(field) == value
    else:
        assert result[0].status in (502, 503) and count(gateway.b) == 0
    assert got(gateway.a) == [(method, b"an order")]


def test_never_outdoes_the_idempotency_header(make_pool):
    gateway = make_pool(close, OK, route={"repeat": "never"})
    check_failure(ask(gateway, "POST", "/http/a", "Idempotency-Key: k"), 502, "closed", "unknown")
    assert count(gateway.b) == 0


def test_never_still_moves_on_what_was_not_sent(make_pool):
    gateway = make_pool(OK, OK, route={"repeat": "never"})
    gateway.a.stop()
    check_served(ask(gateway, "GET"), "b", attempts=2)
    check_served(ask(gateway, "POST"), "b", attempts=2)


@pytest.mark.parametrize("size, is_repeated", [(999, True), (1000, True), (1001, False)])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("answer", [close, UNKNOWN_ROUTE, say(503)],
                         ids=["close", "refused", "503"])
def test_retry_buffer(make_pool, size, is_repeated, framing, answer):
    gateway = make_pool(answer, OK, pool={"retry_buffer": "1000"})
    body = LARGE[:size]
    with gateway.connect() as client:
        head = ("POST", "/http/a", "Idempotency-Key: k", "X-Request-Id: r")
        if framing == "length":
            client.send(request(*head, body=body))
        else:
            client.send(request(*head, "Transfer-Encoding: chunked") +
                        chunked(body[:400], body[400:]))
        status = client.answer().status
    assert got(gateway.a) == [("POST", body)]
    assert got(gateway.b) == ([("POST", body)] if is_repeated else [])
    assert status == 200 if is_repeated else status in (502, 404, 503)
    assert gateway.wait_line("r")["attempts"] == 1 + is_repeated


def test_retry_buffer_of_nothing(make_pool):
    gateway = make_pool(close, OK, pool={"retry_buffer": "0"})
    check_served(ask(gateway, "GET"), "b", attempts=2)
    check_failure(ask(gateway, "GET", body=b"x"), 502, "closed", "unknown", attempts=1)


def test_client_that_leaves_ends_the_attempts(make_pool):
    held = Held("/", answer=None)
    gateway = make_pool(held, OK)
    with gateway.connect() as client:
        client.send(request("GET", "/http/a", "X-Request-Id: left"))
        wait_for(lambda: count(gateway.a))
        client.reset()
    line = gateway.wait_line("left")
    held.goes_on.set()
    assert (line["error"], line["delivery"], line["attempts"]) == ("client_gone", "unknown", 1)
    assert count(gateway.b) == 0


# ---- a tenant that goes away while a request waits there ----

FAST = {**PROBE, "interval": "100ms", "interval_down": "100ms", "timeout": "400ms"}


@pytest.fixture
def waiting(make_sim, make_gateway):
    """A GET and a POST that wait for the answer of tenant a."""
    def make(delay_ms=3000, **probe):
        a, b = make_sim("cf-eu20"), make_sim("cf-us21")
        gateway = make_gateway({"a": a, "b": b},
                               sections={"probe": {**FAST, "passive_fall": "0", **probe}})
        gateway.a, gateway.b = a, b
        a.fault(delay_ms=delay_ms, path="/http/slow")
        gateway.get, gateway.posted = gateway.connect(), gateway.connect()
        gateway.get.send(request("GET", "/http/slow", AUTH.strip(), "X-Request-Id: get"))
        gateway.posted.send(request("POST", "/http/slow", AUTH.strip(), "X-Request-Id: post",
                                    body="an order"))
        wait_for(lambda: len(a.seen("/http/slow")) == 2)
        return gateway
    return make


def test_waiting_requests_of_a_tenant_that_hangs(waiting):
    gateway = waiting()
    gateway.a.pause()
    try:
        answer = gateway.get.answer()
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "b")
        assert gateway.tenant("a")["state"] == "degraded"
    finally:
        gateway.a.proceed()
    answer = gateway.posted.answer()
    assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "a")
    assert sorted(gateway.a.seen("/http/slow")) == [("GET", "get"), ("POST", "post")]
    assert gateway.b.seen("/http/slow") == [("GET", "get")]
    line = gateway.wait_line("get")
    assert (line["attempts"], line["delivery"]) == (2, "yes")


def test_waiting_requests_of_a_tenant_that_refuses(make_raw, make_gateway):
    """Its listening process is gone, a worker of it goes on."""
    held = Held("/held")
    a, b = make_raw(held), make_raw()
    gateway = make_gateway({"a": a, "b": b},
                           sections={"probe": {**FAST, "type": "tcp", "passive_fall": "0"}})
    with gateway.connect() as get, gateway.connect() as post:
        get.send(request(path="/held"))
        post.send(request("POST", "/held", body="an order"))
        wait_for(lambda: count(a) == 2)
        a.listener.shutdown(socket.SHUT_RDWR)
        a.listener.close()
        assert get.answer().get("X-Cpigate-Tenant") == "b"
        held.goes_on.set()
        answer = post.answer()
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "a")
    assert (count(a, "POST"), count(b, "POST")) == (1, 0)


def test_waiting_requests_of_a_tenant_that_is_killed(waiting):
    gateway = waiting()
    gateway.a.kill()
    assert gateway.get.answer().get("X-Cpigate-Tenant") == "b"
    answer = gateway.posted.answer()
    assert (answer.status, answer.get("X-Cpigate-Delivery")) == (502, "unknown")
    assert gateway.b.seen("/http/slow") == [("GET", "get")]


def test_requests_go_on_waiting_for_a_tenant_that_answers_probes_badly(waiting):
    """It can be reached: what waits there may well get its answer."""
    gateway = waiting(delay_ms=1000, expect_status="200", header=AUTH.strip())
    gateway.a.repair()
    gateway.a.fault(health=500)
    gateway.wait_state("a", "degraded")
    for client in (gateway.get, gateway.posted):
        answer = client.answer()
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "a")
    assert gateway.b.log("/http/slow") == []


def test_waiting_get_stays_if_there_is_no_other(make_sim, make_gateway):
    a = make_sim()
    gateway = make_gateway({"a": a}, sections={"probe": FAST})
    a.fault(delay_ms=1500, path="/http/slow")
    with gateway.connect() as client:
        client.send(request("GET", "/http/slow", AUTH.strip()))
        wait_for(lambda: a.seen("/http/slow"))
        a.pause()
        gateway.wait_state("a", "degraded")
        a.proceed()
        assert client.answer().status == 200
    assert len(a.seen("/http/slow")) == 1


# ---- a host that acknowledges nothing any more ----

class Net:
    """A network name space that is reached by one link; its host can be struck dumb: what it is
    sent arrives, and nothing comes back."""

    def __init__(self):
        number = os.getpid() % 10000
        self.name, self.link = f"cg{number}", f"cg{number}h"
        self.here, self.there = (f"10.{200 + number % 50}.{number % 250}.{n}" for n in (1, 2))

    def run(self, *words, inside=False):
        before = ["ip", "netns", "exec", self.name] if inside else []
        subprocess.run([*before, "ip", *words], check=True, capture_output=True, timeout=30)

    def open(self):
        peer = self.link + "p"
        self.run("netns", "add", self.name)
        self.run("link", "add", self.link, "type", "veth", "peer", "name", peer)
        self.run("link", "set", peer, "netns", self.name)
        self.run("addr", "add", self.here + "/30", "dev", self.link)
        self.run("link", "set", self.link, "up")
        for words in (("addr", "add", self.there + "/30", "dev", peer), ("link", "set", peer, "up"),
                      ("link", "set", "lo", "up")):
            self.run(*words, inside=True)

    def strike_dumb(self):
        self.run("route", "add", "blackhole", self.here + "/32", inside=True)

    def close(self):
        for words in (("link", "del", self.link), ("netns", "del", self.name)):
            subprocess.run(["ip", *words], check=False, capture_output=True, timeout=30)


@pytest.fixture
def net(stack):
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and ip(8)")
    net = Net()
    stack.callback(net.close)
    try:
        net.open()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network name spaces here: {error.stderr.decode().strip()}")
    return net


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bytes_that_are_not_acknowledged(net, make_sim, make_gateway, method):
    """They arrive, as the tenant's view shows; what the gateway cannot know, it says."""
    a = make_sim("cf-eu20", ip=net.there, before=("ip", "netns", "exec", net.name))
    b = make_sim("cf-us21")
    keys = {**a.keys(), "url": f"http://{net.there}:{a.port}"}
    gateway = make_gateway({"a": keys, "b": b}, sections={
        "probe": {"interval": "1h", "interval_down": "1h", "passive_fall": "0"},
        "timeouts": {"tenant_ack": "1s", "response": "20s", "tenant_idle": "1h"},
        "gateway": {"workers": "1"}})
    check_served(ask(gateway, path="/http/warm"), "a")
    net.strike_dumb()
    result = ask(gateway, method)
    if method == "GET":
        check_served(result, "b", attempts=2)
    else:
        check_failure(result, 502, "ack_timeout", "unknown", attempts=1)
    assert 900 < result[1]["duration_ms"] < 8000
    name = result[1]["request_id"]
    seen = [line["request_id"] for line in
            map(json.loads, a.log_file.read_text().splitlines())]
    assert seen.count(name) == 1
    assert len(b.log()) == (method == "GET")
