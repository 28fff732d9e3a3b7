"""A whole catalogue from the command line, cold and warm, beside the tree's own builder.

``python -m benchmarks.catalogue TREE [--python PYTHON] [--own-target NAME]`` measures whole
processes with everything that they start. TREE is a checkout with ``packages``. Cold is with an
empty cache of one's own, warm the same command again. With ``--python``, an interpreter that has
what the tree's own builder imports (``ecosystem/own.py``), that builder scans the tree for one
target and finds the chain of every package, as it is, with its network answered at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.ecosystem.own import INSIDE, environment
from benchmarks.processes import Used, use

#: the best of so many runs, where a run is short
RUNS = 5
SHORT = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--python", type=Path, help="interpreter of the tree's own builder")
    parser.add_argument("--own-target", default="orin-jp62")
    parser.add_argument("--plan", default="sglang", help="the package that is planned")
    words = parser.parse_args()
    tree = words.tree.absolute()
    name = words.own_target
    there = ("--package-dirs", str(tree / "packages"), "--only-dirs")
    one = ("--target", name)
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "XDG_CACHE_HOME": folder}

        def ours(*command: str) -> Callable[[], Used]:
            argv = [sys.executable, "-m", "jetson_containers.cli.main", *command]
            return lambda: use(argv, env=environ)

        print(f"{'command':<52}{'exit':>5}{'seconds':>9}{'CPU s':>8}{'MiB':>6}")
        show("check --json, all named targets, cold", ours("check", "--json", *there)())
        show("the same, warm", best(ours("check", "--json", *there)))
        show(f"list --target {name}, warm", best(ours("list", *one, *there)))
        planned = ("plan", words.plan, *one)
        show(f"plan {words.plan} --target {name}, warm", best(ours(*planned, *there)))
        ours(*planned)()
        show(f"plan {words.plan}, this project's own tree, warm", best(ours(*planned)))
    if words.python:
        argv = [str(words.python), str(INSIDE), str(tree)]
        found = use(argv, env=environment(name), cwd=tree)
        show(f"the tree's own builder, all packages of {name}", found)


def best(run: Callable[[], Used]) -> Used:
    """The quickest of :data:`RUNS` runs, or the first where it takes long."""
    found = run()
    if found.seconds < SHORT:
        found = min([found, *(run() for _ in range(RUNS - 1))], key=lambda item: item.seconds)
    return found


def show(what: str, used: Used) -> None:
    """One row."""
    numbers = f"{used.seconds:>9.2f}{used.cpu:>8.2f}{used.peak_mib:>6.0f}"
    print(f"{what:<52}{used.status:>5}{numbers}", flush=True)


if __name__ == "__main__":
    main()
