"""Facts of a host: each with its source, or with the reason why it is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

from packaging.version import Version

from jetson_containers.platform.target import Arch, System

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value and its ``source``, or no value and the ``reason``.

    ``others`` are what further sources say where they disagree, each with its name.
    """

    value: T | None = None
    source: str = ""
    reason: str = ""
    others: tuple[tuple[T, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """``{value, source}`` or ``{value: null, reason}``, and ``others`` where there are any."""
        if self.value is None:
            return {"value": None, "reason": self.reason}
        data = {"value": _plain(self.value), "source": self.source}
        if self.others:
            data["others"] = [{"value": _plain(v), "source": source} for v, source in self.others]
        return data


def first(*candidates: Fact[T]) -> Fact[T]:
    """The first known fact, keeping what later ones say differently; else every reason."""
    known = [fact for fact in candidates if fact.value is not None]
    if not known:
        return Fact(reason="; ".join(fact.reason for fact in candidates if fact.reason))
    best = known[0]
    others = tuple(
        (fact.value, fact.source)
        for fact in known[1:]
        if fact.value is not None and fact.value != best.value
    )
    return Fact(best.value, best.source, others=others)


@dataclass(frozen=True, slots=True)
class OsRelease:
    """``ID`` and ``VERSION_ID`` of ``/etc/os-release``."""

    id: str
    release: str

    def __str__(self) -> str:
        return f"{self.id}:{self.release}"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One kind of GPU in a host and how many there are of it.

    ``architecture`` is a compute capability without the dot. ``data_center`` is ``None`` where
    the table does not know the name.
    """

    name: str
    architecture: int | None
    integrated: bool | None
    data_center: bool | None
    count: int = 1

    def __str__(self) -> str:
        """``2 x NVIDIA L4 (sm_89)``."""
        kind = "unknown kind" if self.architecture is None else f"sm_{self.architecture}"
        return (f"{self.count} x " if self.count > 1 else "") + f"{self.name} ({kind})"


@dataclass(frozen=True, slots=True)
class Engine:
    """What the container engine says of itself.

    ``more`` holds what not every reader asks for; the properties below are its known parts.
    """

    server_version: str
    default_runtime: str
    runtimes: tuple[str, ...]
    cdi_devices: tuple[str, ...]
    more: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def api_version(self) -> str:
        """The newest API that it speaks (``1.47``); empty where it was not asked."""
        return str(self.more.get("api_version") or "")

    @property
    def architecture(self) -> str:
        """``uname -m`` of the machine it runs on; empty where it was not asked."""
        return str(self.more.get("architecture") or "")

    @property
    def kernel(self) -> str:
        """``uname -r`` there; empty where it was not asked."""
        return str(self.more.get("kernel") or "")

    @property
    def os(self) -> str:
        """What the system there calls itself (``Ubuntu 24.04.1 LTS``); empty as above."""
        return str(self.more.get("os") or "")

    @property
    def storage_driver(self) -> str:
        """``overlay2``, ``vfs``...; empty where it was not asked."""
        return str(self.more.get("storage_driver") or "")

    @property
    def rootless(self) -> bool | None:
        """Whether it runs without root's rights; ``None`` where it was not asked."""
        value = self.more.get("rootless")
        return value if isinstance(value, bool) else None

    @property
    def data_root_free(self) -> int | None:
        """Free bytes where it keeps images; ``None`` where that is not known."""
        value = self.more.get("data_root_free")
        return value if type(value) is int and value >= 0 else None


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Everything known of a host. Sizes are bytes. An unknown is a reason, never a default."""

    machine: Fact[Arch]
    system: Fact[System]
    os: Fact[OsRelease]
    kernel: Fact[str]
    l4t: Fact[Version]
    jetpack: Fact[Version]
    model: Fact[str]
    driver: Fact[str]
    driver_cuda: Fact[Version]
    gpus: Fact[tuple[Gpu, ...]]
    host_cuda: Fact[Version]
    python: Fact[Version]
    memory: Fact[int]
    disk: Fact[int]
    cgroup: Fact[int]
    engine: Fact[Engine]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: every fact by name."""
        return {item.name: getattr(self, item.name).to_dict() for item in fields(self)}


def _plain(value: object) -> Any:
    if isinstance(value, (Version, OsRelease)):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, (Gpu, Engine)):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    return value
