# SPDX-License-Identifier: BSD-2-Clause
"""The command line: exit codes, what is printed where."""
import json
import re
import socket
import subprocess

import pytest

from lib_gateway import make_config
from lib_port import free_port
from lib_program import GATEWAY, TOP, environment, run
from lib_sim import BASIC
from lib_wait import wait_for


def write(folder, text):
    file = folder / "wrong.ini"
    file.write_text(text)
    return file


SOUND = """[listen main]
address = 127.0.0.1:{port}
tls = off
[admin]
address = 127.0.0.1:{admin}
[tenant eu20]
url = http://127.0.0.1:{tenant}
"""


def sound(**more):
    return SOUND.format(**{"port": free_port(), "admin": free_port(), "tenant": free_port(),
                           **more})


WRONG = """; comment
[listen main]
address = nowhere
tls = off
colour = red

[tenant eu20]
url = http://127.0.0.1:1
priorty = 2
priority = 0

[tenant eu20]
url = http://127.0.0.1:1
url = http://127.0.0.1:2

[probes]
path = /x

[route r]
pool = lost
[listen tls]
address = 127.0.0.1:8443
certificate = /nowhere.pem
private_key = /nowhere.key
[timeouts]
connect = 5 parsecs
"""


@pytest.mark.parametrize("command", ["check", "run"])
def test_all_errors_are_told_with_their_lines(tmp_path, command):
    file = write(tmp_path, WRONG)
    result = run(command, "-c", file)
    assert result.returncode == 2
    for line, words in ((3, "nowhere"), (5, "colour"), (9, "priority"), (10, "priority"),
                        (12, "eu20"), (14, "url"), (16, "probe"), (20, "lost"),
                        (26, "parsecs")):
        assert re.search(rf"^{re.escape(str(file))}:{line}: error: .*{words}", result.stderr,
                         re.M), (line, result.stderr)


def test_files_that_cannot_be_read_are_errors(tmp_path, authority, other_authority):
    ec, other = authority.pair("gw.test"), authority.pair("other.test")
    for cert, key in (("/nowhere.pem", ec.key), (ec.cert, "/nowhere.key"), (ec.cert, other.key),
                      (ec.key, ec.key), (ec.cert, ec.cert)):
        text = (f"[listen main]\naddress = 127.0.0.1:1\ncertificate = {cert}\n"
                f"private_key = {key}\n[tenant a]\nurl = http://127.0.0.1:1\n")
        result = run("check", "-c", write(tmp_path, text))
        assert result.returncode == 2, (cert, key)
        assert re.search(r"wrong\.ini:[34]: error: ", result.stderr), result.stderr


def test_long_values_are_never_cut(tmp_path, make_sim, make_gateway):
    secret = "Bearer " + "x" * 3000
    sim = make_sim()
    make_gateway({"eu20": sim}, sections={"probe": {"header": f"Authorization: {secret}"}})
    line = sim.log("/http/health", probes=True)[0]
    assert ["Authorization", secret] in line["headers"]
    text = sound() + "[probe]\nheader = X-Long: " + "x" * 9000 + "\n"
    result = run("check", "-c", write(tmp_path, text))
    assert result.returncode == 2
    assert re.search(r"wrong\.ini:9: error: ", result.stderr)


def test_secrets_are_not_printed(tmp_path):
    text = sound() + f"[probe]\nheader = Authorization: {BASIC}\n[admin]\n"
    text = text.replace("[admin]\naddress", "[admin]\ntoken = hunter2hunter2\naddress")
    for command in (["check"], ["check", "--probe"]):
        result = run(*command, "-c", write(tmp_path, text))
        for word in ("hunter2", BASIC.split()[1]):
            assert word not in result.stdout + result.stderr


def test_check_sums_up(tmp_path, authority):
    text = make_config(tmp_path, {"eu20": {"url": "https://eu.test", "region": "Frankfurt"},
                                  "us21": {"url": "https://us.test"}}, authority=authority,
                       sections={"probe": {"interval": "10s", "interval_down": "2s"}})
    result = run("check", "-c", write(tmp_path, text))
    assert result.returncode == 0, result.stderr
    for words in ("*.gw.test", "days left", "Frankfurt", "https://us.test", "eu20",
                  "259200 calls in 30 days", "without credentials", "default"):
        assert words in result.stdout, words


