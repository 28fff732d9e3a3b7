"""Which files of a context a build sees: directories walked, patterns matched, links followed."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from jetson_containers.errors import BuilderError, Location
from jetson_containers.plan.ignore import Ignore, component_expression, parse_ignore

#: What Python leaves behind; never part of a definition, with an ignore file or without one.
_BYTECODE = "__pycache__"
#: Links that one path may lead through, as in Linux; and paths that all of them may lead to.
_MAX_LINKS = 40
_MAX_PATTERNS = 10_000

#: A path of ``COPY``: one regular expression for each component.
_Pattern = tuple[str, ...]


def shown_files(
    context: Path, sources: Sequence[str] | None, ignore: bytes | None = None
) -> list[str]:
    """The files and links that ``sources`` show of ``context``, sorted; all of it for ``None``."""
    if sources is not None and not sources:
        return []
    kept = walk(context, parse_ignore(ignore or b""))
    if sources is None:
        return sorted(kept)
    patterns = [_pattern(source) for source in sources]
    if () in patterns:
        return sorted(kept)
    return sorted(_shown(context, kept, patterns))


def walk(context: Path, ignore: Ignore) -> list[str]:
    """Every file and link that ``ignore`` keeps; links are not followed."""
    found: list[str] = []
    waiting = [""]
    while waiting:
        above = waiting.pop()
        try:
            with os.scandir(context / above) as entries:
                listed = list(entries)
        except FileNotFoundError:
            continue
        except OSError as error:
            if above and ignore.leaves_out(above):
                continue
            raise BuilderError(
                f"a directory of the build context cannot be read: {error.strerror}",
                where=Location(str(context / above)),
                hint="mend its permissions, or name it in .dockerignore",
            ) from None
        for entry in listed:
            if entry.name == _BYTECODE:
                continue
            path = f"{above}/{entry.name}" if above else entry.name
            out = ignore.leaves_out(path)
            if entry.is_dir(follow_symlinks=False):
                if not out or ignore.keeps_some:
                    waiting.append(path)
            elif not out and (entry.is_symlink() or entry.is_file()):
                found.append(path)
    return found


def _pattern(source: str) -> _Pattern:
    """The components of a source, ``.`` and ``..`` resolved by their text as BuildKit does."""
    return tuple(component_expression(part) for part in _parts(source.strip()))


def _parts(path: str) -> list[str]:
    """What stands between the slashes of a path in the context, which ``..`` cannot leave."""
    return [part for part in posixpath.normpath(f"/{path}").split("/") if part]


def _shown(context: Path, kept: Iterable[str], patterns: Iterable[_Pattern]) -> set[str]:
    """What the patterns take, each itself or as part of a directory, and through links.

    A link on the way to what is copied counts as well as what it leads to; a link inside a
    directory that is copied stays a link. What a link finds outside the context is not seen.
    """
    split = {path: path.split("/") for path in kept}
    links = {path: parts for path, parts in split.items() if (context / path).is_symlink()}
    found: set[str] = set()
    waiting = [(pattern, 0) for pattern in patterns]
    seen = {pattern for pattern, _ in waiting}
    while waiting:
        pattern, hops = waiting.pop()
        if not pattern:
            return set(split)
        found.update(path for path, parts in split.items() if _takes(pattern, parts))
        if hops == _MAX_LINKS or len(seen) > _MAX_PATTERNS:
            continue
        for path, parts in links.items():
            if len(parts) > len(pattern) or not _takes(pattern[: len(parts)], parts):
                continue
            found.add(path)
            target = (context / path).readlink().as_posix()
            inside = _parts(target if target[0] == "/" else f"{'/'.join(parts[:-1])}/{target}")
            leads = (*(re.escape(part) for part in inside), *pattern[len(parts) :])
            if leads not in seen:
                seen.add(leads)
                waiting.append((leads, hops + 1))
    return found


def _takes(pattern: _Pattern, parts: list[str]) -> bool:
    return len(parts) >= len(pattern) and all(
        _expression(want).fullmatch(part) for want, part in zip(pattern, parts, strict=False)
    )


@lru_cache(maxsize=4096)
def _expression(text: str) -> re.Pattern[str]:
    return re.compile(text, re.S)
