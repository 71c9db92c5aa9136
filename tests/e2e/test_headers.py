# SPDX-License-Identifier: BSD-2-Clause
"""What becomes of header fields on their way (SPEC section 4)."""
import json
import re

import pytest

from lib_gateway import QUIET_PROBE
from lib_http import request

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def answer_with(*lines):
    return "".join(["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", *[f"{line}\r\n" for line in lines],
                    "\r\nok"]).encode("latin-1")


def send(gateway, *lines, method="GET", **more):
    """Send fields; what the tenant got."""
    with gateway.connect() as client:
        answer = client.ask(request(method, "/http/a", *lines, **more), method)
        assert answer.status == 200, answer.body
    return gateway.raw.last


def test_hop_by_hop_fields_are_dropped_from_requests(raw_gateway):
    got = send(raw_gateway(), "Connection: keep-alive, X-Private, x-other", "X-Private: 1",
               "X-OTHER: 2", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
               "Proxy-Authorization: Basic x", "TE: trailers", "Trailer: X-T", "Upgrade: h2c",
               "X-Public: 3")
    names = [name.lower() for name, _ in got.head.fields]
    for name in ("x-private", "x-other", "keep-alive", "proxy-connection", "te", "trailer",
                 "proxy-authorization", "upgrade"):
        assert name not in names, name
    assert got.get("X-Public") == "3"
    assert got.get("Connection") in (None, "keep-alive")


def test_connection_cannot_name_end_to_end_fields_of_the_gateway_away(raw_gateway):
    got = send(raw_gateway(),
               "Connection: Host, X-Forwarded-For, Via, Content-Length, X-Request-Id",
               "X-Request-Id: r-1", method="POST", body="abc")
    assert got.get("Host") and got.get("X-Forwarded-For") == "127.0.0.1"
    assert got.get("Via") and got.get("X-Request-Id") and got.body == b"abc"


def test_hop_by_hop_fields_are_dropped_from_answers(raw_gateway):
    gateway = raw_gateway(answer_with("Connection: X-Private", "X-Private: 1", "Keep-Alive: max=1",
                                      "Proxy-Authenticate: Basic", "Upgrade: h2", "Trailer: X-T",
                                      "Proxy-Connection: close", "X-Public: 2"))
    with gateway.connect() as client:
        answer = client.ask(request())
    for name in ("X-Private", "Keep-Alive", "Proxy-Authenticate", "Upgrade", "Trailer",
                 "Proxy-Connection", "Connection"):
        assert answer.get(name) is None, name
    assert answer.get("X-Public") == "2"


def test_forwarded_fields_are_set_and_the_clients_replaced(raw_gateway):
    gateway = raw_gateway()
    got = send(gateway, "X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 7.7.7.7",
               "X-Forwarded-Proto: gopher", "X-Forwarded-Host: evil.test", "X-Forwarded-Port: 1",
               host="api.gw.test:8443")
    assert got.get("X-Forwarded-For") == "127.0.0.1"
    assert got.get("X-Forwarded-Proto") == "http"
    assert got.get("X-Forwarded-Host") == "api.gw.test:8443"
    assert got.get("X-Forwarded-Port") == str(gateway.port)


def test_forwarded_proto_of_a_tls_listener(raw_gateway, make_gateway, make_raw, authority):
    raw = make_raw()
    gateway = make_gateway({"raw": raw}, authority=authority, sections={"probe": QUIET_PROBE})
    gateway.raw = raw
    assert send(gateway).get("X-Forwarded-Proto") == "https"


def test_what_only_a_gateway_may_say_is_dropped(raw_gateway):
    lines = ["Forwarded: for=6.6.6.6", "X-Real-IP: 6.6.6.6", "X-Forwarded-Client-Cert: x",
             "X-SSL-Client-Verify: SUCCESS", "SSL_CLIENT_S_DN: CN=admin", "x-ssl-client-cert: x",
             "X-CF-APP-INSTANCE: a:0", "X_Forwarded_For: 6.6.6.6", "x-forwarded_host: evil.test",
             "Transfer_Encoding: chunked", "X_Real_IP: 6.6.6.6", "X-Forwarded_Proto: gopher",
             "Content_Length: 5"]
    got = send(raw_gateway(), *lines)
    names = [name.lower() for name, _ in got.head.fields]
    for line in lines:
        assert line.partition(":")[0].lower() not in names, line
    assert "6.6.6.6" not in got.head.raw.decode()


