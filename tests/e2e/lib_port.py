# SPDX-License-Identifier: BSD-2-Clause
"""Ports for programs that cannot pick their own: below the range of outgoing connections, so that
none of those takes one meanwhile."""
import random
import socket

_given = set()


def free_port():
    while True:
        port = random.randrange(20000, 32000)
        if port in _given:
            continue
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def free_address():
    return f"127.0.0.1:{free_port()}"
