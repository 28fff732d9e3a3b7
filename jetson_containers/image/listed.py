"""Images as somebody lists them: an engine, a saved list. Pure readers of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from jetson_containers.errors import UsageError
from jetson_containers.image.reference import is_reference

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
            if isinstance(reference, str) and is_reference(reference):
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
        raise UsageError(f"entries without a reference: {numbers(wrong)}", hint=hint)
    named = [
        (number, item)
        for number, item in enumerate(document, 1)
        if _NAMELESS not in item["reference"]
    ]
    wrong = [number for number, item in named if not is_reference(item["reference"])]
    if wrong:
        raise UsageError(
            f"entries whose reference no engine would take: {numbers(wrong)}",
            hint="write it as [REGISTRY/][NAMESPACE/]NAME[:TAG], the name in lower case",
        )
    for name, kind, word in (
        ("architecture", str, "text"), ("created", str, "text"), ("labels", dict, "object"),
    ):  # fmt: skip
        wrong = [
            number
            for number, item in enumerate(document, 1)
            if item.get(name) is not None and not isinstance(item[name], kind)
        ]
        if wrong:
            raise UsageError(f"entries whose {name} is no {word}: {numbers(wrong)}", hint=hint)
    return tuple(
        ListedImage(
            item["reference"],
            "local",
            architectures=(item["architecture"],) if item.get("architecture") else (),
            created=item.get("created") or "",
            labels=_labels(item.get("labels")),
        )
        for _, item in named
    )


def numbers(found: list[int]) -> str:
    """At most ten of them, for a sentence."""
    more = f" and {len(found) - 10} more" if len(found) > 10 else ""
    return ", ".join(map(str, found[:10])) + more


def _labels(value: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
