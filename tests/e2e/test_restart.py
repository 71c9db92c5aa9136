# SPDX-License-Identifier: BSD-2-Clause
"""Stop and start under load: lame_duck, sockets from a service manager, a new process beside the
old one; the watchdog; and running out of descriptors."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import resource
import signal
import socket
import threading
import time

import pytest

from lib_gateway import QUIET_PROBE
from lib_http import OK, Ended, connect, request
from lib_load import Load
from lib_port import free_address, free_port
from lib_sim import AUTH
from lib_tenant import Held, ask, check_served, count
from lib_wait import wait_for

RESTARTS = 5


def is_refused(port):
    try:
        connect(port).close()
    except ConnectionRefusedError:
        return True
    return False


def health_on(port):
    with connect(port) as client:
        return client.ask(request(path="/healthz")).status


# ---- lame_duck ----

def test_lame_duck_serves_and_says_503(make_raw, make_gateway):
    gateway = make_gateway({"raw": make_raw()}, sections={
        "probe": QUIET_PROBE, "gateway": {"lame_duck": "1500ms", "drain_timeout": "20s"},
        "health": {"address": free_address()}})
    health = gateway.port_of("health")
    with gateway.connect() as client, gateway.connect() as idle:
        assert client.ask(request()).status == 200
        assert (health_on(health), gateway.health().status) == (200, 200)
        begun = time.monotonic()
        gateway.signal(signal.SIGTERM)
        wait_for(lambda: health_on(health) == 503)
        while time.monotonic() - begun < 1:  # half of the time is left
            assert client.ask(request("POST", "/a", body="x")).status == 200
            assert ask(gateway, "POST")[0].status == 200, "a new connection"
            assert (health_on(health), gateway.health().status) == (503, 503)
        assert idle.is_closed()
        assert time.monotonic() - begun > 1.4
    assert gateway.process.wait(30) == 0
    assert is_refused(gateway.port) and is_refused(health)


def test_second_signal_ends_the_lame_duck(make_raw, make_gateway):
    gateway = make_gateway({"raw": make_raw()}, sections={
        "probe": QUIET_PROBE, "gateway": {"lame_duck": "1h", "drain_timeout": "1h"}})
    gateway.signal(signal.SIGTERM)
    wait_for(lambda: gateway.health().status == 503)
    gateway.signal(signal.SIGTERM)
    assert gateway.process.wait(30) == 0
    assert "at once" in gateway.log()


def test_reload_while_stopping_changes_nothing(make_raw, make_gateway):
    gateway = make_gateway({"raw": make_raw()}, sections={
        "probe": QUIET_PROBE, "gateway": {"lame_duck": "1h"}})
    gateway.signal(signal.SIGTERM)
    wait_for(lambda: gateway.health().status == 503)
    gateway.signal(signal.SIGHUP)
    answer = gateway.post("/api/v1/reload")
    assert answer.status_code in (200, 409, 503)
    assert gateway.health().status == 503
    gateway.signal(signal.SIGTERM)
    assert gateway.process.wait(30) == 0


# ---- sockets from the service manager ----

@pytest.fixture
def activated(make_gateway, pair_of_sims, authority, stack):
    """A gateway that is handed its sockets as systemd does; this process keeps them open."""
    def make(more=0, **sections):
        socks = []
        for _ in range(2 + more):
            sock = stack.enter_context(socket.socket())
            sock.bind(("127.0.0.1", free_port()))
            sock.listen(4096)
            socks.append(sock)
        high = [fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD, 50 + n) for n, sock in enumerate(socks)]
        for fd in high:
            stack.callback(os.close, fd)
        moves = " ".join(f"{3 + n}<&{fd}" for n, fd in enumerate(high))
        address = ["127.0.0.1:%d" % sock.getsockname()[1] for sock in socks]
        gateway = make_gateway(
            dict(zip(("eu20", "us21"), pair_of_sims)), authority=authority,
            sections={"listen main": {"address": address[0]}, "health": {"address": address[1]},
                      **sections},
            before=("bash", "-c", f'export LISTEN_PID=$$; exec "$@" {moves}', "bash"),
            popen={"pass_fds": high, "env": {"LISTEN_FDS": str(len(socks))}})
        assert gateway.port == socks[0].getsockname()[1]
        return gateway
    return make


def test_sockets_of_the_service_manager_under_load(activated, pair_of_sims):
    """They are there while the gateway is not: nobody is refused, and nothing fails."""
    gateway = activated()
    with Load(gateway, is_fresh=True) as load:
        for n in range(RESTARTS):
            load.wait(20 * (n + 1))
            gateway.end()
            gateway.start()
    load.check(*pair_of_sims)
    assert health_on(gateway.port_of("health")) == 200


def test_killed_with_sockets_of_the_service_manager(activated, pair_of_sims):
    gateway = activated()
    with Load(gateway, is_fresh=True) as load:
        for n in range(RESTARTS):
            load.wait(20 * (n + 1))
            gateway.kill()
            gateway.start()
    assert not any(isinstance(error, ConnectionRefusedError) for error in load.errors)
    assert len(load.bad()) <= RESTARTS * len(load.threads), "only those in flight"
    names = [name for sim in pair_of_sims for method, name in sim.seen() if method == "POST"]
    assert len(names) == len(set(names))


def test_socket_without_a_listener_warns(activated):
    gateway = activated(more=1)
    gateway.wait_log(r"warning .*socket 127\.0\.0\.1:\d+ from the service manager is in no \[listen\]")
    assert gateway.ask().status == 200


def test_handed_over_sockets_survive_reloads(activated):
    gateway = activated()
    main = gateway.settings["listen main"]
    gateway.reload({"listen main": None, "listen other": {**main, "address": free_address()}})
    gateway.reload({"listen main": main, "listen other": None})
    assert gateway.ask().status == 200
    gateway.end()
    gateway.start()
    assert gateway.ask().status == 200


def test_sockets_for_another_process_are_left_alone(make_raw, make_gateway):
    gateway = make_gateway({"raw": make_raw()}, sections={"probe": QUIET_PROBE},
                           popen={"env": {"LISTEN_PID": "1", "LISTEN_FDS": "2"}})
    assert gateway.ask().status == 200


# ---- side by side ----

def test_new_process_beside_the_old_one_under_load(pair_of_sims, make_gateway, authority):
    gateway = make_gateway(dict(zip(("eu20", "us21"), pair_of_sims)), authority=authority,
                           sections={"gateway": {"drain_timeout": "30s"}})
    with Load(gateway, is_fresh=True) as load:
        for n in range(RESTARTS):
            load.wait(40 * (n + 1))
            old = gateway.replace()
            assert old.wait(60) == 0
    load.check(*pair_of_sims)


def test_new_connections_go_to_the_new_process(make_sim, make_gateway):
    sim = make_sim()
    gateway = make_gateway({"eu20": sim}, sections={"gateway": {"name": "old"}})
    gateway.change({"gateway": {"name": "new"}})
    old = gateway.process
    gateway.start()
    wait_for(lambda: b"new" in gateway.health().body)
    for _ in range(30):
        assert gateway.health().body == b"ok new active=eu20\n"
    old.send_signal(signal.SIGTERM)
    assert old.wait(30) == 0
    for _ in range(30):
        assert gateway.health().body == b"ok new active=eu20\n"


def test_admin_calls_go_to_the_new_process(make_sim, make_gateway):
    """An operator's act must not be lost with the process that ends."""
    held_for = {"drain_timeout": "30s"}
    gateway = make_gateway({"eu20": make_sim()}, sections={"gateway": held_for})
    old = gateway.process
    gateway.start()
    pids = set()
    for _ in range(30):
        gateway.session.close()
        pids.add(gateway.status()["gateway"]["pid"])
    old.send_signal(signal.SIGTERM)
    assert old.wait(30) == 0
    assert pids == {gateway.pid}


