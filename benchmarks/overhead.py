"""What a stage costs beyond ``docker buildx build`` of its Dockerfile.

``python -m benchmarks.overhead [--stages 6] [--times 3]``: a chain whose steps take one second
each, built from nothing one stage after the other, by ``docker buildx build`` and by ``build`` in
turn. What the engine's part of a stage takes is read from the journal; what each further stage
adds to a whole process is the difference between a build of many and a build of one.
"""

from __future__ import annotations

import argparse
import os
import statistics

from benchmarks.tiny import Bench, bench, events, table
from jetson_containers.engine.events import StageFinished


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=int, default=6, help="3 or more")
    parser.add_argument("--times", type=int, default=3)
    words = parser.parse_args()
    plain, ours, inside, first = [], [], [], []
    with bench() as here:
        for number in range(words.times):
            names = _chain(here, words.stages, f"r{number}")
            plain.append(_plain(here, names) / words.stages)
            names = _chain(here, words.stages, f"o{number}")
            alone, _ = here.build(here.tree.name(names[0]), "--jobs", "1")
            whole, run = here.build(here.tree.name(names[-1]), "--jobs", "1")
            seconds = [
                event.seconds
                for event in events(run, StageFinished)
                if isinstance(event, StageFinished)
            ]
            inside.append(statistics.mean(seconds))
            first.append(alone)
            ours.append((whole - alone) / (words.stages - 2))  # the first one is there already
        load = os.getloadavg()[0]
    print(f"{words.stages} stages of one second; load {load:.1f} on {os.cpu_count()} cores")
    raw = min(plain)
    rows = [
        ("docker buildx build, each", raw, statistics.median(plain), "-"),
        _row("build: the engine's part of a stage", inside, raw),
        _row("build: a chain of one, whole process", first, raw),
        _row("build: each further stage", ours, raw),
    ]
    table(("seconds", "best", "median", "over docker"), rows)


def _row(words: str, seconds: list[float], raw: float) -> tuple[object, ...]:
    best = min(seconds)
    return words, best, statistics.median(seconds), f"{100 * (best - raw) / raw:+.1f} %"


def _chain(here: Bench, length: int, prefix: str) -> list[str]:
    names = [f"{prefix}n{number}" for number in range(length)]
    for number, name in enumerate(names):
        folder = here.tree.add(
            name,
            f"COPY file /{name}\nRUN sleep 1 && cat /{name} >> /all",
            depends=names[number - 1] if number else "",
        )
        (folder / "file").write_text(f"{name} {here.tree.prefix}\n")
    return names


def _plain(here: Bench, names: list[str]) -> float:
    parent, seconds = here.tree.base, 0.0
    for name in names:
        tag = f"{here.tree.prefix}-plain/{name}:1"
        seconds += here.plain(name, tag, parent)
        parent = tag
    return seconds


if __name__ == "__main__":
    main()
