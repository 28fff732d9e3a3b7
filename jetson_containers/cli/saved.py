"""Saved lists of images, in place of what an engine or a registry says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jetson_containers.errors import Location, UsageError
from jetson_containers.image.listed import ListedImage


def read_saved(
    path: str, reader: Callable[[Any], tuple[ListedImage, ...]]
) -> tuple[ListedImage, ...]:
    """The images of a JSON file. Raises :class:`UsageError`, with its name, for any other file."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        problem = error.strerror or str(error)
    except ValueError as error:
        problem = f"it is no JSON: {error}"
    else:
        try:
            return reader(document)
        except UsageError as error:
            raise UsageError(error.what, where=Location(path), hint=error.hint) from None
    raise UsageError(f"the list cannot be read: {problem}", where=Location(path))