def test_other_fields_pass_byte_for_byte(raw_gateway):
    lines = ["SAP_ApplicationID: 4711", "SAP_Sender: a,b ; c", "sap_mixedCase_Name: x",
             "X_Custom_Field: y", "Cookie: a=b; c=\"d e\"; =odd; e==", "Cookie: second=1",
             "X-Latin: \xe4\xf6\xfc", "X-Empty:", "X-Odd: ,;=()[]{}<>?@\\\"'|~^`", "X-Tab: a\tb",
             "Accept-Encoding: gzip, br", "User-Agent: x/1 (y)", "Authorization: Bearer zzz",
             "Content-Type: application/xml; charset=\"utf-8\"", "Max-Forwards: 3"]
    got = send(raw_gateway(), *lines)
    said = [f"{name}: {value}".rstrip(" ") for name, value in got.head.fields]
    for line in lines:
        assert line in said, line
    assert [line for line in said if line in lines] == lines, "their order"


def test_answer_fields_pass_byte_for_byte(raw_gateway):
    lines = ["SAP_MessageProcessingLogID: AGX", "SAP_MplCorrelationId: AGY",
             "Set-Cookie: a=b; Path=/; HttpOnly", "Set-Cookie: c=\"d, e\"; Expires=Wed, 21 Oct",
             "X-Latin: \xe4", "Server: SAP", "WWW-Authenticate: Basic realm=\"x\"",
             "Retry-After: 7", "Date: Sat, 01 Jan 2000 00:00:00 GMT"]
    gateway = raw_gateway(answer_with(*lines))
    with gateway.connect() as client:
        answer = client.ask(request())
    said = [f"{name}: {value}" for name, value in answer.head.fields]
    assert [line for line in said if line in lines] == lines
    line = gateway.wait_access()[0]
    assert (line["mpl_id"], line["correlation_id"]) == ("AGX", "AGY")


def test_date_is_added_where_there_is_none(raw_gateway):
    gateway = raw_gateway()
    with gateway.connect() as client:
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
                            client.ask(request()).get("Date"))


def test_via_is_added(raw_gateway):
    gateway = raw_gateway(answer_with("Via: 1.1 inner"))
    got = send(gateway, "Via: 1.0 fred, 1.1 p.example.net")
    assert ", ".join(got.all("Via")) == "1.0 fred, 1.1 p.example.net, 1.1 gw"
    with gateway.connect() as client:
        assert ", ".join(client.ask(request()).all("Via")) == "1.1 inner, 1.1 gw"


@pytest.mark.parametrize("via", ["1.1 gw", "1.0 fred, 1.1 gw", "HTTP/1.1 GW (comment)", "2 gw"])
def test_loop_is_508(raw_gateway, via):
    gateway = raw_gateway()
    with gateway.connect() as client:
        answer = client.ask(request("GET", "/http/a", f"Via: {via}"))
        assert answer.status == 508
        assert json.loads(answer.body)["delivery"] == "no"
    assert gateway.raw.received == []


def test_request_id_is_kept_or_made(raw_gateway):
    gateway = raw_gateway()
    for good in ("r-1", "x" * 128, "!~{}"):
        assert send(gateway, f"X-Request-Id: {good}").get("X-Request-Id") == good
    made = [send(gateway, *lines).get("X-Request-Id") for lines in (
        [], ["X-Request-Id:"], ["X-Request-Id: " + "x" * 129], ["X-Request-Id: a b"],
        ["X-Request-Id: \xe4"], ["X-Request-Id: a", "X-Request-Id: b"])]
    assert all(UUID.fullmatch(value) for value in made), made
    assert len(set(made)) == len(made)
    assert set(made) < {line["request_id"] for line in gateway.wait_access(9)}


