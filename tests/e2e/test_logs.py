# SPDX-License-Identifier: BSD-2-Clause
"""Access log and error log: complete, valid whatever clients send, and without secrets."""
import json
import re
import signal

import pytest

from lib_gateway import QUIET_PROBE, Gateway
from lib_http import OK, connect, request
from lib_sim import AUTH
from lib_wait import wait_for

FIELDS = ["time", "listener", "client", "method", "host", "path", "protocol", "status", "bytes_in",
          "bytes_out", "duration_ms", "tenant", "attempts", "tenant_ms", "tls", "sni", "delivery",
          "user_agent", "request_id", "mpl_id", "correlation_id", "error"]


def test_json_line_is_complete(make_sim, make_gateway, authority):
    sim = make_sim(authority=authority)
    gateway = make_gateway({"eu20": sim}, authority=authority)
    gateway.ask("POST", "/http/orders?a=1", "User-Agent: test/1", "X-Request-Id: r-1",
                body=b"x" * 1234)
    line = gateway.wait_access()[0]
    assert list(line) == FIELDS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert {key: line[key] for key in FIELDS if key not in
            ("time", "duration_ms", "tenant_ms", "mpl_id", "correlation_id", "bytes_out")} == {
        "listener": "main", "client": "127.0.0.1", "method": "POST", "host": "api.gw.test",
        "path": "/http/orders?a=1", "protocol": "HTTP/1.1", "status": 200, "bytes_in": 1234,
        "tenant": "eu20", "attempts": 1, "tls": "TLSv1.3", "sni": "api.gw.test",
        "delivery": "yes", "user_agent": "test/1", "request_id": "r-1", "error": ""}
    assert line["bytes_out"] == len(f"cf-eu20 received 1234 bytes sha256 {'0' * 64}\n")
    assert 0 < line["tenant_ms"] <= line["duration_ms"]
    assert line["mpl_id"]


def test_hostile_values_stay_values(raw_gateway):
    gateway = raw_gateway(b"HTTP/1.1 200 OK\r\nSAP_MessageProcessingLogID: \"}\x80\\\r\n"
                          b"Content-Length: 0\r\n\r\n")
    agent = "\",\"status\":1,\"x\":\"\\\t\xff\xc3\x28 \u00e4<script>"
    with gateway.connect() as client:
        client.ask(request("GET", "/http/a\\%22?b=%0a'{}", f"User-Agent: {agent}"))
        client.ask(b"GET / HTTP/1.1\r\nHost: \"x\r\n\r\n")
    lines = gateway.wait_access(2)
    good = next(line for line in lines if line["status"] == 200)
    assert list(good) == FIELDS
    assert good["path"] == "/http/a\\%22?b=%0a'{}"
    assert "status\":1" in good["user_agent"]
    assert "\"}" in good["mpl_id"]


def test_secrets_in_the_query_are_hidden(raw_gateway):
    gateway = raw_gateway()
    path = "/http/a?x=1&token=AAAA&API_KEY=BBBB&pwd=CCCC&my-Signature=DDDD&auth=EEEE" \
           "&client_secret=FFFF&passwords=GGGG&y=2&key&sig="
    gateway.ask(path=path)
    assert gateway.raw.last.path == path, "the tenant gets them"
    seen = gateway.wait_access()[0]["path"]
    assert not re.search(r"AAAA|BBBB|CCCC|DDDD|EEEE|FFFF|GGGG", gateway.access_file.read_text())
    assert seen.startswith("/http/a?x=1&token=***&API_KEY=***&pwd=***&") and "&y=2&" in seen


def test_credentials_are_never_logged(raw_gateway):
    gateway = raw_gateway(b"HTTP/1.1 200 OK\r\nSet-Cookie: s=COOKIE2\r\nContent-Length: 0\r\n\r\n",
                          sections={"log": {"level": "debug"}})
    gateway.ask("GET", "/http/a", "Cookie: s=COOKIE1", "Proxy-Authorization: Basic PROXYAUTH",
                "X-Api-Key: APIKEY")
    with gateway.connect() as client:
        client.ask(b"GET /a HTTP/1.1\r\nAuthorization: Bearer BROKEN\r\nHost: x y\r\n\r\n")
    gateway.wait_access(2)
    everything = gateway.log() + gateway.access_file.read_text()
    assert not re.search(r"COOKIE|PROXYAUTH|APIKEY|BROKEN|ZGVtbzpkZW1v", everything)


