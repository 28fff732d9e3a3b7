"""The target: what an image is built for, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from packaging.version import Version

System = Literal["tegra", "sbsa", "x86_64"]
Arch = Literal["aarch64", "x86_64"]

#: machine architecture -> the name Docker and Debian give it
DOCKER_ARCH: Mapping[Arch, str] = {"aarch64": "arm64", "x86_64": "amd64"}


@dataclass(frozen=True, slots=True)
class Target:
    """Everything about a platform that can change an image.

    ``distro`` is an ``os-release`` ID (``ubuntu``, ``debian``), ``release`` its ``VERSION_ID``.
    ``gpu_architectures`` are compute capabilities without the dot, ascending (``(87, 110)``).
    ``l4t`` and ``jetpack`` are ``None`` off Jetson. ``inferred`` tells that L4T was not listed
    in the table and its nearest lower neighbour was taken.

    Law: ``Target.from_dict(t.to_dict()) == t``.
    """

    name: str
    system: System
    arch: Arch
    l4t: Version | None
    jetpack: Version | None
    cuda: Version
    distro: str
    release: str
    python: Version
    gpu_architectures: tuple[int, ...]
    base_image: str
    inferred: bool = False

    @property
    def docker_arch(self) -> str:
        """``arm64`` or ``amd64``."""
        return DOCKER_ARCH[self.arch]

    @property
    def platform(self) -> str:
        """The OCI platform, ``linux/arm64`` or ``linux/amd64``."""
        return f"linux/{self.docker_arch}"

    @property
    def ubuntu(self) -> str | None:
        """The Ubuntu release, or ``None`` on another distribution."""
        return self.release if self.distro == "ubuntu" else None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (``targets --json``)."""
        return {
            "name": self.name,
            "system": self.system,
            "arch": self.arch,
            "l4t": str(self.l4t) if self.l4t else None,
            "jetpack": str(self.jetpack) if self.jetpack else None,
            "cuda": str(self.cuda),
            "distro": f"{self.distro}:{self.release}",
            "ubuntu": self.ubuntu,
            "python": str(self.python),
            "gpu_architectures": list(self.gpu_architectures),
            "base_image": self.base_image,
            "inferred": self.inferred,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Target:
        """Read the JSON form back."""
        distro, _, release = str(data["distro"]).partition(":")
        return cls(
            name=str(data["name"]),
            system=cast(System, data["system"]),
            arch=cast(Arch, data["arch"]),
            l4t=Version(data["l4t"]) if data.get("l4t") else None,
            jetpack=Version(data["jetpack"]) if data.get("jetpack") else None,
            cuda=Version(data["cuda"]),
            distro=distro,
            release=release,
            python=Version(data["python"]),
            gpu_architectures=tuple(int(item) for item in data["gpu_architectures"]),
            base_image=str(data["base_image"]),
            inferred=bool(data.get("inferred", False)),
        )
