"""Values of a lock file's JSON, checked; what is wrong is told with the line where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from jetson_containers.errors import BuilderError, Location, UsageError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class Reader:
    """Values at a path of a document, checked; an error names the line where the value stands."""

    _WORDS: ClassVar = {int: "a number", str: "a text", list: "a list", dict: "a mapping"}

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text

    def of(self, data: Any, at: tuple[str | int, ...], kind: type[Any]) -> Any:
        """The value at ``at``, of that type."""
        found = self._get(data, at)
        if not isinstance(found, kind) or isinstance(found, bool):
            said = "is missing" if found is None else f"is not {self._WORDS[kind]}"
            raise self.wrong(at, f"{at[-1]!r} {said}")
        if isinstance(found, str) and not _is_text(found):
            raise self.wrong(at, f"{at[-1]!r} has half a character")
        return found

    def name(
        self,
        data: Any,
        at: tuple[str | int, ...],
        fits: Callable[[str], object],
        kind: str,
    ) -> str:
        """The name of something, which ``fits``."""
        found = str(self.of(data, at, str))
        if not fits(found):
            raise self.wrong(at, f"{found!r} is no name of {kind}")
        return found

    def texts(self, data: Any, at: tuple[str | int, ...], missing: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        if missing and self._get(data, at) is None:
            return ()
        found = self.of(data, at, list)
        return tuple(self.of(data, (*at, number), str) for number in range(len(found)))

    def digest(self, data: Any, at: tuple[str | int, ...]) -> str | None:
        """A digest of an image, or nothing."""
        if self._get(data, at) is None:
            return None
        found = str(self.of(data, at, str))
        if not _DIGEST.fullmatch(found):
            raise self.wrong(at, f"{found!r} is no digest")
        return found

    def mapping(
        self,
        data: Any,
        at: tuple[str | int, ...],
        form: re.Pattern[str] | None,
        nothing: bool,
    ) -> dict[str, Any]:
        """Texts to texts of that form (or, with ``nothing``, to ``None``); empty if not there."""
        if self._get(data, at) is None:
            return {}
        found: dict[str, Any] = self.of(data, at, dict)
        for key, value in found.items():
            if not _is_text(key):
                raise self.wrong(at, f"{key!r} has half a character")
            if nothing and value is None:
                continue
            text = self.of(data, (*at, key), str)
            if form and not form.fullmatch(text):
                raise self.wrong((*at, key), f"{text!r} is no checksum of {key!r}")
        return found

    def _get(self, data: Any, at: tuple[str | int, ...]) -> Any:
        for number, step in enumerate(at):
            if isinstance(step, int):
                data = data[step]
            elif isinstance(data, dict):
                data = data.get(step)
            else:
                shown = repr(at[number - 1]) if number else "the document"
                raise self.wrong(at[:number], f"{shown} is not a mapping")
        return data

    def wrong(self, at: tuple[str | int, ...], what: str) -> BuilderError:
        return broken(f"the lock file is faulty: {what}", self._path, self.line(at))

    def line(self, at: tuple[str | int, ...]) -> int:
        """The line of a value, or of what it should stand in. JSON is YAML, which knows places."""
        import yaml

        # half a character is no YAML
        text = _SURROGATE.sub(r"\\ufffd", self._text)
        try:
            node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError:
            return 0
        for step in at:
            if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
            elif isinstance(node, yaml.MappingNode):
                found = next((value for key, value in node.value if key.value == step), None)
                node = found or node
                if found is None:
                    break
        return int(node.start_mark.line) + 1 if node else 0


def _is_text(text: str) -> bool:
    """Whether there are bytes for it: JSON can spell half of a pair of surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def broken(what: str, path: str, line: int) -> UsageError:
    return UsageError(
        what,
        where=Location(path, line),
        hint="restore it from version control, or remove it and run `jetson-containers lock` again",
    )
