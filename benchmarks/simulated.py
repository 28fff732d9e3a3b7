"""Made-up trees of any size: layered, with versions, aliases, exact pins and a few conflicts.

The shape is that of the ecosystem's big tree: a few names that most others need, three packages
to a directory on average, chains of some fifteen packages whatever the size.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

LAYERS = 8
#: most requirements go to the first so many names of a layer
POPULAR = 6


@dataclass(frozen=True, slots=True)
class Made:
    """One directory: a name with its versions, the default last, and what each needs."""

    name: str
    versions: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]


def made(packages: int, seed: int = 1) -> tuple[Made, ...]:
    """Directories that define ``packages`` packages in all; the same for the same arguments."""
    choice = random.Random(seed)
    layers: list[list[Made]] = [[] for _ in range(LAYERS)]
    count = 0
    while count < packages:
        number = sum(map(len, layers))
        layer = number if number < LAYERS else max(choice.randrange(LAYERS) for _ in range(2))
        size = min(packages - count, choice.choice((1, 1, 1, 3, 3, 5, 7)))
        versions = tuple(f"{major}.{choice.randrange(10)}" for major in range(1, size + 1))
        needs = tuple(_needs(choice, layers[:layer]) for _ in versions)
        layers[layer].append(Made(f"n{number}", versions, needs))
        count += size
    return tuple(item for layer in layers for item in layer)


def _needs(choice: random.Random, below: list[list[Made]]) -> tuple[str, ...]:
    wanted = {}
    for layer in below:
        for _ in range(choice.choice((0, 1, 1, 2, 3)) if layer else 0):
            popular = choice.random() < 0.95
            item = choice.choice(layer[:POPULAR] if popular else layer)
            wanted[item.name] = item.name + _versions(choice.random(), item.versions)
    return tuple(wanted.values())


def _versions(roll: float, versions: tuple[str, ...]) -> str:
    """Mostly nothing, a version of the default, or rarely another: some of these conflict."""
    if len(versions) == 1 or roll > 0.2:
        return ""
    if roll > 0.1:
        return f">={versions[-1]}"
    return f":{versions[-1]}" if roll > 0.01 else f":{versions[0]}"


def write(tree: Path, items: tuple[Made, ...]) -> None:
    """The definitions as files below ``tree``: headers alone, or a ``config.py`` with versions.

    One ``config.py`` in ten imports its default version from a file beside it.
    """
    for number, item in enumerate(items):
        place = tree / f"field{number % 20}" / item.name
        place.mkdir(parents=True)
        header = f"#---\n# name: {item.name}\n# group: field{number % 20}\n"
        if len(item.versions) == 1:
            header += f"# depends: [{', '.join(item.needs[0])}]\n"
        body = "#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG VERSION\nRUN echo ${VERSION}\n"
        (place / "Dockerfile").write_text(header + body)
        if len(item.versions) > 1:
            default = repr(item.versions[-1])
            if number % 10 == 0:
                (place / "version.py").write_text(f"DEFAULT = {default}\n")
                default = "DEFAULT"
            (place / "config.py").write_text(_config(number, item, default))


def _config(number: int, item: Made, default: str) -> str:
    lines = ["from jetson_containers import CUDA_VERSION"]
    if default == "DEFAULT":
        lines.append(f"from packages.field{number % 20}.{item.name}.version import DEFAULT")
    table = dict(zip(item.versions, map(list, item.needs), strict=True))
    return "\n".join(
        [
            *lines,
            f"NEEDS = {table!r}",
            "def one(version, needs):",
            "    pkg = package.copy()",
            f"    pkg['name'] = '{item.name}:' + version",
            "    pkg['depends'] = needs",
            "    pkg['build_args'] = {'VERSION': version, 'CUDA': CUDA_VERSION}",
            f"    pkg['alias'] = ['{item.name}', 'a-{item.name}'] if version == {default} else []",
            "    return pkg",
            "package = [one(*pair) for pair in NEEDS.items()]",
            "",
        ]
    )
