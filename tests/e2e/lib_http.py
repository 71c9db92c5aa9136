# SPDX-License-Identifier: BSD-2-Clause
"""HTTP/1 byte by byte: a client and a recording tenant that show what is on the wire."""
import contextlib
import socket
import ssl
import struct
import threading

from lib_wait import LIMIT


class Ended(Exception):
    """The connection ended; .reset says how, .rest holds what came before."""

    def __init__(self, rest, reset):
        super().__init__(f"{'reset' if reset else 'end'} after {rest!r}")
        self.rest = rest
        self.reset = reset


class Head:
    """Start line and fields, in order, as they came."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.fields = []
        for line in lines[1:-2]:
            name, colon, value = line.partition(":")
            assert colon == ":", line
            self.fields.append((name, value.strip(" \t")))

    def all(self, name):
        return [value for known, value in self.fields if known.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    def has(self, name, text):
        return text in [part.strip().lower() for value in self.all(name)
                        for part in value.split(",")]


class Wire:
    """One end of a connection."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(LIMIT)
        self.rest = b""

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def fill(self):
        try:
            part = self.sock.recv(1 << 18)
        except (ConnectionResetError, ssl.SSLError) as error:
            raise Ended(self.rest, True) from error
        if not part:
            raise Ended(self.rest, False)
        self.rest += part

    def take(self, size):
        while len(self.rest) < size:
            self.fill()
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def take_line(self):
        while b"\r\n" not in self.rest:
            self.fill()
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line

    def take_head(self):
        while b"\r\n\r\n" not in self.rest:
            self.fill()
        at = self.rest.index(b"\r\n\r\n") + 4
        return Head(self.take(at))

    def take_chunks(self):
        body = b""
        while True:
            size = int(self.take_line(), 16)
            if size == 0:
                assert self.take_line() == b"", "a trailer"
                return body
            body += self.take(size)
            assert self.take(2) == b"\r\n"

    def take_body(self, head):
        """The body that HEAD's own fields announce (not one that the connection's end tells)."""
        if head.has("Transfer-Encoding", "chunked"):
            assert head.get("Content-Length") is None
            return self.take_chunks()
        return self.take(int(head.get("Content-Length") or 0))

    def take_all(self):
        """What comes until the other side ends in order."""
        try:
            while True:
                self.fill()
        except Ended as end:
            assert not end.reset, f"reset after {end.rest!r}"
        data, self.rest = self.rest, b""
        return data

    def is_ended(self):
        """Wait for the end; true if nothing came before it."""
        try:
            self.fill()
        except Ended:
            return True
        return False

    def end_writing(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        """Orderly: close_notify where there is TLS."""
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.settimeout(0.0)
                self.sock.unwrap()
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # below TLS, which would say good-bye first
        socket.socket(fileno=self.sock.detach()).close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class Answer:
    """One answer, whole."""

    def __init__(self, head, body):
        self.head = head
        self.version, status, self.reason = head.line.split(" ", 2)
        self.status = int(status)
        self.body = body
        self.get = head.get
        self.all = head.all
        self.has = head.has


class Client(Wire):
    """A client's end."""

    def answer(self, method="GET"):
        """The next answer, which may be an interim one."""
        head = self.take_head()
        status = int(head.line.split(" ")[1])
        if method == "HEAD" or status < 200 or status in (204, 304):
            return Answer(head, b"")
        if head.get("Content-Length") is None and not head.has("Transfer-Encoding", "chunked"):
            assert head.has("Connection", "close"), head.raw
            return Answer(head, self.take_all())
        return Answer(head, self.take_body(head))

    def ask(self, data, method="GET"):
        self.send(data)
        return self.answer(method)

    def is_closed(self):
        """Wait for the connection's end; false if bytes come first."""
        return self.is_ended()


def connect(port, tls=None, name=None, session=None, receive_buffer=None):
    """A Client at PORT of loopback; TLS: an ssl.SSLContext, with NAME to ask for."""
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(LIMIT)
    sock.connect(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is not None:
        sock = tls.wrap_socket(sock, server_hostname=name, session=session,
                               suppress_ragged_eofs=False)
    return Client(sock)


def request(method="GET", path="/http/a", *lines, host="api.gw.test", body=None, version="1.1"):
    """The bytes of a request; a BODY gets its Content-Length."""
    data = body.encode() if isinstance(body, str) else body
    fields = [f"Host: {host}"] if host else []
    fields += lines
    if data is not None:
        fields.append(f"Content-Length: {len(data)}")
    head = "".join(f"{line}\r\n" for line in [f"{method} {path} HTTP/{version}", *fields])
    return head.encode("latin-1") + b"\r\n" + (data or b"")


def chunked(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Received:
    """A request as a tenant saw it."""

    def __init__(self, head, body, connection):
        self.head = head
        self.method, self.path, self.version = head.line.split(" ")
        self.body = body
        self.connection = connection
        self.get = head.get
        self.all = head.all


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawTenant:
    """A tenant that records what it is sent and answers what it is told, byte by byte.

    ANSWER: bytes for every request; or a function of (wire, request) that may do as it likes with
    the connection and returns bytes, or None to end it. SERVE, a function of (tenant, wire, number
    of the connection), replaces reading and answering. A probe is a connection too."""

    def __init__(self, answer=OK, authority=None, serve=None, host="raw.tenant.test"):
        self.answer = answer
        self.serve = serve or RawTenant.serve_requests
        self.host = host
        self.authority = authority
        self.context = None
        self.received = []
        self.resumed = []
        self.connections = 0
        self.ended = 0  # of those that carried the last request
        self.wires = []
        self.lock = threading.Lock()
        if authority is not None:
            pair = authority.pair(host)
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pair.cert, pair.key)
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def keys(self):
        scheme = "http" if self.context is None else "https"
        keys = {"url": f"{scheme}://{self.host}:{self.port}", "address": f"127.0.0.1:{self.port}"}
        if self.context is not None:
            keys["ca_file"] = self.authority.file
        return keys

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.run_connection, args=(sock,), daemon=True).start()

    def run_connection(self, sock):
        with self.lock:
            self.connections += 1
            number = self.connections
        with contextlib.suppress(OSError, Ended, ValueError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context is not None:
                sock.settimeout(LIMIT)
                sock = self.context.wrap_socket(sock, server_side=True)
            wire = Wire(sock)
            self.wires.append(wire)
            try:
                self.serve(self, wire, number)
            finally:
                if wire.sock.fileno() >= 0:
                    wire.close()
                self.ended += bool(self.received and self.received[-1].connection == number)

    def take(self, wire, number, with_body=True):
        head = wire.take_head()
        if self.context is not None:
            self.resumed.append(wire.sock.session_reused)
        received = Received(head, wire.take_body(head) if with_body else None, number)
        self.received.append(received)
        return received

    def serve_requests(self, wire, number):
        while True:
            received = self.take(wire, number)
            answer = self.answer
            if callable(answer):
                answer = answer(wire, received)
            if answer is None:
                return
            wire.send(answer)

    @property
    def last(self):
        return self.received[-1]

    def used(self):
        """How many connections carried requests."""
        return len({received.connection for received in self.received})

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for wire in self.wires:  # their own threads close them
            with contextlib.suppress(OSError, ValueError):
                wire.sock.shutdown(socket.SHUT_RDWR)
