# SPDX-License-Identifier: BSD-2-Clause
"""What raw tenants answer, and what a test asks about an answer: on both ends and in the log."""
import itertools
import json
import threading

from lib_http import OK, request

_numbers = itertools.count(1)


def say(status, body=b"", *lines):
    """An answer's bytes."""
    fields = "".join(f"{line}\r\n" for line in lines)
    return f"HTTP/1.1 {status} Said\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body


UNKNOWN_ROUTE = say(404, b"404 Not Found: Requested route does not exist.\n",
                    "X-Cf-RouterError: unknown_route", "X-Kept: a")
NO_ENDPOINTS = say(503, b"503 Service Unavailable: no endpoints\n",
                   "X-Cf-RouterError: no_endpoints", "X-Kept: a")


# ---- answers to a request, for RawTenant ----

def close(wire, received):
    """In order, instead of an answer."""


def reset(wire, received):
    wire.reset()


def hold(wire, received):
    """No answer, until the other side leaves."""
    wire.fill()


class OnKept:
    """Answers the first request of each connection, and does THEN with the second."""

    def __init__(self, then):
        self.then = then
        self.seen = set()

    def __call__(self, wire, received):
        if received.connection not in self.seen:
            self.seen.add(received.connection)
            return OK
        return self.then(wire, received)


class Held:
    """Answers requests below PATH when it is told to, others at once."""

    def __init__(self, path="/held", answer=OK):
        self.path, self.answer = path, answer
        self.goes_on = threading.Event()

    def __call__(self, wire, received):
        if received.path.startswith(self.path):
            self.goes_on.wait(60)
        return self.answer


# ---- both ends ----

def ask(gateway, method="GET", path="/http/a", *lines, body=None, client=None):
    """One request with an id of its own; its answer and its line of the access log."""
    name = f"r-{next(_numbers)}"
    if body is None and method in ("POST", "PUT", "PATCH"):
        body = f"the body of {name}"
    lines = (f"X-Request-Id: {name}", *lines)
    if client is None:
        answer = gateway.ask(method, path, *lines, body=body)
    else:
        answer = client.ask(request(method, path, *lines, body=body), method)
    return answer, gateway.wait_line(name)


def got(tenant, path="/"):
    """What a raw tenant received: method and body, in order."""
    return [(received.method, received.body) for received in tenant.received
            if received.path.startswith(path)]


def count(tenant, method=None):
    return sum(method in (None, received.method) for received in tenant.received)


def check_failure(result, status, error, delivery, attempts=None):
    """The gateway's own error: header, problem and log line say the same."""
    answer, line = result
    problem = json.loads(answer.body)
    assert (answer.status, problem["status"], line["status"]) == (status, status, status)
    assert (problem["error"], line["error"]) == (error, error)
    assert (answer.get("X-Cpigate-Delivery"), problem["delivery"], line["delivery"]) == (
        delivery, delivery, delivery)
    assert attempts in (None, line["attempts"])


def check_served(result, tenant, attempts=None, status=200):
    """A tenant's answer."""
    answer, line = result
    assert (answer.status, answer.get("X-Cpigate-Tenant")) == (status, tenant)
    assert (line["status"], line["tenant"], line["delivery"], line["error"]) == (
        status, tenant, "yes", "")
    assert answer.get("X-Cpigate-Delivery") is None
    assert attempts in (None, line["attempts"])
