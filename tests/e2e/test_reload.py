# SPDX-License-Identifier: BSD-2-Clause
"""Reload: what changes at once, what stays, what ends in its own time; and that a bad file or a bad
certificate changes nothing at all."""
import os
import re
import shutil
import signal
import ssl

import pytest
from cryptography import x509

from lib_cert import Authority
from lib_gateway import QUIET_PROBE
from lib_http import connect, request
from lib_load import Load
from lib_port import free_address, free_port
from lib_program import is_sanitized
from lib_sim import AUTH
from lib_tenant import Held, ask, check_failure, check_served, count
from lib_wait import wait_for

TAKEN = r"reload: configuration .* is in force"


def taken(gateway):
    return len(re.findall(TAKEN, gateway.log()))


def by_signal(gateway):
    n = taken(gateway)
    gateway.signal(signal.SIGHUP)
    wait_for(lambda: taken(gateway) == n + 1, "the reload")


def by_command(gateway):
    result = gateway.command("reload")
    assert (result.returncode, result.stdout) == (0, "the new configuration is in force\n")


def by_api(gateway):
    gateway.reload()


def is_refused(port):
    try:
        connect(port).close()
    except ConnectionRefusedError:
        return True
    return False


def serial(port, authority, name="api.gw.test"):
    """Of the certificate that a new connection gets."""
    context = ssl.create_default_context(cafile=str(authority.file))
    with connect(port, tls=context, name=name) as client:
        return x509.load_der_x509_certificate(client.sock.getpeercert(True)).serial_number


# ---- under load ----

@pytest.mark.parametrize("reload", [by_signal, by_command, by_api])
def test_no_request_fails_and_no_connection_ends(pair_of_sims, make_gateway, authority, reload):
    eu, us = pair_of_sims
    gateway = make_gateway({"eu20": eu, "us21": us}, authority=authority,
                           sections={"timeouts": {"client_idle": "1h"}})
    with Load(gateway) as load:
        for n in range(20):
            gateway.change({"timeouts": {"client_idle": f"{n + 1}h"},
                            f"listen more{n}": {"address": free_address(), "tls": "off"},
                            f"listen more{n - 1}": None})
            reload(gateway)
            load.wait(40 * (n + 1))
    load.check(eu, us)
    assert gateway.status()["connections"]["accepted_total"] == len(load.threads)
    status = gateway.status()["gateway"]["last_reload"]
    assert (status["outcome"], status["errors"]) == ("taken", 0)
    assert [event["to"] for event in gateway.events("reload")] == ["taken"] * 20


def test_certificates_rotate_under_load(pair_of_sims, make_gateway, tmp_path, authority):
    files = Rotated(tmp_path / "tls", authority)
    gateway = make_gateway({"eu20": pair_of_sims[0]}, authority=authority, pairs=[files])
    with Load(gateway, threads=2) as kept, Load(gateway, threads=2, is_fresh=True) as fresh:
        for n in range(20):
            files.take(authority.pair("*.gw.test", "gw.test", days=40 + n % 2))
            gateway.reload()
            assert serial(gateway.port, authority) == files.serial
            fresh.wait(10 * (n + 1))
    assert kept.bad() == fresh.bad() == []


def test_memory_and_descriptors_stay(pair_of_sims, make_gateway, authority):
    gateway = make_gateway({"eu20": pair_of_sims[0], "us21": pair_of_sims[1]}, authority=authority)

    def spell(n):
        for i in range(n):
            gateway.reload({"listen other": {"address": free_address(), "tls": "off"} if i % 2
                            else None})
            assert gateway.ask().status == 200
        gateway.reload({"listen other": None})
        wait_for(lambda: gateway.status()["connections"]["clients"] == 0)
        return gateway.memory(), len(os.listdir(f"/proc/{gateway.pid}/fd"))
    memory, files = spell(20)
    later, files_later = spell(60)
    assert files_later <= files + 2
    if not is_sanitized():
        assert later - memory < 3 * 1024


# ---- listeners ----

