"""The plan: stages as a graph and the images that come out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jetson_containers.image.contents import Contents
from jetson_containers.platform.target import Target

PLAN_FORMAT = 1
#: Docker's overlay drivers refuse an image with more layers than this.
MAX_LAYERS = 127


@dataclass(frozen=True, slots=True)
class BaseImage:
    """The image that a chain starts on.

    ``digest`` is what the engine or registry says it is (``sha256:…``), or ``None`` while nobody
    has looked, as in a plan for another machine; ``origin`` is ``local``, ``pulled``,
    ``bootstrap`` or ``planned``. ``contents`` are what an image of ours holds already, ``None``
    for any other image; ``manifests`` the digests under which registries have it.
    """

    reference: str
    digest: str | None = None
    origin: str = "planned"
    contents: Contents | None = None
    manifests: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``packages`` only where there are some."""
        held = {"packages": list(self.contents.packages)} if self.contents else {}
        return {"reference": self.reference, "digest": self.digest, "origin": self.origin, **held}


@dataclass(frozen=True, slots=True)
class StageTest:
    """One test of a package: ``argv`` is run in the image.

    ``directory``, the package's own, is mounted at ``/test``, the data directory at ``/data``.
    ``timeout`` is in seconds, ``None`` where the package leaves it to the run.
    """

    package: str
    name: str
    argv: tuple[str, ...]
    directory: str
    timeout: int | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One Dockerfile on one parent.

    ``parent`` is a stage id, or ``None`` for the base image. ``context``, ``dockerfile`` and the
    directories of ``contexts`` (named build contexts: artifacts beside the parent) are absolute
    paths; ``shown`` maps them to the form in which they are serialised, which is the same on
    every machine. ``platform`` is the OCI platform. ``layers`` counts the filesystem layers that
    the Dockerfile can add at most; ``needs`` are the engine capabilities that it uses; ``budget``
    names the arguments for job counts that it declares, whose values are no part of the plan;
    ``generated`` are files (path, text) that a config.py adds to the context. ``inputs`` are
    digests of what the fingerprint is made of, so that two plans can tell which of them changed.
    ``artifact`` is the key of what the package compiles (``plan.artifact``), ``None`` where its
    Dockerfile keeps nothing apart. ``heavy`` says that nothing may be built beside it.
    """

    id: str
    package: str
    version: str | None
    fingerprint: str
    parent: str | None
    base: str
    context: str
    dockerfile: str
    shown: str
    build_args: tuple[tuple[str, str], ...]
    contexts: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]
    device: str | None
    build_flags: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    tests: tuple[StageTest, ...]
    reference: str
    platform: str
    reason: str
    layers: int
    needs: tuple[str, ...] = ()
    budget: tuple[str, ...] = ()
    generated: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    artifact: str | None = None
    heavy: bool = False

    @property
    def title(self) -> str:
        """``name:version`` for people."""
        return f"{self.package}:{self.version}" if self.version else self.package

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, without anything that depends on this machine."""
        return {
            "id": self.id,
            "package": self.package,
            "version": self.version,
            "fingerprint": self.fingerprint,
            "parent": self.parent,
            "dockerfile": f"{self.shown}/{self.dockerfile}",
            "context": self.shown,
            "build_args": dict(self.build_args),
            "contexts": [name for name, _ in self.contexts],
            "generated": [path for path, _ in self.generated],
            "secrets": list(self.secrets),
            "device": self.device,
            "tests": [list(test.argv) for test in self.tests],
            "reference": self.reference,
            "reason": self.reason,
            "inputs": dict(self.inputs),
            **({"artifact": self.artifact} if self.artifact else {}),
            **({"heavy": True} if self.heavy else {}),
        }


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """An image that a plan ends in: its references, its packages, its stages in build order."""

    reference: str
    packages: tuple[str, ...]
    stages: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "reference": self.reference,
            "packages": list(self.packages),
            "stages": list(self.stages),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an engine has to know. Equal plans serialise to equal bytes."""

    target: Target
    base: BaseImage
    stages: tuple[Stage, ...]
    images: tuple[PlannedImage, ...]

    def stage(self, stage_id: str) -> Stage:
        """The stage of that id; raises ``KeyError``."""
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise KeyError(stage_id)

    def final_stage(self, image: PlannedImage) -> Stage | None:
        """The last stage of ``image``, or ``None`` when the base image holds all of it."""
        return self.stage(image.stages[-1]) if image.stages else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "format": PLAN_FORMAT,
            "target": self.target.to_dict(),
            "base": self.base.to_dict(),
            "images": [image.to_dict() for image in self.images],
            "stages": [stage.to_dict() for stage in self.stages],
            "summary": {
                "stages": len(self.stages),
                "images": len(self.images),
                "layers": sum(stage.layers for stage in self.stages),
            },
        }

    def to_json(self) -> str:
        """Versioned JSON, stable to the byte, ending in a line feed."""
        return dumps(self.to_dict(), indent=2) + "\n"


def dumps(value: Mapping[str, Any] | list[Any], indent: int | None = None) -> str:
    """JSON in the one form that labels, fingerprints and plans use."""
    separators = (",", ": ") if indent else (",", ":")
    return json.dumps(value, indent=indent, separators=separators, ensure_ascii=False)