@pytest.mark.parametrize("before, after", [(1, 4), (4, 1), (2, 2)])
def test_all_workers_serve_after_a_replacement(make_sim, make_gateway, before, after):
    sim = make_sim()
    gateway = make_gateway({"eu20": sim}, sections={"gateway": {"workers": str(before)},
                                                    "probe": {"type": "tcp", "interval": "1h"}})
    gateway.change({"gateway": {"workers": str(after)}})
    assert gateway.replace().wait(30) == 0
    # each worker keeps a connection of its own to the tenant
    wait_for(lambda: gateway.ask().status == 200 and
             len({line["connection"] for line in sim.log()}) == after)


def test_requests_in_flight_end_in_the_old_process(make_raw, make_gateway):
    held = Held()
    raw = make_raw(held)
    gateway = make_gateway({"raw": raw}, sections={"probe": QUIET_PROBE,
                                                   "gateway": {"drain_timeout": "30s"}})
    with gateway.connect() as busy:
        busy.send(request("POST", "/held", body="x"))
        wait_for(lambda: count(raw))
        old = gateway.replace()
        check_served(ask(gateway, "POST"), "raw")
        assert old.poll() is None
        held.goes_on.set()
        answer = busy.answer()
        assert answer.status == 200 and answer.has("Connection", "close")
        assert old.wait(30) == 0


