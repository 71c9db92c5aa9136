# SPDX-License-Identifier: BSD-2-Clause
"""HTTP/1 through the gateway: methods, framing, keep-alive, pipelining, interim answers."""
import hashlib
import json
import os
import subprocess
import threading

import pytest

from lib_http import OK, Ended, chunked, connect, request
from lib_port import free_address
from lib_sim import AUTH, BASIC, pattern
from lib_wait import wait_for

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


# ---- nginx as the tenant ----

@pytest.fixture
def nginx_gateway(make_nginx, make_gateway, authority):
    nginx = make_nginx(authority)
    gateway = make_gateway({"nginx": nginx}, authority=authority)
    gateway.nginx = nginx
    return gateway


def test_methods_through_to_nginx(nginx_gateway):
    with nginx_gateway.connect() as client:
        for method in METHODS:
            body = "12345" if method in ("POST", "PUT", "PATCH") else None
            answer = client.ask(request(method, f"/http/{method}", body=body), method)
            length = "5" if body else ""
            text = f"{method} /http/{method} {length} {nginx_gateway.nginx.host}:" \
                   f"{nginx_gateway.nginx.port}\n"
            assert answer.status == 200
            assert answer.body.decode() == ("" if method == "HEAD" else text)
            assert answer.get("Content-Length") == str(len(text))


def test_answers_without_body_from_nginx(nginx_gateway):
    (nginx_gateway.nginx.files / "a.txt").write_text("some text\n")
    with nginx_gateway.connect() as client:
        answer = client.ask(request(path="/http/empty"))
        assert (answer.status, answer.get("Content-Length"),
                answer.get("Transfer-Encoding")) == (204, None, None)
        answer = client.ask(request(path="/files/a.txt"))
        assert answer.body == b"some text\n"
        tag = answer.get("ETag")
        answer = client.ask(request("GET", "/files/a.txt", f"If-None-Match: {tag}"))
        assert (answer.status, answer.body, answer.get("ETag")) == (304, b"", tag)
        answer = client.ask(request("GET", "/files/a.txt", "Range: bytes=5-8"))
        assert (answer.status, answer.body) == (206, b"text")
        answer = client.ask(request("HEAD", "/files/a.txt"), "HEAD")
        assert (answer.status, answer.get("Content-Length")) == (200, "10")
        assert client.ask(request(path="/files/a.txt")).body == b"some text\n"


def test_nginx_limits_its_keep_alive(make_nginx, make_gateway, authority):
    """It says Connection: close on every third answer, which costs no request."""
    gateway = make_gateway({"nginx": make_nginx(authority, keepalive_requests=3)},
                           authority=authority, sections={"probe": {"interval": "1h"}})
    with gateway.connect() as client:
        for _ in range(20):
            assert client.ask(request("POST", "/http/a", body="abc")).status == 200


def test_curl_uploads_to_nginx(nginx_gateway, tmp_path):
    """With Expect: 100-continue, and nginx reads the body before it passes it to itself."""
    data = os.urandom(3_000_000)
    (tmp_path / "data").write_bytes(data)
    base = ["curl", "-sS", "--noproxy", "*", "--cacert", str(nginx_gateway.authority.file),
            "--resolve", f"api.gw.test:{nginx_gateway.port}:127.0.0.1"]
    url = f"https://api.gw.test:{nginx_gateway.port}/take/x"
    for more in ([], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"],
                 ["--http1.0", "--no-alpn"], ["--tlsv1.2", "--tls-max", "1.2"]):
        out = subprocess.run([*base, *more, "-w", "%{http_code}", "--data-binary",
                              f"@{tmp_path / 'data'}", url], capture_output=True, text=True,
                             timeout=60, check=True).stdout
        assert out.startswith("POST /http/x 3000000 ") and out.endswith("200"), more


def test_curl_with_http_1_0_by_tls(sim_gateway):
    """It offers http/1.0 alone by ALPN."""
    out = subprocess.run(["curl", "-sS", "--noproxy", "*", "--http1.0", "-u", "demo:demo",
                          "--cacert", str(sim_gateway.authority.file), "--resolve",
                          f"api.gw.test:{sim_gateway.port}:127.0.0.1",
                          f"https://api.gw.test:{sim_gateway.port}/http/a"],
                         capture_output=True, text=True, timeout=60, check=False)
    assert (out.returncode, out.stdout) == (0, "cf-eu20\n"), out.stderr


# ---- the simulator as the tenant ----

@pytest.fixture
def sim_gateway(make_sim, make_gateway, authority):
    sim = make_sim(authority=authority)
    gateway = make_gateway({"eu20": sim}, authority=authority,
                           sections={"probe": {"interval": "1h"},
                                     "listen plain": {"address": free_address(), "tls": "off"}})
    gateway.sim = sim
    return gateway


