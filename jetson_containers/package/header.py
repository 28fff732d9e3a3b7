"""The YAML header of a Dockerfile, and YAML with the lines where things stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from jetson_containers.errors import DefinitionError, Location

try:  # the C parser is ten times faster; PyYAML may be built without it
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

#: a header or data file is written by people; a bigger one is something else
MAX_BYTES = 1_000_000
#: how deep YAML may be nested, and how many values it may hold once its aliases are written out
MOST_LEVELS = 100
MOST_VALUES = 100_000
#: characters that cannot be nested deeper than the parser can bear
_HARMLESS = 4_000

_FENCE = "#---"
_BOM = "\ufeff"
#: begins a text of two bytes a character
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML or JSON file holds, a mapping if it is a definition.

    ``lines`` gives the line (from 1) of each key, as ``depends:``, and of each text under it, as
    ``depends:numpy``.
    """

    data: Any
    lines: dict[str, int] = field(default_factory=dict)


def read_header(path: Path) -> Document | None:
    """The header of the Dockerfile at ``path``, or ``None`` if it has none.

    A header stands in the comment lines at the very top, between two that start with ``#---``;
    several such blocks are one header. Windows line ends and a byte order mark are allowed. The
    rest of the file is never read. Raises :class:`DefinitionError` with the line in that file.
    """
    text = _header_text(path)
    if not text.strip():
        return None
    document = parse_yaml(text, path)
    if not isinstance(document.data, dict):
        raise DefinitionError(
            "the header is not a mapping of keys",
            where=Location(str(path), 1),
            hint="write one 'key: value' in each line between the two '#---' lines",
        )
    return document


def _header_text(path: Path) -> str:
    """The header's YAML with every other line blank, so that lines count as in the file."""
    kept: list[str] = []
    inside = False
    size = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(iter(lambda: file.readline(MAX_BYTES + 1), b""), 1):
                size += len(raw)
                if size > MAX_BYTES and raw.startswith(b"#"):
                    raise DefinitionError(
                        f"the header is larger than {MAX_BYTES} bytes",
                        where=Location(str(path), number),
                        hint="end it with a line '#---', and let FROM follow",
                    )
                if number == 1 and is_wide(raw):
                    raise _not_utf8(path, number)
                if not raw.removeprefix(_BOM.encode()).startswith(b"#"):
                    break
                line = _decoded(raw, path, number).removeprefix(_BOM)
                if line.startswith(_FENCE):
                    inside = not inside
                    kept.append("\n")
                elif inside:
                    kept.append(line[1:].rstrip("\r\n") + "\n")
                else:
                    kept.append("\n")
    except OSError as error:
        raise DefinitionError(
            f"the file cannot be read: {error.strerror or error}", where=Location(str(path))
        ) from None
    return "".join(kept)


def is_wide(line: bytes) -> bool:
    """Whether the first line of a file shows another encoding, of two or four bytes a character."""
    return line.startswith(_WIDE) or b"\0" in line


def _decoded(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _not_utf8(path, number) from None


def _not_utf8(path: Path, number: int) -> DefinitionError:
    return DefinitionError(
        "the file is not UTF-8",
        where=Location(str(path), number),
        hint="save it with the encoding UTF-8",
    )


def parse_yaml(text: str, path: Path) -> Document:
    """YAML ``text`` of the file ``path``, with the lines of keys and list items.

    Raises :class:`DefinitionError` that names the line and what YAML found there.
    """
    if len(text) > _HARMLESS:
        _refuse_deep(text, path)
    loader = SafeLoader(text)
    try:
        node = loader.get_single_node()
        if "&" in text and "*" in text and _written_out(node, {}) > MOST_VALUES:
            raise DefinitionError(
                f"this YAML stands for more than {MOST_VALUES} values",
                where=Location(str(path), 1),
                hint="write the values in place of aliases to aliases",
            )
        data = loader.construct_document(node) if node is not None else None
    except RecursionError:
        raise _too_deep(path, 0) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = _mark(error, text)
        problem = getattr(error, "problem", None) or type(error).__name__
        raise DefinitionError(
            f"this is not YAML: {problem}",
            where=Location(str(path), mark.line + 1 if mark else 0),
            hint="quote text that holds a colon, a '*' or a leading '>'",
        ) from None
    finally:
        loader.dispose()
    lines: dict[str, int] = {}
    _collect_lines(node, lines, depth=0)
    return Document(data, lines)


def _refuse_deep(text: str, path: Path) -> None:
    """Raise :class:`DefinitionError` for YAML nested so deep that parsing would end the process."""
    loader = SafeLoader(text)
    level = 0
    try:
        for event in iter(loader.get_event, None):
            if isinstance(event, yaml.CollectionStartEvent):
                level += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                level -= 1
            if level > MOST_LEVELS:
                mark = event.start_mark
                raise _too_deep(path, mark.line + 1 if mark else 0)
    except (yaml.YAMLError, ValueError):
        return  # what is wrong is said when it is read
    finally:
        loader.dispose()


def _too_deep(path: Path, line: int) -> DefinitionError:
    return DefinitionError(
        f"this YAML is nested deeper than {MOST_LEVELS} levels, or holds itself",
        where=Location(str(path), line),
        hint="a definition has a few levels: keys, lists, texts",
    )


def _written_out(node: yaml.Node | None, known: dict[int, int]) -> int:
    """How many values a node holds, each as often as it is named.

    Raises :class:`RecursionError` for one that holds itself.
    """
    if node is None or isinstance(node, yaml.ScalarNode):
        return 1
    size = known.get(id(node))
    if size is None:
        parts = node.value
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        size = known[id(node)] = 1 + sum(_written_out(part, known) for part in parts)
    return size


def _mark(error: Exception, text: str) -> yaml.Mark | None:
    """Where the problem is; for something left open until the end, where it begins."""
    mark: yaml.Mark | None = getattr(error, "problem_mark", None)
    begin: yaml.Mark | None = getattr(error, "context_mark", None)
    if mark and begin and mark.line >= text.rstrip().count("\n") + 1:
        return begin
    return mark or begin


def _collect_lines(
    node: yaml.Node | None, lines: dict[str, int], *, depth: int, key: str = ""
) -> None:
    if depth > 6:
        return
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode):
                lines.setdefault(f"{name.value}:", name.start_mark.line + 1)
                _collect_lines(value, lines, depth=depth + 1, key=f"{name.value}:")
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _collect_lines(item, lines, depth=depth + 1, key=key)
    elif isinstance(node, yaml.ScalarNode):
        lines.setdefault(f"{key}{node.value}", node.start_mark.line + 1)
