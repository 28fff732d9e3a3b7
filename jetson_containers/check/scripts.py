"""The shell scripts that a build can see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.check import downloads
from jetson_containers.check.model import Fault
from jetson_containers.check.shell import commands
from jetson_containers.plan.contextfiles import shown_files
from jetson_containers.plan.ignore import ignore_for

#: bytes above which a file is no script that a person wrote
_LARGEST = 1_000_000
_SUFFIXES = (".sh", ".bash")


@dataclass(frozen=True, slots=True)
class Script:
    """One shell script of a build context."""

    path: str
    text: str


def scripts_of(
    context: Path, dockerfile: str | None, sources: Sequence[str] | None, tests: frozenset[str]
) -> Iterator[Script]:
    """The scripts that ``sources`` show of ``context``, without ``tests``, which no build runs.

    A script ends in ``.sh`` or ``.bash``, or has no ending and begins with ``#!`` and a shell.
    Raises :class:`~jetson_containers.errors.BuilderError` for a directory that cannot be read.
    """
    for name in shown_files(context, sources, ignore_for(context, dockerfile)):
        last = name.rpartition("/")[2]
        if name in tests or not may_be_script(last):
            continue
        path = context / name
        try:
            if not path.is_file() or path.stat().st_size > _LARGEST:
                continue
            content = path.read_bytes()
        except OSError:
            continue
        first = content.partition(b"\n")[0]
        if last.endswith(_SUFFIXES) or (first.startswith(b"#!") and first.rstrip().endswith(b"sh")):
            yield Script(str(path), content.decode("utf-8", errors="replace"))


def may_be_script(name: str) -> bool:
    """Whether a file's name leaves open that it is a shell script."""
    return name.endswith(_SUFFIXES) or "." not in name


def script_faults(script: Script) -> tuple[Fault, ...]:
    """The downloads in a script that nothing pins."""
    if not downloads.LOOKS_LIKE.search(script.text):
        return ()
    return tuple(downloads.unpinned(tuple(commands(script.text)), script.path))
