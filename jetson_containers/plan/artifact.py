"""Artifacts: what a package compiles, by a key that its place in a chain does not change.

A Dockerfile may keep apart what it compiles: the root of a stage ``FROM scratch AS wheels`` holds
the wheels and tarballs, and the last stage installs them from there. What is compiled then depends
on the package and on what it depends on, not on whatever else stood before it in the chain; so it
can be kept under a key of its own, and installed in other chains.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jetson_containers.plan.fingerprint import fingerprint
from jetson_containers.platform.target import Target
from jetson_containers.resolve.model import Resolution

#: Part of every key: raise it when the meaning of an artifact changes.
ARTIFACT_FORMAT = 1

#: inputs of a stage's fingerprint that come from its place in a chain, or only name its image
_OF_THE_PLACE = ("parent", "packages", "target")
#: facts of a target that decide what a compiler makes; its name and its board are none
_COMPILED_FOR = ("system", "arch", "l4t", "cuda", "distro", "python", "gpu_architectures")


def artifact_key(
    inputs: Mapping[str, Any], target: Target, *, base: str, depends: Mapping[str, str]
) -> str:
    """``sha256`` in hex of a package for a target, on a base image and on its dependencies.

    ``inputs`` are those of its stage's fingerprint, named contexts by key where they are stages;
    ``base`` is the digest of the base image, ``depends`` are the keys of the packages that it
    depends on itself, each of which holds those of its own.

    Law: equal whatever else stands in the chain, and in whichever order; another as soon as the
    package, anything that it depends on however far, the base or what is compiled for differs.
    """
    return fingerprint(
        {
            **{name: value for name, value in inputs.items() if name not in _OF_THE_PLACE},
            "artifact": ARTIFACT_FORMAT,
            "base": base,
            "target": compiled_for(target),
            "depends": dict(depends),
        }
    )


def compiled_for(target: Target) -> dict[str, Any]:
    """What of a target decides what a compiler makes, in its JSON form."""
    facts = target.to_dict()
    return {name: facts[name] for name in _COMPILED_FOR}


def direct_dependencies(resolution: Resolution) -> dict[str, tuple[str, ...]]:
    """For each package of a resolution, the names of those that it requires itself."""
    found: dict[str, dict[str, None]] = {}
    for item in resolution.chosen:
        for because in item.because:
            if because.parent is not None and not because.forbids:
                found.setdefault(because.parent.name, {})[item.package.name] = None
    return {name: tuple(needed) for name, needed in found.items()}
