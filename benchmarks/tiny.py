"""Small package trees on busybox for benchmarks, built by the command line on the engine at hand.

The tests' tree and base image serve here too (``tests.docker.trees``, ``tests.services``).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError

from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.events import Event
from jetson_containers.engine.journal import Run, list_runs, read_run
from jetson_containers.engine.locate import default_cache_dir
from tests import services
from tests.docker.trees import Tree


@dataclass
class Bench:
    """A tree that nobody has built before, and the engine that builds it."""

    tree: Tree
    address: EngineAddress
    client: DockerClient

    @property
    def runs(self) -> Path:
        """Where the journals of this tree's builds are."""
        return self.tree.folder.parent / "cache/jetson-containers/runs"

    def build(self, *words: str) -> tuple[float, Run]:
        """Seconds of a whole ``build``, and its journal; raises where it fails."""
        begun = time.perf_counter()
        done = subprocess.run(
            self.tree.build_argv(*words), env=self.tree.env(), capture_output=True, text=True
        )
        seconds = time.perf_counter() - begun
        if done.returncode:
            raise SystemExit(f"{' '.join(done.args)}\n{done.stderr}")
        return seconds, read_run(list_runs(self.runs)[-1])

    def docker(self, *words: str) -> float:
        """Seconds of a whole run of the docker client; raises where it fails."""
        begun = time.perf_counter()
        argv = [str(self.address.docker), *words]
        done = subprocess.run(argv, env=self.tree.env(), capture_output=True, text=True)
        seconds = time.perf_counter() - begun
        if done.returncode:
            raise SystemExit(f"{' '.join(argv)}\n{done.stderr}")
        return seconds

    def plain(self, short: str, tag: str, parent: str, *words: str) -> float:
        """Seconds of ``docker buildx build`` of a package's Dockerfile on ``parent``."""
        folder = str(self.tree.folder / self.tree.name(short))
        fixed = ("--provenance=false", "--build-arg", f"BASE_IMAGE={parent}", "-t", tag)
        return self.docker("buildx", "build", *fixed, *words, folder)


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """An empty tree on the engine that answers; all that bears its name is removed afterwards."""
    environ = dict(os.environ)
    address, started = services.find_engine(environ)
    cache = default_cache_dir(environ)
    client = DockerClient(base_url=address.host)
    prefix = f"b{uuid.uuid4().hex[:8]}"
    try:
        with tempfile.TemporaryDirectory(prefix="jetson-bench-") as name:
            base = services.load_tiny_base(address, cache)
            tree = Tree(Path(name) / "tree", prefix, base, address.environ())
            tree.folder.mkdir()
            yield Bench(tree, address, client)
    finally:
        remove(client, prefix)
        client.close()
        if started:
            from jetson_containers.engine import private

            private.down(cache)


def remove(client: DockerClient, prefix: str) -> None:
    """Remove the images whose names have ``prefix`` in them, the newest stages first."""
    tags = [tag for image in client.api.images() for tag in image["RepoTags"] or ()]
    for tag in sorted((tag for tag in tags if prefix in tag), reverse=True):
        with contextlib.suppress(APIError):
            client.images.remove(tag, force=True)


def chain(tree: Tree, length: int, *, tested: int = 0) -> list[str]:
    """Packages ``p01``, ``p02``, ...: each a copied file and a step; every ``tested``-th a test."""
    names = [f"p{number:02}" for number in range(1, length + 1)]
    for number, name in enumerate(names, 1):
        folder = tree.add(
            name,
            f"COPY file /{name}\nRUN cat /{name} >> /all",
            depends=names[number - 2] if number > 1 else "",
            test=f"grep -q {name} /all" if tested and number % tested == 0 else "",
        )
        (folder / "file").write_text(f"{name} {tree.prefix}\n")
        (folder / "README.md").write_text(f"# {name}\n")
    return names


def events(run: Run, kind: type[Event]) -> list[Event]:
    """The events of one kind in a journal, in order."""
    return [entry.event for entry in run.entries if type(entry.event) is kind]


def counts(run: Run) -> Mapping[str, int]:
    """How often each kind of event is in a journal, by name."""
    return Counter(type(entry.event).__name__ for entry in run.entries)


def table(head: Sequence[str], rows: Sequence[Sequence[object]], width: int = 44) -> None:
    """Print rows under a head: words first, then numbers."""
    for row in (head, *rows):
        first, *others = [f"{item:.2f}" if isinstance(item, float) else str(item) for item in row]
        print(f"{first:<{width}}" + "".join(f"{item:>12}" for item in others), flush=True)