def test_check_with_probes(make_sim, tmp_path):
    sim = make_sim()
    keys = {"eu20": sim.keys(), "down": {"url": f"http://127.0.0.1:{free_port()}"}}
    result = run("check", "--probe", "-c", write(tmp_path, make_config(tmp_path, keys)))
    assert result.returncode == 1
    assert re.search(r"eu20: +ok +401 +\d+ms", result.stdout)
    assert re.search(r"down: +FAILED +- +\d+ms +connect: ", result.stdout)
    del keys["down"]
    result = run("check", "--probe", "-c", write(tmp_path, make_config(tmp_path, keys)))
    assert result.returncode == 0


def test_sample_configuration_is_sound_but_for_its_files(tmp_path):
    result = run("check", "-c", TOP / "etc" / "cpigate.ini")
    errors = [line for line in result.stderr.splitlines() if ": error: " in line]
    assert all("/etc/cpigate/" in line for line in errors), errors


@pytest.mark.parametrize("which", ["port", "admin"])
def test_port_in_use(tmp_path, which):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("run", "-c", write(tmp_path, sound(**{which: port})))
    assert result.returncode == 1
    assert str(port) in result.stderr and "in use" in result.stderr


def test_missing_configuration(tmp_path):
    for command in ("run", "check"):
        result = run(command, "-c", tmp_path / "none.ini")
        assert result.returncode == 2 and "none.ini" in result.stderr
        assert run(command).returncode == 2


def test_help_and_version():
    assert re.fullmatch(r"cpigate \d+\S*\n", run("--version").stdout)
    result = run("--help")
    assert result.returncode == 0
    for command in ("run", "check", "status", "resume", "demo"):
        assert command in result.stdout
        one = run(command, "--help")
        assert one.returncode == 0 and f"usage: cpigate {command}" in one.stdout
    for wrong in ([], ["dance"], ["run", "--colour"], ["status", "extra"], ["resume"],
                  ["resume", "a/b"], ["--nothing"]):
        result = run(*wrong)
        assert result.returncode == 2 and result.stderr, wrong
        assert result.stdout == ""


def test_status(make_sim, make_gateway):
    eu, us = make_sim("cf-eu20"), make_sim("cf-us21")
    gateway = make_gateway({"eu20": {**eu.keys(), "region": "Frankfurt"}, "us21": us})
    result = gateway.command("status")
    assert result.returncode == 0
    for words in ("gw", "default", "eu20", "us21", "online", "Frankfurt", "done 401", "LAST PROBE"):
        assert words in result.stdout, words
    assert "\033" not in result.stdout
    status = json.loads(gateway.command("status", "--json").stdout)
    assert [tenant["name"] for tenant in status["tenants"]] == ["eu20", "us21"]
    by_config = run("status", "-c", gateway.config)
    assert by_config.returncode == 0 and "eu20" in by_config.stdout
    eu.kill()
    us.kill()
    gateway.wait_active(None)
    result = gateway.command("status")
    assert result.returncode == 1, "nothing can serve"
    assert "degraded" in result.stdout and "none" in result.stdout


def test_status_without_a_gateway():
    result = run("status", "--admin", f"http://127.0.0.1:{free_port()}")
    assert result.returncode == 1 and result.stderr.startswith("cpigate status: ")
    assert run("status", "--admin", "ftp://x").returncode == 2


def test_status_watch(make_sim, make_gateway):
    gateway = make_gateway({"eu20": make_sim()})
    out = gateway.folder / "watch.txt"
    with open(out, "w", encoding="utf-8") as file:
        process = subprocess.Popen([GATEWAY, "status", "--watch", "--admin", gateway.admin],
                                   stdout=file, env=environment())
    wait_for(lambda: out.read_text().count("TENANT") >= 2, "a second look")
    process.terminate()
    assert process.wait(20) == 0


def test_demo_once():
    result = run("demo", "--once", limit=90)
    assert result.returncode == 0, result.stdout + result.stderr
