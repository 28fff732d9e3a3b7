"""Entries of a wheel store, made for tests."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jetson_containers.platform.gpu_code import GpuCode, parse_gpu_code
from jetson_containers.platform.named import named_target
from jetson_containers.platform.target import Target
from jetson_containers.wheels.entry import Entry, KeptFile

THOR = named_target("thor-jp72")
ORIN = named_target("orin-jp62")
X86 = named_target("x86-cu130")
KEY = hashlib.sha256(b"a package").hexdigest()


def code(words: str | None) -> tuple[GpuCode, ...] | None:
    """``sm_87 compute_90`` as values; ``None`` for not known."""
    if words is None:
        return None
    return tuple(item for word in words.split() for item in parse_gpu_code(word))


def entry(target: Target = X86, key: str = KEY, **files: str | None) -> Entry:
    """An entry with a file of each name (``_`` for a dot) that holds that GPU code."""
    return Entry(
        key,
        "ext:1.0",
        target,
        target.platform,
        tuple(
            KeptFile(name, hashlib.sha256(name.encode()).hexdigest(), len(name), code(words))
            for name, words in files.items()
        ),
    )


def fill(folder: Path, made: Entry) -> None:
    """Write the files that :func:`entry` tells of."""
    for file in made.files:
        (folder / file.name).write_text(file.name)
