# SPDX-License-Identifier: BSD-2-Clause
"""Operators' acts: drain, resume, switch, by API and by command; what they leave in the journal and
in state_dir; max_requests, all_down and what explain says of all that."""
import datetime
import re
import time

import pytest

from lib_gateway import PROBE, QUIET_PROBE
from lib_http import connect, request
from lib_port import free_address
from lib_program import run
from lib_sim import AUTH
from lib_tenant import Held, ask, check_failure, check_served, count
from lib_wait import wait_for


@pytest.fixture
def trio(make_sim, make_gateway, tmp_path):
    """Three tenants, with a state_dir."""
    def make(**sections):
        sims = {name: make_sim(name) for name in ("eu20", "us21", "ap10")}
        gateway = make_gateway(sims, sections={
            "pool main": {}, "gateway": {"state_dir": str(tmp_path / "state")}, **sections})
        gateway.sims = sims
        return gateway
    return make


def served_by(gateway):
    return gateway.ask().get("X-Cpigate-Tenant")


def by_api(gateway, verb, *names, **body):
    kind = "pools" if verb == "switch" else "tenants"
    if verb == "switch":
        body["tenant"] = names[1]
    answer = gateway.post(f"/api/v1/{kind}/{names[0]}/{verb}", **body)
    assert answer.status_code == 200, answer.text


def by_command(gateway, verb, *names, **options):
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    result = gateway.command(verb, *names, *words)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr


EACH_WAY = pytest.mark.parametrize("act", [by_api, by_command])


# ---- drain and resume ----

@EACH_WAY
def test_drain_and_resume(trio, act):
    gateway = trio()
    act(gateway, "drain", "eu20", note="a \"drill\", part 1")
    assert served_by(gateway) == "us21"
    assert gateway.tenant("eu20")["state"] == "drained"
    assert gateway.tenant("eu20")["drain_note"] == "a \"drill\", part 1"
    assert gateway.tenant("eu20")["drained_until"] is None
    assert gateway.health().body == b"ok gw active=us21\n"
    gateway.wait_log(r"tenant eu20: online > drained: operator: drain .*drill")
    gateway.wait_log(r"pool main: failover: eu20 > us21")
    act(gateway, "drain", "us21")
    assert served_by(gateway) == "ap10"
    act(gateway, "resume", "eu20", note="part 2")
    assert gateway.tenant("eu20")["state"] == "online"
    assert served_by(gateway) == "eu20"
    event, = gateway.events("resume")
    assert (event["tenant"], event["note"]) == ("eu20", "part 2")
    drains = gateway.events("drain")
    assert [(item["tenant"], item.get("note")) for item in drains][::-1] == [
        ("eu20", "a \"drill\", part 1"), ("us21", None)]
    when = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
    assert abs(when.timestamp() - time.time()) < 60


