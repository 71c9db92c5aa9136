# SPDX-License-Identifier: BSD-2-Clause
"""A mixed load that remembers what became of each request, faults that are drawn one after the
other, and the judgement: which failures SPEC section 4 allows, given the faults of that time."""
import collections
import contextlib
import dataclasses
import hashlib
import random
import shutil
import ssl
import threading
import time

from lib_http import Ended, request
from lib_sim import AUTH, pattern
from lib_wait import wait_for

SLACK = 0.3  # s: an answer may tell of a fault that has just ended
RETRY_BUFFER = 65536


# ---- load ----

@dataclasses.dataclass
class Asked:
    """One request and what became of it."""
    name: str
    method: str
    is_repeatable: bool  # by method or by idempotency header, and its body fits retry_buffer
    fits: bool  # its body fits retry_buffer
    begun: float
    is_kept: bool  # on a connection that has carried requests before
    ended: float = 0.0
    status: int = 0  # 0: no head of an answer
    delivery: str = None
    tenant: str = None
    error: str = ""  # what the client met: refused, handshake, closed, cut, wrong

    @property
    def is_good(self):
        return self.status == 200 and self.error == ""


class Client(threading.Thread):
    """Asks one request after the other until it is told to stop; by a kept connection."""

    def __init__(self, number, seed, gateway, is_over):
        super().__init__(daemon=True)
        self.number, self.gateway, self.is_over = number, gateway, is_over
        self.random = random.Random(f"{seed} client {number}")
        self.context = gateway.context()
        self.wire = None
        self.carried = 0
        self.asked = []
        self.crash = None

    def run(self):
        try:
            while not self.is_over.wait(0.01):
                self.asked.append(self.ask())
        except Exception as error:  # pylint: disable=broad-except
            self.crash = error
        self.drop()

    def drop(self):
        if self.wire is not None:
            with contextlib.suppress(OSError):
                self.wire.close()
        self.wire, self.carried = None, 0

    def draw(self):
        """Method, path, further lines, body, and what a whole answer's body must be."""
        kind = self.random.choices(("get", "download", "post", "echo", "large", "keyed", "put"),
                                   (25, 15, 25, 10, 5, 10, 10))[0]
        if kind == "get":
            return "GET", "/http/x/a", (), None, lambda body: body.startswith(b"cf-")
        if kind == "download":
            size = self.random.choice((1, 1000, 70_000))
            return ("GET", f"/http/download?bytes={size}", (), None,
                    lambda body: body == pattern(size))
        size = 100_000 if kind == "large" else self.random.choice((0, 30, 2000, 60_000))
        sent = self.random.randbytes(size)
        if kind == "echo":
            return "POST", "/http/x/echo?echo=1", (), sent, lambda body: body == sent
        digest = hashlib.sha256(sent).hexdigest()
        lines = (f"Idempotency-Key: {self.random.random()}",) if kind == "keyed" else ()
        return ("PUT" if kind == "put" else "POST", "/http/x/order", lines, sent,
                lambda body: body.decode().endswith(f"received {size} bytes sha256 {digest}\n"))

    def ask(self):
        method, path, lines, body, is_right = self.draw()
        fits = len(body or b"") <= RETRY_BUFFER
        asked = Asked(f"c{self.number}-{len(self.asked)}", method,
                      fits and (method == "GET" or bool(lines)), fits, time.monotonic(),
                      self.carried > 0)
        data = request(method, path, AUTH.strip(), f"X-Request-Id: {asked.name}", *lines, body=body)
        try:
            self.exchange(asked, data, is_right)
        except ConnectionRefusedError:
            asked.error = "refused"
        except (OSError, Ended) as error:
            asked.error = asked.error or ("cut" if asked.status else "closed")
            asked.error += f" ({type(error).__name__})" if asked.error == "closed" else ""
        asked.ended = time.monotonic()
        if asked.error:
            self.drop()
        return asked

    def exchange(self, asked, data, is_right):
        if self.wire is None:
            asked.error = "handshake"
            self.wire = self.gateway.connect(tls=self.context)
            asked.error = ""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.wire.send(data)  # an answer may have come before
        head = self.wire.take_head()
        asked.status = int(head.line.split(" ")[1])
        asked.delivery, asked.tenant = head.get("X-Cpigate-Delivery"), head.get("X-Cpigate-Tenant")
        body = self.wire.take_body(head)
        self.carried += 1
        if asked.status == 200 and not is_right(body):
            asked.error = "wrong"
        if head.has("Connection", "close"):
            self.drop()


