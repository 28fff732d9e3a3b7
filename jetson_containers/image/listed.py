"""Images as somebody lists them: an engine, a saved list, a registry. Pure readers of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from jetson_containers.errors import UsageError

Source = Literal["local", "registry", "build"]
SOURCES: tuple[Source, ...] = get_args(Source)
#: what engines write for an image without a name or a tag
_NAMELESS = "<none>"


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
            if isinstance(reference, str) and _NAMELESS not in reference:
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
    """A saved list of local images: ``[{reference, architecture, created, labels}]``.

    All but the reference may be left out. Images without a name are left out, as of an engine.
    Raises :class:`UsageError` with every entry that is wrong.
    """
    if not isinstance(document, list):
        raise UsageError(
            "the list of local images is no JSON list",
            hint="write it as [{reference, architecture, created, labels}]",
        )
    hint = "write each as {reference, architecture, created, labels}"
    wrong = [
        number
        for number, item in enumerate(document, 1)
        if not isinstance(item, dict) or not isinstance(item.get("reference"), str)
    ]
    if wrong:
        raise UsageError(f"entries without a reference: {_numbers(wrong)}", hint=hint)
    for name, kind, word in (
        ("architecture", str, "text"), ("created", str, "text"), ("labels", dict, "object"),
    ):  # fmt: skip
        wrong = [
            number
            for number, item in enumerate(document, 1)
            if item.get(name) is not None and not isinstance(item[name], kind)
        ]
        if wrong:
            raise UsageError(f"entries whose {name} is no {word}: {_numbers(wrong)}", hint=hint)
    return tuple(
        ListedImage(
            item["reference"],
            "local",
            architectures=(item["architecture"],) if item.get("architecture") else (),
            created=item.get("created") or "",
            labels=_labels(item.get("labels")),
        )
        for item in document
        if _NAMELESS not in item["reference"]
    )


def from_docker_hub(document: Any, namespaces: Iterable[str]) -> tuple[ListedImage, ...]:
    """Docker Hub's listing of ``namespaces``: ``[{namespace, name, tags: [...]}]``.

    A tag is ``{name, tag_last_pushed, images: [{architecture, os}]}`` (Docker Hub API v2,
    ``/v2/namespaces/{namespace}/repositories/{repository}/tags``); what is no tag is left out.
    Raises :class:`UsageError` for another document, and for one with an entry of another kind.
    """
    hint = (
        "write it as [{namespace, name, tags: [...]}]; the results of Docker Hub's API for a "
        "repository are its tags"
    )
    if not isinstance(document, list):
        raise UsageError("the saved listing is no JSON list", hint=hint)
    wrong = [
        number
        for number, item in enumerate(document, 1)
        if not isinstance(item, dict)
        or not isinstance(item.get("tags"), list)
        or not all(isinstance(item.get(key), str) and item[key] for key in ("namespace", "name"))
    ]
    if wrong:
        raise UsageError(
            f"entries without a namespace, a name and tags: {_numbers(wrong)}", hint=hint
        )
    wanted = tuple(namespaces)
    return tuple(
        ListedImage(
            f"{repository['namespace']}/{repository['name']}:{tag['name']}",
            "registry",
            architectures=_hub_architectures(tag.get("images")),
            created=str(tag.get("tag_last_pushed") or ""),
        )
        for repository in document
        if repository["namespace"] in wanted
        for tag in _dicts(repository["tags"])
        if isinstance(tag.get("name"), str)
    )


def _numbers(found: list[int]) -> str:
    """At most ten of them."""
    more = f" and {len(found) - 10} more" if len(found) > 10 else ""
    return ", ".join(map(str, found[:10])) + more


def _hub_architectures(images: Any) -> tuple[str, ...]:
    """Docker Hub lists attestations as images of architecture ``unknown``."""
    found = (str(item.get("architecture") or "") for item in _dicts(images))
    return tuple(sorted({name for name in found if name and name != "unknown"}))


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _labels(value: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
