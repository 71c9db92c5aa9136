# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: an authority, and makers of simulated tenants, raw tenants and gateways, all of which
are stopped and checked at the end of the test."""
import contextlib
import signal

import pytest

from lib_cert import Authority
from lib_gateway import QUIET_PROBE, Gateway
from lib_http import RawTenant
from lib_nginx import Nginx
from lib_sim import Sim

TEST_LIMIT = 120


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: waits for a period of the gateway's own")
    config.addinivalue_line("markers", "limit(seconds): may take so long")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """No test hangs the suite."""
    marker = item.get_closest_marker("limit")
    limit = int(marker.args[0]) if marker else TEST_LIMIT

    def give_up(number, frame):
        raise TimeoutError(f"{item.name} took more than {limit} s")
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(limit)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def other_authority(tmp_path_factory):
    """One that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("other"), "unknown authority")


@pytest.fixture
def stack():
    """What is stopped at the end, last made first."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def make_sim(stack, tmp_path):
    def make(region="cf-eu20", **more):
        sim = Sim(tmp_path, region, **more)
        stack.callback(sim.stop)
        return sim
    return make


@pytest.fixture
def make_raw(stack):
    def make(answer=None, **more):
        tenant = RawTenant(**({} if answer is None else {"answer": answer}), **more)
        stack.callback(tenant.stop)
        return tenant
    return make


@pytest.fixture
def make_gateway(stack, tmp_path):
    def make(tenants, kind=Gateway, **more):
        folder = tmp_path / "gateway"
        folder.mkdir()
        gateway = kind(folder, tenants, **more)
        stack.callback(gateway.stop)
        return gateway
    return make


@pytest.fixture
def raw_gateway(make_gateway, make_raw):
    """A plain gateway before one raw tenant, which it can be asked for as .raw."""
    def make(answer=None, sections=None, keys=None, **more):
        raw = make_raw(answer, **more)
        gateway = make_gateway({"raw": {**raw.keys(), **(keys or {})}},
                               sections={"probe": QUIET_PROBE, **(sections or {})})
        gateway.raw = raw
        return gateway
    return make


@pytest.fixture
def pair_of_sims(make_sim, authority):
    """As in the blog: two tenants in two regions, by TLS."""
    return (make_sim("cf-eu20", authority=authority), make_sim("cf-us21", authority=authority))


@pytest.fixture
def make_nginx(stack, tmp_path):
    def make(authority, **more):
        nginx = Nginx(tmp_path / "nginx", authority, **more)
        stack.callback(nginx.stop)
        return nginx
    return make