def test_listeners_come_and_go(make_raw, make_gateway, authority):
    held = Held()
    raw = make_raw(held)
    second, third, health = free_port(), free_port(), free_port()
    gateway = make_gateway({"raw": raw}, sections={
        "probe": QUIET_PROBE, "gateway": {"drain_timeout": "20s"},
        "listen second": {"address": f"127.0.0.1:{second}", "tls": "off"}})
    with gateway.connect() as main, connect(second) as idle, connect(second) as busy, \
            connect(second) as late:
        assert main.ask(request()).status == idle.ask(request()).status == 200
        busy.send(request("POST", "/held", body="x"))
        wait_for(lambda: count(raw, "POST"))
        late.send(b"GET /late HTTP/1.1\r\n")
        gateway.reload({"listen second": None, "health": {"address": f"127.0.0.1:{health}"},
                        "listen third": {"address": [f"127.0.0.1:{third}", free_address()],
                                         "tls": "off"}})
        assert is_refused(second)
        assert idle.is_closed()
        late.send(b"Host: api.gw.test\r\n\r\n")
        answer = late.answer()
        assert answer.status == 200 and answer.has("Connection", "close")
        with connect(third) as client:
            assert client.ask(request()).status == 200
        with connect(health) as client:
            assert client.ask(request(path="/healthz")).status == 200
        assert main.ask(request()).status == 200, "it stays"
        held.goes_on.set()
        answer = busy.answer()
        assert answer.status == 200 and answer.has("Connection", "close")
        assert busy.is_closed()
        assert [item["name"] for item in gateway.status()["listeners"]] == ["main", "third"]
        gateway.reload({"listen third": None, "health": {"address": None},
                        "listen second": {"address": f"127.0.0.1:{second}", "tls": "off"}})
        wait_for(lambda: is_refused(third) and is_refused(health))
        with connect(second) as client:
            assert client.ask(request()).status == 200


def test_listener_may_change_its_name_and_its_tls(make_raw, make_gateway, authority):
    """The address decides whether it stays."""
    gateway = make_gateway({"raw": make_raw()}, sections={"probe": QUIET_PROBE})
    pair = authority.pair("*.gw.test", "gw.test")
    with gateway.connect() as before:
        assert before.ask(request()).status == 200
        address = gateway.settings["listen main"]["address"]
        gateway.reload({"listen main": None, "listen renamed": {
            "address": address, "certificate": pair.cert, "private_key": pair.key}})
        assert before.ask(request()).status == 200
        gateway.authority = authority
        with gateway.connect() as after:
            assert after.ask(request("GET", "/x", "X-Request-Id: after")).status == 200
    assert gateway.wait_line("after")["listener"] == "renamed"


def test_admin_port_moves(make_raw, make_gateway):
    gateway = make_gateway({"raw": make_raw()}, sections={"probe": QUIET_PROBE})
    old, address = gateway.admin, free_address()
    gateway.reload({"admin": {"address": address}})
    gateway.admin = f"http://{address}"
    assert gateway.status()["gateway"]["name"] == "gw"
    wait_for(lambda: is_refused(int(old.rpartition(":")[2])))
    gateway.reload({"admin": {"address": old.removeprefix("http://")}})
    gateway.admin = old
    assert gateway.events("reload")


def test_address_that_is_taken_refuses_the_reload(make_raw, make_gateway):
    raw = make_raw()
    gateway = make_gateway({"raw": raw}, sections={"probe": QUIET_PROBE})
    gateway.change({"listen other": {"address": f"127.0.0.1:{raw.port}", "tls": "off"},
                    "route none": {"path": "/only", "pool": "default"}})
    answer = gateway.post("/api/v1/reload")
    assert answer.status_code == 409
    error, = answer.json()["errors"]
    assert str(raw.port) in error and ".ini:" in error
    assert gateway.ask().status == 200


# ---- tenants ----

