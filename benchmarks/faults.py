"""Builds and pushes that are disturbed at random moments, and gone on with.

``python -m benchmarks.faults [--count 100] [--seed 1] [--minutes 120] [--json]``, as root: three
images on seven stages are built reproducibly, kept in a cache registry, pushed and indexed. At a
random moment the program is killed or interrupted, or the daemon or the registry is killed, or the
disk is full, or the network is cut. What was broken is mended, everything that has a name is
checked, and the same command is repeated, until it is done; then from nothing again. Everything
happens on an engine, a disk and a registry of its own, in a network and mount namespace of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faulty.checks import (
    Expected,
    engine_faults,
    held,
    output_faults,
    pushed,
    registry_faults,
)
from benchmarks.faulty.machine import Machine
from benchmarks.tiny import remove, table
from jetson_containers.engine.events import StageFinished, StageStarted
from jetson_containers.engine.journal import list_runs, read_run
from jetson_containers.engine.locate import default_cache_dir
from tests import services
from tests.docker.trees import Tree

INSIDE = "--inside"
KINDS = (
    "program kill -9",
    "program Ctrl-C",
    "daemon kill -9",
    "engine kill -9",
    "registry kill -9",
    "disk full",
    "disk low",
    "network cut",
)
#: seconds after which a program that was disturbed is taken to hang
PATIENCE = 120.0
#: disturbances of one build from nothing; then it is left alone
MOST = 8
_PARENTS = {"a": "", "b": "a", "c": "a", "d": "b", "e": "b c", "f": "c"}
_IMAGES = ("d", "e", "f")
_STAGES = 7


@dataclass
class Attempt:
    """One run of the command: what was done to it and when, and how it ended."""

    kind: str
    moment: float
    status: int = 0
    seconds: float = 0.0
    hung: bool = False
    disturbed: bool = False
    rebuilt: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    said: str = ""


@dataclass
class Trial:
    """A tree on a machine that is broken again and again."""

    machine: Machine
    tree: Tree
    random: random.Random
    expected: Expected = field(default_factory=lambda: Expected({}))
    length: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)
    rounds: int = 0
    unfinished: list[str] = field(default_factory=list)
    leftovers: Counter[str] = field(default_factory=Counter)

    def undisturbed(self) -> None:
        """What everything else is compared with."""
        attempt = self.attempt("", 0.0)
        if attempt.status or attempt.faults:
            raise SystemExit(f"the undisturbed run failed: {attempt.faults}\n{attempt.said}")
        self.length = attempt.seconds
        self.expected = Expected.of(list_runs(self._runs)[-1])
        with contextlib.closing(self.machine.client()) as client:
            images = held(client, self.tree.prefix)
            self.expected.digests = {name: item["Id"] for name, item in images.items()}
        self.expected.pushed = pushed(self.machine.registry)
        faults = self.check() + self.check_content()
        if faults:
            raise SystemExit("\n".join(faults))

    def round(self, kinds: Iterator[str]) -> None:
        """From nothing to the end, with disturbances; then all of it is held against expected."""
        self.clean()
        self.rounds += 1
        for number in range(MOST + 3):
            kind = next(kinds, "") if number < MOST else ""
            left = 0.25 + 0.65 * (1 - len(self._finished()) / _STAGES)
            attempt = self.attempt(kind, self.random.uniform(0.2, left * self.length))
            self.attempts.append(attempt)
            if attempt.status == 0:
                if number == 0 and not attempt.disturbed:
                    self.length = attempt.seconds
                break
        last = self.attempts[-1]
        if last.status:
            self.unfinished.append(last.said)
        last.faults += self.check_content()
        found = pushed(self.machine.registry)
        missing = {name for name in self.expected.pushed if name.startswith("out/")} - set(found)
        last.faults += [f"{name} was not pushed" for name in sorted(missing)]
        with contextlib.closing(self.machine.client()) as client:
            names = held(client, self.tree.prefix)
            lost = {name for name in self.expected.digests if "127.0.0.1" not in name}
            last.faults += [f"{name} is not there" for name in sorted(lost - set(names))]
            for container in client.containers.list(all=True):
                self.leftovers[f"container, {container.status}"] += 1
            for name in set(names) - set(self.expected.digests):
                self.leftovers[f"name {name.replace(self.machine.proxy.address, 'REGISTRY')}"] += 1
        for path in (self.machine.disk / "tmp").iterdir():
            self.leftovers[f"file {path.name[:-8]}"] += 1

    def attempt(self, kind: str, moment: float) -> Attempt:
        """Run the command, disturb it, mend what is broken, check what there is."""
        before = self._finished()
        known = set(list_runs(self._runs))
        result = Attempt(kind, moment)
        begun = time.monotonic()
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(
                self._argv(), env=self._env(), stdout=out, stderr=out, start_new_session=True
            )
            if kind:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(moment)
                result.disturbed = process.poll() is None
            if result.disturbed:
                self._disturb(kind, process)
            try:
                result.status = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                result.hung = True
                process.kill()
                result.status = process.wait()
            result.seconds = time.monotonic() - begun
            out.seek(0)
            result.said = out.read().decode(errors="replace")[-4000:]
        self.machine.mend()
        for path in set(list_runs(self._runs)) - known:
            entries = read_run(path).entries
            started = {item.event.stage for item in entries if isinstance(item.event, StageStarted)}
            result.rebuilt += sorted(started & before)
        if self.expected.prints:
            result.faults += self.check()
        return result

    def _disturb(self, kind: str, process: subprocess.Popen[bytes]) -> None:
        away = self.random.uniform(0.1, 3.0)
        if kind == "program kill -9":
            process.kill()
        elif kind == "program Ctrl-C":
            process.send_signal(signal.SIGINT)
        elif kind in ("daemon kill -9", "engine kill -9"):
            self.machine.kill_engine(whole=kind.startswith("engine"))
        elif kind == "registry kill -9":
            self.machine.kill_registry()
            time.sleep(away)
            self.machine.start_registry()
        elif kind == "network cut":
            self.machine.proxy.cut(away)
        else:
            self.machine.fill(0 if kind == "disk full" else 40_000_000)

    def check(self) -> list[str]:
        """Everything that has a name, in the engine and in the registry."""
        docker = (str(self.machine.address.docker), "-H", self.machine.address.host)
        with contextlib.closing(self.machine.client()) as client:
            found = engine_faults(client, docker, self.tree.prefix, self.expected)
        return found + registry_faults(self.machine.registry, self.expected)

    def check_content(self) -> list[str]:
        """Every image that was asked for runs and holds what it should."""
        names = [self.tree.reference(short) for short in _IMAGES]
        with contextlib.closing(self.machine.client()) as client:
            return output_faults(client, names, self.expected)

    def clean(self) -> None:
        """Nothing of an earlier round is left: images, build cache, memory, pushes."""
        with contextlib.closing(self.machine.client()) as client:
            for container in client.containers.list(all=True):
                container.remove(force=True)
            remove(client, self.tree.prefix)
        docker = [str(self.machine.address.docker), "builder", "prune", "-af"]
        subprocess.run(docker, env=self._env(), check=True, stdout=subprocess.DEVNULL)
        self.machine.empty_registry()
        for folder in (self.machine.cache, self.machine.disk / "tmp"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()

    @property
    def _runs(self) -> Path:
        return self.machine.cache / "jetson-containers/runs"

    def _finished(self) -> set[str]:
        """The stages that the journals of this round call finished."""
        entries = (entry for path in list_runs(self._runs) for entry in read_run(path).entries)
        return {item.event.stage for item in entries if isinstance(item.event, StageFinished)}

    def _argv(self) -> list[str]:
        proxy = self.machine.proxy.address
        return self.tree.build_argv(
            *(self.tree.name(short) for short in _IMAGES),
            *("--multiple", "--reproducible", "--jobs", "3"),
            *("--cache-registry", f"{proxy}/cache", "--push", f"{proxy}/out", "--index", "all"),
        )

    def _env(self) -> dict[str, str]:
        own = {"XDG_CACHE_HOME": str(self.machine.cache), "TMPDIR": str(self.machine.disk / "tmp")}
        return {**self.tree.env(), **self.machine.address.environ(), **own}


def plant(tree: Tree) -> None:
    """Six packages with half a megabyte of noise, a step of a third of a second, some a test."""
    noise = random.Random(5)
    for short, parents in _PARENTS.items():
        folder = tree.add(
            short,
            f"COPY noise /{short}\nRUN sha256sum /{short} >> /all && sleep 0.3",
            depends=parents,
            test=f"grep -q /{short} /all" if short in "ad" else "",
        )
        (folder / "noise").write_bytes(noise.randbytes(1 << 19))


def endless(chance: random.Random) -> Iterator[str]:
    """Every kind as often as any other, in a random order."""
    while True:
        yield from chance.sample(KINDS, len(KINDS))


def trial(count: int, seed: int, minutes: float, report: bool) -> Trial:
    """Break a machine until ``count`` runs were disturbed, or the time is over."""
    until = time.monotonic() + 60 * minutes
    shared = default_cache_dir(os.environ)
    with tempfile.TemporaryDirectory(prefix="jf-") as name:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        machine = Machine(Path(name), shared)
        try:
            machine.start()
            base = services.load_tiny_base(machine.address, shared)
            tree = Tree(Path(name) / "tree", "f", base)
            tree.folder.mkdir()
            plant(tree)
            result = Trial(machine, tree, random.Random(seed))
            result.undisturbed()
            kinds = endless(result.random)
            while (done := sum(item.disturbed for item in result.attempts)) < count:
                if time.monotonic() > until:
                    break
                first = len(result.attempts)
                result.round(itertools.islice(kinds, count - done))
                for item in result.attempts[first:] if report else ():
                    tell(item)
                if report:
                    print(dict(result.leftovers), file=sys.stderr, flush=True)
            return result
        finally:
            machine.stop()


def tell(item: Attempt) -> None:
    """One line of progress; more where something is wrong."""
    kind = item.kind if item.disturbed else f"({item.kind})"
    line = f"{kind:<20} at {item.moment:5.1f} s, exit {item.status:>3} after {item.seconds:5.1f} s"
    print(line, *item.rebuilt, *item.faults, sep="\n    ", file=sys.stderr, flush=True)
    if item.hung or item.faults or item.rebuilt or (item.status and not item.disturbed):
        print(item.said, file=sys.stderr, flush=True)


def summary(result: Trial) -> None:
    """The table."""
    rows: list[tuple[object, ...]] = []
    for kind in (*KINDS, "none", "all"):
        items = [
            item
            for item in result.attempts
            if kind == "all" or (item.kind if item.disturbed else "none") == kind
        ]
        rows.append(
            (
                kind,
                sum(item.disturbed for item in items),
                sum(item.status != 0 for item in items),
                sum(item.hung for item in items),
                sum(len(item.rebuilt) for item in items),
                sum(len(item.faults) for item in items),
            )
        )
    head = ("", "disturbed", "ended by it", "hung", "rebuilt", "wrong")
    table(head, rows, width=20)
    built = len(result.expected.digests)
    print(
        f"{result.rounds} builds from nothing to the same digests, of which "
        f"{len(result.unfinished)} could not be ended; undisturbed {result.length:.1f} s, "
        f"{built} names; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
        f"left behind in all: {dict(result.leftovers)}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=120, help="begin nothing more after that")
    parser.add_argument("--json", action="store_true", help="what was wrong, as one document")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if not words.inside:
        argv = ["unshare", "--net", "--mount", "--propagation", "private", "--", sys.executable]
        return subprocess.run(
            [*argv, "-m", "benchmarks.faults", INSIDE, *sys.argv[1:]], check=False
        ).returncode
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits none
    result = trial(words.count, words.seed, words.minutes, report=not words.json)
    wrong = {
        "disturbed": sum(item.disturbed for item in result.attempts),
        "rebuilt": [name for item in result.attempts for name in item.rebuilt],
        "faults": [text for item in result.attempts for text in item.faults],
        "hung": [item.kind for item in result.attempts if item.hung],
        "unfinished": result.unfinished,
    }
    if words.json:
        print(json.dumps(wrong))
    else:
        summary(result)
    return int(any(wrong[name] for name in ("rebuilt", "faults", "hung", "unfinished")))


if __name__ == "__main__":
    sys.exit(main())