def test_each_ending_is_logged_once(raw_gateway):
    gateway = raw_gateway(lambda wire, got: OK if got.path != "/none" else None)
    with gateway.connect() as client:
        client.ask(request(path="/good"))
        client.ask(request(path="/none"))
        client.ask(request("GET", "/loop", "Via: 1.1 gw"))
        client.ask(b"nonsense\r\n\r\n")
    lines = gateway.wait_access(4)
    assert [(line["path"], line["status"], line["delivery"], line["error"])
            for line in lines] == [
        ("/good", 200, "yes", ""), ("/none", 502, "unknown", "closed"),
        ("/loop", 508, "no", "loop"), (lines[3]["path"], 400, "no", "bad_request_line")]


def test_combined_format(raw_gateway):
    gateway = raw_gateway(sections={"log": {"access_format": "combined"}})
    gateway.ask("GET", "/http/a?token=AAAA&b", "User-Agent: a \"b\" \\ c\xe4",
                "Referer: http://x/")
    line = wait_for(gateway.access_file.read_text)
    found = re.fullmatch(r'127\.0\.0\.1 - - \[(\S+ \+0000)\] "GET /http/a\?token=\*\*\*&b '
                         r'HTTP/1\.1" 200 2 "http://x/" "(.*)"\n', line)
    assert found, line
    assert re.match(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d", found[1])
    assert not re.search(r'(?<!\\)"', found[2]), "quotes are escaped"


def test_logs_are_reopened_after_a_rename(make_raw, make_gateway, tmp_path):
    target = tmp_path / "error.log"
    gateway = make_gateway({"raw": make_raw()}, kind=to_file(target),
                           sections={"probe": QUIET_PROBE, "log": {"target": str(target)}})
    gateway.ask(path="/one")
    gateway.wait_access()
    moved = gateway.access_file.rename(gateway.folder / "access.log.1")
    moved_target = target.rename(tmp_path / "error.log.1")
    gateway.signal(signal.SIGUSR1)
    wait_for(lambda: target.exists() and "opened again" in target.read_text(), "the new log")
    wait_for(gateway.access_file.exists)
    gateway.ask(path="/two")
    assert [line["path"] for line in gateway.wait_access()] == ["/two"]
    assert [json.loads(line)["path"] for line in moved.read_text().splitlines()] == ["/one"]
    assert "starts as gw" in moved_target.read_text()


def to_file(target):
    class ToFile(Gateway):
        """The log lines come by another file."""

        def log(self):
            return target.read_text() if target.exists() else ""
    return ToFile


def test_access_log_to_standard_output(make_raw, make_gateway):
    gateway = make_gateway({"raw": make_raw()},
                           sections={"probe": QUIET_PROBE, "log": {"access": "stdout"}})
    gateway.ask()
    text = wait_for((gateway.folder / "stdout.log").read_text)
    assert list(json.loads(text)) == FIELDS


def test_access_log_is_complete_after_a_stop(make_sim, make_gateway):
    gateway = make_gateway({"eu20": make_sim()})
    with gateway.connect() as client:
        for _ in range(300):
            client.ask(request("GET", "/http/a", AUTH.strip()))
    gateway.stop()
    assert len(gateway.access()) == 300


def test_error_log(make_sim, make_gateway):
    eu = make_sim()
    gateway = make_gateway({"eu20": eu})
    assert re.search(r"^\d{4}-\d\d-\d\dT[\d:.]+Z info .*ready: ", gateway.log(), re.M)
    assert re.search(r"info .*tenant eu20: checking > online: probe: \S.* after ", gateway.log())
    eu.kill()
    gateway.wait_log(r"warning .*tenant eu20: online > degraded: probe: .*connect.*\(2 in a row\)"
                     r" after ")
    gateway.wait_log(r"error .*pool default: no tenant may be chosen")
    eu.start()
    gateway.wait_log(r"info .*tenant eu20: degraded > online: ")
    gateway.stop()
    assert len(re.findall(r"tenant eu20: \w+ > ", gateway.log())) == 3, "one line a change"


class Quiet(Gateway):
    """One that does not say when it is ready."""

    def wait_log(self, expression):
        wait_for(self.is_up, "the listener")

    def is_up(self):
        try:
            connect(self.port_of("main")).close()
        except ConnectionRefusedError:
            return False
        return True

    def port_of(self, listener):
        text = self.config.read_text()
        return int(re.search(rf"listen {listener}\]\naddress = \S+:(\d+)", text)[1])


@pytest.mark.parametrize("level", ["error", "warning"])
def test_levels(make_sim, make_gateway, level):
    sim = make_sim()
    gateway = make_gateway({"eu20": sim}, kind=Quiet, sections={"log": {"level": level}})
    wait_for(lambda: gateway.health().status == 200)
    sim.kill()
    wait_for(lambda: "no tenant may be chosen" in gateway.log())
    assert ("online > degraded" in gateway.log()) is (level == "warning")
    assert " info " not in gateway.log()
