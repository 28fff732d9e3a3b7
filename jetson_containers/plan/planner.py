"""From resolutions to a plan: stages with their fingerprints, and the images they end in.

Pure but for reading the package directories: no engine, no network, no clock, no environment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jetson_containers.errors import BuilderError, Location, UsageError, raise_all
from jetson_containers.image import labels as label_names
from jetson_containers.image.tag import tag_for
from jetson_containers.package.model import Package
from jetson_containers.plan.dockerfile import DockerfileFacts, read_dockerfile
from jetson_containers.plan.fingerprint import FileFact, context_files, fingerprint, input_digests
from jetson_containers.plan.ignore import ignore_for
from jetson_containers.plan.model import (
    MAX_LAYERS,
    BaseImage,
    Plan,
    PlannedImage,
    Stage,
    StageTest,
)
from jetson_containers.plan.testing import is_tested, stage_tests
from jetson_containers.platform.target import Target
from jetson_containers.resolve.model import Resolution, Resolved

#: an image's name with or without a tag (github.com/distribution/reference, ``regexp.go``)
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
)

#: build arguments for job counts: they change how fast a stage is built, not what it is
BUDGET_ARGS = ("MAX_JOBS", "CMAKE_BUILD_PARALLEL_LEVEL", "NINJAFLAGS", "NVCC_THREADS")


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a request adds to the definitions.

    ``name`` is the image's name, with or without a tag. ``build_args`` go to every stage that
    declares them. ``skip_tests`` and ``only_tests`` are patterns of package names or references
    (``all`` is every package); an empty ``only_tests`` restricts nothing.
    """

    name: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_flags: tuple[str, ...] = ()
    device: str | None = None
    skip_tests: tuple[str, ...] = ()
    only_tests: tuple[str, ...] = ()


def make_plan(
    resolutions: Sequence[Resolution],
    base: BaseImage,
    options: PlanOptions | None = None,
) -> Plan:
    """One image per resolution, all on ``base``; stages that are equal are planned once.

    Every fault of every stage (a missing Dockerfile, one without ``BASE_IMAGE``, an argument that
    nothing declares, too many layers) is reported in one go.
    """
    options = options or PlanOptions()
    if not resolutions:
        raise UsageError("nothing to plan", hint="name at least one package")
    target = resolutions[0].target
    stages: dict[str, Stage] = {}
    images: list[PlannedImage] = []
    errors: list[BuilderError] = []
    declared: set[str] = set()
    for resolution in resolutions:
        members = {item.package.name: item for item in resolution.chosen}
        chain = _Chain(target, base, options, members)
        for item in resolution.chosen:
            try:
                chain.add(item)
            except BuilderError as error:
                errors.append(error)
        declared |= chain.declared
        errors += chain.errors()
        for stage in chain.stages:
            stages.setdefault(stage.id, stage)
        images.append(
            PlannedImage(
                reference=_reference(target, resolution, options),
                packages=tuple(package.reference for package in resolution.packages),
                stages=tuple(stage.id for stage in chain.stages),
            )
        )
    for name in sorted(set(options.build_args) - declared):
        errors.append(
            UsageError(
                f"no Dockerfile of this plan declares the build argument {name}",
                hint=f"declared are {', '.join(sorted(declared)) or 'none'}",
            )
        )
    raise_all({str(error): error for error in errors}.values())
    return Plan(target=target, base=base, stages=tuple(stages.values()), images=tuple(images))


def _reference(target: Target, resolution: Resolution, options: PlanOptions) -> str:
    """The image's name and tag; several packages are named after the last one asked for."""
    wanted = resolution.request[-1].name
    package = next(
        (
            item
            for item in resolution.packages
            if item.name == wanted
            or any(alias.partition(":")[0] == wanted for alias in item.aliases)
        ),
        resolution.packages[-1],
    )
    name = options.name or package.name
    if options.name and not _NAME.fullmatch(options.name.rstrip(":/") or "-"):
        raise UsageError(
            f"--name {options.name!r} is no name for an image",
            hint="write [REGISTRY/][PATH/]NAME[:TAG], in lower-case letters, digits and . _ -",
        )
    if ":" in name.rpartition("/")[2].rstrip(":"):
        return name
    tag = tag_for(target, package.version, prefix=package.prefix, postfix=package.postfix)
    return f"{name.rstrip(':')}:{tag}" if not name.endswith("/") else f"{name}{package.name}:{tag}"


