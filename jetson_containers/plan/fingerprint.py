"""Fingerprints: equal exactly when every input that can change a stage's result is equal."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jetson_containers.errors import BuilderError, Location
from jetson_containers.plan.contextfiles import shown_files
from jetson_containers.plan.model import dumps

#: Part of every fingerprint: raise it when the meaning of a stage changes.
FINGERPRINT_FORMAT = 1

FileFact = tuple[str, str, str]


def fingerprint(inputs: dict[str, Any]) -> str:
    """``sha256`` in hex of the inputs in canonical JSON; independent of dictionary order."""
    text = dumps(_sorted({"format": FINGERPRINT_FORMAT, **inputs}))
    return hashlib.sha256(text.encode()).hexdigest()


def input_digests(inputs: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Each input of a fingerprint with 16 hex digits of its own ``sha256``, in its order.

    Each file has an entry of its own: ``files:install.sh``, ``contexts:pip-index/wheels.sh``; a
    named context that is a stage has one, ``contexts:NAME``. Law: two stages have equal digests
    exactly when they have equal fingerprints.
    """
    parts: dict[str, Any] = {}
    for name, value in inputs.items():
        if name in ("files", "generated"):
            parts |= _by_file(f"{name}:", value)
        elif name == "contexts":
            for context, facts in value.items():
                parts |= {f"{name}:{context}": facts if isinstance(facts, str) else ""}
                parts |= {} if isinstance(facts, str) else _by_file(f"{name}:{context}/", facts)
        else:
            parts[name] = value
    return tuple(
        (name, hashlib.sha256(dumps({"": _sorted(value)}).encode()).hexdigest()[:16])
        for name, value in parts.items()
    )


def _by_file(prefix: str, files: Sequence[Sequence[str]]) -> dict[str, Any]:
    return {f"{prefix}{path}": rest for path, *rest in files}


def context_files(
    context: Path, sources: Sequence[str] | None, ignore: bytes | None = None
) -> tuple[FileFact, ...]:
    """``(path, mode, content digest)`` of every file that ``sources`` show of ``context``.

    ``sources`` are paths, directories or patterns as in ``COPY``; ``None`` or ``.`` is all of it.
    ``ignore`` is the content of the ignore file, see ``plan.ignore.ignore_for``.

    The mode is ``l`` for a link, whose content is where it points; what ``COPY`` follows it to
    counts too. Else it is the permission bits in octal, as a build keeps them, without the write
    bits of group and others: those come from the umask of whoever made the checkout, so clones
    made under umask 002 and 022 are equal. Modification times, owners, directories without files
    and the place of the context do not count. ``__pycache__`` is never part of a definition.
    """
    shown = shown_files(context, sources, ignore)
    return tuple((path, *_content(context / path)) for path in shown)


def _content(path: Path) -> tuple[str, str]:
    try:
        if path.is_symlink():
            return "l", hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
        mode = stat.S_IMODE(path.stat().st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return f"{mode:o}", digest.hexdigest()
    except OSError as error:
        raise BuilderError(
            f"a file of the build context cannot be read: {error.strerror}",
            where=Location(str(path)),
            hint="mend its permissions, or name it in .dockerignore",
        ) from None


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value
