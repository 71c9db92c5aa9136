# SPDX-License-Identifier: BSD-2-Clause
"""Much of it: large bodies, slow readers, many connections."""
import hashlib
import pathlib
import socket
import threading

import pytest

from lib_gateway import QUIET_PROBE
from lib_http import connect, request
from lib_port import free_address
from lib_program import is_sanitized
from lib_sim import AUTH
from lib_wait import wait_for

MIB = 1024 * 1024
LARGE = 200 * MIB
GROWTH = 16 * 1024  # KiB
PIECE = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def large_gateway(make_sim, make_gateway, authority):
    sim = make_sim(authority=authority)
    gateway = make_gateway({"eu20": sim}, authority=authority,
                           sections={"probe": {"interval": "1h"}})
    gateway.sim = sim
    gateway.ask()
    return gateway


def check_growth(gateway, before):
    """The most that it ever had, against what it had at rest."""
    if not is_sanitized():
        assert gateway.memory("VmHWM") - before < GROWTH


@pytest.mark.parametrize("is_chunked", [False, True])
def test_large_upload_is_exact_and_needs_little_memory(large_gateway, is_chunked):
    gateway = large_gateway
    before = gateway.memory()
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {LARGE}"
    digest = hashlib.sha256()
    with gateway.connect() as client:
        client.send(request("POST", "/http/large", AUTH.strip(), framing))
        for _ in range(LARGE // MIB):
            client.send(b"%x\r\n%s\r\n" % (MIB, PIECE) if is_chunked else PIECE)
            digest.update(PIECE)
        if is_chunked:
            client.send(b"0\r\n\r\n")
        answer = client.answer()
    assert answer.status == 200
    assert answer.body.decode() == \
        f"cf-eu20 received {LARGE} bytes sha256 {digest.hexdigest()}\n"
    check_growth(gateway, before)


class Pattern:
    """The digest of what /http/download answers, piece by piece: it repeats every 16 MiB."""

    def __init__(self):
        low = bytes(range(256))
        self.rows = []
        for row in range(256):
            table = bytes(i ^ row for i in range(256))
            self.rows.append(low.translate(table))
        self.pages = []
        for page in range(256):
            table = bytes(i ^ page for i in range(256))
            self.pages.append(b"".join(self.rows).translate(table))

    def digest(self, size):
        digest = hashlib.sha256()
        for at in range(0, size, 65536):
            digest.update(self.pages[(at // 65536) % 256][:size - at])
        return digest.hexdigest()


@pytest.mark.parametrize("more", ["", "&chunked=1"])
def test_large_download_is_exact_and_needs_little_memory(large_gateway, more):
    gateway = large_gateway
    before = gateway.memory()
    digest = hashlib.sha256()
    with gateway.connect() as client:
        client.send(request("GET", f"/http/download?bytes={LARGE}{more}", AUTH.strip()))
        head = client.take_head()
        if more:
            size = int(client.take_line(), 16)
            while size > 0:
                digest.update(client.take(size))
                assert client.take(2) == b"\r\n"
                size = int(client.take_line(), 16)
            assert client.take_line() == b""
        else:
            assert head.get("Content-Length") == str(LARGE)
            left = LARGE
            while left > 0:
                if not client.rest:
                    client.fill()
                digest.update(client.rest[:left])
                left -= len(client.rest)
                client.rest = b""
    assert digest.hexdigest() == Pattern().digest(LARGE)
    check_growth(gateway, before)


def stands_still(value):
    """Wait until what VALUE tells has not changed for a while: everything is full."""
    seen = [None, 0]

    def look():
        now = value()
        seen[1] = seen[1] + 1 if now == seen[0] else 0
        seen[0] = now
        return seen[1] > 60
    wait_for(look, "the bytes to stand still")
    return seen[0]


def test_client_that_does_not_read_holds_the_tenant_back(make_raw, make_gateway, authority):
    size = 50 * MIB
    sent = [0]

    def serve(tenant, wire, number):
        tenant.take(wire, number)
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent[0] < size:
            sent[0] += wire.sock.send(PIECE[:65536])
        wire.fill()
    gateway = make_gateway({"raw": make_raw(serve=serve)}, authority=authority,
                           sections={"probe": QUIET_PROBE})
    before = gateway.memory()
    with gateway.connect(receive_buffer=16384) as client:
        client.send(request())
        wait_for(lambda: sent[0] > 0)
        assert stands_still(lambda: sent[0]) < size / 2
        check_growth(gateway, before)
        client.take_head()
        left = size
        while left > 0:
            client.fill()
            left -= len(client.rest)
            client.rest = b""
        assert left == 0
    check_growth(gateway, before)


def test_tenant_that_does_not_read_holds_the_client_back(make_raw, make_gateway, authority):
    size = 50 * MIB
    goes_on = threading.Event()

    def serve(tenant, wire, number):
        head = wire.take_head()
        goes_on.wait(60)
        left = size - len(wire.rest)
        while left > 0:
            wire.rest = b""
            wire.fill()
            left -= len(wire.rest)
        assert head and left == 0
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    raw = make_raw(serve=serve)
    raw.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    gateway = make_gateway({"raw": raw}, authority=authority, sections={"probe": QUIET_PROBE})
    before = gateway.memory()
    sent = [0]

    def send(client):
        client.send(request("POST", "/http/a", f"Content-Length: {size}"))
        while sent[0] < size:
            client.send(PIECE[:65536])
            sent[0] += 65536
    with gateway.connect() as client:
        sender = threading.Thread(target=send, args=(client,))
        sender.start()
        wait_for(lambda: sent[0] > 0)
        assert stands_still(lambda: sent[0]) < size / 2
        check_growth(gateway, before)
        goes_on.set()
        sender.join()
        assert client.answer().status == 200
    check_growth(gateway, before)


def test_client_that_takes_nothing_is_cut(make_sim, make_gateway):
    sim = make_sim()
    gateway = make_gateway({"eu20": sim}, sections={"timeouts": {"client_write": "300ms"}})
    with gateway.connect(receive_buffer=16384) as client:
        client.send(request("GET", f"/http/download?bytes={50 * MIB}", AUTH.strip()))
        line = gateway.wait_access()[0]
        assert (line["error"], line["status"]) == ("client_write_timeout", 200)


def test_2000_idle_tls_connections(make_sim, make_gateway, authority):
    sim = make_sim(authority=authority)
    gateway = make_gateway({"eu20": sim}, authority=authority,
                           sections={"probe": {"interval": "1h"}})
    tls = gateway.context()
    before = gateway.memory()
    clients = [gateway.connect(tls=tls) for _ in range(2000)]
    try:
        wait_for(lambda: gateway.status()["connections"]["clients"] == 2000)
        if not is_sanitized():
            assert (gateway.memory() - before) / 2000 < 64, "KiB for each"
        for client in clients[::50]:
            assert client.ask(request("GET", "/http/a", AUTH.strip())).body == b"cf-eu20\n"
    finally:
        for client in clients:
            client.close()
    wait_for(lambda: gateway.status()["connections"]["clients"] == 0)
    assert gateway.ask().status == 200


def test_max_connections(make_raw, make_gateway):
    gateway = make_gateway({"raw": make_raw()}, sections={
        "probe": QUIET_PROBE, "gateway": {"max_connections": "10"},
        "health": {"address": free_address()}})
    clients = [gateway.connect() for _ in range(10)]
    for client in clients:
        assert client.ask(request()).status == 200
    with gateway.connect() as more:
        assert more.is_closed()
    with connect(gateway.port_of("health")) as health:
        assert health.ask(request(path="/healthz")).status == 200
        assert health.ask(request(path="/http/a")).status == 404, "only the health path"
    gateway.wait_log("warning.*max_connections is reached")
    wait_for(lambda: gateway.status()["connections"]["refused_total"] == 1)
    clients.pop().close()
    wait_for(lambda: gateway.status()["connections"]["clients"] == 9)
    clients.append(gateway.connect())
    assert clients[-1].ask(request()).status == 200
    for client in clients:
        client.close()


def test_no_descriptor_leaks(make_raw, make_gateway, authority):
    gateway = make_gateway({"raw": make_raw()}, authority=authority,
                           sections={"probe": QUIET_PROBE})

    def count():
        return len(list(pathlib.Path(f"/proc/{gateway.pid}/fd").iterdir()))
    for _ in range(10):
        gateway.ask()
    wait_for(lambda: gateway.status()["connections"]["clients"] == 0)
    before = count()
    for n in range(60):
        with gateway.connect() as client:
            client.send(request() if n % 3 else b"nonsense\r\n\r\n")
            if n % 2:
                client.answer()
    wait_for(lambda: gateway.status()["connections"]["clients"] == 0)
    # one more connection for each worker's pool, and the admin's own
    assert count() <= before + 4
