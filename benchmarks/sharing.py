"""How much work the images of a whole catalogue share, by the order of their stages.

``python -m benchmarks.sharing [DIR] [--target NAME]...`` resolves every package of DIR (default:
this project's own) alone, and counts distinct stages. A stage is one package on one chain of
packages below it, so two images share exactly what their chains begin with alike.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from jetson_containers.errors import BuilderError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.loader import load_catalogue
from jetson_containers.package.model import Package, Requirement
from jetson_containers.platform.family import base_targets
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import CatalogueResolver
from jetson_containers.resolve.shelf import lookup

OWN = Path(__file__).resolve().parent.parent / "packages"
HEAD = ("packages", "chains", "each alone", "as asked", "canonical", "once each", "CPU s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", nargs="?", type=Path, default=OWN)
    parser.add_argument("--target", action="append", help="this one (default: all named)")
    words = parser.parse_args()
    print(f"{'target':<12}" + "".join(f"{name:>11}" for name in HEAD), flush=True)
    for target in words.target or base_targets():
        catalogue = load_catalogue(named_target(target), [words.tree.absolute()])
        begun = time.process_time()
        found = list(resolutions(catalogue))
        seconds = time.process_time() - begun
        canonical = [_names(item.packages) for item in found]
        asked = [_names(_as_asked(catalogue, item)) for item in found]
        numbers = (
            len(catalogue.packages),
            len(found),
            sum(map(len, canonical)),
            stages(asked),
            stages(canonical),
            len({name for chain in canonical for name in chain}),
        )
        print(f"{target:<12}" + "".join(f"{number:>11}" for number in numbers), end="")
        print(f"{seconds:>11.2f}", flush=True)


def resolutions(catalogue: Catalogue) -> Iterable[Resolution]:
    """Every package of the catalogue resolved alone, but for those that do not resolve."""
    resolver = CatalogueResolver(catalogue)
    for package in catalogue.packages:
        try:
            yield resolver.resolve((Requirement(package.name, package.version),))
        except BuilderError:
            continue


def stages(chains: Iterable[Sequence[str]]) -> int:
    """Distinct stages: the prefixes of all chains, each counted once."""
    prefixes: dict[tuple[int, str], int] = {}
    for chain in chains:
        parent = 0
        for name in chain:
            parent = prefixes.setdefault((parent, name), len(prefixes) + 1)
    return len(prefixes)


def _names(packages: Iterable[Package]) -> list[str]:
    return [package.reference for package in packages]


def _as_asked(catalogue: Catalogue, resolution: Resolution) -> list[Package]:
    """The same packages, each after what it asks for, in the order in which it asks."""
    chosen = {package.name: package for package in resolution.packages}
    order: dict[str, Package] = {}
    todo = [(item, False) for item in reversed(resolution.request)]
    while todo:
        wanted, ready = todo.pop()
        found = lookup(catalogue, wanted)
        package = chosen[found[0] if found else wanted.name]
        if package.name in order:
            continue
        if ready:
            order[package.name] = package
        else:
            todo.append((wanted, True))
            todo += [(item, False) for item in reversed(package.depends)]
    return list(order.values())


if __name__ == "__main__":
    main()