def test_tenants_that_stay_keep_everything(make_sim, make_gateway):
    eu, us, ap = make_sim("cf-eu20"), make_sim("cf-us21"), make_sim("cf-ap10")
    gateway = make_gateway({"eu20": eu, "us21": us, "ap10": ap}, sections={
        "gateway": {"workers": "1"},
        "probe": {"interval": "1h", "interval_down": "100ms"}})
    for _ in range(5):
        check_served(ask(gateway, "POST"), "eu20")
    us.fault(status=503)
    gateway.post("/api/v1/tenants/ap10/drain", note="kept")
    gateway.post("/api/v1/pools/default/switch", tenant="us21", note="kept")
    for _ in range(3):
        ask(gateway)  # down by passive_fall
    gateway.wait_state("us21", "degraded")
    before = gateway.status()
    gateway.reload({"log": {"level": "debug"}, "timeouts": {"response": "5s"}})
    after = gateway.status()
    for old, new in zip(before["tenants"], after["tenants"]):
        for key in ("name", "state", "since", "reason", "requests", "failures", "drain_note"):
            assert old[key] == new[key], key
    assert [new["state"] for new in after["tenants"]] == ["online", "degraded", "drained"]
    assert after["pools"] == before["pools"]
    assert after["connections"]["tenants_idle"] == before["connections"]["tenants_idle"] == 1
    check_served(ask(gateway, "POST"), "eu20", attempts=1)
    posts = [line for line in eu.log() if line["method"] == "POST"]
    assert len(posts) == 6 and len({line["connection"] for line in posts}) == 1


def test_tenants_come_and_go(make_sim, make_gateway):
    eu, us, ap = make_sim("cf-eu20"), make_sim("cf-us21"), make_sim("cf-ap10")
    gateway = make_gateway({"us21": {**us.keys(), "priority": 2}},
                           sections={"timeouts": {"tenant_idle": "1h"}})
    check_served(ask(gateway, "POST"), "us21")
    gateway.reload({"tenant eu20": {**eu.keys(), "priority": 1}})
    gateway.wait_active("eu20")
    check_served(ask(gateway, "POST"), "eu20")
    us.fault(delay_ms=1000, path="/http/slow")
    gateway.post("/api/v1/tenants/eu20/drain")
    with gateway.connect() as busy:
        busy.send(request("POST", "/http/slow", AUTH.strip(), body="x"))
        wait_for(lambda: us.seen("/http/slow"))
        gateway.reload({"tenant us21": None, "tenant ap10": {**ap.keys(), "priority": 3}})
        gateway.wait_active("ap10")
        check_served(ask(gateway, "POST"), "ap10")
        answer = busy.answer()
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "us21")
    assert [item["name"] for item in gateway.status()["tenants"]] == ["eu20", "ap10"]
    wait_for(lambda: us.stats()["connections_open"] == 0)
    probes = us.stats()["requests"]
    gateway.reload({"tenant us21": {**us.keys(), "priority": 2}})
    gateway.wait_active("us21")
    assert us.stats()["requests"] > probes
    check_served(ask(gateway, "POST"), "us21")


def test_new_tenant_that_is_not_probed_yet_gets_nothing(make_sim, make_raw, make_gateway):
    us, silent = make_sim("cf-us21"), make_raw(serve=lambda tenant, wire, number: wire.fill())
    gateway = make_gateway({"us21": {**us.keys(), "priority": 2}})
    gateway.reload({"tenant new": {**silent.keys(), "priority": 1}})
    assert gateway.tenant("new")["state"] in ("checking", "degraded")
    for _ in range(4):
        check_served(ask(gateway, "POST"), "us21", attempts=1)


def test_tenant_that_moves(make_sim, make_gateway):
    old, new = make_sim("old"), make_sim("new")
    gateway = make_gateway({"eu20": old}, sections={"probe": {"interval": "1h"}})
    assert gateway.ask().body == b"old\n"
    since = gateway.tenant("eu20")["since"]
    gateway.reload({"tenant eu20": new.keys()})
    for _ in range(4):
        assert gateway.ask().body == b"new\n"
    assert gateway.tenant("eu20")["since"] == since
    wait_for(lambda: old.stats()["connections_open"] == 0)


