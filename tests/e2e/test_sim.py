# SPDX-License-Identifier: BSD-2-Clause
"""The simulated tenant itself: what it answers, each of its faults, its log and its counts."""
import base64
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import re
import select
import socket
import ssl
import subprocess
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("CPIGATE_SIM") or str(HERE.parent.parent / "cpigate-sim")
AUTH = ("demo", "demo")
BASIC = "Basic " + base64.b64encode(b"demo:demo").decode()


def make_certificate(folder):
    """A self-signed pair for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.utcnow()
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .sign(key, hashes.SHA256()))
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                           serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return cert_file, key_file


class Sim:
    """One running simulator."""

    def __init__(self, folder, tls):
        self.log_file = folder / "requests.jsonl"
        command = [BINARY, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
                   "--region", "cf-eu20", "--log", str(self.log_file)]
        self.ca = None
        if tls:
            self.ca, key = make_certificate(folder)
            command += ["--certificate", str(self.ca), "--private-key", str(key)]
        # Memory is measured below: a sanitizer shall not keep what was freed.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=dict(
                                            os.environ, ASAN_OPTIONS="quarantine_size_mb=1"))
        self.port = int(self.process.stdout.readline().split("listening 127.0.0.1:")[1])
        self.control = "http://" + self.process.stdout.readline().split()[1]
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://localhost:{self.port}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = AUTH
        self.session.verify = str(self.ca)

    def fault(self, **faults):
        answer = requests.post(self.control + "/fault", params=faults)
        assert answer.status_code == 200, answer.text
        return answer.text

    def stats(self):
        return requests.get(self.control + "/stats").json()

    def log(self):
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def get(self, path, **kwargs):
        return self.session.get(self.url + path, timeout=30, **kwargs)

    def post(self, path, data=b"", **kwargs):
        return self.session.post(self.url + path, data=data, timeout=30, **kwargs)

    @contextlib.contextmanager
    def raw(self):
        """A bare connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as plain:
            if self.ca is None:
                yield plain
                return
            with ssl.create_default_context(cafile=str(self.ca)).wrap_socket(
                    plain, server_hostname="localhost",
                    suppress_ragged_eofs=False) as wrapped:
                yield wrapped

    def exchange(self, text):
        """Send bytes, return all that comes until the connection ends."""
        with self.raw() as conn:
            conn.sendall(text)
            parts = []
            while part := conn.recv(65536):
                parts.append(part)
            return b"".join(parts)

    def stop(self):
        self.process.terminate()
        _, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, errors
        assert errors == ""


@pytest.fixture(params=["plain", "tls"])
def sim(request, tmp_path):
    running = Sim(tmp_path, request.param == "tls")
    yield running
    running.session.close()
    running.stop()


def head(method, path, *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost",
                        f"Authorization: {BASIC}", *lines, "", ""]).encode()


def pattern(size):
    return bytes((i ^ i >> 8 ^ i >> 16) & 0xff for i in range(size))


def test_health_needs_credentials(sim):
    answer = sim.get("/http/health", auth=("demo", "wrong"))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    answer = sim.get("/http/health")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_get_says_the_region(sim):
    answer = sim.get("/http/orders")
    assert (answer.status_code, answer.text) == (200, "cf-eu20\n")
    assert answer.headers["SAP_MessageProcessingLogID"]
    assert sim.get("/elsewhere").status_code == 404


def test_post_says_what_arrived(sim):
    body = os.urandom(100_000)
    answer = sim.post("/http/orders", body, headers={"X-Request-Id": "r-1"})
    digest = hashlib.sha256(body).hexdigest()
    assert answer.text == f"cf-eu20 received 100000 bytes sha256 {digest}\n"
    line = sim.log()[-1]
    assert (line["method"], line["path"], line["request_id"]) == ("POST", "/http/orders", "r-1")
    assert (line["body_bytes"], line["body_sha256"]) == (100_000, digest)
    assert line["complete"] is True and line["status"] == 200
    assert line["host"] == f"localhost:{sim.port}"
    assert ["X-Request-Id", "r-1"] in line["headers"]


