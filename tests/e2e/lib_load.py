# SPDX-License-Identifier: BSD-2-Clause
"""Steady load of GET and POST by keep-alive connections, each request with an id of its own."""
import http.client
import threading
import time

from lib_sim import BASIC
from lib_wait import wait_for


class Load:
    """Runs until stop(); each result is (id, begun, status), status 0 if no whole answer came."""

    def __init__(self, gateway, threads=4):
        self.gateway = gateway
        self.results = []
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
        connection.close()

    def ask(self, connection, name, count):
        method, body = ("POST", b"order " * 50) if count % 2 else ("GET", None)
        fields = {"Authorization": BASIC, "X-Request-Id": name, "Host": "api.gw.test"}
        try:
            connection.request(method, "/http/orders", body, fields)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
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