@EACH_WAY
def test_drain_for_a_time_ends_by_itself(trio, act):
    gateway = trio()
    act(gateway, "drain", "eu20", **{"for": "1s"})
    until = gateway.tenant("eu20")["drained_until"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", until)
    assert served_by(gateway) == "us21"
    gateway.wait_state("eu20", "online")
    assert served_by(gateway) == "eu20"
    assert datetime.datetime.now(datetime.timezone.utc) >= datetime.datetime.fromisoformat(
        until.replace("Z", "+00:00"))
    assert gateway.tenant("eu20")["drained_until"] is None
    gateway.wait_log(r"tenant eu20: drained > online: .*time")


def test_draining_again_replaces_the_end(trio):
    gateway = trio()
    by_api(gateway, "drain", "eu20", **{"for": "1s"})
    by_api(gateway, "drain", "eu20", note="for good")
    tenant = gateway.tenant("eu20")
    assert (tenant["drained_until"], tenant["drain_note"]) == (None, "for good")
    by_api(gateway, "drain", "eu20", **{"for": "1s"})
    gateway.wait_state("eu20", "online")


def test_probes_go_on_below_a_drain(trio):
    """A resumed tenant takes the state that its probes gave it meanwhile, at once."""
    gateway = trio()
    by_api(gateway, "drain", "eu20")
    gateway.sims["eu20"].fault(status=500)
    gateway.wait_log(r"tenant eu20: drained, meanwhile online > degraded")
    by_command(gateway, "resume", "eu20")
    assert gateway.tenant("eu20")["state"] == "degraded"
    assert served_by(gateway) == "us21"
    by_api(gateway, "drain", "eu20")
    gateway.sims["eu20"].repair()
    gateway.wait_log(r"tenant eu20: drained, meanwhile .* > online")
    by_command(gateway, "resume", "eu20")
    assert served_by(gateway) == "eu20"


def test_requests_in_flight_end_at_the_drained_tenant(make_raw, make_gateway):
    held = Held()
    a, b = make_raw(held), make_raw()
    gateway = make_gateway({"a": a, "b": b}, sections={"probe": QUIET_PROBE})
    clients = [gateway.connect() for _ in range(4)]
    for n, client in enumerate(clients):
        client.send(request("POST" if n % 2 else "GET", "/held", body="x" if n % 2 else None))
    wait_for(lambda: count(a) == 4)
    by_api(gateway, "drain", "a")
    assert gateway.tenant("a")["in_flight"] == 4
    check_served(ask(gateway, "POST"), "b")
    held.goes_on.set()
    for client in clients:
        answer = client.answer()
        assert (answer.status, answer.get("X-Cpigate-Tenant")) == (200, "a")
        assert client.ask(request()).get("X-Cpigate-Tenant") == "b"
        client.close()
    wait_for(lambda: gateway.tenant("a")["in_flight"] == 0)
    assert (count(a), count(b)) == (4, 5)


def test_all_drained_is_503(trio):
    gateway = trio(health={"address": free_address()})
    for name in gateway.sims:
        by_api(gateway, "drain", name)
    check_failure(ask(gateway, "POST"), 503, "no_tenant", "no")
    assert gateway.health().status == 503
    by_api(gateway, "resume", "ap10")
    assert gateway.health().body == b"ok gw active=ap10\n"
    with connect(gateway.port_of("health")) as client:
        assert client.ask(request(path="/healthz")).status == 200


def test_health_counts_drained_tenants_out(trio):
    gateway = trio(health={"min_online": "2"})
    assert gateway.health().status == 200
    by_api(gateway, "drain", "us21")
    assert gateway.health().status == 200
    by_api(gateway, "drain", "eu20")
    assert gateway.health().status == 503
    assert served_by(gateway) == "ap10"
    by_api(gateway, "resume", "us21")
    assert gateway.health().status == 200


# ---- switch ----

@EACH_WAY
def test_switch_and_auto(trio, act):
    gateway = trio()
    act(gateway, "switch", "main", "ap10", note="swap of roles")
    assert served_by(gateway) == "ap10"
    pool = gateway.pool("main")
    assert (pool["active"], pool["switched_to"], pool["switch_note"]) == (
        "ap10", "ap10", "swap of roles")
    gateway.sims["ap10"].fault(status=500)
    gateway.wait_state("ap10", "degraded")
    assert served_by(gateway) == "eu20", "the others stand in as usual"
    gateway.sims["ap10"].repair()
    gateway.wait_active("ap10", "main")
    act(gateway, "switch", "main", "us21")
    assert served_by(gateway) == "us21"
    act(gateway, "switch", "main", "auto", note="end")
    assert served_by(gateway) == "eu20"
    assert gateway.pool("main")["switched_to"] is None
    events = gateway.events("switch")[::-1]
    assert [(item["pool"], item["to"], item.get("note")) for item in events] == [
        ("main", "ap10", "swap of roles"), ("main", "us21", None), ("main", "auto", "end")]


def test_retries_follow_the_switch(trio):
    gateway = trio()
    by_api(gateway, "switch", "main", "ap10")
    gateway.sims["ap10"].fault(close_after_body=1, path="/http/orders")
    answer, line = ask(gateway, path="/http/orders")
    assert (answer.status, answer.get("X-Cpigate-Tenant"), line["attempts"]) == (200, "eu20", 2)


@pytest.mark.parametrize("arguments, words", [
    (("drain", "nobody"), "nobody"), (("resume", "nobody"), "nobody"),
    (("switch", "main", "nobody"), "nobody"), (("switch", "nowhere", "eu20"), "nowhere"),
    (("drain", "eu20", "--for", "soon"), "for"),
    (("drain", "eu20", "--note", "x" * 5000), "note")])
def test_what_cannot_be_done_is_said(trio, arguments, words):
    gateway = trio()
    result = gateway.command(*arguments)
    assert result.returncode == 1 and words in result.stderr
    assert served_by(gateway) == "eu20"
    assert gateway.events("drain") == gateway.events("switch") == []


@pytest.mark.parametrize("path", ["/api/v1/tenants/eu20/drain", "/api/v1/tenants/eu20/resume",
                                  "/api/v1/pools/main/switch", "/api/v1/reload"])
def test_changes_need_the_header_and_the_token(trio, path, tmp_path):
    token = tmp_path / "token"
    token.write_text("s3cret-of-the-admin\n")
    gateway = trio(admin={"address": free_address(), "token_file": str(token)})
    url = gateway.admin + path
    body = {"tenant": "us21"} if "switch" in path else {}
    for headers in ({}, {"X-Cpigate-Admin": "1"}, {"Authorization": "Bearer s3cret-of-the-admin"},
                    {"X-Cpigate-Admin": "1", "Authorization": "Bearer wrong"}):
        assert gateway.session.post(url, json=body, headers=headers).status_code in (401, 403)
    assert served_by(gateway) == "eu20" and gateway.events("drain") == []
    good = {"X-Cpigate-Admin": "1", "Authorization": "Bearer s3cret-of-the-admin"}
    answer = gateway.session.post(url, headers=good, **({"json": body} if body else {}))
    assert answer.status_code == 200
    result = run("drain", "eu20", "-c", gateway.config)
    assert result.returncode == 0, result.stderr
    assert "s3cret" not in gateway.log()


# ---- max_requests ----

def test_a_full_tenant_is_passed_over(make_raw, make_gateway):
    held = Held()
    a, b = make_raw(held), make_raw(held)
    gateway = make_gateway({"a": {**a.keys(), "max_requests": 2},
                            "b": {**b.keys(), "max_requests": 1}},
                           sections={"probe": QUIET_PROBE})
    clients = [gateway.connect() for _ in range(3)]
    for n, client in enumerate(clients, 1):
        client.send(request("POST", "/held", body="x"))
        wait_for(lambda n=n: count(a) + count(b) == n)
    assert (count(a), count(b)) == (2, 1)
    reasons = {item["tenant"]: item["reason"] for item in gateway.explain()["candidates"]}
    assert reasons == {"a": "full", "b": "full"}
    for method in ("GET", "POST"):
        answer, line = ask(gateway, method)
        assert int(answer.get("Retry-After")) > 0
        check_failure((answer, line), 503, "tenants_full", "no", attempts=0)
    assert gateway.health().status == 200, "full is not sick"
    held.goes_on.set()
    for client in clients:
        assert client.answer().status == 200
        client.close()
    wait_for(lambda: gateway.tenant("a")["in_flight"] == 0)
    for _ in range(5):
        check_served(ask(gateway, "POST"), "a", attempts=1)
    assert gateway.tenant("a")["state"] == "online"


def test_max_requests_counts_every_ending(make_sim, make_gateway):
    """No place is lost by failures, retries, or clients that leave."""
    sims = make_sim("cf-eu20"), make_sim("cf-us21")
    gateway = make_gateway(dict(zip("ab", ({**sim.keys(), "max_requests": 1} for sim in sims))),
                           sections={"probe": {"passive_fall": "0"},
                                     "timeouts": {"response": "100ms"}})
    faults = ({"close_after_body": 1}, {"reset": 1}, {"status": 503}, {"hang": 1}, {"truncate": 3},
              {"routererror": "unknown_route"}, {"malformed": 1})
    for fault in faults:
        sims[0].repair()
        sims[0].fault(path="/http/orders", **fault)
        for method in ("GET", "POST"):
            with gateway.connect() as client:
                client.send(request(method, "/http/orders", AUTH.strip(),
                                    body="x" if method == "POST" else None))
                client.take_head()
    sims[0].repair()
    wait_for(lambda: gateway.tenant("a")["in_flight"] == gateway.tenant("b")["in_flight"] == 0)
    check_served(ask(gateway, "POST"), "a", attempts=1)


# ---- all_down ----

def test_all_down_try(make_sim, make_gateway):
    a, b = make_sim("cf-eu20"), make_sim("cf-us21")
    gateway = make_gateway({"a": a, "b": b}, sections={"pool main": {"all_down": "try"}})
    for sim in (a, b):
        sim.fault(status=500, path="/http/health")
    for name in "ab":
        gateway.wait_state(name, "degraded")
    assert gateway.health().status == 200
    check_served(ask(gateway, "POST"), "a", attempts=1)
    a.fault(close_after_body=1, path="/http/a")
    check_served(ask(gateway, "GET"), "b", attempts=2)
    by_api(gateway, "drain", "b")
    answer = gateway.ask("POST")
    assert (answer.status, answer.get("X-Cpigate-Delivery")) == (502, "unknown")
    a.kill()
    assert ask(gateway, "POST")[0].get("X-Cpigate-Delivery") == "no"


# ---- explain ----

def order(explained):
    """Tenants that would be tried, in their order."""
    tried = [item for item in explained["candidates"] if item["would_be_tried"]]
    return [item["tenant"] for item in sorted(tried, key=lambda item: item["would_be_tried"])]


def test_explain_agrees_with_requests(trio):
    gateway = trio(**{"route gold": {"host": "gold.gw.test", "path": "/http/gold", "pool": "main",
                                     "repeat": "idempotent", "response": "7s"},
                      "route rest": {"pool": "main"}})

    def check(expected, reasons):
        explained = gateway.explain()
        assert order(explained) == expected
        assert {item["tenant"]: item["reason"] for item in explained["candidates"]} == reasons
        assert all(item["why"] for item in explained["candidates"])
        assert served_by(gateway) == expected[0]
        assert explained["pool"]["active"] == expected[0]

    check(["eu20", "us21", "ap10"],
          {"eu20": "chosen", "us21": "lower_priority", "ap10": "lower_priority"})
    by_api(gateway, "switch", "main", "ap10")
    check(["ap10", "eu20", "us21"],
          {"ap10": "chosen", "eu20": "not_preferred", "us21": "not_preferred"})
    by_api(gateway, "drain", "ap10", note="gone", **{"for": "1h"})
    check(["eu20", "us21"], {"ap10": "drained", "eu20": "chosen", "us21": "lower_priority"})
    drained = next(item for item in gateway.explain()["candidates"] if item["tenant"] == "ap10")
    assert "gone" in drained["why"] and 3500 < drained["next_change"] <= 3600
    gateway.sims["eu20"].fault(status=500)
    gateway.wait_state("eu20", "degraded")
    check(["us21"], {"ap10": "drained", "eu20": "degraded", "us21": "chosen"})

    repeat = gateway.explain(method="POST")["repeat"]
    assert (repeat["if_sent"], repeat["idempotency_header"]) == ("never", "Idempotency-Key")
    gold = gateway.explain(host="gold.gw.test", path="/http/gold/x", method="PUT")
    assert (gold["route"]["name"], gold["repeat"]["if_sent"]) == ("gold", "again")
    assert gold["timers"]["response_ms"] == 7000
    assert gateway.explain(host="gold.gw.test", path="/http/golden")["route"]["name"] == "rest"


def test_explain_of_a_recovering_tenant(trio):
    gateway = trio(**{"pool main": {"failback_delay": "1h"}})
    gateway.sims["eu20"].fault(status=500)
    gateway.wait_state("eu20", "degraded")
    gateway.sims["eu20"].repair()
    gateway.wait_state("eu20", "recovering")
    item = next(item for item in gateway.explain()["candidates"] if item["tenant"] == "eu20")
    assert (item["reason"], item["waits_for"]) == ("recovering", "failback_delay")
    assert 3000 < item["next_change"] <= 3600
    by_api(gateway, "drain", "us21")
    by_api(gateway, "drain", "ap10")
    assert order(gateway.explain()) == ["eu20"] and served_by(gateway) == "eu20"


def test_explain_refuses_nonsense(trio):
    gateway = trio(**{"route one": {"host": "one.test", "pool": "main"}})
    explained = gateway.explain(host="two.test")
    assert explained["route"] is None and "404" in explained["why"]
    for params in ("method=BREW", "path=x", "what=1", "host=%00"):
        assert gateway.session.get(f"{gateway.admin}/api/v1/explain?{params}").status_code == 400


# ---- what survives ----

def end_by_sigterm(gateway):
    gateway.end()


def end_by_kill(gateway):
    gateway.kill()


@pytest.mark.parametrize("end", [end_by_sigterm, end_by_kill])
def test_decisions_and_events_survive(trio, end):
    gateway = trio()
    by_api(gateway, "drain", "eu20", note="n 1")
    by_api(gateway, "drain", "us21", **{"for": "1h"})
    by_api(gateway, "switch", "main", "ap10", note="n 2")
    by_api(gateway, "drain", "ap10")
    by_api(gateway, "resume", "ap10", note="n 3")
    until = gateway.tenant("us21")["drained_until"]
    before = gateway.events()
    wait_for(lambda: b"n 3" in database(gateway), "the last event on the disk")
    end(gateway)
    gateway.start()
    eu20, us21 = gateway.tenant("eu20"), gateway.tenant("us21")
    assert (eu20["state"], eu20["drain_note"], eu20["drained_until"]) == ("drained", "n 1", None)
    assert (us21["state"], us21["drained_until"]) == ("drained", until)
    assert gateway.tenant("ap10")["state"] == "online"
    assert gateway.pool("main")["switched_to"] == "ap10"
    assert gateway.pool("main")["switch_note"] == "n 2"
    assert served_by(gateway) == "ap10"
    events = gateway.events()
    at = next(n for n, event in enumerate(events) if event == before[0])
    assert events[at:at + len(before)] == before
    assert events[at - 1]["kind"] == ("stop" if end is end_by_sigterm else "start")
    assert [event["kind"] for event in events].count("start") == 2
    by_api(gateway, "resume", "eu20")
    by_api(gateway, "switch", "main", "auto")
    end_by_sigterm(gateway)
    gateway.start()
    assert served_by(gateway) == "eu20"
    assert gateway.pool("main")["switched_to"] is None


def database(gateway):
    """All bytes of it: with the write-ahead log."""
    folder = gateway.folder.parent / "state"
    return b"".join(file.read_bytes() for file in folder.glob("cpigate.db*"))


def test_a_drain_that_ended_meanwhile_is_over(trio):
    gateway = trio()
    by_api(gateway, "drain", "eu20", **{"for": "1s"})
    end_by_sigterm(gateway)
    end = time.time() + 1.1
    wait_for(lambda: time.time() > end)
    gateway.start()
    assert served_by(gateway) == "eu20"
    assert "time is over" in gateway.events("drain")[0]["reason"]


def test_without_state_dir_nothing_is_kept(make_sim, make_gateway):
    gateway = make_gateway({"a": make_sim("a"), "b": make_sim("b")})
    by_api(gateway, "drain", "a")
    end_by_sigterm(gateway)
    gateway.start()
    assert served_by(gateway) == "a"


@pytest.mark.parametrize("damage", [b"", b"not a database at all" * 500, "middle"])
def test_damaged_database_is_set_aside(trio, damage):
    gateway = trio()
    by_api(gateway, "drain", "eu20")
    end_by_sigterm(gateway)
    folder = gateway.folder.parent / "state"
    file = folder / "cpigate.db"
    if damage == "middle":
        data = bytearray(file.read_bytes())
        data[100:] = b"\xa5" * (len(data) - 100)
        damage = bytes(data)
    file.write_bytes(damage)
    gateway.start()
    assert gateway.ask().status == 200
    if damage:
        aside = [path for path in folder.iterdir() if ".damaged-" in path.name
                 and not path.name.endswith(("-wal", "-shm"))]
        assert [path.read_bytes() for path in aside] == [damage]
        assert gateway.events("store"), "it is reported"
        gateway.wait_log(r"error .*cpigate\.db.*damaged-")
    by_api(gateway, "drain", "us21")
    end_by_sigterm(gateway)
    gateway.start()
    assert gateway.tenant("us21")["state"] == "drained", "it is kept again"


def test_state_dir_that_cannot_be_used_is_an_error(make_gateway, make_sim, tmp_path):
    gateway = make_gateway({"a": make_sim()}, sections={
        "gateway": {"state_dir": str(tmp_path / "state")}, "probe": PROBE})
    gateway.stop()
    file = tmp_path / "file"
    file.write_text("")
    gateway.change({"gateway": {"state_dir": str(file)}})
    result = run("run", "-c", gateway.config)
    assert result.returncode in (1, 2) and str(file) in result.stderr


def test_decisions_of_tenants_that_left(trio):
    gateway = trio()
    by_api(gateway, "drain", "eu20")
    by_api(gateway, "switch", "main", "ap10")
    gateway.change({"tenant eu20": None, "tenant ap10": None})
    end_by_sigterm(gateway)
    gateway.start()
    assert served_by(gateway) == "us21"
    assert gateway.pool("main")["switched_to"] is None
