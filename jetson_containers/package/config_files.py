"""``config.yaml``, ``config.yml`` and ``config.json``: one package, or names with their keys."""

from __future__ import annotations

import json
from pathlib import Path

from jetson_containers.errors import DefinitionError, Location
from jetson_containers.package.header import MAX_BYTES, Document, parse_yaml
from jetson_containers.package.keys import TELLING_KEYS, is_definition, looks_like_definition


def read_config_file(path: Path, *, named: bool = False) -> Document | None:
    """The definition in a data file, or ``None`` if the file is about something else.

    A file counts when its keys are keys of a package, or names that each hold such keys. With
    ``named`` (a file that ``config:`` names, or one called ``config.*``), it also counts with
    unknown keys beside telling ones, so that a spelling mistake is not silence. Raises
    :class:`DefinitionError` for a ``named`` file that cannot be read; others are not ours.
    """
    try:
        document = _read(path, named)
    except DefinitionError:
        if named:
            raise
        return None
    data = document.data if document else None
    if (
        document is None
        or not isinstance(data, dict)
        or not data
        or not all(isinstance(key, str) for key in data)
    ):
        return None
    if is_definition(data) or all(is_definition(value) for value in data.values()):
        return document
    if named and looks_like_definition(data):
        return document
    if named and all(
        is_definition(value) or looks_like_definition(value) for value in data.values()
    ):
        return document
    return None


def _read(path: Path, named: bool) -> Document | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DefinitionError(
                f"the file is larger than {MAX_BYTES} bytes",
                where=Location(str(path)),
                hint="a definition is written by people; keep data in files that it reads",
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DefinitionError(
            f"the file cannot be read: {error.strerror or error}", where=Location(str(path))
        ) from None
    except UnicodeDecodeError as error:
        raise DefinitionError(
            "the file is not UTF-8",
            where=Location(str(path), error.object[: error.start].count(b"\n") + 1),
            hint="save it with the encoding UTF-8",
        ) from None
    if not named and not any(word in text for word in TELLING_KEYS):
        return None
    if path.suffix != ".json":
        return parse_yaml(text, path)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DefinitionError(
            f"this is not JSON: {getattr(error, 'msg', error)}",
            where=Location(str(path), getattr(error, "lineno", 0)),
            hint="JSON has texts in double quotes, no comments, and no comma before a bracket",
        ) from None
    try:  # nearly all JSON is YAML, whose parser knows the lines
        return Document(data, parse_yaml(text.replace("\t", " "), path).lines)
    except DefinitionError:
        return Document(data)