class _Chain:
    """The stages of one image, grown package by package."""

    def __init__(
        self,
        target: Target,
        base: BaseImage,
        options: PlanOptions,
        members: Mapping[str, Resolved],
    ) -> None:
        self.stages: list[Stage] = []
        self.declared: set[str] = set()
        self._target = target
        self._base = base
        self._options = options
        self._members = members
        self._packages: list[str] = []
        built = [item.package for item in members.values() if item.package.dockerfile is not None]
        self._last = built[-1] if built else None
        self._lineage: list[list[str]] = []
        self._waiting: list[StageTest] = []

    def add(self, item: Resolved) -> None:
        """One more package: a stage, or, for a meta package, only its name and tests."""
        package = item.package
        if package.reference in self._packages:
            return
        self._take(package)
        if package.dockerfile is None:
            return
        if package is self._last:
            # what only collects, and stands behind the last stage, belongs to that stage's image
            for member in self._members.values():
                if member.package.reference not in self._packages:
                    self._take(member.package)
        facts = self._read(package)
        self.declared.update(facts.args)
        stage = self._stage(item, facts, tuple(self._waiting))
        self._waiting.clear()
        self.stages.append(stage)

    def _take(self, package: Package) -> None:
        """Put a package's name into the labels, and its tests among those of the next stage."""
        self._packages.append(package.reference)
        if is_tested(package, self._options.skip_tests, self._options.only_tests):
            self._waiting.extend(stage_tests(package))

    def errors(self) -> list[BuilderError]:
        """What only the whole chain can tell."""
        if self._last is None:
            names = ", ".join(item.package.reference for item in self._members.values())
            return [
                UsageError(
                    f"there is nothing to build in {names}: no package of it has a Dockerfile",
                    hint="name a package that does, alone or beside it",
                )
            ]
        layers = sum(stage.layers for stage in self.stages)
        if layers > MAX_LAYERS:
            return [
                BuilderError(
                    f"the chain of {len(self.stages)} stages has {layers} layers, "
                    f"engines allow {MAX_LAYERS}",
                    hint="join RUN and COPY steps, or leave packages out with --skip-packages",
                )
            ]
        return []

    def _read(self, package: Package) -> DockerfileFacts:
        path = package.path / str(package.dockerfile)
        try:
            facts = read_dockerfile(path.read_bytes())
        except OSError as error:
            raise BuilderError(
                f"the Dockerfile of {package.reference} cannot be read: {error.strerror}",
                where=Location(str(path)),
                hint="correct `dockerfile:`, or leave it out for a package that only collects",
            ) from None
        if not facts.uses_base_image or "BASE_IMAGE" not in facts.args:
            raise BuilderError(
                f"the Dockerfile of {package.reference} does not build on BASE_IMAGE",
                where=Location(str(path), 1),
                hint="begin it with `ARG BASE_IMAGE` and `FROM ${BASE_IMAGE}`",
            )
        return facts

    def _stage(
        self, item: Resolved, facts: DockerfileFacts, tests: tuple[StageTest, ...]
    ) -> Stage:
        package, options = item.package, self._options
        parent = self.stages[-1] if self.stages else None
        contexts, context_facts = self._contexts(package, facts)
        args = {
            **dict(package.build_args),
            **{key: value for key, value in options.build_args.items() if key in facts.args},
        }
        args.pop("BASE_IMAGE", None)
        secrets = tuple(dict.fromkeys((*facts.secrets, *package.secrets)))
        flags = (*package.build_flags, *options.build_flags)
        device = options.device or package.buildkit_device
        ignore = ignore_for(package.path, package.dockerfile)
        inputs = {
            "parent": parent.fingerprint if parent else self._base_key(),
            "platform": self._target.platform,
            "dockerfile": hashlib.sha256(facts.body).hexdigest(),
            "files": context_files(package.path, facts.sources, ignore),
            "contexts": context_facts,
            "generated": package.generated,
            "build_args": {k: v for k, v in args.items() if k not in BUDGET_ARGS},
            "secrets": sorted(secrets),
            "device": device,
            "flags": flags,
            "packages": tuple(self._packages),
            "target": self._target.to_dict(),
        }
        digest = fingerprint(inputs)
        self._lineage.append([package.reference, digest])
        return Stage(
            id=f"{package.name}-{digest[:12]}",
            package=package.name,
            version=package.version,
            fingerprint=digest,
            parent=parent.id if parent else None,
            base=parent.reference if parent else self._base.reference,
            context=str(package.path),
            dockerfile=str(package.dockerfile),
            shown=package.relative_path,
            build_args=tuple(args.items()),
            contexts=contexts,
            secrets=secrets,
            device=device,
            build_flags=flags,
            labels=label_names.stage_labels(
                target=self._target,
                package=package,
                packages=tuple(self._packages),
                fingerprint=digest,
                base=self._base,
                lineage=self._lineage,
            ),
            tests=tests,
            reference=stage_reference(package.name, digest),
            platform=self._target.platform,
            reason="; ".join(str(because) for because in item.because),
            layers=facts.layers,
            needs=tuple(sorted(facts.needs)),
            budget=tuple(name for name in BUDGET_ARGS if name in facts.args),
            generated=package.generated,
            inputs=input_digests(inputs),
        )

    def _base_key(self) -> str:
        return self._base.digest or self._base.reference

    def _contexts(
        self, package: Package, facts: DockerfileFacts
    ) -> tuple[tuple[tuple[str, str], ...], dict[str, str | tuple[FileFact, ...]]]:
        """Named contexts: directories of meta packages, images of other stages of the chain."""
        found: dict[str, str] = {}
        inputs: dict[str, str | tuple[FileFact, ...]] = {}
        for name in facts.froms:
            member = self._members.get(name)
            if member is None:
                continue
            stage = next((stage for stage in self.stages if stage.package == name), None)
            if stage is not None:
                found[name] = f"docker-image://{stage.reference}"
                inputs[name] = stage.fingerprint
            elif member.package.dockerfile is None:
                found[name] = str(member.package.path)
                path = member.package.path
                inputs[name] = context_files(path, None, ignore_for(path, None))
            else:
                raise BuilderError(
                    f"the Dockerfile of {package.reference} takes files from {name}, "
                    "which is built after it",
                    where=Location(str(package.path / str(package.dockerfile))),
                    hint=f"add {name} to its depends",
                )
        return tuple(found.items()), inputs


def stage_reference(package: str, digest: str) -> str:
    """``jetson-stage/<package>:<first 16 of the fingerprint>``: never offered to a user."""
    return f"jetson-stage/{package.lower()}:{digest[:16]}"
