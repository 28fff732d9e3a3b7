"""A build that has nothing to do, beside ``docker`` asked the same.

``python -m benchmarks.noop [--stages 30] [--times 5]``: a chain is built once, then the same
command is repeated as a whole process. Beside it, in the same run, ``docker buildx build`` of the
same Dockerfiles one after the other, and one ``docker buildx bake`` of them all, both with a warm
cache.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable, Sequence

from benchmarks.tiny import Bench, bench, chain, counts, events, table
from jetson_containers.engine.events import StageFound, TestFinished


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=int, default=30)
    parser.add_argument("--times", type=int, default=5)
    words = parser.parse_args()
    with bench() as here:
        names = chain(here.tree, words.stages, tested=3)
        last = here.tree.name(names[-1])
        cold, run = here.build(last)
        built = counts(run)["StageStarted"]
        rows: list[tuple[object, ...]] = [("build, from nothing", cold, cold, built)]
        runs = []

        def again() -> float:
            seconds, run = here.build(last)
            runs.append(run)
            return seconds

        rows.append(("build again", *_times(again, words.times), 0))
        run_tests = [
            event
            for run in runs
            for event in events(run, TestFinished)
            if isinstance(event, TestFinished) and not event.remembered
        ]
        started = sum(counts(run)["StageStarted"] for run in runs)
        found = {len(events(run, StageFound)) for run in runs}
        rows[-1] = (*rows[-1][:-1], started)
        rows += _plain(here, names, words.times)
        rows += _bake(here, names, words.times)
        load = os.getloadavg()[0]
    print(f"{words.stages} stages; load of the machine {load:.1f} on {os.cpu_count()} cores")
    table(("", "best s", "median s", "built"), rows)
    print(f"stages found by each repeated build: {found}, tests run by all of them: "
          f"{len(run_tests)}")  # fmt: skip


def _times(work: Callable[[], float], times: int) -> tuple[float, float]:
    seconds = [work() for _ in range(times)]
    return min(seconds), statistics.median(seconds)


def _plain(here: Bench, names: Sequence[str], times: int) -> list[tuple[object, ...]]:
    """All Dockerfiles one after the other, each on the one before."""

    def build() -> float:
        parent, seconds = here.tree.base, 0.0
        for name in names:
            tag = f"{here.tree.prefix}-plain/{name}:1"
            seconds += here.plain(name, tag, parent)
            parent = tag
        return seconds

    build()
    return [("docker buildx build of each, warm", *_times(build, times), "-")]


def _bake(here: Bench, names: Sequence[str], times: int) -> list[tuple[object, ...]]:
    """All Dockerfiles in one bake, linked by named contexts."""
    target = {}
    for number, name in enumerate(names):
        linked = {"contexts": {"parent": f"target:{names[number - 1]}"}} if number else {}
        target[name] = {
            "context": str(here.tree.folder / here.tree.name(name)),
            "args": {"BASE_IMAGE": "parent" if number else here.tree.base},
            "tags": [f"{here.tree.prefix}-baked/{name}:1"],
            "attest": ["type=provenance,disabled=true"],
            **linked,
        }
    path = here.tree.folder.parent / "bake.json"
    path.write_text(json.dumps({"group": {"default": {"targets": names}}, "target": target}))

    def bake() -> float:
        return here.docker("buildx", "bake", "-f", str(path))

    bake()
    return [("docker buildx bake of all, warm", *_times(bake, times), "-")]


if __name__ == "__main__":
    main()
