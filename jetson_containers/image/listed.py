"""Images as somebody lists them: an engine, a saved list, a registry. Pure readers of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from jetson_containers.errors import UsageError

Source = Literal["local", "registry", "build"]
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True, slots=True)
class ListedImage:
    """One reference of an image.

    ``architectures`` are Docker's names, from the image's configuration or the registry's index;
    empty where nobody said. ``created`` is an ISO 8601 time or empty, ``digest`` the engine's id.
    """

    reference: str
    source: Source
    architectures: tuple[str, ...] = ()
    created: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    digest: str = ""


def from_summaries(summaries: Iterable[Mapping[str, Any]]) -> tuple[ListedImage, ...]:
    """Docker Engine API, ``GET /images/json``: one entry an image, without its architecture."""
    from datetime import datetime, timezone

    found = []
    for item in summaries:
        seconds = item.get("Created")
        created = ""
        if isinstance(seconds, int) and 0 < seconds < 1 << 34:
            created = datetime.fromtimestamp(seconds, timezone.utc).isoformat()
        names = item.get("RepoTags")
        for reference in names if isinstance(names, list) else ():
            if isinstance(reference, str) and reference != "<none>:<none>":
                found.append(
                    ListedImage(
                        reference,
                        "local",
                        created=created,
                        labels=_labels(item.get("Labels")),
                        digest=str(item.get("Id", "")),
                    )
                )
    return tuple(found)


def from_saved(document: Any) -> tuple[ListedImage, ...]:
    """A saved list of local images: ``[{reference, architecture, created, labels}]``."""
    if not isinstance(document, list):
        raise UsageError(
            "the list of local images is no JSON list",
            hint="write it as [{reference, architecture, created, labels}]",
        )
    wrong = [
        number
        for number, item in enumerate(document, 1)
        if not isinstance(item, dict) or not isinstance(item.get("reference"), str)
    ]
    if wrong:
        raise UsageError(
            f"entries without a reference: {', '.join(map(str, wrong))}",
            hint="write each as {reference, architecture, created, labels}",
        )
    return tuple(
        ListedImage(
            item["reference"],
            "local",
            architectures=(str(item["architecture"]),) if item.get("architecture") else (),
            created=str(item.get("created") or ""),
            labels=_labels(item.get("labels")),
        )
        for item in document
    )


def from_docker_hub(document: Any, namespaces: Iterable[str]) -> tuple[ListedImage, ...]:
    """Docker Hub's listing of ``namespaces``: ``[{namespace, name, tags: [...]}]``.

    A tag is ``{name, tag_last_pushed, images: [{architecture, os}]}`` (Docker Hub API v2,
    ``/v2/namespaces/{namespace}/repositories/{repository}/tags``); what is no such entry is left
    out. Raises :class:`UsageError` for another document.
    """
    if not isinstance(document, list):
        raise UsageError(
            "the saved listing is no JSON list",
            hint="write it as [{namespace, name, tags: [...]}], as Docker Hub does",
        )
    wanted = tuple(namespaces)
    return tuple(
        ListedImage(
            f"{repository['namespace']}/{repository['name']}:{tag['name']}",
            "registry",
            architectures=_hub_architectures(tag.get("images")),
            created=str(tag.get("tag_last_pushed") or ""),
        )
        for repository in _dicts(document)
        if repository.get("namespace") in wanted and repository.get("name")
        for tag in _dicts(repository.get("tags"))
        if isinstance(tag.get("name"), str)
    )


def _hub_architectures(images: Any) -> tuple[str, ...]:
    """Docker Hub lists attestations as images of architecture ``unknown``."""
    found = (str(item.get("architecture") or "") for item in _dicts(images))
    return tuple(sorted({name for name in found if name and name != "unknown"}))


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _labels(value: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
