"""Words of the command line that hold several things, and how paths are shown to who wrote them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.errors import UsageError
from jetson_containers.platform.cdi import ALL_GPUS

if TYPE_CHECKING:
    from jetson_containers.package.model import Requirement



def split_packages(words: Sequence[str]) -> tuple[str, ...]:
    """Packages from words that may be lists themselves: ``a,b``, but ``a>=2.8,<2.10`` is one."""
    parts = (part.strip() for word in words for part in re.split(r",(?!\s*[<>=!~])", word))
    return tuple(part for part in parts if part)


def named_packages(words: Sequence[str]) -> tuple[str, ...]:
    """As :func:`split_packages`, for verbs that need one; raises if the words name none."""
    found = split_packages(words)
    if not found:
        raise UsageError(
            "no package was named", hint="`jetson-containers list` shows the packages"
        )
    return found


def named_requirement(word: str) -> Requirement:
    """The one package that ``word`` means; raises if it names none, or several."""
    from jetson_containers.package.grammar import parse_requirement

    named_packages((word,))
    return parse_requirement(word)


def seen_from_here(text: str) -> str:
    """``text`` with places as they open from the working directory: relative for what is below.

    A place is a path before a colon and a line or a space. Other paths stay: commands hold them.
    """
    try:
        here = str(Path.cwd())
    except FileNotFoundError:
        return text
    return re.sub(rf"(?<![\w/.~-]){re.escape(here)}/(?=[^\s:/][^\s:]*:[\d\s])", "", text)


def patterns(text: str) -> tuple[str, ...]:
    """Patterns separated by commas, semicolons or spaces; ``a<2.8,>2.6`` is one.

    A colon belongs to ``name:version``, unlike in the ecosystem, where it separates.
    """
    return tuple(item for item in re.split(r"[;\s]+|,(?![<>=!~])", text) if item)


def parse_build_args(text: str) -> dict[str, str]:
    """``KEY:VALUE`` pairs joined by commas, as in the ecosystem; ``KEY=VALUE`` too.

    A comma inside a value belongs to it unless a new ``KEY:`` or ``KEY=`` follows.
    """
    found: dict[str, str] = {}
    if not text.strip():
        return found
    for part in re.split(r",(?=\s*[A-Za-z_][A-Za-z0-9_]*\s*[:=])", text):
        match = re.match(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*[:=](.*)", part, re.S)
        if match is None:
            raise UsageError(
                f"--build-args cannot be read at {part!r}", hint="write KEY:VALUE,KEY2:VALUE2"
            )
        found[match.group(1)] = match.group(2).strip()
    return found


def parse_device(text: str) -> str | None:
    """A CDI device, or yes or no in the ecosystem's words.

    No (``""``) is also for packages that ask for a device; ``None`` leaves it to them.
    """
    word = text.strip()
    if word.lower() in ("1", "true", "yes", "on"):
        return ALL_GPUS
    if word.lower() in ("0", "false", "no", "none", "off"):
        return ""
    return word or None
