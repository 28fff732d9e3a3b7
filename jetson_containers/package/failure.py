"""What a definition did wrong, in words: what it raised, at which line, and how to mend it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from jetson_containers.errors import Location
from jetson_containers.package.evaluated import OUT_OF_TIME
from jetson_containers.package.keys import plain

#: characters of a definition's own error message that are told
MOST_WORDS = 400


class TimeUp(BaseException):
    """Raised inside a definition that has used up its time."""


def in_words(error: BaseException) -> str:
    """What it did, after the name of its file; runs none of its code but that of its error."""
    if isinstance(error, TimeUp):
        return f"{OUT_OF_TIME} {error}"
    try:
        if isinstance(error, SystemExit):
            words = f"called sys.exit({error.code!r})"
        else:
            words = f"raised {type(error).__name__}: {error}".removesuffix(": ")
        return str(plain(words[:MOST_WORDS]))
    except Exception:  # the text of an exception may be code of the definition
        return f"raised {type(error).__name__}"


def remedy(error: BaseException) -> str:
    """How to mend it."""
    if isinstance(error, SyntaxError):
        return "correct the Python at that line"
    if isinstance(error, ImportError):
        return "import from the tree, from jetson_containers, or from Python's own library"
    if isinstance(error, (TimeUp, MemoryError)):
        return "a config.py describes packages: seconds and a little memory have to do"
    if isinstance(error, SystemExit):
        return "set 'package = None' where nothing is defined for a target"
    return "correct the file; the other packages are there without it"


def place_of(error: BaseException, roots: Sequence[Path]) -> Location | None:
    """The innermost line of the tree's own files that the error went through."""
    if isinstance(error, SyntaxError) and error.filename:
        return Location(error.filename, error.lineno or 0)
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if any(Path(name).is_relative_to(root) for root in roots):
            place = Location(name, line)
    return place
