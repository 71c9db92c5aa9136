# SPDX-License-Identifier: BSD-2-Clause
"""A running cpigate-sim: its faults, counts and log."""
import base64
import json
import pathlib
import signal
import subprocess

import requests

from lib_program import SIM, environment
from lib_wait import wait_for

BASIC = "Basic " + base64.b64encode(b"demo:demo").decode()
AUTH = f"Authorization: {BASIC}\r\n"
SECRET = BASIC.split()[1]  # never in a log


def pattern(size):
    """What /http/download?bytes=SIZE answers."""
    return bytes((i ^ i >> 8 ^ i >> 16) & 0xff for i in range(size))


class Sim:
    """One simulated tenant. A Sim that was killed can be started again on its port."""

    def __init__(self, folder, region="cf-eu20", authority=None, host=None, pair=None,
                 ip="127.0.0.1", before=()):
        """BEFORE: words of the command line before the program's."""
        self.region = region
        self.ip, self.before = ip, before
        self.host = host or (f"{region}.tenant.test" if authority else "127.0.0.1")
        self.ca = authority.file if authority else None
        self.pair = pair or (authority.pair(self.host) if authority else None)
        self.log_file = folder / f"sim-{region}.jsonl"
        self.port = 0
        self.session = requests.Session()
        self.session.trust_env = False
        self.start()

    def start(self):
        command = [*self.before, SIM, "--listen", f"{self.ip}:{self.port}",
                   "--control", f"{self.ip}:0",
                   "--region", self.region, "--log", str(self.log_file)]
        if self.pair is not None:
            command += ["--certificate", str(self.pair.cert), "--private-key", str(self.pair.key)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=environment())
        self.port = int(self.process.stdout.readline().rpartition(":")[2])
        self.control = "http://" + self.process.stdout.readline().split()[1]
        return self

    @property
    def url(self):
        return f"{'https' if self.pair else 'http'}://{self.host}:{self.port}"

    def keys(self):
        """Its part of the gateway's configuration."""
        keys = {"url": self.url, "address": f"{self.ip}:{self.port}"}
        if self.pair is not None:
            keys["ca_file"] = self.ca
        return keys

    def fault(self, **faults):
        answer = self.session.post(self.control + "/fault", params=faults)
        assert answer.status_code == 200, answer.text

    def repair(self):
        assert self.session.delete(self.control + "/fault").status_code == 200

    def stats(self):
        return self.session.get(self.control + "/stats").json()

    def log(self, path="/http/", probes=False):
        """Lines of requests below PATH; probes only if asked for."""
        lines = [json.loads(line) for line in self.log_file.read_text().splitlines()]
        return [line for line in lines if line["path"].startswith(path) and
                (probes or line["path"] != "/http/health")]

    def seen(self, path="/http/"):
        """Method and id of the requests below PATH, in their order; complete ones."""
        return [(line["method"], line["request_id"]) for line in self.log(path)
                if line["complete"]]

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def pause(self):
        """Until SIGCONT: the kernel goes on taking connections."""
        self.process.send_signal(signal.SIGSTOP)
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat")
        wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the sim to stop")

    def proceed(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.session.close()
        if self.process.poll() is None:
            self.process.terminate()
            _, errors = self.process.communicate(timeout=30)
            assert self.process.returncode == 0, errors
            assert errors == ""
