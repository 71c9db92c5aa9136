# SPDX-License-Identifier: BSD-2-Clause
"""A running cpigate: its configuration, ports, logs and admin calls; at the end it must stop in
order, with sound logs that tell no secret."""
import json
import pathlib
import re
import signal
import ssl
import subprocess

import requests

from lib_http import connect, request
from lib_port import free_address
from lib_program import GATEWAY, REPORT, environment, run
from lib_sim import AUTH, SECRET
from lib_wait import wait_for

# Quick enough for tests; the sims' health needs no credentials to be told from a dead tenant.
PROBE = {"path": "/http/health", "expect_status": "401", "interval": "200ms",
         "interval_down": "100ms", "timeout": "5s"}
# For tenants that answer no probe.
QUIET_PROBE = {"type": "tcp", "interval": "1h", "interval_down": "200ms"}


def write_section(title, keys):
    lines = [f"[{title}]"]
    for key, value in keys.items():
        lines += [f"{key} = {item}" for item in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n\n"


def make_settings(folder, tenants, *, authority=None, pairs=None, sections=None):
    """A configuration, title to keys. TENANTS: name to anything with keys(), or to keys; the first
    has priority 1, and so on. SECTIONS: title to keys, over the defaults."""
    listen = {"address": free_address()}
    if authority is None:
        listen["tls"] = "off"
    else:
        pairs = pairs or [authority.pair("*.gw.test", "gw.test")]
        listen["certificate"] = [str(pair.cert) for pair in pairs]
        listen["private_key"] = [str(pair.key) for pair in pairs]
    text = {"gateway": {"name": "gw", "workers": "2", "drain_timeout": "2s"},
            "log": {"access": str(folder / "access.log")},
            "admin": {"address": free_address()},
            "listen main": listen,
            "probe": dict(PROBE)}
    for priority, (name, tenant) in enumerate(tenants.items(), 1):
        keys = tenant if isinstance(tenant, dict) else tenant.keys()
        text[f"tenant {name}"] = {"priority": priority, **keys}
    for title, keys in (sections or {}).items():
        text[title] = {**text.get(title, {}), **keys}
    return text


def write_settings(settings):
    return "".join(write_section(title, keys) for title, keys in settings.items())


def make_config(folder, tenants, **more):
    """Text of a configuration, as make_settings."""
    return write_settings(make_settings(folder, tenants, **more))


class Gateway:
    """One gateway in a folder of its own; it can be started again, when it has ended or beside it.
    BEFORE: words of the command line before the program's. POPEN: more for its process (env,
    pass_fds, preexec_fn)."""

    def __init__(self, folder, tenants, *, authority=None, pairs=None, sections=None,
                 is_ready=True, settings=None, before=(), popen=None):
        self.folder = folder
        self.authority = authority
        self.before, self.popen = before, popen or {}
        self.config = folder / "cpigate.ini"
        self.settings = settings or make_settings(folder, tenants, authority=authority,
                                                  pairs=pairs, sections=sections)
        self.write_config()
        self.access_file = folder / "access.log"
        self.stderr = folder / "stderr.log"
        self.session = requests.Session()
        self.session.trust_env = False
        self.start(is_ready)

    def start(self, is_ready=True):
        self.log_begin = self.stderr.stat().st_size if self.stderr.exists() else 0
        with open(self.stderr, "ab") as stderr, open(self.folder / "stdout.log", "ab") as stdout:
            self.process = subprocess.Popen(
                [*self.before, GATEWAY, "run", "-c", str(self.config)], stdout=stdout, stderr=stderr,
                **{**self.popen, "env": environment(**self.popen.get("env", {}))})
        self.pid = self.process.pid
        self.wait_log(r"ready: " if is_ready else r"admin port: ")
        self.port = self.port_of("main")
        found = re.search(r"admin port: (http://\S+)", self.log())
        self.admin = found[1] if found else None

    # ---- configuration ----

    def write_config(self):
        """As an editor or a deployment does: the file is never there in part."""
        fresh = self.config.with_suffix(".new")
        fresh.write_text(write_settings(self.settings))
        fresh.rename(self.config)

    def change(self, sections):
        """Title to keys, over what is there; None for keys or for one key takes it away."""
        for title, keys in sections.items():
            old = self.settings.pop(title, {})
            if keys is not None:
                self.settings[title] = {key: value for key, value in {**old, **keys}.items()
                                        if value is not None}
        self.write_config()

    def reload(self, sections=None):
        """CHANGE, and the API's answer to a reload, which must succeed."""
        self.change(sections or {})
        answer = self.post("/api/v1/reload")
        assert answer.status_code == 200, answer.text
        return answer.json()

    # ---- logs ----

    def log(self):
        """Since the last start."""
        return self.stderr.read_bytes()[self.log_begin:].decode(errors="replace")

    def wait_log(self, expression):
        """Wait for a log line; return the match."""
        def look():
            if self.process.poll() is not None and not re.search(expression, self.log()):
                raise AssertionError(f"the gateway ended: {self.log()}")
            return re.search(expression, self.log())
        return wait_for(look, f"the log line {expression}")

    def port_of(self, listener):
        return int(re.search(rf"listener {listener}: \S+:(\d+)", self.log())[1])

    def access(self):
        """The lines of the JSON access log."""
        return [json.loads(line) for line in self.access_file.read_text().splitlines(True)
                if line.endswith("\n")]

    def wait_access(self, n=1):
        return wait_for(lambda: len(self.access()) >= n and self.access(), f"{n} access lines")

    def wait_line(self, request_id):
        """The access log's line of the request with that id."""
        def look():
            return [line for line in self.access() if line["request_id"] == request_id]
        found = wait_for(lambda: self.access_file.exists() and look(), f"the line of {request_id}")
        assert len(found) == 1
        return found[0]

    # ---- clients ----

    def context(self, **options):
        context = ssl.create_default_context(cafile=str(self.authority.file))
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def connect(self, name="api.gw.test", listener=None, **more):
        """A new client connection, by TLS where the listener has it."""
        tls = more.pop("tls", None) or (self.context() if self.authority else None)
        port = self.port if listener is None else self.port_of(listener)
        return connect(port, tls=tls, name=name if tls else None, **more)

    def ask(self, method="GET", path="/http/a", *lines, **more):
        """One request on a connection of its own, with the sims' credentials."""
        with self.connect() as client:
            return client.ask(request(method, path, AUTH.strip(), *lines, **more), method)

    def health(self):
        with self.connect() as client:
            return client.ask(request(path="/healthz"))

    # ---- admin ----

    def post(self, path, **body):
        """A call that changes something."""
        return self.session.post(self.admin + path, headers={"X-Cpigate-Admin": "1"},
                                 **({"json": body} if body else {}))

    def explain(self, path="/http/a", method="GET", host="api.gw.test"):
        answer = self.session.get(self.admin + "/api/v1/explain",
                                  params={"host": host, "path": path, "method": method})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def status(self):
        answer = self.session.get(self.admin + "/api/v1/status")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tenant(self, name):
        return next(item for item in self.status()["tenants"] if item["name"] == name)

    def pool(self, name="default"):
        return next(item for item in self.status()["pools"] if item["name"] == name)

    def wait_state(self, name, state):
        wait_for(lambda: self.tenant(name)["state"] == state, f"{name} to be {state}")

    def wait_active(self, name, pool="default"):
        wait_for(lambda: self.pool(pool)["active"] == name, f"{name} to be active")

    def events(self, kind=None):
        events = self.session.get(self.admin + "/api/v1/events").json()["events"]
        return [event for event in events if kind in (None, event["kind"])]

    def command(self, *arguments):
        """Run another command against it."""
        return run(*arguments, "--admin", self.admin)

    # ---- the process ----

    def memory(self, key="VmRSS"):
        """KiB."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+)", status)[1])

    def signal(self, number):
        self.process.send_signal(number)

    def pause(self):
        """Stop all threads, until SIGCONT."""
        self.signal(signal.SIGSTOP)
        tasks = list(pathlib.Path(f"/proc/{self.pid}/task").iterdir())
        wait_for(lambda: all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
                             for task in tasks), "the threads to stop")

    def stop(self):
        """The end of each test: SIGTERM, if it did not come before."""
        self.session.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
        assert self.process.returncode == 0, self.log()
        assert not REPORT.search(self.stderr.read_text(errors="replace")), self.log()
        self.check_logs()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """In order, so that it can be started again."""
        self.signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self.log()

    def replace(self):
        """A new process beside the old one, which then ends; the old one's Popen."""
        old = self.process
        self.start()
        old.send_signal(signal.SIGTERM)
        return old

    def check_logs(self):
        for file in self.folder.glob("*.log*"):
            text = file.read_text(errors="replace")
            assert SECRET not in text, f"{file} tells credentials"
        if "access_format = combined" not in self.config.read_text() and \
                self.access_file.exists():
            self.access()