def test_decisions_pass_to_the_new_process(pair_of_sims, make_gateway, tmp_path):
    gateway = make_gateway(dict(zip(("eu20", "us21"), pair_of_sims)),
                           sections={"gateway": {"state_dir": str(tmp_path / "state")}})
    gateway.post("/api/v1/tenants/eu20/drain", note="a drill")
    assert gateway.replace().wait(30) == 0
    assert gateway.tenant("eu20")["drain_note"] == "a drill"
    assert gateway.ask().get("X-Cpigate-Tenant") == "us21"
    kinds = [event["kind"] for event in gateway.events()]
    assert kinds.count("start") == 2 and "drain" in kinds


@pytest.mark.parametrize("lame_duck", ["0s", "300ms"])
def test_keep_alive_clients_are_told_before_they_are_cut(make_raw, make_gateway, lame_duck):
    """Who keeps sending is asked to go, and never has a request cut."""
    gateway = make_gateway({"raw": make_raw()}, sections={
        "probe": QUIET_PROBE, "gateway": {"lame_duck": lame_duck, "drain_timeout": "20s"}})
    with Load(gateway) as load:
        for n in range(RESTARTS):
            load.wait(100 * (n + 1))
            assert gateway.replace().wait(60) == 0
    assert load.bad() == [], load.errors


def test_client_that_was_not_told_may_ask_once_more(make_raw, make_gateway):
    """Its answer had begun before the stop, without Connection: close."""
    goes_on = threading.Event()

    def answer(wire, received):
        if received.path != "/held":
            return OK
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
        goes_on.wait(60)
        return b"lf"
    gateway = make_gateway({"raw": make_raw(answer)}, sections={
        "probe": QUIET_PROBE, "gateway": {"drain_timeout": "30s"}})
    with gateway.connect() as client:
        client.send(request(path="/held"))
        head = client.take_head()
        assert head.get("Connection") is None
        gateway.signal(signal.SIGTERM)
        wait_for(lambda: is_refused(gateway.port), "the listener to close")
        goes_on.set()
        assert client.take_body(head) == b"half"
        answer = client.ask(request("POST", "/more", body="x"))
        assert answer.status == 200 and answer.has("Connection", "close")
    assert gateway.process.wait(30) == 0


# ---- the service manager is told ----

@pytest.fixture
def notified(make_raw, make_gateway, stack, tmp_path):
    """A gateway with NOTIFY_SOCKET; .take() is the next message."""
    def make(env=None, **sections):
        path = tmp_path / "notify"
        sock = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        sock.bind(str(path))
        sock.settimeout(30)
        gateway = make_gateway({"raw": make_raw()}, sections={"probe": QUIET_PROBE, **sections},
                               popen={"env": {"NOTIFY_SOCKET": str(path), **(env or {})}})
        gateway.notify = sock
        return gateway
    return make


def take(gateway):
    return gateway.notify.recv(4096).decode()


def test_ready_and_stopping_are_told(notified):
    gateway = notified()
    assert take(gateway) == "READY=1"
    gateway.end()
    assert take(gateway) == "STOPPING=1"
    gateway.notify.setblocking(False)
    with pytest.raises(BlockingIOError):
        take(gateway)


def test_reload_is_told(notified):
    """Type=notify-reload is not asked for; whatever is said must end with READY=1."""
    gateway = notified()
    assert take(gateway) == "READY=1"
    gateway.reload()
    gateway.end()
    told = [take(gateway)]
    while told[-1] != "STOPPING=1":
        told.append(take(gateway))
    assert all(text.startswith(("RELOADING=1", "READY=1", "STATUS=")) for text in told[:-1])


class Tracer:
    """Holds single threads of a process (ptrace(2)), which no signal can."""
    SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000

    def __init__(self, tids):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.tids = []
        for tid in tids:
            if self.call(self.SEIZE, tid) != 0:
                pytest.skip(f"ptrace: {os.strerror(ctypes.get_errno())}")
            self.tids.append(tid)
            assert self.call(self.INTERRUPT, tid) == 0
            os.waitpid(tid, self.WALL)

    def call(self, what, tid):
        return self.libc.ptrace(what, tid, ctypes.c_void_p(0), ctypes.c_void_p(0))

    def release(self):
        while self.tids:
            self.call(self.DETACH, self.tids.pop())


