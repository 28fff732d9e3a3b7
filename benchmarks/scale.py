"""Time and memory against the size of a catalogue and the number of targets, simulated.

``python -m benchmarks.scale [--full]`` writes made-up trees (``simulated.py``), and for each size
and number of targets loads them with an empty cache, again with a full one, and resolves every
package, in a process of its own. Seconds are of CPU, over all processes, so that a busy machine
changes little. Exponents are slopes between logarithms, by least squares: 1 is linear. ``--full``
goes to 10,000 packages on 50 targets.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.processes import cpu_seconds, use
from benchmarks.simulated import made, write
from jetson_containers.errors import BuilderError
from jetson_containers.package.loader import load_catalogue
from jetson_containers.package.model import Requirement
from jetson_containers.platform.derive import Overrides, derive
from jetson_containers.platform.family import base_targets
from jetson_containers.platform.named import named_target
from jetson_containers.platform.target import Target
from jetson_containers.resolve.order import canonical_order, dependants
from jetson_containers.resolve.resolver import CatalogueResolver

SIZES = (100, 1_000, 3_000, 10_000)
TARGETS = (1, 10, 50)
#: packages times targets that a run without --full goes up to
ENOUGH = 50_000
MEASURED = ("cold", "warm", "resolve", "weigh", "order")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.one:
        json.dump(measured(Path(words.one[0]), int(words.one[1])), sys.stdout)
        return
    heads = ("packages", "targets", "chains", "length", *MEASURED, "MiB")
    print("".join(f"{head:>9}" for head in heads), flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            tree = Path(folder, f"packages{size}")
            write(tree, made(size))
            for count in TARGETS:
                if size * count > ENOUGH and not words.full:
                    continue
                argv = [sys.executable, "-m", "benchmarks.scale", "--one", str(tree), str(count)]
                used = use(argv)
                if used.status:
                    raise SystemExit(used.stderr.decode())
                row = {"packages": size, "targets": count, **json.loads(used.stdout)}
                rows.append(row | {"MiB": used.peak_mib})
                _show(rows[-1], heads)
    print("\nexponents        " + "".join(f"{name:>9}" for name in (*MEASURED, "MiB")))
    _fit("of packages, 1 target", "packages", [row for row in rows if row["targets"] == 1])
    _fit("of targets, 1,000", "targets", [row for row in rows if row["packages"] == 1_000])


def measured(tree: Path, count: int) -> dict[str, float]:
    """CPU seconds, summed over the targets: load cold and warm, resolve each package alone, count
    the dependants of every default, and order all defaults at once.

    ``length`` is the mean over the chains.
    """
    seconds = dict.fromkeys(MEASURED, 0.0)
    chains = stages = 0
    with tempfile.TemporaryDirectory() as cache:
        targets = simulated_targets(count)
        for step in ("cold", "warm"):
            begun = cpu_seconds()
            for target in targets:
                catalogue = load_catalogue(target, [tree], cache=Path(cache))
            seconds[step] = cpu_seconds() - begun
        for target in targets:
            catalogue = load_catalogue(target, [tree], cache=Path(cache))
            begun = cpu_seconds()
            resolver = CatalogueResolver(catalogue)
            for package in catalogue.packages:
                try:
                    found = resolver.resolve((Requirement(package.name, package.version),))
                except BuilderError:
                    continue
                chains += 1
                stages += len(found.packages)
            seconds["resolve"] += cpu_seconds() - begun
            defaults = [package for package in catalogue.packages if package.is_default]
            needs = {item.name: [need.name for need in item.depends] for item in defaults}
            begun = cpu_seconds()
            weight = dependants(needs)
            seconds["weigh"] += cpu_seconds() - begun
            begun = cpu_seconds()
            canonical_order(defaults, needs, weight)
            seconds["order"] += cpu_seconds() - begun
    return {**seconds, "chains": chains, "length": round(stages / max(chains, 1), 1)}


def simulated_targets(count: int) -> list[Target]:
    """The named targets, and six of them with other Pythons and Ubuntus, ``count`` in all."""
    bases = ("x86-cu130", "sbsa-cu130", "x86-cu129", "x86-cu128", "sbsa-cu129", "sbsa-cu128")
    found = {name: named_target(name) for name in base_targets()}
    for base in bases:
        for python in ("3.10", "3.11", "3.12", "3.13"):
            for distro in ("ubuntu:24.04", "ubuntu:22.04"):
                target = derive(named_target(base), Overrides(python=python, distro=distro))
                found.setdefault(target.name, target)
    assert len(found) >= count
    return list(found.values())[:count]


def _show(row: dict[str, Any], heads: Sequence[str]) -> None:
    values = (row[head] for head in heads)
    cells = (f"{item:>9.2f}" if isinstance(item, float) else f"{item:>9}" for item in values)
    print("".join(cells), flush=True)


def _fit(what: str, axis: str, rows: Sequence[dict[str, Any]]) -> None:
    slopes = [slope([(row[axis], row[name]) for row in rows]) for name in (*MEASURED, "MiB")]
    print(f"{what:<17}" + "".join(f"{item:>9.2f}" for item in slopes))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The exponent b of the power law a·x^b nearest to the points, in logarithms."""
    logs = [(math.log(x), math.log(max(y, 1e-6))) for x, y in points]
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread


if __name__ == "__main__":
    main()
