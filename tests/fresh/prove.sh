#!/bin/bash
# What the engine promises, on a fresh machine, from the root of a clone (see run.sh).
set -euo pipefail
timed() {
    local began
    began=$(date +%s%N)
    "${@:2}"
    echo "$1: $(((($(date +%s%N) - began)) / 1000000)) ms"
}
timed "environment made" ./jetson-containers --version
timed "start afterwards" ./jetson-containers --version
cat > /tmp/prove.py <<'PYTHON'
import os, shutil, subprocess, sys, time
from pathlib import Path

from docker import DockerClient
from packaging.version import Version

from jetson_containers.engine import private, processes
from jetson_containers.engine.locate import default_cache_dir, locate
from jetson_containers.engine.provision import provision
from jetson_containers.image.bootstrap import bootstrap
from jetson_containers.platform.target import Target

say = lambda line: print(f"  {line}", flush=True)
cache = default_cache_dir(os.environ)
clock = time.monotonic()


def lap(what):
    global clock
    now = time.monotonic()
    print(f"{what}: {now - clock:.1f} s", flush=True)
    clock = now


assert locate(os.environ) is None
address = provision(cache, say, env=os.environ)
lap("engine fetched and started")
assert locate(os.environ) == address
private.down(cache)
provision(cache, say, env=os.environ)
lap("engine stopped and started again")

context = Path("/tmp/scratch")
shutil.rmtree(context, ignore_errors=True)
context.mkdir()
(context / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
argv = [address.docker, "buildx", "build", "-q", "-t", "scratch-test", str(context)]
subprocess.run(argv, env={**os.environ, **address.environ()}, check=True)
lap("scratch image built")

target = Target("here", "x86_64", os.uname().machine, None, None, Version("13.0"), "debian", "12",
                Version("3.11"), (90,), "none")
client = DockerClient(base_url=address.host)
image = bootstrap(target, client, cache, say, env=os.environ)
lap("base image made")
(context / "Dockerfile").write_text(
    f"FROM {image.reference}\nRUN apt-get update -qq && apt-get install -y -qq less >/dev/null\n")
subprocess.run([*argv[:-3], "-t", "step-test", str(context)],
               env={**os.environ, **address.environ()}, check=True)
lap("a step with network built on it")
print(client.containers.run("step-test", ["less", "--version"], remove=True).decode().splitlines()[0])
client.close()
private.down(cache)
lap("down")
folder = private.status(cache).folder
left = processes.of_engine(folder)
mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]
assert not left and not mounts, (left, mounts)
print("no process and no mount is left")
PYTHON
.venv/bin/python -I /tmp/prove.py
dpkg -l runc iptables mmdebstrap 2>/dev/null | grep ^ii || echo "nothing installed on the machine but what Python needed"
