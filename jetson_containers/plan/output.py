"""How a built image is written into an engine's store. Pure: words of BuildKit's exporters.

Source of the words: moby/buildkit, ``exporter/containerimage/opts.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from jetson_containers.errors import UsageError
from jetson_containers.plan.model import Plan
from jetson_containers.platform.distro import find_distribution
from jetson_containers.platform.target import Target

EPOCH = "SOURCE_DATE_EPOCH"
#: where a distribution's day of release is not known: the first day that a zip file can name
UNKNOWN_EPOCH = 315532800


def image_output(compression: str, *, name: str = "", rewrite: bool = False) -> str:
    """The attributes of ``type=image`` for the engine's own store; bake fills in the name itself.

    zstd takes a tenth of gzip's time, and is no larger. With ``rewrite`` the times of files are
    those of ``SOURCE_DATE_EPOCH`` at the latest; BuildKit cannot unpack such an image at once, so
    its first container does.
    """
    named = f",name={name}" if name else ""
    level = ",compression-level=1" if compression == "zstd" else ""
    last = "rewrite-timestamp=true,unpack=false" if rewrite else "unpack=true"
    return f"type=image{named},oci-mediatypes=true,compression={compression}{level},{last}"


def source_date_epoch(target: Target) -> int:
    """The time that every file and image of a reproducible build carries, seconds since 1970.

    The day on which the target's distribution was released: the same on every machine and on
    every day.
    """
    found = find_distribution(f"{target.distro}:{target.release}")
    if found is None:
        return UNKNOWN_EPOCH
    return int(datetime.combine(found.released, datetime.min.time(), timezone.utc).timestamp())


def stage_epochs(plans: Iterable[Plan], given: int | None) -> dict[str, int]:
    """The time of every stage, by its id: what was ``given``, or its target's own."""
    return {
        stage.id: source_date_epoch(plan.target) if given is None else given
        for plan in plans
        for stage in plan.stages
    }


def epoch_of(environ: Mapping[str, str]) -> int | None:
    """The ``SOURCE_DATE_EPOCH`` of an environment, which wins over that of the target.

    Raises :class:`UsageError` for one that is no number. Source: the specification of
    reproducible-builds.org.
    """
    text = environ.get(EPOCH, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise UsageError(
            f"{EPOCH} is {text!r}", hint="set it to seconds since 1970, or leave it unset"
        )
    return int(text)