class Load:
    def __init__(self, seed, gateway, clients=6):
        self.is_over = threading.Event()
        self.clients = [Client(n, seed, gateway, self.is_over) for n in range(clients)]
        for client in self.clients:
            client.start()

    def count(self):
        return sum(len(client.asked) for client in self.clients)

    def wait(self, n):
        """Until N more requests have ended."""
        goal = self.count() + n
        wait_for(lambda: self.count() >= goal, f"{n} requests")

    def stop(self):
        self.is_over.set()
        for client in self.clients:
            client.join(90)
            assert client.crash is None and not client.is_alive(), repr(client.crash)

    def asked(self):
        return sorted((asked for client in self.clients for asked in client.asked),
                      key=lambda asked: asked.begun)


# ---- faults ----

@dataclasses.dataclass
class Fault:
    """One that was drawn, with its time."""
    kind: str
    what: str
    begun: float
    ended: float = float("inf")
    failover: float = None  # s until another tenant was active
    failback: float = None  # s from the end of the fault


class Faults:
    """Draws and carries out. Each method named fault_ is a kind; it returns with the fault ended,
    but not with its effects healed."""

    KINDS = ("kill", "kill", "stop", "stop", "close", "reset", "truncate", "status", "unknown_route",
             "delay", "hang", "wrong_certificate", "drain", "switch", "reload", "bad_reload",
             "rotate", "move", "restart", "restart")

    def __init__(self, seed, gateway, sims, files, authority, other):
        self.random = random.Random(f"{seed} faults")
        self.gateway, self.sims, self.files = gateway, sims, files
        self.authority, self.other = authority, other
        self.faults = []
        self.queue = []
        self.rotated = 0

    # ---- what they are made of ----

    def dwell(self, least=0.2, most=0.8):
        time.sleep(self.random.uniform(least, most))  # how long a fault lasts: not to be right

    def draw_tenant(self):
        """The first choice more often than the others."""
        return self.random.choice(("t1", "t1", "t2", "t3"))

    def begin(self, kind, what=""):
        fault = Fault(kind, what, time.monotonic())
        self.faults.append(fault)
        return fault

    @contextlib.contextmanager
    def lasting(self, kind, what=""):
        fault = self.begin(kind, what)
        yield fault
        fault.ended = time.monotonic()

    def is_healed(self):
        status = self.gateway.status()
        return all(tenant["state"] == "online" for tenant in status["tenants"]) and \
            status["pools"][0]["active"] == "t1"

    def measure_failover(self, fault, name):
        """How long the pool's choice stays with a tenant that is gone."""
        if self.gateway.pool()["active"] == name:
            self.gateway_leaves(name)
            fault.failover = time.monotonic() - fault.begun

    def gateway_leaves(self, name):
        wait_for(lambda: self.gateway.pool()["active"] != name, f"{name} to be left")

    def at_sim(self, kind, **switches):
        name = self.draw_tenant()
        where = self.random.choice(("", "/http/x"))
        with self.lasting(kind, f"{name} {where or 'everywhere'}"):
            self.sims[name].fault(path=where, **switches)
            self.dwell()
            self.sims[name].repair()

    # ---- kinds ----

    def fault_kill(self):
        name = self.draw_tenant()
        with self.lasting("kill", name) as fault:
            is_active = self.gateway.pool()["active"] == name
            fault.begun = time.monotonic()
            self.sims[name].kill()
            if is_active:
                self.measure_failover(fault, name)
            self.dwell()
            self.sims[name].start()
        self.measure_failback(fault)

    def fault_stop(self):
        name = self.draw_tenant()
        with self.lasting("stop", name) as fault:
            self.sims[name].pause()
            self.measure_failover(fault, name)
            self.dwell()
            self.sims[name].proceed()
        self.measure_failback(fault)

    def measure_failback(self, fault):
        if fault.failover is not None:
            wait_for(self.is_healed, "the failback")
            fault.failback = time.monotonic() - fault.ended

    def fault_close(self):
        self.at_sim("close", close_after_body=1)

    def fault_reset(self):
        self.at_sim("reset", reset=1)

    def fault_truncate(self):
        self.at_sim("truncate", truncate=self.random.choice((0, 3, 500)))

    def fault_status(self):
        self.at_sim("status", status=self.random.choice((502, 503, 504)))

    def fault_unknown_route(self):
        self.at_sim("unknown_route", routererror="unknown_route")

    def fault_delay(self):
        self.at_sim("delay", delay_ms=self.random.randrange(50, 400))

    def fault_hang(self):
        name = self.draw_tenant()
        with self.lasting("hang", name):
            self.sims[name].fault(path="/http/x", hang=1, times=self.random.randrange(1, 4))
            self.dwell()
            self.sims[name].repair()

    def fault_wrong_certificate(self):
        """The tenant is another one, as far as the gateway can see."""
        name = self.draw_tenant()
        with self.lasting("wrong_certificate", name):
            self.gateway.reload({f"tenant {name}": {"ca_file": self.other.file}})
            self.dwell()
            self.gateway.reload({f"tenant {name}": {"ca_file": self.authority.file}})

    def fault_drain(self):
        name = self.draw_tenant()
        with self.lasting("drain", name):
            self.act(f"/api/v1/tenants/{name}/drain", note="chaos")
            self.dwell()
            self.act(f"/api/v1/tenants/{name}/resume")

    def fault_switch(self):
        name = self.draw_tenant()
        with self.lasting("switch", name):
            self.act("/api/v1/pools/default/switch", tenant=name, note="chaos")
            self.dwell()
            self.act("/api/v1/pools/default/switch", tenant="auto")

    def act(self, path, **body):
        answer = self.gateway.post(path, **body)
        assert answer.status_code == 200, answer.text

    def fault_reload(self):
        with self.lasting("reload"):
            self.gateway.reload({"timeouts": {"client_header": f"{self.random.randrange(10, 20)}s"}})

    def fault_bad_reload(self):
        with self.lasting("bad_reload"):
            self.gateway.change({"route lost": {"pool": "nowhere"}})
            assert self.gateway.post("/api/v1/reload").status_code == 409
            self.gateway.change({"route lost": None})

    def fault_rotate(self):
        self.rotated += 1
        pair = self.authority.pair("*.gw.test", "gw.test", days=100 + self.rotated % 5)
        with self.lasting("rotate"):
            for old, new in ((self.files.cert, pair.cert), (self.files.key, pair.key)):
                shutil.copy(new, old)
            self.gateway.reload()

    def fault_move(self):
        """The tenant goes to another address; the old one is gone when nobody needs it."""
        name = self.draw_tenant()
        sim = self.sims[name]
        with self.lasting("move", name):
            old = sim.process
            sim.port = 0
            sim.start()
            self.gateway.reload({f"tenant {name}": sim.keys()})
            old.terminate()
            old.communicate(timeout=30)

    def fault_restart(self):
        with self.lasting("restart"):
            assert self.gateway.replace().wait(60) == 0, self.gateway.log()

    # ---- all ----

    def run(self, seconds):
        """Each kind comes before any comes twice as often as another."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.queue:
                self.queue = list(self.KINDS)
                self.random.shuffle(self.queue)
            getattr(self, "fault_" + self.queue.pop())()
            wait_for(self.is_healed, "all tenants to be online again")


# ---- judgement ----

LOST = ("kill", "close", "reset", "move")  # the tenant's end of a connection is gone


def reason_to_fail(asked, kinds):
    """Why the retry table allows this failure while faults of KINDS were on; None if it does not."""
    if asked.error == "cut":
        return next((f"{kind}: the head was passed on before the answer was cut"
                     for kind in ("truncate", *LOST) if kind in kinds), None)
    if asked.error.startswith("closed") and asked.is_kept and "restart" in kinds:
        return "a kept connection ended as the request was sent (RFC 9112 section 9.3.1)"
    if asked.error:
        return None
    if (asked.status, asked.delivery) == (504, "unknown") and kinds & {"hang", "stop"}:
        return "no answer in response time: never repeated"
    if asked.is_repeatable:
        return None
    lost = kinds & {*LOST, "stop"}
    if (asked.status, asked.delivery) == (502, "unknown") and lost:
        return f"{'/'.join(sorted(lost))}: {asked.method} had left, and no answer came"
    if asked.status in (502, 503, 504) and asked.delivery is None and asked.tenant and \
            "status" in kinds:
        return f"status: {asked.method} answered by the tenant itself"
    if (asked.status, asked.delivery) == (404, "no") and "unknown_route" in kinds and \
            not asked.fits:
        return "unknown_route: the body does not fit retry_buffer"
    return None


class Judgement:
    """What the run says."""

    def __init__(self, all_asked, faults, sims):
        self.all, self.faults = all_asked, faults
        self.copies = collections.Counter()
        for sim in sims:
            for line in sim.log():
                # 404: the platform's refusal, which reached no application
                if line["complete"] and line["status"] != 404:
                    self.copies[line["request_id"]] += 1
        self.failed = [asked for asked in all_asked if not asked.is_good]
        self.reasons = collections.Counter()
        self.wrong = []
        for asked in self.failed:
            self.judge(asked)
        for asked in all_asked:
            self.judge_copies(asked)

    def faults_at(self, asked):
        return [fault for fault in self.faults
                if fault.begun - SLACK < asked.ended and asked.begun < fault.ended + SLACK]

    def judge(self, asked):
        kinds = {fault.kind for fault in self.faults_at(asked)}
        reason = reason_to_fail(asked, kinds)
        if reason is None:
            self.wrong.append(f"not allowed: {asked} during " + ", ".join(
                f"{fault.kind} {fault.what} {fault.begun:.3f} to {fault.ended:.3f}"
                for fault in self.faults_at(asked)))
        else:
            self.reasons[f"{asked.status or asked.error} {asked.delivery or '-'}: {reason}"] += 1

    def judge_copies(self, asked):
        copies = self.copies[asked.name]
        if not asked.is_repeatable and copies > 1:
            self.wrong.append(f"{copies} copies: {asked}")
        if asked.is_good and copies < 1:
            self.wrong.append(f"never arrived: {asked}")
        if asked.delivery == "no" and copies > 0:
            self.wrong.append(f"arrived, but delivery is no: {asked}")

    def duplicates(self):
        return sum(not asked.is_repeatable and self.copies[asked.name] > 1 for asked in self.all)

    def longest(self, kind, is_repeatable):
        """The longest that a request waited for its good answer from such a fault on, in s."""
        times = [asked.ended - max(asked.begun, fault.begun)
                 for fault in self.faults if fault.kind == kind
                 for asked in self.all if asked.is_repeatable == is_repeatable and asked.is_good and
                 asked.begun < fault.ended and fault.begun < asked.ended]
        return max(times, default=0.0)

    def gap(self, kind):
        """The longest time without any good answer while such a fault was on, in s."""
        longest = 0.0
        ends = sorted(asked.ended for asked in self.all if asked.is_good)
        for fault in self.faults:
            if fault.kind == kind:
                near = [end for end in ends if fault.begun - 1 < end < fault.ended + 1]
                longest = max([longest, *(b - a for a, b in zip(near, near[1:]))])
        return longest

    def summary(self):
        def spread(values):
            values = sorted(value for value in values if value is not None)
            if not values:
                return "none measured"
            return f"median {values[len(values) // 2] * 1000:.0f} ms, " \
                f"longest {values[-1] * 1000:.0f} ms, {len(values)} times"
        kinds = collections.Counter(fault.kind for fault in self.faults)
        methods = collections.Counter(asked.method for asked in self.all)
        lines = [f"requests {len(self.all)}: " +
                 ", ".join(f"{method} {n}" for method, n in sorted(methods.items())),
                 f"faults {len(self.faults)}: " +
                 ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())),
                 f"failed {len(self.failed)}:"]
        lines += [f"  {n:5} {reason}" for reason, n in self.reasons.most_common()]
        lines += [f"not allowed {len(self.wrong)}, duplicates {self.duplicates()}"]
        lines += [f"  {wrong}" for wrong in self.wrong[:20]]
        for kind, name in (("kill", "kill -9"), ("stop", "SIGSTOP")):
            of_kind = [fault for fault in self.faults if fault.kind == kind]
            lines += [f"{name}: longest gap without any good answer {self.gap(kind) * 1000:.0f} ms; "
                      f"longest GET {self.longest(kind, True) * 1000:.0f} ms, "
                      f"longest POST {self.longest(kind, False) * 1000:.0f} ms",
                      f"{name}: time to failover {spread(fault.failover for fault in of_kind)}",
                      f"{name}: time to failback {spread(fault.failback for fault in of_kind)}"]
        return "\n".join(lines)
