"""Every package of a foreign tree: the chain of the tree's own builder against the one made here.

``python -m benchmarks.ecosystem.compare TREE --python PYTHON [--target NAME]... [--keep DIR]``

TREE is a checkout with the builder's own modules and ``packages``; PYTHON an interpreter that has
what these modules import (``own.NEEDS``). The own builder looks up every package once (see
``inside.py``), which changes its times and not its chains. With ``--keep`` its answers are written
to DIR and read from there the next time. A difference that no rule below explains is printed, and
the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.ecosystem.own import Own, ask, read
from jetson_containers.errors import BuilderError
from jetson_containers.package.grammar import split_reference
from jetson_containers.package.loader import load_catalogue
from jetson_containers.package.model import Requirement
from jetson_containers.platform.family import base_targets
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import CatalogueResolver

COLUMNS = {
    "packages": "packages that the own builder defines",
    "no chain": "for which it finds no chain",
    "twice": "whose chain holds two versions of one name",
    "compared": "the others",
    "same": "of these the same set of packages comes out here",
    "lost": "its chain has lost the package that was asked for: while it unrolls, a bare name or"
    " another version replaces it. What is asked for is in the image here, or there is none",
    "differs": "for no known reason",
    "more": "of `no chain` and `twice`, those that resolve here, each name once",
}


@dataclass(slots=True)
class Compared:
    """One target's counts, and a line for each difference."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--target", action="append", help="this one (default: all named)")
    parser.add_argument("--keep", type=Path)
    words = parser.parse_args()
    tree = words.tree.absolute()
    print(f"{'target':<12}" + "".join(f"{name:>10}" for name in COLUMNS), flush=True)
    lines = []
    differs = 0
    for target in words.target or base_targets():
        found = compared(read(_answer(words.python, tree, target, words.keep)), tree, target)
        lines += [f"{target} {line}" for line in found.lines]
        differs += found.counts["differs"]
        cells = "".join(f"{found.counts[name]:>10}" for name in COLUMNS)
        print(f"{target:<12}{cells}", flush=True)
    print("\n" + "\n".join(f"{name}: {text}" for name, text in COLUMNS.items()))
    print("\n" + "\n".join(lines))
    return 1 if differs else 0


def _answer(python: Path, tree: Path, target: str, keep: Path | None) -> dict[str, Any]:
    kept = keep / f"{target}.json" if keep else None
    if kept and kept.exists():
        answer: dict[str, Any] = json.loads(kept.read_text())
        return answer
    answer = ask(python, tree, target, ["--remember"])
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(answer))
    return answer


def compared(own: Own, tree: Path, target: str) -> Compared:
    """Both builders on every package that the own one defines for ``target``."""
    catalogue = load_catalogue(named_target(target), [tree / "packages"])
    resolver = CatalogueResolver(catalogue)
    result = Compared()
    for name in sorted({*own.chains, *own.reasons}):
        result.counts["packages"] += 1
        try:
            request = Requirement(*split_reference(name))
            ours = frozenset(item.reference for item in resolver.resolve((request,)).packages)
            reason = ""
        except BuilderError as error:
            ours, reason = frozenset(), error.what
        if name in own.reasons or own.twice(name):
            result.counts["no chain" if name in own.reasons else "twice"] += 1
            result.counts["more"] += bool(ours)
            continue
        result.counts["compared"] += 1
        theirs = _spelled(package for _, package in own.chains[name])
        verdict = "same" if theirs == ours else "lost"
        if verdict == "lost" and theirs & _spelled([name]):
            verdict = "differs"
        result.counts[verdict] += 1
        if verdict != "same":
            only = f"only there {sorted(theirs - ours)}, only here {sorted(ours - theirs)}"
            result.lines.append(f"{name} {verdict}: {reason or only}")
    return result


def _spelled(names: Iterable[str]) -> frozenset[str]:
    """References as they are written here, where a version holds no colon."""
    return frozenset(":".join(filter(None, split_reference(name))) for name in names)


if __name__ == "__main__":
    sys.exit(main())
