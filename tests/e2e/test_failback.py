# SPDX-License-Identifier: BSD-2-Clause
"""How traffic returns to a tenant that has recovered."""
import pytest

from lib_sim import BASIC
from lib_wait import wait_for


@pytest.fixture
def make_walk(make_sim, make_gateway):
    """A gateway whose primary is down; .eu and .us are the sims."""
    def make(pool=None, probe=None, tenant=None, **sections):
        eu, us = make_sim("cf-eu20"), make_sim("cf-us21")
        gateway = make_gateway(
            {"eu20": {**eu.keys(), **(tenant or {})}, "us21": us},
            sections={"pool main": pool or {}, "probe": probe or {}, **sections})
        gateway.eu, gateway.us = eu, us
        eu.fault(status=500)
        gateway.wait_active("us21", "main")
        return gateway
    return make


def served_by(gateway):
    return gateway.ask().get("X-Cpigate-Tenant")


def test_failback_delay(make_walk):
    gateway = make_walk({"failback_delay": "1500ms", "flap_backoff": "off"})
    gateway.eu.repair()
    gateway.wait_state("eu20", "recovering")
    assert served_by(gateway) == "us21"
    assert gateway.tenant("eu20")["waits_for"]
    assert gateway.pool("main")["active"] == "us21"
    gateway.wait_active("eu20", "main")
    assert served_by(gateway) == "eu20"
    gateway.wait_log(r"tenant eu20: recovering > online: failback delay of 1\.?5?\S* is over")
    states = {event["from"]: event for event in gateway.events("state")
              if event["tenant"] == "eu20"}
    assert states["recovering"]["lasted_ms"] >= 1400


def test_relapse_while_recovering(make_walk):
    gateway = make_walk({"failback_delay": "1m"})
    gateway.eu.repair()
    gateway.wait_state("eu20", "recovering")
    gateway.eu.fault(status=500)
    gateway.wait_state("eu20", "degraded")
    assert served_by(gateway) == "us21"


def test_recovering_tenant_serves_if_it_is_the_last(make_walk):
    gateway = make_walk({"failback_delay": "1m"})
    gateway.eu.repair()
    gateway.wait_state("eu20", "recovering")
    gateway.us.fault(status=500)
    gateway.wait_state("us21", "degraded")
    assert served_by(gateway) == "eu20"
    assert gateway.health().body == b"ok gw active=eu20\n"


def test_manual_failback_by_api(make_walk):
    gateway = make_walk({"failback": "manual"})
    gateway.eu.repair()
    gateway.wait_state("eu20", "recovering")
    assert gateway.tenant("eu20")["waits_for"]
    assert served_by(gateway) == "us21"
    answer = gateway.session.post(gateway.admin + "/api/v1/tenants/eu20/resume",
                                  headers={"X-Cpigate-Admin": "1"},
                                  json={"note": "it is \"well\" again"})
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["state"]) == ("eu20", "online")
    assert served_by(gateway) == "eu20"
    event = gateway.events("resume")[0]
    assert (event["tenant"], event["note"]) == ("eu20", "it is \"well\" again")
    gateway.wait_log(r"tenant eu20: recovering > online: operator: resume")


def test_manual_failback_by_command(make_walk):
    gateway = make_walk({"failback": "manual"})
    gateway.eu.repair()
    gateway.wait_state("eu20", "recovering")
    result = gateway.command("resume", "eu20", "--note", "by hand")
    assert (result.returncode, result.stdout) == (0, "eu20 is online\n")
    assert served_by(gateway) == "eu20"
    assert gateway.events("resume")[0]["note"] == "by hand"
    result = gateway.command("resume", "nobody")
    assert result.returncode == 1 and "nobody" in result.stderr


def test_resume_ends_the_failback_delay(make_walk):
    gateway = make_walk({"failback_delay": "1h"})
    gateway.eu.repair()
    gateway.wait_state("eu20", "recovering")
    assert gateway.command("resume", "eu20").returncode == 0
    assert served_by(gateway) == "eu20"


def test_resume_does_not_cure(make_walk):
    gateway = make_walk()
    result = gateway.command("resume", "eu20")
    assert (result.returncode, result.stdout) == (0, "eu20 is degraded\n")
    assert served_by(gateway) == "us21"


def test_failback_probe_must_succeed_too(make_walk):
    deep = {"path": "/http/health", "header": f"Authorization: {BASIC}", "expect_status": "200",
            "interval_down": "100ms", "rise": "2"}
    gateway = make_walk(tenant={"failback_probe": "deep"},
                        **{"probe deep": deep, "probe": {"path": "/http/other"}})
    asked = lambda: [line for line in gateway.eu.log("/http/health", probes=True)
                     if line["status"] != 500]
    assert asked() == [], "not while it was online"
    gateway.eu.repair()
    gateway.eu.fault(health=503)
    gateway.wait_state("eu20", "recovering")
    wait_for(lambda: len(asked()) >= 3)
    assert gateway.tenant("eu20")["state"] == "recovering"
    assert served_by(gateway) == "us21"
    probe = [probe for probe in gateway.tenant("eu20")["last_probes"] if probe["failback"]][0]
    assert (probe["good"], probe["status"]) == (False, 503)
    gateway.eu.repair()
    gateway.wait_state("eu20", "online")
    n = len(asked())
    assert sum(line["status"] == 200 for line in asked()) == 2, "rise"
    probes = len(gateway.eu.log("/http/other"))
    wait_for(lambda: len(gateway.eu.log("/http/other")) > probes + 3)
    assert len(asked()) == n, "it costs no messages now"


def test_failback_probe_has_its_own_rise(make_walk):
    deep = {"path": "/http/health", "header": f"Authorization: {BASIC}", "expect_status": "200",
            "interval_down": "100ms", "rise": "4"}
    gateway = make_walk(tenant={"failback_probe": "deep"},
                        **{"probe deep": deep, "probe": {"path": "/http/other"}})
    gateway.eu.repair()
    gateway.wait_state("eu20", "online")
    assert len([line for line in gateway.eu.log("/http/health", probes=True)
                if line["status"] == 200]) == 4


def test_flap_backoff_delays_the_second_return(make_walk):
    gateway = make_walk({"flap_backoff": "on"})
    gateway.eu.repair()
    gateway.wait_active("eu20", "main")
    gateway.eu.fault(status=500)
    gateway.wait_active("us21", "main")
    gateway.eu.repair()
    gateway.wait_state("eu20", "recovering")
    gateway.wait_active("eu20", "main")
    assert [event["to"] for event in gateway.events("failback")] == ["eu20", "eu20"]
