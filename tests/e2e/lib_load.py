# SPDX-License-Identifier: BSD-2-Clause
"""Steady load of GET and POST by keep-alive connections, each request with an id of its own."""
import collections
import http.client
import threading
import time

from lib_sim import BASIC
from lib_wait import wait_for


class Load:
    """Runs until stop(); each result is (id, begun, status), status 0 if no whole answer came.
    IS_FRESH: a new connection for each request."""

    def __init__(self, gateway, threads=4, is_fresh=False):
        self.gateway = gateway
        self.is_fresh = is_fresh
        self.results = []
        self.errors = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def connection(self):
        port = self.gateway.port
        if self.gateway.authority is None:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        context = self.gateway.context(check_hostname=False)
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)

    def run(self, number):
        connection = self.connection()
        count = 0
        while not self.is_over.is_set():
            count += 1
            name = f"load-{number}-{count}"
            begun = time.monotonic()
            self.results.append((name, begun, self.ask(connection, name, count)))
            if self.is_fresh:
                connection.close()
        connection.close()

    def ask(self, connection, name, count):
        method, body = ("POST", b"order " * 50) if count % 2 else ("GET", None)
        fields = {"Authorization": BASIC, "X-Request-Id": name, "Host": "api.gw.test"}
        try:
            connection.request(method, "/http/orders", body, fields)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(error)
            connection.close()
            return 0

    def wait(self, n, after=0.0):
        """Wait until N requests were begun AFTER that time and ended."""
        wait_for(lambda: sum(begun > after for _, begun, _ in self.results) >= n,
                 f"{n} requests")

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def bad(self):
        return [(name, status) for name, _, status in self.results if status != 200]

    def check(self, *sims):
        """After stop(): each request was served, and each POST came to one sim, once."""
        assert self.bad() == [], f"failed: {self.bad()}, {self.errors}"
        seen = collections.Counter(name for sim in sims for method, name in sim.seen()
                                   if method == "POST")
        posts = {name for name, _, _ in self.results if int(name.rpartition("-")[2]) % 2}
        wrong = {name: seen[name] for name in {*posts, *seen} if seen[name] != (name in posts)}
        assert not wrong, f"copies of a POST: {wrong}"
