# SPDX-License-Identifier: BSD-2-Clause
"""The admin port: who may call, what it answers."""
import re

import pytest
import requests

from lib_gateway import QUIET_PROBE, make_config
from lib_http import connect
from lib_program import run
from lib_wait import wait_for

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def admin_gateway(make_raw, make_gateway):
    def make(**admin):
        return make_gateway({"eu20": make_raw()},
                            sections={"probe": QUIET_PROBE, "admin": admin})
    return make


def ask(gateway, data, method="GET"):
    with connect(int(gateway.admin.rpartition(":")[2])) as client:
        return client.ask(data, method)


@pytest.mark.parametrize("host, status", [
    ("127.0.0.1", 200), ("127.0.0.1:9090", 200), ("[::1]:9090", 200), ("localhost", 200),
    ("LocalHost:9090", 200), ("ops.acme.test", 200), ("evil.test", 403),
    ("localhost.evil.test", 403), ("127.0.0.1.evil.test", 403), ("", 403)])
def test_host_is_checked(admin_gateway, host, status):
    gateway = admin_gateway(host="ops.acme.test")
    answer = ask(gateway, f"GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\n"
                          "Connection: close\r\n\r\n")
    assert answer.status in (status, 400 if status == 403 else status)
    if status != 200:
        assert answer.get("Content-Type") == "application/problem+json"


def test_livez(admin_gateway):
    gateway = admin_gateway()
    for method in ("GET", "HEAD"):
        answer = requests.request(method, gateway.admin + "/livez", timeout=30)
        assert answer.status_code == 200


def test_unknown_paths_and_methods(admin_gateway):
    gateway = admin_gateway()
    for method, path, status in (("GET", "/nothing", 404), ("GET", "/api/v1/", 404),
                                 ("POST", "/api/v1/status", 405),
                                 ("GET", "/api/v1/tenants/eu20/resume", 405),
                                 ("DELETE", "/livez", 405)):
        answer = requests.request(method, gateway.admin + path, timeout=30,
                                  headers={"X-Cpigate-Admin": "1"})
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
        if status == 405:
            assert answer.headers["Allow"]


def resume(gateway, name="eu20", token=None, mark="1", **more):
    headers = {"X-Cpigate-Admin": mark} if mark else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return gateway.session.post(f"{gateway.admin}/api/v1/tenants/{name}/resume", timeout=30,
                                headers=headers, **more)


def test_changes_need_their_header(admin_gateway):
    gateway = admin_gateway()
    for mark in (None, "0", "yes"):
        assert resume(gateway, mark=mark).status_code == 403
    assert gateway.events("resume") == []
    assert resume(gateway).status_code == 200
    assert resume(gateway, "nobody").status_code == 404
    assert resume(gateway, "eu20%2f..").status_code == 404


def test_changes_need_the_token(admin_gateway, tmp_path):
    gateway = admin_gateway(token="sesame-street")
    for wrong in (None, "sesame", "sesame-streets", "SESAME-STREET"):
        answer = resume(gateway, token=wrong)
        assert answer.status_code == 401
        assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert resume(gateway, token="sesame-street", mark=None).status_code == 403
    assert resume(gateway, token="sesame-street").status_code == 200
    assert gateway.session.get(gateway.admin + "/api/v1/status").status_code == 200
    assert gateway.command("resume", "eu20").returncode == 1
    file = tmp_path / "token"
    file.write_text("sesame-street\n")
    assert gateway.command("resume", "eu20", "--token-file", file).returncode == 0
    assert run("resume", "eu20", "-c", gateway.config).returncode == 0
    assert "sesame" not in gateway.log()
    assert "sesame" not in gateway.session.get(gateway.admin + "/api/v1/status").text


def test_token_from_a_file(admin_gateway, tmp_path):
    (tmp_path / "token").write_text("from-a;file\n")
    gateway = admin_gateway(token_file=str(tmp_path / "token"))
    assert resume(gateway, token="from-a;file").status_code == 200
    assert resume(gateway).status_code == 401


def test_address_that_is_not_loopback_needs_a_token(make_raw, tmp_path):
    file = tmp_path / "c.ini"
    text = make_config(tmp_path, {"eu20": make_raw()}, sections={"admin": {"address":
                                                                           "0.0.0.0:19090"}})
    file.write_text(text)
    result = run("check", "-c", file)
    assert result.returncode == 2 and "token" in result.stderr


@pytest.mark.parametrize("body", ["{", "[]", "3", "{\"note\": 3}", "{\"other\": \"x\"}",
                                  "{\"note\": \"%s\"}" % ("x" * 70_000)])
def test_bad_bodies(admin_gateway, body):
    answer = resume(admin_gateway(), data=body)
    assert answer.status_code in (400, 413)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_status_has_what_the_specification_lists(admin_gateway):
    gateway = admin_gateway()
    gateway.ask()
    status = gateway.status()
    top = status["gateway"]
    assert (top["name"], top["pid"], top["config_file"]) == ("gw", gateway.pid,
                                                           str(gateway.config))
    assert TIME.fullmatch(top["started"]) and top["uptime"] >= 0 and top["version"]
    assert "last_reload" in top
    pool = status["pools"][0]
    assert (pool["name"], pool["method"], pool["active"]) == ("default", "priority", "eu20")
    tenant = status["tenants"][0]
    for key in ("url", "region", "since", "reason", "requests", "failures", "in_flight",
                "consecutive"):
        assert key in tenant, key
    assert (tenant["state"], tenant["requests"], tenant["failures"]) == ("online", 1, 0)
    probe = tenant["last_probes"][0]
    assert set(probe) >= {"time", "phase", "status", "error", "duration_ms"}
    assert status["connections"]["accepted_total"] == 1
    assert status["warnings"] == []


def test_last_probes_are_sixteen_newest_first(make_sim, make_gateway):
    gateway = make_gateway({"eu20": make_sim()},
                           sections={"probe": {"interval": "100ms", "timeout": "5s"}})
    wait_for(lambda: gateway.tenant("eu20")["consecutive"]["good"] > 20)
    times = [probe["time"] for probe in gateway.tenant("eu20")["last_probes"]]
    assert len(times) == 16 and times == sorted(times, reverse=True)


def test_admin_off(make_raw, make_gateway):
    gateway = make_gateway({"eu20": make_raw()}, is_ready=True,
                           sections={"probe": QUIET_PROBE, "admin": {"address": "off"}})
    assert gateway.ask().status == 200 and "admin port" not in gateway.log()


def test_index_page(admin_gateway):
    gateway = admin_gateway()
    answer = gateway.session.get(gateway.admin + "/")
    assert answer.status_code == 200 and "gw" in answer.text
