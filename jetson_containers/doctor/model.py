"""The values of a diagnosis: the host that is judged, checks, findings, remedies."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.read import smi_faults
from jetson_containers.platform.target import Target

Severity = Literal["error", "warning", "info", "ok"]
#: from what must be mended to what is well
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info", "ok")

#: a word that only the user's own shell can fill in
USER = "$USER"
#: ``id -u``: whether commands need ``sudo``
USER_ID = "id -u"
#: those groups of the user that decide something, see :mod:`.wanted`
GROUPS = "id -nG"


@dataclass(frozen=True, slots=True)
class Remedy:
    """Commands that mend something, one after the other.

    ``automatic`` ones are safe to run without further thought: they can be repeated, delete
    nothing, and lower no protection. ``disturbs`` says what else stops or changes while they run.
    """

    commands: tuple[tuple[str, ...], ...]
    automatic: bool = False
    disturbs: str = ""

    def __str__(self) -> str:
        """One line that can be pasted into a shell."""
        return " && ".join(" ".join(map(_quoted, argv)) for argv in self.commands)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of one thing."""

    severity: Severity
    message: str
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, with the name of the check that gave it."""

    check: str
    severity: Severity
    message: str
    remedy: Remedy | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``remedy`` is a command line, or null."""
        return {
            "check": self.check,
            "severity": self.severity,
            "message": self.message,
            "remedy": str(self.remedy) if self.remedy else None,
            "automatic": bool(self.remedy and self.remedy.automatic),
            "disturbs": self.remedy.disturbs if self.remedy else "",
        }


@dataclass(frozen=True, slots=True)
class WheelIndex:
    """A wheel index of a target: ``url`` is empty for the installer's default one.

    ``holds`` are the versions that it is known to have, by distribution.
    """

    name: str
    url: str
    holds: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Host:
    """Everything that a check may look at. A check is a pure function of it."""

    evidence: Evidence
    facts: HostFacts
    target: Target | None = None
    indexes: tuple[WheelIndex, ...] = ()

    @property
    def is_tegra(self) -> bool:
        """Whether the GPU is reached by the runtime's own rules for Jetson, as ``run`` does."""
        return self.facts.system.value == "tegra" or self._may_be_jetson

    @property
    def is_jetson(self) -> bool:
        """Whether this is a Jetson of any generation: L4T is there, be it one not told."""
        return self.facts.l4t.value is not None or self._may_be_jetson

    @property
    def _may_be_jetson(self) -> bool:
        """The system of an Arm machine is not known only where something says it is a Jetson."""
        return self.facts.system.value is None and self.facts.machine.value == "aarch64"

    @property
    def has_gpu(self) -> bool:
        """Whether a GPU or its driver was seen, be it one that fails."""
        seen = self.facts.gpus.value or self.facts.driver.value or smi_faults(self.evidence)
        return self.is_jetson or bool(seen)

    @property
    def is_root(self) -> bool:
        """Whether this user may do everything."""
        return (self.output(USER_ID) or "").strip() == "0"

    def output(self, command: str) -> str | None:
        """What a command printed, or ``None`` where it is missing, failed or was too slow."""
        return self.evidence.commands.get(command)

    def engine(self, key: str) -> str:
        """What the engine said of itself under ``key``; empty where it said no text."""
        said = self.evidence.engine.get(key)
        return said if isinstance(said, str) else ""

    def engine_has(self, key: str) -> bool | None:
        """Whether the engine has a property; ``None`` where it was not asked."""
        said = self.evidence.engine.get(key)
        return said if isinstance(said, bool) else None

    def admin(self, *argv: str) -> tuple[str, ...]:
        """``argv`` as the user has to type it to run it as root."""
        return argv if self.is_root else ("sudo", *argv)

    def install(self, *packages: str) -> Remedy | None:
        """Installing distribution packages; ``None`` where they are called otherwise."""
        return self._apt("install", packages)

    def upgrade(self, *packages: str) -> Remedy | None:
        """Bringing packages that are there up to date."""
        return self._apt("install --only-upgrade", packages)

    def _apt(self, words: str, packages: tuple[str, ...]) -> Remedy | None:
        os = self.facts.os.value
        if os is None or os.id not in ("debian", "ubuntu"):
            return None
        return self.advice(("apt-get", *words.split(), *packages))

    def remedy(self, *commands: tuple[str, ...], disturbs: str = "") -> Remedy:
        """Safe commands, each run as root."""
        return Remedy(tuple(self.admin(*argv) for argv in commands), True, disturbs)

    def advice(self, *commands: tuple[str, ...], disturbs: str = "") -> Remedy:
        """Commands that a person should think about first, each run as root."""
        return Remedy(tuple(self.admin(*argv) for argv in commands), False, disturbs)


#: given a host, what there is to say; nothing where the check does not concern that host
Judge = Callable[[Host], Iterable[Verdict]]


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a host. ``about`` completes "this check looks at"."""

    name: str
    about: str
    judge: Judge


def ok(message: str) -> Verdict:
    """It is as it should be."""
    return Verdict("ok", message)


def info(message: str, remedy: Remedy | None = None) -> Verdict:
    """Good to know; nothing fails for it."""
    return Verdict("info", message, remedy)


def warning(message: str, remedy: Remedy | None = None) -> Verdict:
    """Something can fail, or will be slow."""
    return Verdict("warning", message, remedy)


def error(message: str, remedy: Remedy | None = None) -> Verdict:
    """Containers cannot be built or started before this is mended."""
    return Verdict("error", message, remedy)


def _quoted(word: str) -> str:
    return '"$USER"' if word == USER else shlex.quote(word)
