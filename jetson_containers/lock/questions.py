"""Answers to what definitions ask the network while they are evaluated.

A question is the name of the function and its arguments, joined by spaces, as
``package/names.py`` records it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.lock import git, web

#: the newest version of a distribution
Newest = Callable[[str], str]


def answer(question: str, env: Mapping[str, str], newest: Newest) -> str:
    """The world's answer, as the text that the function gives.

    Raises :class:`UnreachableError` for what could not be asked, and for a question in no known
    form (a definition that opened a connection itself).
    """
    kind, _, rest = question.partition(" ")
    words = rest.split()
    if kind == "github_latest_tag" and words:
        return git.newest_tag(_github(words[0]), env)
    if kind == "github_latest_commit" and words:
        return git.commit_of(_github(words[0]), words[1] if len(words) > 1 else "HEAD", env)
    if kind == "get_latest_version" and words:
        return newest(words[0])
    if kind in ("handle_text_request", "handle_json_request") and words:
        text = web.document(words[0])
        if kind == "handle_json_request":
            _parsed(text, words[0])
        return text
    if kind == "get_json_value_from_url" and words:
        value = _parsed(web.document(words[0]), words[0])
        for key in words[1].split(".") if len(words) > 1 else ():
            value = _step(value, key, words[0])
        return value if isinstance(value, str) else json.dumps(value)
    raise UnreachableError(
        f"nobody can answer {question!r}: the definition asked the network by itself",
        hint="ask with github_latest_tag, get_latest_version or handle_json_request",
    )


def _github(name: str) -> str:
    return f"https://github.com/{name}"


def _parsed(text: str, address: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise BuilderError(f"{address} holds no JSON", hint="correct the definition") from None


def _step(value: Any, key: str, address: str) -> Any:
    try:
        return value[int(key)] if isinstance(value, list) else value[key]
    except (KeyError, IndexError, ValueError, TypeError):
        raise BuilderError(
            f"the JSON of {address} has no {key!r}", hint="correct the definition"
        ) from None
