# SPDX-License-Identifier: BSD-2-Clause
"""Which requests go to which pool."""
import json

from lib_http import connect, request
from lib_port import free_address
from lib_sim import AUTH

ROUTES = {
    "pool a": {"tenants": "a"}, "pool b": {"tenants": "b"}, "pool c": {"tenants": "c, a"},
    "route exact": {"host": "api.gw.test", "pool": "a"},
    "route exact-orders": {"host": "api.gw.test", "path": ["/http/orders", "/http/bills"],
                           "pool": "b"},
    "route wild": {"host": "*.gw.test", "path": "/http/", "pool": "c"},
    "route any": {"path": "/http/any", "pool": "b"},
}
CASES = [  # host, path, tenant
    ("api.gw.test", "/http/x", "a"), ("API.gw.test:8443", "/http/x", "a"),
    ("api.gw.test", "/http/orders", "b"), ("api.gw.test", "/http/orders?x=/y", "b"),
    ("api.gw.test", "/http/orders/1", "b"), ("api.gw.test", "/http/orders2", "a"),
    ("api.gw.test", "/http/bills/", "b"), ("api.gw.test", "/http/any", "a"),
    ("x.gw.test", "/http/x", "c"), ("x.y.gw.test", "/http/any", "c"),
    ("gw.test", "/http/any/1", "b"), ("other.test", "/http/any", "b"),
    ("gw.test", "/http/x", None), ("other.test", "/", None), ("x.gw.test", "/other", None),
]


def test_route_table(make_sim, make_gateway):
    sims = {name: make_sim(name) for name in "cab"}
    gateway = make_gateway(sims, sections={**ROUTES, "health": {"address": free_address()}})
    with gateway.connect() as client:
        for host, path, tenant in CASES:
            answer = client.ask(request("GET", path, AUTH.strip(), host=host))
            assert answer.get("X-Cpigate-Tenant") == tenant, (host, path)
            assert answer.status == (200 if tenant else 404)
            if tenant is None:
                problem = json.loads(answer.body)
                assert (problem["status"], problem["delivery"]) == (404, "no")
    text = gateway.health().body.decode()
    assert text == "ok gw a:active=a b:active=b c:active=c\n"


def test_each_pool_fails_over_by_itself(make_sim, make_gateway):
    sims = {name: make_sim(name) for name in "cab"}
    gateway = make_gateway(sims, sections=ROUTES)
    sims["c"].kill()
    gateway.wait_active("a", "c")
    assert gateway.ask(host="x.gw.test").get("X-Cpigate-Tenant") == "a"
    assert gateway.pool("b")["active"] == "b"
    assert gateway.health().status == 200
    sims["b"].kill()
    gateway.wait_active(None, "b")
    assert gateway.ask(host="api.gw.test", path="/http/orders").status == 503
    assert gateway.health().status == 503, "each pool needs one"
    assert gateway.ask(host="api.gw.test").get("X-Cpigate-Tenant") == "a"


def test_several_listeners(make_sim, make_gateway, authority):
    """One by TLS on two addresses, one without."""
    one, two = free_address(), free_address()
    gateway = make_gateway({"a": make_sim("a")}, authority=authority, sections={
        "listen main": {"address": [one, two]},
        "listen plain": {"address": free_address(), "tls": "off"}})
    for address in (one, two):
        with connect(int(address.rpartition(":")[2]), tls=gateway.context(),
                     name="api.gw.test") as client:
            assert client.ask(request("GET", "/http/a", AUTH.strip())).status == 200
    with connect(gateway.port_of("plain")) as client:
        assert client.ask(request("GET", "/http/a", AUTH.strip())).status == 200
    assert sorted(line["listener"] for line in gateway.wait_access(3)) == ["main", "main", "plain"]
