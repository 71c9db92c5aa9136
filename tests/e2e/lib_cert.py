# SPDX-License-Identifier: BSD-2-Clause
"""A test authority and the pairs that it signs."""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


def make_key(kind):
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def common_name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Pair:
    """A certificate and its key, in two files."""

    def __init__(self, stem, cert, key):
        self.serial = cert.serial_number
        self.cert = stem.with_suffix(".pem")
        self.key = stem.with_suffix(".key")
        self.cert.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                               serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))


class Authority:
    """Signs pairs; each is made once."""

    def __init__(self, folder, name="test authority"):
        self.folder = folder
        self.key = make_key("ec")
        self.name = common_name(name)
        self.pairs = {}
        folder.mkdir(parents=True, exist_ok=True)
        cert = self.builder(self.name, self.key, 3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file = Pair(folder / "authority", cert.sign(self.key, hashes.SHA256()), self.key).cert

    def builder(self, subject, key, days):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=30))
                .not_valid_after(now + datetime.timedelta(days=days)))

    def pair(self, *names, kind="ec", days=30):
        """A pair for NAMES (DNS names or IP addresses)."""
        if (names, kind, days) not in self.pairs:
            key = make_key(kind)
            cert = self.builder(common_name(names[0]), key, days).add_extension(
                x509.SubjectAlternativeName([alternative(name) for name in names]), False)
            self.pairs[names, kind, days] = Pair(self.folder / f"pair{len(self.pairs)}",
                                                 cert.sign(self.key, hashes.SHA256()), key)
        return self.pairs[names, kind, days]
