# SPDX-License-Identifier: BSD-2-Clause
"""Everything at once: a mixed load by TLS over three tenants, while faults are drawn. The seed is
printed, and taken from CPIGATE_SEED; CPIGATE_CHAOS_SECONDS is how long it goes (make soak: 600),
CPIGATE_CHAOS_REPORT a file for the summary."""
import os
import pathlib
import random
import shutil

import pytest

from lib_chaos import Asked, Faults, Judgement, Load, reason_to_fail
from lib_program import is_sanitized
from lib_wait import wait_for

SECONDS = float(os.environ.get("CPIGATE_CHAOS_SECONDS") or 20)

SECTIONS = {
    "gateway": {"drain_timeout": "20s"},
    "pool default": {"flap_backoff": "off"},
    "probe": {"interval": "200ms", "interval_down": "100ms", "timeout": "500ms"},
    "timeouts": {"response": "4s", "connect": "2s", "tenant_idle": "3s"},
}


class Files:
    """The listener's pair, to be replaced."""

    def __init__(self, folder, pair):
        folder.mkdir()
        self.cert, self.key = folder / "tls.pem", folder / "tls.key"
        shutil.copy(pair.cert, self.cert)
        shutil.copy(pair.key, self.key)


@pytest.fixture
def field(make_sim, make_gateway, authority, other_authority, tmp_path):
    """Gateway, sims by name of the tenant, and the listener's files."""
    sims = {name: make_sim(f"cf-{name}", authority=authority) for name in ("t1", "t2", "t3")}
    files = Files(tmp_path / "tls", authority.pair("*.gw.test", "gw.test"))
    sections = {**SECTIONS, "gateway": {**SECTIONS["gateway"],
                                        "state_dir": str(tmp_path / "state")}}
    gateway = make_gateway(sims, authority=authority, pairs=[files], sections=sections)
    return gateway, sims, files, authority, other_authority


@pytest.mark.limit(SECONDS * 2 + 120)
def test_chaos(field):
    seed = os.environ.get("CPIGATE_SEED") or str(random.SystemRandom().randrange(1 << 32))
    print(f"CPIGATE_SEED={seed} CPIGATE_CHAOS_SECONDS={SECONDS:g}")
    gateway, sims = field[0], field[1]
    load = Load(seed, gateway)
    faults = Faults(seed, *field)
    try:
        load.wait(300)
        memory = gateway.memory()
        faults.run(SECONDS)
        load.wait(100)
        later = gateway.memory()
    finally:
        load.stop()
    judgement = Judgement(load.asked(), faults.faults, sims.values())
    summary = f"seed {seed}, {SECONDS:g} s\n{judgement.summary()}\n" \
        f"memory {memory} KiB at the start, {later} KiB at the end"
    print(summary)
    if os.environ.get("CPIGATE_CHAOS_REPORT"):
        pathlib.Path(os.environ["CPIGATE_CHAOS_REPORT"]).write_text(summary + "\n")
    assert judgement.wrong == [], summary
    check_nothing_leaks(gateway, sims)
    if not is_sanitized():
        assert later - memory < 16 * 1024


def check_nothing_leaks(gateway, sims):
    def connections():
        return gateway.status()["connections"]
    wait_for(lambda: connections()["clients"] == 0, "the clients' connections to end")
    wait_for(lambda: connections()["tenants"] == 0, "the kept connections to end")
    assert all(tenant["in_flight"] == 0 for tenant in gateway.status()["tenants"])
    for sim in sims.values():
        wait_for(lambda sim=sim: sim.stats()["connections_open"] == 0, "only probes come and go")


def test_judgement_knows_what_is_not_allowed():
    """A judge that allows everything would find nothing."""
    post = dict(name="p", method="POST", is_repeatable=False, fits=True, begun=0, is_kept=True)
    get = {**post, "method": "GET", "is_repeatable": True}
    lost = dict(status=502, delivery="unknown")
    assert reason_to_fail(Asked(**post, **lost), {"kill"})
    assert not reason_to_fail(Asked(**post, **lost), {"drain"})
    assert not reason_to_fail(Asked(**get, **lost), {"kill"})
    assert not reason_to_fail(Asked(**post, status=502, delivery="no"), {"kill"})
    assert not reason_to_fail(Asked(**get, status=503, tenant="t1"), {"status"})
    assert reason_to_fail(Asked(**post, status=503, tenant="t1"), {"status"})
    assert not reason_to_fail(Asked(**post, error="refused"), {"restart"})
    assert not reason_to_fail(Asked(**get, status=200, error="wrong"), {"kill"})
    assert not reason_to_fail(Asked(**get, status=200, error="cut"), {"restart"})
