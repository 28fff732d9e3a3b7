"""Docker Hub's listings of tags, live and saved. Pure readers of its JSON.

Source: Docker Hub API v2, ``/v2/namespaces/{namespace}/repositories/{repository}/tags``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jetson_containers.errors import UsageError
from jetson_containers.image.listed import ListedImage, numbers
from jetson_containers.image.reference import is_reference

_PAGE_OF = re.compile(
    r"/v2/(?:namespaces/([^/]+)/repositories|repositories/([^/]+))/([^/]+)/tags/?(?:\?|$)"
)
_HINT = (
    "write it as [{namespace, name, tags: [...]}], or save the pages of Docker Hub's API as they "
    "are: {count, next, results}, or a list of them"
)


def hub_image(namespace: str, name: str, tag: Any) -> ListedImage | None:
    """One tag, ``{name, tag_last_pushed, images: [{architecture, os}]}``; ``None`` for no tag."""
    if not isinstance(tag, dict):
        return None
    reference = f"{namespace}/{name}:{tag.get('name')}"
    if not isinstance(tag.get("name"), str) or not is_reference(reference):
        return None
    return ListedImage(
        reference,
        "registry",
        architectures=_architectures(tag.get("images")),
        created=str(tag.get("tag_last_pushed") or ""),
    )


def from_docker_hub(
    document: Any, namespaces: Sequence[str], asked: Sequence[str] = ()
) -> tuple[ListedImage, ...]:
    """A saved listing of ``namespaces``: ``[{namespace, name, tags: [...]}]``, or API pages.

    A page tells its repository by the address of the next or the one before it. An only page does
    not: it is of the one package that was ``asked`` for, in the first namespace. Raises
    :class:`UsageError` for another document, and for one with an entry of another kind.
    """
    if isinstance(document, dict) and "results" in document:
        document = [document]
    if not isinstance(document, list):
        raise UsageError("the saved listing is no JSON list", hint=_HINT)
    unnamed = (namespaces[0], asked[0]) if namespaces and len(asked) == 1 else None
    read = [_repository(entry, unnamed) for entry in document]
    found = [entry for entry in read if entry is not None]
    wrong = [number for number, entry in enumerate(read, 1) if entry is None]
    if wrong:
        raise UsageError(
            f"entries without a namespace, a name and tags: {numbers(wrong)}", hint=_HINT
        )
    images: list[ListedImage] = []
    for number, (namespace, name, tags) in enumerate(found, 1):
        for tag in tags:
            image = hub_image(namespace, name, tag)
            if image is None:
                raise UsageError(f"entry {number} has tags without a name", hint=_HINT)
            if namespace in namespaces:
                images.append(image)
    return tuple(images)


def _repository(
    entry: Any, unnamed: tuple[str, str] | None
) -> tuple[str, str, Sequence[Any]] | None:
    """Namespace, name and tags of a repository, or of one page of it."""
    if not isinstance(entry, dict):
        return None
    place: tuple[Any, Any]
    if "results" in entry:
        place, tags = next(_named(entry), unnamed or ("", "")), entry["results"]
    else:
        place, tags = (entry.get("namespace"), entry.get("name")), entry.get("tags")
    if not isinstance(tags, list) or not all(isinstance(word, str) and word for word in place):
        return None
    return (*place, tags)


def _named(page: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("next", "previous"):
        match = _PAGE_OF.search(page[key]) if isinstance(page.get(key), str) else None
        if match:
            yield match[1] or match[2], match[3]


def _architectures(images: Any) -> tuple[str, ...]:
    """Docker Hub lists attestations as images of architecture ``unknown``."""
    items: Iterable[Any] = images if isinstance(images, list) else ()
    found = (str(item.get("architecture") or "") for item in items if isinstance(item, dict))
    return tuple(sorted({name for name in found if name and name != "unknown"}))
