# SPDX-License-Identifier: BSD-2-Clause
"""TLS towards clients: which certificate, which version, resumption, misdirected requests."""
import json
import re
import ssl
import subprocess

import pytest
from cryptography import x509

from lib_gateway import QUIET_PROBE
from lib_http import connect, request


@pytest.fixture
def tls_gateway(make_raw, make_gateway, authority):
    def make(*pairs, **listen):
        gateway = make_gateway({"raw": make_raw()}, authority=authority, pairs=pairs or None,
                               sections={"probe": QUIET_PROBE, "listen main": listen})
        return gateway
    return make


def serial(gateway, name, context=None):
    """Of the certificate that a client sees who asks for NAME."""
    context = context or gateway.context(check_hostname=False)
    with connect(gateway.port, tls=context, name=name) as client:
        cert = x509.load_der_x509_certificate(client.sock.getpeercert(True))
    return cert.serial_number


def test_certificate_by_server_name(tls_gateway, authority):
    default = authority.pair("gw.test")
    wild = authority.pair("*.gw.test")
    exact = authority.pair("api.gw.test")
    deep = authority.pair("*.eu.gw.test", "other.test")
    gateway = tls_gateway(default, wild, exact, deep)
    for name, pair in (("gw.test", default), ("a.gw.test", wild), ("API.GW.test", exact),
                       ("api.gw.test", exact), ("x.eu.gw.test", deep), ("other.test", deep),
                       ("a.b.gw.test", default), ("unknown.test", default), (None, default)):
        assert serial(gateway, name) == pair.serial, name


def only_ciphers(gateway, kind):
    context = gateway.context(check_hostname=False, maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(f"ECDHE-{kind}-AES256-GCM-SHA384:ECDHE-{kind}-AES128-GCM-SHA256")
    return context


def test_certificate_by_key_type(tls_gateway, authority):
    ec, rsa = authority.pair("*.gw.test"), authority.pair("*.gw.test", kind="rsa")
    other = authority.pair("other.test", kind="rsa")
    gateway = tls_gateway(rsa, ec, other)
    assert serial(gateway, "api.gw.test", only_ciphers(gateway, "RSA")) == rsa.serial
    assert serial(gateway, "api.gw.test", only_ciphers(gateway, "ECDSA")) == ec.serial
    assert serial(gateway, "other.test", only_ciphers(gateway, "RSA")) == other.serial


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_versions(tls_gateway, version):
    gateway = tls_gateway()
    context = gateway.context(minimum_version=ssl.TLSVersion[version],
                              maximum_version=ssl.TLSVersion[version])
    with gateway.connect(tls=context) as client:
        assert client.ask(request()).status == 200
        assert client.sock.version() == version.replace("_", ".")
        assert "CBC" not in client.sock.cipher()[0] and "SHA384" in client.sock.cipher()[0]
    line = gateway.wait_access()[0]
    assert (line["tls"], line["sni"]) == (version.replace("_", "."), "api.gw.test")


def test_old_versions_are_refused(tls_gateway):
    gateway = tls_gateway(tls_min_version="1.3")
    context = gateway.context(maximum_version=ssl.TLSVersion.TLSv1_2)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        gateway.connect(tls=context)
    with gateway.connect() as client:
        assert client.ask(request()).status == 200


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_sessions_are_resumed(tls_gateway, version):
    """Also at the other worker: tickets are the gateway's."""
    gateway = tls_gateway()
    context = gateway.context(maximum_version=ssl.TLSVersion[version])
    session = None
    for n in range(8):
        with gateway.connect(tls=context, session=session) as client:
            assert client.ask(request()).status == 200
            assert client.sock.session_reused is (n > 0)
            session = client.sock.session


def test_openssl_reconnects(tls_gateway):
    gateway = tls_gateway()
    out = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}",
                          "-servername", "api.gw.test", "-CAfile", str(gateway.authority.file),
                          "-tls1_2", "-reconnect"], input="", capture_output=True, text=True,
                         timeout=60, check=False).stdout
    assert (len(re.findall(r"^New, ", out, re.M)), len(re.findall(r"^Reused, ", out, re.M))) == \
        (1, 5)


def test_host_of_another_certificate_is_misdirected(tls_gateway, authority):
    gateway = tls_gateway(authority.pair("*.gw.test"), authority.pair("api.other.test"))
    with gateway.connect() as client:
        for good in ("api.gw.test", "b.gw.test:8443", "B.GW.TEST", "nobodys.test", "127.0.0.1"):
            assert client.ask(request(host=good)).status == 200, good
        answer = client.ask(request(host="api.other.test"))
        assert (answer.status, json.loads(answer.body)["delivery"]) == (421, "no")
        assert answer.get("Connection") is None
        answer = client.ask(request("POST", "/http/a", host="API.other.test:443", body="x"))
        assert answer.status == 421
        assert client.ask(request()).status == 200
    with gateway.connect(name="api.other.test") as client:
        assert client.ask(request(host="api.other.test")).status == 200
        assert client.ask(request(host="api.gw.test")).status == 421


def test_alpn(tls_gateway):
    gateway = tls_gateway()
    context = gateway.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with gateway.connect(tls=context) as client:
        assert client.sock.selected_alpn_protocol() == "http/1.1"
        assert client.ask(request()).status == 200


def test_status_shows_certificates(tls_gateway, authority):
    pair = authority.pair("*.gw.test", "gw.test", days=3)
    gateway = tls_gateway(pair, authority.pair("*.gw.test", kind="rsa"))
    listener = gateway.status()["listeners"][0]
    assert listener["name"] == "main"
    assert listener["addresses"] == [f"127.0.0.1:{gateway.port}"]
    certificate = listener["certificates"][0]
    assert certificate["names"] == ["*.gw.test", "gw.test"]
    assert certificate["not_after"].endswith("Z")
    assert any("expire" in text for text in gateway.status()["warnings"])


def test_broken_handshakes_harm_nobody(tls_gateway):
    gateway = tls_gateway()
    hello = bytes.fromhex("160301002f0100002b0303") + b"\0" * 36
    for text in (b"", b"\x16", b"\x16\x03\x01\xff\xff" + b"x" * 1000, hello, b"\0" * 500):
        with connect(gateway.port) as client:
            client.send(text)
            client.end_writing()
            try:
                client.take_all()
            except AssertionError:
                pass  # a reset is fine
    assert gateway.ask().status == 200


def test_expired_certificate_is_a_warning_at_start(tls_gateway, authority):
    gateway = tls_gateway(authority.pair("*.gw.test", days=-1))
    assert re.search(r"warning.*expired", gateway.log())


def test_chain_is_sent(tls_gateway):
    gateway = tls_gateway()
    with gateway.connect() as client:  # verified by the authority's own file
        assert client.ask(request()).status == 200