@pytest.mark.parametrize("is_chunked", [False, True])
def test_bodies_are_exact(sim_gateway, is_chunked):
    # Without TLS: two threads use the client's end, which Python's TLS does not allow.
    with connect(sim_gateway.port_of("plain")) as client:
        for size in (0, 1, 4095, 4096, 16384, 16385, 70_000, 1_000_001):
            data = os.urandom(size)
            if is_chunked:
                pieces = [data[i:i + 7919] for i in range(0, size, 7919)]
                bytes_out = request("POST", "/http/a?echo=1", AUTH.strip(),
                                    "Transfer-Encoding: chunked") + chunked(*pieces)
            else:
                bytes_out = request("POST", "/http/a?echo=1", AUTH.strip(), body=data)
            # an echo comes while the request is still sent
            sender = threading.Thread(target=client.send, args=(bytes_out,))
            sender.start()
            answer = client.answer()
            sender.join()
            assert (answer.status, answer.body) == (200, data)
            line = sim_gateway.sim.log()[-1]
            assert line["body_sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("more", ["", "&chunked=1"])
def test_downloads_are_exact(sim_gateway, more):
    with sim_gateway.connect() as client:
        for size in (0, 1, 16384, 65537, 900_000):
            answer = client.ask(request("GET", f"/http/download?bytes={size}{more}",
                                        AUTH.strip()))
            assert answer.body == pattern(size)
            answer = client.ask(request("HEAD", f"/http/download?bytes={size}", AUTH.strip()),
                                "HEAD")
            assert answer.get("Content-Length") == str(size)


def test_pipelined_requests_are_answered_in_order(sim_gateway):
    with sim_gateway.connect() as client:
        client.send(request("GET", "/http/download?bytes=70000", AUTH.strip()) +
                    request("POST", "/http/two", AUTH.strip(), body=b"x" * 5000) +
                    request("GET", "/http/three", AUTH.strip()))
        assert client.answer().body == pattern(70000)
        assert b"received 5000 bytes" in client.answer().body
        assert client.answer().body == b"cf-eu20\n"
        client.send(request("HEAD", "/http/a", AUTH.strip()) + request("GET", "/nowhere"))
        assert client.answer("HEAD").status == 200
        assert client.answer().status == 404
    assert len({line["connection"] for line in sim_gateway.sim.log()}) == 1


def test_request_byte_by_byte(sim_gateway):
    with sim_gateway.connect() as client:
        for byte in request("POST", "/http/a", AUTH.strip(), "Transfer-Encoding: chunked") + \
                chunked(b"abc", b"d"):
            client.send(bytes([byte]))
        assert b"received 4 bytes" in client.answer().body


def test_http_1_0(sim_gateway):
    lines = [AUTH.strip()]
    with sim_gateway.connect() as client:
        answer = client.ask(request("GET", "/http/a", *lines, version="1.0"))
        assert (answer.status, answer.get("Connection")) == (200, "close")
        assert client.is_closed()
    with sim_gateway.connect() as client:
        for _ in range(2):
            answer = client.ask(request("POST", "/http/a", *lines, "Connection: keep-alive",
                                        body="abc", version="1.0"))
            assert (answer.status, answer.get("Connection")) == (200, "keep-alive")
        answer = client.ask(request("GET", "/http/download?bytes=50000&chunked=1", *lines,
                                    "Connection: keep-alive", version="1.0"))
        assert answer.get("Transfer-Encoding") is None, "1.0 does not know chunked"
        assert answer.get("Connection") == "close"
        assert answer.body == pattern(50000)
    with sim_gateway.connect() as client:
        assert client.ask(request("GET", "/http/a", *lines, host=None, version="1.0")).status == 200
    assert {line["protocol"] for line in sim_gateway.sim.log()} == {"HTTP/1.1"}


def test_half_closed_client_gets_its_answer(make_sim, make_gateway):
    sim = make_sim()
    sim.fault(delay_ms=300, path="/http/slow")
    gateway = make_gateway({"eu20": sim})
    with gateway.connect() as client:
        client.send(request("GET", "/http/slow", AUTH.strip()))
        client.end_writing()
        assert client.answer().body == b"cf-eu20\n"
        assert client.is_closed()


def test_connection_close_of_the_client(sim_gateway):
    with sim_gateway.connect() as client:
        answer = client.ask(request("GET", "/http/a", AUTH.strip(), "Connection: close"))
        assert answer.has("Connection", "close")
        assert client.is_closed()


def test_options_with_max_forwards(raw_gateway):
    gateway = raw_gateway()
    with gateway.connect() as client:
        answer = client.ask(request("OPTIONS", "/http/a", "Max-Forwards: 0"))
        assert answer.status == 200 and "GET" in answer.get("Allow")
        assert gateway.raw.received == []
        client.ask(request("OPTIONS", "/http/a", "Max-Forwards: 7"))
        assert gateway.raw.last.get("Max-Forwards") == "6"
        client.ask(request("OPTIONS", "*"))
        assert gateway.raw.last.path == "*"


def test_absolute_target(raw_gateway):
    gateway = raw_gateway(keys={"host_header": "preserve"})
    with gateway.connect() as client:
        client.ask(request("GET", "http://other.test/http/a?b=c"))
        assert gateway.raw.last.path == "/http/a?b=c"
        assert gateway.raw.last.get("Host") == "other.test", "RFC 9112 section 3.2.2"


def test_target_passes_unchanged(raw_gateway):
    gateway = raw_gateway()
    path = "/http/a%2Fb/../c//d;e=1?$filter=x%20eq%20'y'&q={}|\"&z"
    with gateway.connect() as client:
        client.ask(request("GET", path.replace('"', "%22")))
        assert gateway.raw.last.path == path.replace('"', "%22")


# ---- 100-continue and other interim answers ----

def test_expect_continue(raw_gateway):
    gateway = raw_gateway()
    with gateway.connect() as client:
        head = request("POST", "/http/a", "Expect: 100-continue", "Content-Length: 3")
        answer = client.ask(head)
        assert answer.head.raw == b"HTTP/1.1 100 Continue\r\n\r\n"
        answer = client.ask(b"abc")
        assert (answer.status, answer.body) == (200, b"ok")
        assert (gateway.raw.last.body, gateway.raw.last.get("Expect")) == (b"abc", None)
        client.send(head + b"abc")
        assert client.answer().status == 200, "no 100 where the body is there already"
        answer = client.ask(request("POST", "/http/a", "Expect: 100-continue",
                                    "Transfer-Encoding: chunked"))
        assert answer.status == 100
        assert client.ask(chunked(b"x" * 100)).status == 200


def test_expect_continue_without_a_tenant(make_sim, make_gateway):
    sim = make_sim()
    sim.fault(status=500)
    gateway = make_gateway({"eu20": sim})
    with gateway.connect() as client:
        answer = client.ask(request("POST", "/http/a", "Expect: 100-continue",
                                    "Content-Length: 3"))
        assert answer.status == 503, "instead of 100"
        assert answer.has("Connection", "close")
        assert client.is_closed()


def test_expect_continue_is_no_business_of_1_0(raw_gateway):
    gateway = raw_gateway()
    with gateway.connect() as client:
        client.send(request("POST", "/http/a", "Expect: 100-continue", "Content-Length: 3",
                            version="1.0"))
        assert client.ask(b"abc").status == 200


def test_unknown_expectation_is_417(raw_gateway):
    gateway = raw_gateway()
    with gateway.connect() as client:
        assert client.ask(request("GET", "/http/a", "Expect: miracles")).status == 417


EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"


def test_interim_answers_are_passed_on(raw_gateway):
    gateway = raw_gateway(EARLY + b"HTTP/1.1 102 Processing\r\n\r\n" + OK)
    with gateway.connect() as client:
        for _ in range(2):
            answer = client.ask(request())
            assert (answer.status, answer.get("Link")) == (103, "</a>; rel=preload")
            assert client.answer().status == 102
            assert (client.answer().body) == b"ok"
        answer = client.ask(request(version="1.0"))
        assert (answer.status, answer.body) == (200, b"ok"), "1.0 knows none"
    assert gateway.raw.used() == 1


def test_continue_of_the_tenant_is_passed_on(raw_gateway):
    gateway = raw_gateway(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)
    with gateway.connect() as client:
        assert [client.ask(request()).status, client.answer().status] == [100, 200]


def test_flood_of_interim_answers(raw_gateway):
    gateway = raw_gateway(lambda wire, received:
                          EARLY * (16 if received.path == "/16" else 17) + OK)
    with gateway.connect() as client:
        client.send(request(path="/16"))
        assert [client.answer().status for _ in range(17)] == [103] * 16 + [200]
        client.send(request(path="/17"))
        assert [client.answer().status for _ in range(17)] == [103] * 16 + [502]


def test_nobody_may_switch_protocols(raw_gateway):
    gateway = raw_gateway(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
    with gateway.connect() as client:
        assert client.ask(request()).status == 502
        answer = client.ask(request("GET", "/http/a", "Connection: Upgrade",
                                    "Upgrade: websocket"))
        assert answer.status == 502
        assert gateway.raw.last.get("Upgrade") is None


# ---- answers of tenants ----

def test_answer_that_ends_with_the_connection(raw_gateway):
    def serve(wire, received):
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)
    gateway = raw_gateway(serve)
    with gateway.connect() as client:
        for _ in range(2):
            answer = client.ask(request())
            assert answer.has("Transfer-Encoding", "chunked")
            assert answer.body == b"x" * 100_000
        answer = client.ask(request(version="1.0"))
        assert answer.get("Transfer-Encoding") is None and answer.body == b"x" * 100_000


def test_answer_of_http_1_0(raw_gateway):
    gateway = raw_gateway(lambda wire, received: wire.send(
        b"HTTP/1.0 200 Fine\r\nContent-Length: 3\r\n\r\nabc"))
    with gateway.connect() as client:
        answer = client.ask(request())
        assert (answer.version, answer.status, answer.body) == ("HTTP/1.1", 200, b"abc")
        assert client.ask(request()).body == b"abc"


def test_reason_and_odd_status_pass(raw_gateway):
    gateway = raw_gateway(b"HTTP/1.1 299 Quite \xfc\r\nContent-Length: 0\r\n\r\n")
    with gateway.connect() as client:
        answer = client.ask(request())
        assert (answer.status, answer.reason) == (299, "Quite \xfc")


def test_chunk_extensions_and_trailers_are_not_forwarded(raw_gateway):
    gateway = raw_gateway(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
                          b"3;a=b\r\nabc\r\n0;c\r\nX-T: 1\r\n\r\n")
    with gateway.connect() as client:
        for _ in range(2):
            answer = client.ask(request("POST", "/http/a", "Transfer-Encoding: chunked",
                                        "Trailer: X-T") + b"2;x=\"y\"\r\nhi\r\n0\r\nX-T: 2\r\n\r\n")
            assert (answer.status, answer.body) == (200, b"abc")
            assert answer.get("Trailer") is None
            assert (gateway.raw.last.body, gateway.raw.last.get("Trailer")) == (b"hi", None)
    assert gateway.raw.used() == 1


def test_answer_before_the_body_is_sent(raw_gateway):
    """The tenant refuses early: the client hears of it while it still sends."""
    def serve(tenant, wire, number):
        tenant.take(wire, number, with_body=False)
        wire.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        with_rest = 0
        while with_rest < 1000:
            with_rest += len(wire.rest)
            wire.rest = b""
            wire.fill()
    gateway = raw_gateway(serve=serve)
    with gateway.connect() as client:
        client.send(request("POST", "/http/a", "Content-Length: 100000000") + b"x" * 10000)
        answer = client.answer()
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (413, "raw")
        assert answer.has("Connection", "close"), "the rest of the body is not read"


def test_client_that_leaves_ends_the_tenants_request(raw_gateway):
    ended = threading.Event()

    def serve(tenant, wire, number):
        tenant.take(wire, number)
        try:
            wire.fill()
        except Ended:
            ended.set()
    gateway = raw_gateway(serve=serve)
    client = gateway.connect()
    client.send(request())
    wait_for(lambda: gateway.raw.received)
    client.reset()
    assert ended.wait(10)
    line = gateway.wait_access()[0]
    assert (line["error"], line["delivery"]) == ("client_gone", "unknown")


def test_health_path(raw_gateway):
    gateway = raw_gateway(sections={"health": {"path": "/up"}})
    with gateway.connect() as client:
        answer = client.ask(request(path="/up"))
        assert (answer.status, answer.body) == (200, b"ok gw active=raw\n")
        assert answer.get("Content-Type").startswith("text/plain")
        assert answer.get("Cache-Control") == "no-store"
        answer = client.ask(request("HEAD", "/up?x=1"), "HEAD")
        assert (answer.status, answer.body) == (200, b"")
        answer = client.ask(request("POST", "/up", body="x"))
        assert answer.status == 405 and json.loads(answer.body)["status"] == 405
        assert gateway.raw.received == []
        assert client.ask(request(path="/healthz")).body == b"ok"
    assert [line["path"] for line in gateway.wait_access()] == ["/healthz"], "not in the log"


def test_health_path_off(raw_gateway):
    gateway = raw_gateway(sections={"health": {"path": "off"}})
    with gateway.connect() as client:
        assert client.ask(request(path="/healthz")).body == b"ok"


def test_basic_credentials_reach_the_tenant(raw_gateway):
    gateway = raw_gateway()
    gateway.ask()
    assert gateway.raw.last.get("Authorization") == BASIC