@pytest.mark.parametrize("change", ["address", "sni"])
def test_tenant_that_moves_while_it_answers(make_sim, make_gateway, authority, change):
    """The connection of the request in flight is one of the old configuration: nobody uses it
    again."""
    old = make_sim("old", authority=authority, host="eu20.tenant.test")
    new = make_sim("new", authority=authority, host="eu20.tenant.test")
    gateway = make_gateway({"eu20": old}, sections={"gateway": {"workers": "1"},
                                                    "probe": {"type": "tcp", "interval": "1h"}})
    old.fault(delay_ms=700, path="/http/slow")
    with gateway.connect() as client:
        client.send(request("GET", "/http/slow", AUTH.strip()))
        wait_for(lambda: old.seen("/http/slow"))
        gateway.reload({"tenant eu20": new.keys() if change == "address" else
                        {"sni": "else.tenant.test"}})
        assert client.answer().body == b"old\n"
    answer = gateway.ask()
    if change == "address":
        assert answer.body == b"new\n"
    else:
        assert (answer.status, answer.get("X-Cpigate-Delivery")) == (502, "no"), "not its name"
    wait_for(lambda: old.stats()["connections_open"] == 0)


def test_priorities_change_at_once(make_sim, make_gateway):
    eu, us = make_sim("cf-eu20"), make_sim("cf-us21")
    gateway = make_gateway({"eu20": eu, "us21": us})
    gateway.reload({"tenant eu20": {"priority": 3}})
    assert gateway.ask().get("X-Cpigate-Tenant") == "us21"
    assert gateway.pool()["active"] == "us21"


# ---- routes, timeouts, requests in flight ----

def test_routes_change_at_once_and_requests_in_flight_end_as_they_began(make_raw, make_gateway):
    held = Held()
    a, b = make_raw(held), make_raw(held)
    gateway = make_gateway({"a": a, "b": b}, sections={
        "probe": QUIET_PROBE, "pool first": {"tenants": "a"}, "pool second": {"tenants": "b"},
        "route all": {"pool": "first"}, "timeouts": {"response": "30s"}})
    with gateway.connect() as client, gateway.connect() as other:
        client.send(request("POST", "/held/1", "X-Request-Id: old", body="x"))
        wait_for(lambda: count(a) == 1)
        gateway.reload({"route all": {"pool": "second", "response": "200ms"},
                        "gateway": {"expose_tenant": "off"}, "timeouts": {"response": "200ms"}})
        result = ask(gateway, "GET", "/held/2")
        check_failure(result, 504, "response_timeout", "unknown")
        assert (count(a), count(b)) == (1, 1)
        answer = other.ask(request(path="/now"))
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, None)
        held.goes_on.set()
        answer = client.answer()
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "a")
        assert client.ask(request(path="/next")).get("X-Cpigate-Tenant") is None
    assert [received.path for received in b.received] == ["/held/2", "/now", "/next"]
    gateway.reload({"route all": {"path": "/only"}})
    assert gateway.ask(path="/other").status == 404


# ---- what is refused ----

BAD = {"tenant eu20": {"priorty": "1", "url": "ftp://x"}, "route lost": {"pool": "nowhere"},
       "timeouts": {"connect": "5 parsecs"}, "listen more": {"address": "nowhere"}}


def test_bad_file_changes_nothing_and_all_is_told(make_sim, make_gateway):
    eu, us = make_sim("cf-eu20"), make_sim("cf-us21")
    gateway = make_gateway({"eu20": eu, "us21": us})
    gateway.change({**BAD, "tenant us21": None, "gateway": {"expose_tenant": "off"}})
    answer = gateway.post("/api/v1/reload")
    assert answer.status_code == 409
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    lines = gateway.config.read_text().splitlines()
    for word in ("priorty", "ftp://x", "nowhere", "parsecs"):
        line = next(n for n, text in enumerate(lines, 1) if word in text)
        assert any(re.match(rf".*\.ini:{line}: error: ", error) for error in problem["errors"]), word
    assert len(problem["errors"]) >= 5
    result = gateway.command("reload")
    assert result.returncode == 1
    assert all(error in result.stderr for error in problem["errors"])
    gateway.signal(signal.SIGHUP)
    gateway.wait_log(r"SIGHUP")
    wait_for(lambda: len(gateway.events("reload")) == 3)
    assert {event["to"] for event in gateway.events("reload")} == {"refused"}
    for error in problem["errors"]:
        assert gateway.log().count(error) == 3
    status = gateway.status()
    assert status["gateway"]["last_reload"]["outcome"] == "refused"
    assert status["gateway"]["last_reload"]["errors"] == len(problem["errors"])
    assert [item["name"] for item in status["tenants"]] == ["eu20", "us21"]
    assert gateway.ask().get("X-Cpigate-Tenant") == "eu20"
    gateway.reload({"tenant eu20": {"priorty": None, "url": eu.url}, "route lost": None,
                    "timeouts": None, "listen more": None})
    assert gateway.ask().get("X-Cpigate-Tenant") is None