def test_chunked_request(sim):
    answer = sim.post("/http/orders", iter([b"ab", b"c" * 70_000, b"d"]))
    assert "received 70003 bytes" in answer.text


@pytest.mark.parametrize("is_chunked", [False, True])
def test_echo_is_exact(sim, is_chunked):
    body = os.urandom(3_000_000)
    parts = (body[i:i + 77_777] for i in range(0, len(body), 77_777))
    assert sim.post("/http/x?echo=1", parts if is_chunked else body).content == body
    assert sim.log()[-1]["body_sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_download_is_the_pattern(sim, is_chunked):
    answer = sim.get(f"/http/download?bytes=300001{'&chunked=1' if is_chunked else ''}")
    assert answer.content == pattern(300_001)
    assert ("Content-Length" in answer.headers) is not is_chunked
    assert sim.get("/http/download?bytes=x").status_code == 400
    assert sim.get("/http/download?bytes=0&chunked=1").content == b""


def echo_while_sending(sim, size):
    """Send and receive at the same time, as an echo is not kept; return the bytes received."""
    with sim.raw() as conn:
        conn.sendall(head("POST", "/http/x?echo=1", f"Content-Length: {size}", "Connection: close"))
        conn.setblocking(False)
        sent, count, start = 0, 0, b""
        while True:
            select.select([conn], [conn] if sent < size else [], [], 10)
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                if sent < size:
                    sent += conn.send(bytes(min(1 << 20, size - sent)))
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                part = conn.recv(1 << 20)
                if not part:
                    return count - len(start.partition(b"\r\n\r\n")[0]) - 4
                count += len(part)
                start = start if b"\r\n\r\n" in start else start + part


def test_large_bodies_need_little_memory(sim):
    size = 200 * 1024 * 1024
    piece = bytes(1024 * 1024)
    got = 0
    assert echo_while_sending(sim, size) == size
    assert f"received {size} bytes" in sim.post(
        "/http/x", (piece for _ in range(size // len(piece)))).text
    for part in sim.get(f"/http/download?bytes={size}", stream=True).iter_content(1 << 20):
        got += len(part)
    assert got == size
    status = pathlib.Path(f"/proc/{sim.process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1])
    assert peak < 100_000, "kB"


def test_slow_reader_of_an_echo_holds_the_sender_back(sim):
    with sim.raw() as conn:
        conn.sendall(head("POST", "/http/x?echo=1", "Content-Length: 100000000"))
        conn.settimeout(1)
        sent = 0
        with pytest.raises(OSError):
            while sent < 100_000_000:
                sent += conn.send(bytes(65536))
        assert sent < 50_000_000


def test_keep_alive_and_pipelining(sim):
    text = sim.exchange(head("GET", "/http/a") + head("POST", "/http/b", "Content-Length: 3") +
                        b"abc" + head("GET", "/http/c", "Connection: close"))
    assert text.count(b"HTTP/1.1 200 OK") == 3
    lines = sim.log()
    assert [line["number"] for line in lines] == [1, 2, 3]
    assert len({line["connection"] for line in lines}) == 1


def test_head_and_http10(sim):
    assert sim.session.head(sim.url + "/http/download?bytes=99").headers["Content-Length"] == "99"
    text = sim.exchange(f"GET /http/download?bytes=5&chunked=1 HTTP/1.0\r\n"
                        f"Authorization: {BASIC}\r\n\r\n".encode())
    assert b"Transfer-Encoding" not in text and text.endswith(b"\r\n\r\n" + pattern(5))


def test_expect_continue(sim):
    with sim.raw() as conn:
        conn.sendall(head("POST", "/http/x", "Expect: 100-continue", "Content-Length: 3"))
        assert conn.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        conn.sendall(b"abc")
        assert b"received 3 bytes" in conn.recv(1000)
    text = sim.exchange(b"POST /http/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                        b"Content-Length: 3\r\n\r\n")
    assert text.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("text", [
    b"nonsense\r\n\r\n",
    b"GET /http/x HTTP/1.1\r\n\r\n",
    b"GET /http/x HTTP/2.0\r\nHost: x\r\n\r\n",
    b"GET /http/x HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
    b"GET /http/x HTTP/1.1\r\nHost: x\nA: c\r\n\r\n",
    b"GET /http/x HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n",
    b"POST /http/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    b"POST /http/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /http/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /http/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"POST /http/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    b"POST /http/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    b"GET /http/x HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 100_000 + b"\r\n\r\n",
])
def test_bad_requests_are_refused(sim, text):
    assert sim.exchange(text).startswith(b"HTTP/1.1 400 ")
    assert sim.stats()["requests_bad"] == 1


def test_cut_request_is_logged_as_incomplete(sim):
    with sim.raw() as conn:
        conn.sendall(head("POST", "/http/x", "Content-Length: 10") + b"abc")
    wait_for(lambda: sim.log_file.read_text())
    assert (sim.log()[0]["complete"], sim.log()[0]["body_bytes"]) == (False, 3)


@pytest.mark.parametrize("path", ["/http/download?bytes=9000000", "/http/x?echo=1", "/else"])
def test_clients_that_leave_are_forgotten(sim, path):
    for _ in range(20):
        with contextlib.suppress(OSError), sim.raw() as conn:
            conn.sendall(head("POST", path, "Content-Length: 3") + b"abc")
    wait_for(lambda: sim.stats()["connections_open"] == 0)


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_fault_health(sim):
    sim.fault(health=500)
    assert sim.get("/http/health").status_code == 500
    assert sim.get("/http/health", auth=("a", "b")).status_code == 401
    assert sim.get("/http/orders").status_code == 200


def test_fault_status(sim):
    sim.fault(status=503)
    assert sim.get("/http/health").status_code == 503
    assert sim.post("/http/orders", b"x").status_code == 503
    assert sim.get("/else").status_code == 404


@pytest.mark.parametrize("name, status", [("unknown_route", 404), ("no_endpoints", 503),
                                          ("endpoint_failure", 502)])
def test_fault_routererror(sim, name, status):
    sim.fault(routererror=name)
    answer = sim.get("/http/orders")
    assert (answer.status_code, answer.headers["X-Cf-RouterError"]) == (status, name)
    assert "SAP_MessageProcessingLogID" not in answer.headers


def test_fault_refuse(sim):
    with sim.raw() as idle:
        wait_for(lambda: sim.stats()["connections_open"] == 1)
        sim.fault(refuse=1)
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", sim.port))
    sim.fault(refuse=0)
    assert sim.get("/http/orders").status_code == 200


def test_refuse_lets_a_request_in_flight_end(sim):
    sim.fault(delay_ms=500)
    with sim.raw() as conn:
        conn.sendall(head("GET", "/http/orders"))
        wait_for(lambda: sim.stats()["requests"] == 1)
        sim.fault(refuse=1)
        assert b"200 OK" in conn.recv(1000)
        assert conn.recv(1) == b""


def test_fault_hang(sim):
    sim.fault(hang=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        sim.session.post(sim.url + "/http/orders", b"abc", timeout=0.5)
    assert sim.log()[0]["complete"] is True and sim.log()[0]["status"] == 0


def test_fault_close_after_body(sim):
    sim.fault(close_after_body=1)
    assert sim.exchange(head("POST", "/http/x", "Content-Length: 3") + b"abc") == b""
    assert sim.log()[0]["complete"] is True


def test_fault_reset(sim):
    sim.fault(reset=1)
    with pytest.raises(ConnectionResetError if sim.ca is None else ssl.SSLEOFError):
        sim.exchange(head("POST", "/http/x", "Content-Length: 3") + b"abc")


def test_fault_delay(sim):
    sim.fault(delay_ms=300)
    start = time.monotonic()
    assert sim.get("/http/orders").status_code == 200
    assert time.monotonic() - start >= 0.3
    assert sim.post("/http/x?echo=1", b"abc").content == b"abc"


def test_fault_truncate(sim):
    sim.fault(truncate=1000)
    text = sim.exchange(head("GET", "/http/download?bytes=5000"))
    assert b"Content-Length: 5000\r\n" in text
    assert text.partition(b"\r\n\r\n")[2] == pattern(1000)
    text = sim.exchange(head("GET", "/http/download?bytes=5000&chunked=1"))
    assert b"\r\n0\r\n" not in text
    sim.fault(truncate=0)
    assert sim.exchange(head("GET", "/http/orders")).endswith(b"\r\n\r\n")


def test_fault_malformed(sim):
    sim.fault(malformed=1)
    assert sim.exchange(head("GET", "/http/x", "Connection: close")).startswith(b"HTP/1.1 two")


def test_fault_duplicate_length(sim):
    sim.fault(duplicate_length=1)
    text = sim.exchange(head("GET", "/http/x", "Connection: close"))
    assert b"Content-Length: 8\r\nContent-Length: 9\r\n" in text


def test_fault_for_one_path_and_some_times(sim):
    sim.fault(status=502, path="/http/orders", times=2)
    codes = [sim.get(path).status_code for path in
             ["/http/health", "/http/orders", "/http/orders/1", "/http/orders"]]
    assert codes == [200, 502, 502, 200]
    assert requests.get(sim.control + "/fault").text == ""


def test_fault_header(sim):
    sim.fault(header=["Set-Cookie: a=b; Domain=x", "Location: https://x/"])
    answer = sim.get("/http/orders")
    assert answer.headers["Set-Cookie"] == "a=b; Domain=x"
    assert answer.headers["Location"] == "https://x/"


def test_control_shows_merges_and_clears(sim):
    sim.fault(health=500)
    assert sim.fault(delay_ms=5) == "health=500\ndelay_ms=5\n"
    answer = requests.post(sim.control + "/fault", data="delay_ms=off\nrefuse=0\n\npath=/http/a\n")
    assert answer.text == "health=500\npath=/http/a\n"
    assert requests.get(sim.control + "/fault").text == answer.text
    assert sim.fault(clear=1, hang="on") == "hang=1\n"
    assert requests.delete(sim.control + "/fault").text == ""


@pytest.mark.parametrize("text", ["health=99", "health=x", "nothing=1", "hang=2", "routererror=x",
                                  "hang", "times=0", "path=" + "x" * 300])
def test_control_refuses_as_a_whole(sim, text):
    answer = requests.post(sim.control + "/fault", data="delay_ms=5\n" + text)
    assert answer.status_code == 400 and answer.text.endswith("\n")
    assert requests.get(sim.control + "/fault").text == ""


def test_stats(sim):
    sim.get("/http/a")
    sim.post("/http/a", b"x")
    stats = sim.stats()
    assert stats["connections"] == 1 and stats["requests"] == 2
    assert stats["bodies_complete"] == 2
    assert stats["methods"]["GET"] == 1 and stats["methods"]["POST"] == 1


def run(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20)


def test_options():
    assert "--region" in run("--help").stdout
    assert run("--version").stdout.startswith("cpigate-sim ")
    assert run().returncode == 2
    assert run("--listen", "nowhere").returncode == 2
    assert run("--listen", "127.0.0.1:0", "--certificate", "x").returncode == 2
    result = run("--listen", "127.0.0.1:0", "--certificate", "/nowhere", "--private-key", "/n")
    assert result.returncode == 1 and "/nowhere" in result.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        assert result.returncode == 1 and "in use" in result.stderr
