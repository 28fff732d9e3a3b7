"""An image of this builder beside a plain Dockerfile with one ``pip install``.

``python -m benchmarks.image sglang [--fresh]``: same base image, same engine, one after the
other. Prints seconds, and the bytes below ``/`` of each image as ``du`` counts them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jetson_containers.cli.connect import connect
from jetson_containers.cli.context import Context
from jetson_containers.cli.main import main as cli
from jetson_containers.image import labels

ROOT = Path(__file__).resolve().parent.parent
PLAIN = """\
FROM {base}
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv \\
 && rm -rf /var/lib/apt/lists/* && python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
RUN --mount=type=secret,id=ca-bundle,target=/ca.pem \\
    PIP_CERT=/ca.pem pip install --no-cache-dir {package}=={version}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package")
    parser.add_argument("--fresh", action="store_true", help="remove this builder's stages first")
    words = parser.parse_args()
    arguments = argparse.Namespace(
        target=None, cuda=None, python=None, ubuntu=None, distro=None, arch=None, facts=None,
        package_dirs="", only_dirs=False,
    )
    context = Context.of(arguments)
    connection = connect(context, "buildkit", print)
    client = connection.engine.client
    environ = {**os.environ, **connection.address.environ()}
    docker = str(connection.address.docker)
    default = context.catalogue.default(words.package)
    if default is None or default.version is None:
        print(f"{words.package} has no version here", file=sys.stderr)
        return 2

    if words.fresh:
        for image in client.images.list(filters={"label": labels.FINGERPRINT}):
            for tag in image.tags:
                client.images.remove(tag, force=True)
        subprocess.run([docker, "builder", "prune", "-af"], env=environ, check=True, stdout=-3)

    begun = time.monotonic()
    status = cli(["build", words.package])
    ours = time.monotonic() - begun
    if status:
        return status
    begun = time.monotonic()
    cli(["build", words.package])
    again = time.monotonic() - begun
    image = next(
        item
        for item in client.images.list(filters={"label": labels.FINGERPRINT})
        for tag in item.tags
        if tag.startswith(f"{words.package}:{default.version}-")
    )
    ours_bytes = _bytes(docker, environ, image.id)
    base = image.labels["org.opencontainers.image.base.name"]

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text(
            PLAIN.format(base=base, package=words.package, version=default.version)
        )
        begun = time.monotonic()
        argv = [docker, "buildx", "build", "--no-cache", "--provenance=false", "--load"]
        argv += ["--secret", "id=ca-bundle,src=/etc/ssl/certs/ca-certificates.crt"]
        subprocess.run([*argv, "-t", "benchmark/plain:1", folder], env=environ, check=True)
        plain = time.monotonic() - begun
    plain_bytes = _bytes(docker, environ, "benchmark/plain:1")
    client.images.remove("benchmark/plain:1", force=True)

    print(f"\n{'':<28}{'seconds':>9}{'GB in /':>9}")
    print(f"{'pip install ' + words.package:<28}{plain:>9.1f}{plain_bytes / 1e9:>9.2f}")
    print(f"{'build ' + words.package:<28}{ours:>9.1f}{ours_bytes / 1e9:>9.2f}")
    print(f"{'the same command again':<28}{again:>9.1f}")
    return 0


def _bytes(docker: str, environ: dict[str, str], image: str) -> int:
    argv = [docker, "run", "--rm", "--entrypoint", "du", image, "-sxb", "/"]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True)
    return int(done.stdout.split()[0])


if __name__ == "__main__":
    sys.exit(main())