def test_missing_file(make_raw, make_gateway):
    gateway = make_gateway({"raw": make_raw()}, sections={"probe": QUIET_PROBE})
    kept = gateway.config.rename(gateway.config.with_suffix(".kept"))
    answer = gateway.post("/api/v1/reload")
    assert answer.status_code == 409 and len(answer.json()["errors"]) == 1
    assert gateway.ask().status == 200
    kept.rename(gateway.config)
    gateway.reload()


# ---- certificates ----

class Rotated:
    """Files of a pair that are replaced while they are in use."""

    def __init__(self, folder, authority, *names):
        folder.mkdir()
        self.cert, self.key = folder / "tls.pem", folder / "tls.key"
        self.take(authority.pair(*(names or ("*.gw.test", "gw.test"))))

    def take(self, pair, parts=("cert", "key")):
        for part in parts:
            fresh = getattr(self, part).with_suffix(".new")
            shutil.copy(getattr(pair, part), fresh)
            fresh.rename(getattr(self, part))
        self.serial = pair.serial


@pytest.fixture
def rotated(make_raw, make_gateway, authority, tmp_path):
    """A gateway by TLS; its files are .files."""
    files = Rotated(tmp_path / "tls", authority)
    gateway = make_gateway({"raw": make_raw()}, authority=authority, pairs=[files],
                           sections={"probe": QUIET_PROBE})
    gateway.files = files
    return gateway


def test_new_certificate_goes_to_new_connections(rotated, authority):
    before = serial(rotated.port, authority)
    with rotated.connect() as client:
        assert client.ask(request()).status == 200
        rotated.files.take(authority.pair("*.gw.test", "gw.test", days=60))
        assert serial(rotated.port, authority) == before
        rotated.reload()
        assert serial(rotated.port, authority) == rotated.files.serial != before
        assert client.ask(request()).status == 200
    listed = rotated.status()["listeners"][0]["certificates"][0]
    assert listed["days_left"] in (59, 60)


def break_mismatch(files, authority):
    files.take(authority.pair("*.gw.test", "gw.test", days=61), parts=("cert",))


def break_text(files, authority):
    files.cert.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")


def break_empty(files, authority):
    files.key.write_text("")


def break_missing(files, authority):
    files.cert.unlink()


def break_expired(files, authority):
    files.take(authority.pair("*.gw.test", "gw.test", days=-1))


@pytest.mark.parametrize("breaks", [break_mismatch, break_text, break_empty, break_missing,
                                    break_expired])
def test_bad_certificate_refuses_the_reload_whole(rotated, authority, breaks):
    before = serial(rotated.port, authority)
    breaks(rotated.files, authority)
    rotated.change({"gateway": {"expose_tenant": "off"}})
    answer = rotated.post("/api/v1/reload")
    assert answer.status_code == 409
    error, = answer.json()["errors"]
    assert "tls" in error and re.search(r"\.ini:\d+: error: ", error)
    assert serial(rotated.port, authority) == before
    assert rotated.ask().get("X-Cpigate-Tenant") == "raw", "nor is the rest"
    rotated.files.take(authority.pair("*.gw.test", "gw.test", days=62))
    rotated.reload()
    assert serial(rotated.port, authority) == rotated.files.serial
    assert rotated.ask().get("X-Cpigate-Tenant") is None


