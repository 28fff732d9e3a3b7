"""The stages of one image: each package with a Dockerfile, on the one before it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable
from typing import NamedTuple

from jetson_containers.errors import BuilderError, Location, UsageError
from jetson_containers.image import labels as label_names
from jetson_containers.package.model import Package
from jetson_containers.plan.artifact import artifact_key, direct_dependencies
from jetson_containers.plan.dockerfile import DockerfileFacts, read_dockerfile
from jetson_containers.plan.fingerprint import FileFact, context_files, fingerprint, input_digests
from jetson_containers.plan.ignore import ignore_for
from jetson_containers.plan.model import (
    MAX_LAYERS,
    BaseImage,
    Stage,
    StageTest,
)
from jetson_containers.plan.options import PlanOptions
from jetson_containers.plan.testing import is_tested, stage_tests
from jetson_containers.resolve.model import Resolution, Resolved

#: build arguments for job counts: they change how fast a stage is built, not what it is
BUDGET_ARGS = ("MAX_JOBS", "CMAKE_BUILD_PARALLEL_LEVEL", "NINJAFLAGS", "NVCC_THREADS")


class Known(NamedTuple):
    """A stage that a chain has made.

    ``args`` are the arguments that its Dockerfile declares, ``key`` is what its package is apart
    from its place in the chain (``plan.artifact``).
    """

    stage: Stage
    args: Collection[str]
    key: str


class Chain:
    """The stages of one image, grown package by package.

    ``packages`` are the references of all that the image holds, those of the base first;
    ``declared`` are the build arguments that a Dockerfile declares, ``faults`` all that is wrong.
    ``known`` are the stages of other chains with the same base and options: equal ones are made
    once, and keep the first chain's reasons.
    """

    def __init__(
        self,
        resolution: Resolution,
        base: BaseImage,
        options: PlanOptions,
        known: dict[Hashable, Known] | None = None,
    ) -> None:
        self._known = {} if known is None else known
        self.stages: list[Stage] = []
        self.declared: set[str] = set()
        self.faults: list[BuilderError] = []
        self._target = resolution.target
        self._base = base
        self._options = options
        self._members = {item.package.name: item for item in resolution.chosen}
        self._held = frozenset(base.contents.packages if base.contents else ())
        self._packages = list(base.contents.packages) if base.contents else []
        self._lineage = list(base.contents.lineage) if base.contents else []
        self._waiting: list[StageTest] = []
        self._depends = direct_dependencies(resolution)
        self._keys: dict[str, str] = {}
        self._collecting = frozenset(
            package.reference for package in resolution.packages if package.dockerfile is None
        )
        new = [item for item in resolution.chosen if item.package.reference not in self._held]
        built = [item.package for item in new if item.package.dockerfile is not None]
        self._last = built[-1] if built else None
        if built:
            for package in resolution.packages:
                if package.reference in self._held:
                    self._test(package)
        for item in new:
            try:
                self._add(item)
            except BuilderError as error:
                self.faults.append(error)
        self.faults += self._errors()

    @property
    def packages(self) -> tuple[str, ...]:
        return tuple(self._packages)

    def _add(self, item: Resolved) -> None:
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
        key = (
            self.stages[-1].id if self.stages else None,
            tuple(self._packages),
            package.reference,
            self._collecting,
        )
        if key not in self._known:
            facts = self._read(package)
            self._known[key] = self._stage(item, facts, tuple(self._waiting))
        stage, args, self._keys[package.name] = self._known[key]
        self.declared.update(args)
        self._lineage.append((package.reference, stage.fingerprint))
        self._waiting.clear()
        self.stages.append(stage)

    def _take(self, package: Package) -> None:
        """Put a package's name into the labels, and its tests among those of the next stage."""
        self._packages.append(package.reference)
        self._test(package)

    def _test(self, package: Package) -> None:
        if is_tested(package, self._options.skip_tests, self._options.only_tests):
            self._waiting.extend(stage_tests(package))

    def _errors(self) -> list[BuilderError]:
        """What only the whole chain can tell."""
        if self._last is None and not self._held:
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
    ) -> Known:
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
        device = package.buildkit_device if options.device is None else options.device or None
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
        key = artifact_key(
            {**inputs, "contexts": context_facts | self._context_keys(contexts)},
            self._target,
            base=self._base_key(),
            depends={name: self._key(name) for name in self._depends.get(package.name, ())},
        )
        stage = Stage(
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
                lineage=(*self._lineage, (package.reference, digest)),
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
            heavy=package.heavy,
            artifact=key if facts.artifact else None,
        )
        return Known(stage, facts.args, key)

    def _key(self, name: str) -> str:
        """The artifact key of a package that stands earlier; of what only collects, its parts'."""
        package = self._members[name].package
        if package.reference in self._held:
            return package.reference  # the key of the base is in every key
        if name not in self._keys:
            parts = {part: self._key(part) for part in self._depends.get(name, ())}
            self._keys[name] = fingerprint({"package": package.reference, "depends": parts})
        return self._keys[name]

    def _context_keys(self, contexts: tuple[tuple[str, str], ...]) -> dict[str, str]:
        """The keys of those named contexts that are stages of this chain."""
        return {name: self._keys[name] for name, _ in contexts if name in self._keys}

    def _base_key(self) -> str:
        return self._base.digest or self._base.reference

    def _contexts(
        self, package: Package, facts: DockerfileFacts
    ) -> tuple[tuple[tuple[str, str], ...], dict[str, str | tuple[FileFact, ...]]]:
        """Named contexts: directories of meta packages, images of other stages of the chain.

        What the base holds already is taken from it.
        """
        built = {reference for reference, _ in self._lineage}
        found: dict[str, str] = {}
        inputs: dict[str, str | tuple[FileFact, ...]] = {}
        for name in facts.froms:
            member = self._members.get(name)
            if member is None:
                continue
            stage = next((stage for stage in self.stages if stage.package == name), None)
            reference = member.package.reference
            if reference in self._held and (reference in built or member.package.dockerfile):
                found[name] = f"docker-image://{self._base.reference}"
                inputs[name] = self._base_key()
            elif stage is not None:
                found[name] = f"docker-image://{stage.reference}"
                inputs[name] = stage.fingerprint
            elif member.package.location.path == self._base.reference:
                raise BuilderError(
                    f"the Dockerfile of {package.reference} takes files from {name}, which the "
                    f"base image {self._base.reference} has, and nothing here defines",
                    where=Location(str(package.path / str(package.dockerfile))),
                    hint="name the directory that defines it with --package-dirs",
                )
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
