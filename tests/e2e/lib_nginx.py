# SPDX-License-Identifier: BSD-2-Clause
"""nginx as a tenant: a peer that was not written here."""
import shutil
import subprocess

from lib_http import connect
from lib_port import free_port
from lib_wait import wait_for

CONFIG = """
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    keepalive_requests {keepalive_requests};
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {host};
        ssl_certificate {cert};
        ssl_certificate_key {key};
        root {folder}/files;
        location /http/health {{ return 401; }}
        location /http/empty {{ return 204; }}
        location /http/moved {{ return 301 https://{host}:{port}/http/there; }}
        location /http/ {{ return 200 "$request_method $uri $content_length $http_host\\n"; }}
        location /files/ {{ alias {folder}/files/; }}
        location /take/ {{ proxy_pass https://127.0.0.1:{port}/http/; }}
    }}
}}
"""


class Nginx:
    """One running nginx with a folder of files below /files/; /take/ reads a body whole."""

    def __init__(self, folder, authority, host="nginx.tenant.test", keepalive_requests=1000):
        self.host, self.port, self.authority = host, free_port(), authority
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        folder.chmod(0o755)
        pair = authority.pair(host)
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, port=self.port, host=host, cert=pair.cert,
                                        key=pair.key, keepalive_requests=keepalive_requests))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        with open(folder / "nginx-stderr.log", "wb") as stderr:
            self.process = subprocess.Popen([program, "-c", str(config), "-p", str(folder),
                                             "-e", str(folder / "nginx-error.log")],
                                            stderr=stderr)
        wait_for(self.listens, "nginx to listen")

    def listens(self):
        assert self.process.poll() is None, "nginx ended"
        try:
            connect(self.port).close()
        except ConnectionRefusedError:
            return False
        return True

    def keys(self):
        return {"url": f"https://{self.host}:{self.port}", "address": f"127.0.0.1:{self.port}",
                "ca_file": self.authority.file}

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