def test_host_of_the_tenant(raw_gateway):
    gateway = raw_gateway()
    assert send(gateway).get("Host") == f"raw.tenant.test:{gateway.raw.port}"


def test_host_preserved(raw_gateway):
    gateway = raw_gateway(keys={"host_header": "preserve"})
    assert send(gateway, host="Api.gw.test:8443").get("Host") == "Api.gw.test:8443"


def test_host_literal(raw_gateway):
    gateway = raw_gateway(keys={"host_header": "cpi.acme.test"})
    assert send(gateway).get("Host") == "cpi.acme.test"


REDIRECTS = [  # from the tenant, to the client that called api.gw.test:8443
    ("https://raw.tenant.test/http/x?y#z", "http://api.gw.test:8443/http/x?y#z"),
    ("http://RAW.tenant.test:1/x", "http://api.gw.test:8443/x"),
    ("//raw.tenant.test/x", "//api.gw.test:8443/x"),
    ("https://raw.tenant.test", "http://api.gw.test:8443"),
    ("/http/x", "/http/x"),
    ("https://login.other.test/?to=https://raw.tenant.test/",
     "https://login.other.test/?to=https://raw.tenant.test/"),
    ("https://raw.tenant.test.evil.test/x", "https://raw.tenant.test.evil.test/x"),
    ("https://raw.tenant.test@evil.test/x", "https://raw.tenant.test@evil.test/x"),
]


@pytest.mark.parametrize("said, wanted", REDIRECTS)
@pytest.mark.parametrize("name", ["Location", "Content-Location"])
def test_location_is_changed_back(raw_gateway, name, said, wanted):
    gateway = raw_gateway(answer_with(f"{name}: {said}"))
    with gateway.connect() as client:
        assert client.ask(request(host="api.gw.test:8443")).get(name) == wanted


COOKIES = [
    ("a=b; Domain=raw.tenant.test; Path=/", "a=b; Domain=api.gw.test; Path=/"),
    ("a=b; path=/;  domain=.RAW.tenant.test", "a=b; path=/;  domain=.api.gw.test"),
    ("a=b; Domain=other.test; Path=/", "a=b; Domain=other.test; Path=/"),
    ("Domain=raw.tenant.test; Secure", "Domain=raw.tenant.test; Secure"),
    ("a=raw.tenant.test; Secure", "a=raw.tenant.test; Secure"),
]


@pytest.mark.parametrize("said, wanted", COOKIES)
def test_cookie_domain_is_changed_back(raw_gateway, said, wanted):
    gateway = raw_gateway(answer_with(f"Set-Cookie: {said}"))
    with gateway.connect() as client:
        assert client.ask(request(host="api.gw.test:8443")).get("Set-Cookie") == wanted


def test_nothing_is_changed_back_with_the_host_preserved(raw_gateway):
    lines = ["Location: https://raw.tenant.test/x", "Set-Cookie: a=b; Domain=raw.tenant.test"]
    gateway = raw_gateway(answer_with(*lines), keys={"host_header": "preserve"})
    with gateway.connect() as client:
        answer = client.ask(request())
    assert [f"Location: {answer.get('Location')}",
            f"Set-Cookie: {answer.get('Set-Cookie')}"] == lines


def test_tenant_cannot_speak_for_the_gateway(raw_gateway):
    gateway = raw_gateway(answer_with("X-Cpigate-Tenant: other", "X-Cpigate-Delivery: no"))
    with gateway.connect() as client:
        answer = client.ask(request())
    assert (answer.get("X-Cpigate-Tenant"), answer.get("X-Cpigate-Delivery")) == ("raw", None)


def test_expose_tenant_off(raw_gateway):
    gateway = raw_gateway(sections={"gateway": {"expose_tenant": "off"}})
    with gateway.connect() as client:
        assert client.ask(request()).get("X-Cpigate-Tenant") is None
