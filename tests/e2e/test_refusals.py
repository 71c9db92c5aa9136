# SPDX-License-Identifier: BSD-2-Clause
"""Requests that no tenant gets to see, and whether the connection outlives them."""
import json

import pytest

from lib_gateway import QUIET_PROBE, Gateway
from lib_http import RawTenant, chunked, connect, request
from lib_wait import wait_for

SMALL_LIMITS = {"limits": {"request_line": "256", "header_bytes": "2k", "header_count": "20",
                           "body_bytes": "100k"}}
HOST = "Host: x\r\n"


def raw(line, *lines, body=""):
    return ("\r\n".join([line, *lines, "", ""]) + body).encode("latin-1")


REFUSED = [  # bytes, status; all of these end the connection
    ("both lengths", raw("POST /a HTTP/1.1", "Host: x", "Content-Length: 3",
                         "Transfer-Encoding: chunked", body="0\r\n\r\n"), 400),
    ("two lengths", raw("POST /a HTTP/1.1", "Host: x", "Content-Length: 3", "Content-Length: 3",
                        body="abc"), 400),
    ("a list of lengths", raw("POST /a HTTP/1.1", "Host: x", "Content-Length: 3, 3",
                              body="abc"), 400),
    ("signed length", raw("POST /a HTTP/1.1", "Host: x", "Content-Length: +3", body="abc"), 400),
    ("hexadecimal length", raw("POST /a HTTP/1.1", "Host: x", "Content-Length: 0x3"), 400),
    ("huge length", raw("POST /a HTTP/1.1", "Host: x", "Content-Length: " + "9" * 30), 400),
    ("empty length", raw("POST /a HTTP/1.1", "Host: x", "Content-Length:"), 400),
    ("chunked twice", raw("POST /a HTTP/1.1", "Host: x", "Transfer-Encoding: chunked, chunked"),
     400),
    ("chunked not last", raw("POST /a HTTP/1.1", "Host: x", "Transfer-Encoding: chunked, gzip"),
     None),
    ("repeated coding", raw("POST /a HTTP/1.1", "Host: x", "Transfer-Encoding: chunked",
                            "Transfer-Encoding: chunked"), 400),
    ("coding in 1.0", raw("POST /a HTTP/1.0", "Host: x", "Transfer-Encoding: chunked"), 400),
    ("unknown coding", raw("POST /a HTTP/1.1", "Host: x", "Transfer-Encoding: gzip"), 501),
    ("coding with a tab", raw("POST /a HTTP/1.1", "Host: x", "Transfer-Encoding: \x0bchunked"),
     400),
    ("bare LF", b"GET /a HTTP/1.1\nHost: x\n\n", 400),
    ("bare LF in a field", b"GET /a HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
    ("bare CR", b"GET /a HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
    ("NUL", b"GET /a HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
    ("folded", raw("GET /a HTTP/1.1", "Host: x", "A: b", " c"), 400),
    ("space before the colon", raw("GET /a HTTP/1.1", "Host: x", "A : b"), 400),
    ("no colon", raw("GET /a HTTP/1.1", "Host: x", "A"), 400),
    ("empty name", raw("GET /a HTTP/1.1", "Host: x", ": b"), 400),
    ("no Host", raw("GET /a HTTP/1.1"), 400),
    ("two Hosts", raw("GET /a HTTP/1.1", "Host: x", "Host: x"), 400),
    ("bad Host", raw("GET /a HTTP/1.1", "Host: x y"), 400),
    ("Host with a path", raw("GET /a HTTP/1.1", "Host: x/y"), 400),
    ("Host with a user", raw("GET /a HTTP/1.1", "Host: u@x"), 400),
    ("no version", raw("GET /a", "Host: x"), 400),
    ("extra word", raw("GET /a b HTTP/1.1", "Host: x"), 400),
    ("two spaces", raw("GET  /a HTTP/1.1", "Host: x"), 400),
    ("control byte in the target", raw("GET /a\x01 HTTP/1.1", "Host: x"), 400),
    ("relative target", raw("GET a HTTP/1.1", "Host: x"), 400),
    ("small version name", raw("GET /a http/1.1", "Host: x"), 400),
    ("HTTP/2", raw("GET /a HTTP/2.0", "Host: x"), 505),
    ("HTTP/3", raw("GET /a HTTP/3.0", "Host: x"), 505),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("unknown method", raw("BREW /a HTTP/1.1", "Host: x"), 501),
    ("small method", raw("get /a HTTP/1.1", "Host: x"), 501),
    ("TRACE", raw("TRACE /a HTTP/1.1", "Host: x"), 405),
    ("CONNECT", raw("CONNECT x:443 HTTP/1.1", "Host: x:443"), 405),
    ("long line", raw("GET /" + "a" * 300 + " HTTP/1.1", "Host: x"), 414),
    ("endless line", b"GET /" + b"a" * 5000, 414),
    ("large head", raw("GET /a HTTP/1.1", "Host: x", "A: " + "b" * 3000), 431),
    ("endless head", b"GET /a HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 5000, 431),
    ("many fields", raw("GET /a HTTP/1.1", "Host: x", *["A: b"] * 30), 431),
    ("bad chunk size", raw("POST /a HTTP/1.1", "Host: x", "Transfer-Encoding: chunked",
                           body="xyz\r\nabc\r\n0\r\n\r\n"), 400),
    ("bad chunk end", raw("POST /a HTTP/1.1", "Host: x", "Transfer-Encoding: chunked",
                          body="3\r\nabcd\r\n0\r\n\r\n"), 400),
    ("TLS to a plain listener", bytes.fromhex("16030100f8010000f40303") + b"\0" * 20, 400),
]


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("refusals")


@pytest.fixture(scope="module")
def small(shared_folder):
    """One gateway with small limits for the whole table."""
    tenant = RawTenant()
    gateway = Gateway(shared_folder, {"raw": tenant},
                      sections={"probe": QUIET_PROBE, **SMALL_LIMITS})
    gateway.raw = tenant
    yield gateway
    gateway.stop()
    tenant.stop()


@pytest.mark.parametrize("text, status", [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])
def test_refused_and_closed(small, text, status):
    before = len(small.raw.received)
    with small.connect() as client:
        answer = client.ask(text)
        assert answer.status == status if status else answer.status in (400, 501)
        assert answer.has("Connection", "close")
        problem = json.loads(answer.body)
        assert problem["status"] == answer.status and problem["title"]
        assert answer.get("Content-Type") == "application/problem+json"
        assert answer.get("Proxy-Status").startswith("gw; error=")
        assert answer.get("X-Cpigate-Delivery") == problem["delivery"]
        if b"Transfer-Encoding: chunked\r\n\r\n" not in text:
            assert problem["delivery"] == "no"
        if answer.status == 405:
            assert "POST" in answer.get("Allow") and "TRACE" not in answer.get("Allow")
        assert client.is_closed()
    assert len(small.raw.received) == before, "no tenant got it"
    assert small.ask().status == 200


def test_refusal_has_a_request_id(small):
    with small.connect() as client:
        assert json.loads(client.ask(raw("GET /a HTTP/1.1")).body)["request_id"]


def test_empty_lines_before_a_request_are_ignored(small):
    with small.connect() as client:
        assert client.ask(b"\r\n" + request()).status == 200, "RFC 9112 section 2.2"


def test_limits_are_allowed_up_to_their_value(small):
    with small.connect() as client:
        line = "GET /" + "a" * (256 - len("GET / HTTP/1.1\r\n")) + " HTTP/1.1"
        assert client.ask(raw(line, "Host: x")).status == 200
        assert client.ask(raw("GET /a HTTP/1.1", "Host: x", *["A: b"] * 19)).status == 200
        assert client.ask(request("POST", body=b"x" * 102_400)).status == 200


def test_large_body_is_413(small):
    with small.connect() as client:
        answer = client.ask(request("POST", "/http/a", "Content-Length: 102401"))
        assert (answer.status, json.loads(answer.body)["delivery"]) == (413, "no")
        assert answer.has("Connection", "close")
        assert client.is_closed()
    with small.connect() as client:
        client.send(request("POST", "/http/a", "Transfer-Encoding: chunked"))
        for _ in range(11):
            client.send(b"2800\r\n" + b"x" * 0x2800 + b"\r\n")
        answer = client.answer()
        assert (answer.status, json.loads(answer.body)["delivery"]) == (413, "unknown")
    assert all(len(got.body) <= 102_400 for got in small.raw.received)


def test_bad_chunk_after_the_head_drops_the_tenants_connection(raw_gateway):
    ends = []

    def serve(tenant, wire, number):
        received = tenant.take(wire, number, with_body=False)
        try:
            wire.take_body(received.head)
        finally:
            ends.append(wire.rest)
    gateway = raw_gateway(serve=serve)
    with gateway.connect() as client:
        client.send(request("POST", "/http/a", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n")
        wait_for(lambda: gateway.raw.received)
        client.send(b"zzz\r\n")
        answer = client.answer()
        assert (answer.status, json.loads(answer.body)["delivery"]) == (400, "unknown")
        assert client.is_closed()
    wait_for(lambda: ends)
    assert b"0\r\n\r\n" not in ends[0]


def test_small_rest_of_a_body_keeps_the_connection(make_sim, make_gateway):
    """503, as no tenant may be chosen, while the body is still to come."""
    sim = make_sim()
    sim.fault(status=500)
    gateway = make_gateway({"eu20": sim})
    with gateway.connect() as client:
        for size in (0, 1, 65536):
            client.send(request("POST", "/http/a", f"Content-Length: {size}"))
            answer = client.answer()
            assert (answer.status, answer.get("Connection")) == (503, None)
            client.send(b"x" * size)
        assert client.ask(request()).status == 503
        assert client.ask(request("POST", "/http/a", "Content-Length: 65537")).has(
            "Connection", "close")
        assert client.is_closed()


def test_unread_body_cannot_become_a_request(make_sim, make_gateway):
    sim = make_sim()
    sim.fault(status=500)
    gateway = make_gateway({"eu20": sim})
    inner = request("GET", "/http/smuggled")
    with gateway.connect() as client:
        client.send(request("POST", "/http/a", body=inner) + request("GET", "/http/b"))
        assert [client.answer().status for _ in range(2)] == [503, 503]
    assert [line["path"] for line in gateway.wait_access(2)] == ["/http/a", "/http/b"]


def test_slow_head_is_408(raw_gateway):
    gateway = raw_gateway(sections={"timeouts": {"client_header": "200ms"}})
    with gateway.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost:")
        answer = client.answer()
        assert (answer.status, json.loads(answer.body)["delivery"]) == (408, "no")
        assert client.is_closed()
    assert gateway.raw.received == []


def test_slow_body_is_408(raw_gateway):
    gateway = raw_gateway(sections={"timeouts": {"client_body": "200ms"}})
    with gateway.connect() as client:
        client.send(request("POST", "/http/a", "Content-Length: 100") + b"abc")
        answer = client.answer()
        assert (answer.status, json.loads(answer.body)["delivery"]) == (408, "unknown")
        assert client.is_closed()
    assert gateway.raw.received == [], "never whole"


def test_idle_client_is_closed_without_a_word(raw_gateway):
    gateway = raw_gateway(sections={"timeouts": {"client_idle": "200ms"}})
    with gateway.connect() as silent, gateway.connect() as kept:
        assert kept.ask(request()).status == 200
        assert silent.is_closed() and kept.is_closed()
    assert len(gateway.wait_access()) == 1


def test_silent_tls_client_is_closed(make_gateway, make_raw, authority):
    gateway = make_gateway({"raw": make_raw()}, authority=authority,
                           sections={"probe": QUIET_PROBE, "timeouts": {"tls_handshake": "200ms"}})
    with connect(gateway.port) as client:
        assert client.is_closed()
    with connect(gateway.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.take_all()
    assert gateway.ask().status == 200


def test_chunked_request_of_many_small_chunks(small):
    with small.connect() as client:
        data = request("POST", "/http/a", "Transfer-Encoding: chunked") + chunked(*[b"x"] * 3000)
        assert client.ask(data).status == 200
        assert small.raw.last.body == b"x" * 3000