@pytest.mark.slow
def test_certificate_files_are_looked_at_each_minute(make_raw, make_gateway, authority, tmp_path):
    """Without a reload: a new pair behind a symbolic link is taken; a half-written one, one for
    other names and an expired one are left alone, with one warning each."""
    folders = {name: Rotated(tmp_path / name, authority)
               for name in ("good", "half", "names", "expired")}
    fresh = Rotated(tmp_path / "good2", authority)
    link = tmp_path / "link"
    link.symlink_to("good")
    sections = {f"listen {name}": {"address": free_address(), "certificate": files.cert,
                                   "private_key": files.key} for name, files in folders.items()}
    sections["listen good"].update(certificate=link / "tls.pem", private_key=link / "tls.key")
    gateway = make_gateway({"raw": make_raw()}, authority=authority,
                           sections={"probe": QUIET_PROBE, **sections})
    old = {name: serial(gateway.port_of(name), authority) for name in folders}
    fresh.take(authority.pair("*.gw.test", "gw.test", days=70))
    (tmp_path / "link2").symlink_to("good2")
    (tmp_path / "link2").rename(link)
    break_mismatch(folders["half"], authority)
    folders["names"].take(authority.pair("*.else.test"))
    break_expired(folders["expired"], authority)

    wait_for(lambda: len(gateway.events("certificate")) == 4, "the look", limit=75)
    gateway.wait_log(r"info listener good: new certificate taken")
    assert serial(gateway.port_of("good"), authority) == fresh.serial != old["good"]
    for name in ("half", "names", "expired"):
        assert serial(gateway.port_of(name), authority) == old[name]
        line = rf"warning listener {name}: new certificate files left alone: "
        assert len(re.findall(line, gateway.log())) == 1
    assert sorted(event["to"] for event in gateway.events("certificate")) == [
        "left", "left", "left", "taken"]


# ---- the access log ----

def test_access_log_is_switched_by_reload(make_raw, make_gateway, tmp_path):
    gateway = make_gateway({"raw": make_raw()}, sections={"probe": QUIET_PROBE})
    first, second = gateway.access_file, tmp_path / "second.log"

    def paths(file):
        return re.findall(r'"path":"([^"]*)"', file.read_text()) if file.exists() else []
    gateway.ask(path="/1")
    wait_for(lambda: paths(first) == ["/1"])
    gateway.reload({"log": {"access": str(second)}})
    gateway.ask(path="/2")
    wait_for(lambda: paths(second) == ["/2"])
    gateway.reload({"log": {"access": "off"}})
    gateway.ask(path="/3")
    gateway.reload({"log": {"access": "stdout"}})
    gateway.ask(path="/4")
    wait_for(lambda: paths(gateway.folder / "stdout.log") == ["/4"])
    gateway.reload({"log": {"access": str(first), "access_format": "combined"}})
    gateway.ask(path="/5")
    wait_for(lambda: '"GET /5 HTTP/1.1" 200' in first.read_text())
    assert (paths(first), paths(second)) == (["/1"], ["/2"])
    gateway.change({"log": {"access": "/nowhere/access.log"}})
    assert gateway.post("/api/v1/reload").status_code == 409
    gateway.ask(path="/6")
    wait_for(lambda: '"GET /6 HTTP/1.1" 200' in first.read_text())


def test_log_level_and_target_change(make_raw, make_gateway, tmp_path):
    gateway = make_gateway({"raw": make_raw()}, sections={"probe": QUIET_PROBE})
    target = tmp_path / "moved.log"
    gateway.reload({"log": {"target": str(target), "level": "debug"}})
    gateway.ask()
    wait_for(lambda: target.exists() and "debug" in target.read_text())
    before = len(gateway.log())
    gateway.ask()
    assert len(gateway.log()) == before


def test_reload_of_a_changed_authority(make_sim, make_gateway, authority, tmp_path):
    """ca_file of a tenant is read again; a wrong one has it probed down, and requests move on."""
    other = Authority(tmp_path / "fresh", "fresh authority")
    ca = tmp_path / "ca.pem"
    shutil.copy(authority.file, ca)
    eu, us = make_sim("cf-eu20", authority=authority), make_sim("cf-us21", authority=authority)
    gateway = make_gateway({"eu20": {**eu.keys(), "ca_file": ca}, "us21": us})
    check_served(ask(gateway, "POST"), "eu20")
    shutil.copy(other.file, ca)
    gateway.reload()
    gateway.wait_state("eu20", "degraded")
    check_served(ask(gateway, "POST"), "us21")
    shutil.copy(authority.file, ca)
    gateway.reload()
    gateway.wait_active("eu20")
    check_served(ask(gateway, "POST"), "eu20")