def test_watchdog_turns_only_while_all_workers_do(notified, stack):
    gateway = notified(env={"WATCHDOG_USEC": "300000"})
    assert take(gateway) == "READY=1"
    begun = time.monotonic()
    assert [take(gateway) for _ in range(6)] == ["WATCHDOG=1"] * 6
    assert 0.4 < time.monotonic() - begun < 5
    tids = [int(task.name) for task in pathlib.Path(f"/proc/{gateway.pid}/task").iterdir()
            if int(task.name) != gateway.pid]
    tracer = Tracer(tids)
    stack.callback(tracer.release)
    gateway.notify.settimeout(1.5)
    with pytest.raises(TimeoutError):
        for _ in range(5):
            take(gateway)
    gateway.wait_log(r"error watchdog: workers that do not answer: \d")
    tracer.release()
    gateway.notify.settimeout(30)
    assert take(gateway) == "WATCHDOG=1"
    assert gateway.ask().status == 200


def test_watchdog_of_another_process_is_left_alone(notified):
    gateway = notified(env={"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
    assert take(gateway) == "READY=1"
    gateway.notify.settimeout(0.5)
    with pytest.raises(TimeoutError):
        take(gateway)


# ---- descriptors ----

FILES = 64


def limit_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


def test_out_of_descriptors(make_raw, make_gateway, stack):
    raw = make_raw()
    gateway = make_gateway({"raw": raw}, sections={
        "probe": QUIET_PROBE, "gateway": {"workers": "1"}, "health": {"address": free_address()},
        "timeouts": {"client_header": "1h", "client_idle": "1h"}},
        popen={"preexec_fn": limit_files})
    health = gateway.port_of("health")
    kept = stack.enter_context(gateway.connect())
    assert kept.ask(request()).status == 200
    begun = time.monotonic()
    clients = []
    shed = 0
    while shed < 40:
        client = gateway.connect()
        stack.callback(client.close)
        clients.append(client)
        if is_shed(client):
            shed += 1
        assert len(clients) < 200
    assert len(clients) - shed > FILES / 2
    took = time.monotonic() - begun
    lines = re.findall(r"warning worker 0: new connections are refused: .*open files", gateway.log())
    assert 1 <= len(lines) <= took + 2, "at most once a second"
    assert kept.ask(request()).status == 200, "who is in is served by the kept connection"
    for client in clients:
        client.close()
    wait_for(lambda: health_is(health, 200), "the health listener")
    check_served(ask(gateway, "POST"), "raw")
    assert gateway.status()["connections"]["refused_total"] > 0
    clients = [stack.enter_context(gateway.connect()) for _ in range(10)]
    assert all(client.ask(request()).status == 200 for client in clients)


def is_shed(client):
    """Whether the gateway ends the connection; one that is let in answers."""
    try:
        return client.ask(request("OPTIONS", "/", "Max-Forwards: 0")).status != 200
    except (Ended, ConnectionError):
        return True


def health_is(port, status):
    with contextlib.suppress(Ended, ConnectionError):
        return health_on(port) == status
    return False


def test_no_descriptor_for_the_tenant_is_no_lost_request(make_raw, make_gateway, stack):
    """The client is in, but a connection to the tenant cannot be had."""
    gateway = make_gateway({"raw": make_raw()}, sections={
        "probe": {**QUIET_PROBE, "passive_fall": "0"}, "gateway": {"workers": "1"},
        "timeouts": {"client_idle": "1h", "client_header": "1h"}},
        popen={"preexec_fn": limit_files})
    clients = []
    while not clients or not is_shed(clients[-1]):
        clients.append(gateway.connect())
        stack.callback(clients[-1].close)
    answer = clients[0].ask(request("POST", "/http/a", AUTH.strip(), body="x"))
    assert answer.status in (502, 503)
    assert answer.get("X-Cpigate-Delivery") == "no"
    for client in clients[1:]:
        client.close()
    wait_for(lambda: clients[0].ask(request("POST", "/b", body="x")).status == 200)


def test_the_disk_of_the_access_log_is_full(make_raw, make_gateway):
    """/dev/full takes nothing: requests go on, and the log says so."""
    gateway = make_gateway({"raw": make_raw()}, sections={"probe": QUIET_PROBE,
                                                          "log": {"access": "/dev/full"}})
    for _ in range(50):
        assert gateway.ask("POST", body="x").status == 200
    gateway.wait_log(r"(?i)(warning|error) .*access.*(no space|full)")
    assert len(re.findall(r"(?i)no space", gateway.log())) < 10
