"""What is built again after a file was touched: ``python -m benchmarks.touched``.

A chain of five packages and one beside it are built; then files of the third are changed, one
kind of change after the other. A change counts exactly where a build can see it; of the Dockerfile
every byte does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.tiny import Bench, bench, chain, events, table
from jetson_containers.engine.events import StageStarted

LENGTH = 5
TOUCHED = "p03"


def main() -> None:
    with bench() as here:
        names = chain(here.tree, LENGTH)
        here.tree.add("beside", "RUN echo beside > /beside", depends="p02")
        asked = (here.tree.name(names[-1]), here.tree.name("beside"), "--multiple")
        folder = here.tree.folder / here.tree.name(TOUCHED)
        everything = {*names, "beside"}
        below = {name for name in names if name >= TOUCHED}
        changes: list[tuple[str, Callable[[], object], set[str]]] = [
            ("nothing is there yet", lambda: None, everything),
            ("nothing", lambda: None, set()),
            ("a comment in README.md", lambda: _append(folder / "README.md"), set()),
            ("times of every file", lambda: _date(folder), set()),
            ("a file that is not copied", lambda: (folder / "notes").write_text("x"), set()),
            ("a byte in a copied file", lambda: _flip(folder / "file"), below),
            ("the same byte back", lambda: _flip(folder / "file"), set()),
            ("a comment in the Dockerfile", lambda: _append(folder / "Dockerfile"), below),
        ]
        rows = []
        for words, change, meant in changes:
            change()
            built = _built(here, *asked)
            right = "yes" if built == meant else f"no, meant {sorted(meant)}"
            rows.append((words, len(built), len(meant), right))
        table(("what changed", "built", "meant", "the same"), rows)


def _built(here: Bench, *asked: str) -> set[str]:
    """The packages whose stages a build began, by their short names."""
    _, run = here.build(*asked)
    plans = run.plans()
    packages = {stage["id"]: stage["package"] for plan in plans for stage in plan["stages"]}
    started = [packages[event.stage] for event in events(run, StageStarted)]
    return {name.removeprefix(f"{here.tree.prefix}-") for name in started}


def _append(path: Path) -> None:
    path.write_text(path.read_text() + "\n# one more line\n")


def _date(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (1, 1))


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)


if __name__ == "__main__":
    main()
