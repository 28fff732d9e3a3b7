"""Evidence for others to look at: without anything that tells whose machine it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetson_containers.files import write_whole
from jetson_containers.platform.evidence import Evidence

#: names that are no secret, and stand in texts with another meaning
_COMMON = frozenset(
    (
        *("root", "user", "users", "admin", "test", "name", "host", "localhost", "data", "none"),
        *("ubuntu", "debian", "fedora", "linux", "docker", "podman", "overlay", "cgroup"),
        *("dev", "etc", "lib", "mnt", "opt", "run", "tmp", "usr", "var", "cpu", "gpu", "all"),
        *("nvidia", "jetson", "tegra", "orin", "thor", "nano", "xavier", "spark"),
    )
)
_MAC = re.compile(r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b", re.IGNORECASE)
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)
_HOME = re.compile(r"/home/[^/\s\"']+")
_SERIAL = re.compile(r"((?:serial|s/n)\s*(?:number|no\.?)?\s*[:=]\s*)\S+", re.IGNORECASE)


def without_identity(evidence: Evidence, names: Iterable[str]) -> Evidence:
    """``evidence`` without serial numbers, addresses, and the ``names`` of host and user.

    Home directories become ``/home/user``, a name becomes ``name``, a UUID and a MAC address
    zeros. Names of one or two letters, and those that many machines have (``ubuntu``,
    ``nvidia``), stay: they tell nothing, and stand in texts with another meaning.
    Law: what was cleaned already is not changed.
    """
    secret = sorted(
        {name for name in names if len(name) > 2 and name.lower() not in _COMMON},
        key=len,
        reverse=True,
    )
    words = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in secret), re.I)

    def clean(text: str) -> str:
        text = _HOME.sub("/home/user", text)
        text = _UUID.sub("00000000-0000-0000-0000-000000000000", text)
        text = _MAC.sub("00:00:00:00:00:00", text)
        text = _SERIAL.sub(r"\g<1>0", text)
        return words.sub("name", text) if secret else text

    return replace(
        evidence,
        kernel=clean(evidence.kernel),
        files={clean(path): clean(text) for path, text in evidence.files.items()},
        commands={command: clean(text) for command, text in evidence.commands.items()},
        engine=_cleaned(evidence.engine, clean),
    )


def write_evidence(path: Path, evidence: Evidence) -> None:
    """Write ``evidence`` whole or not at all; raises ``OSError`` where that cannot be done."""
    write_whole(path, evidence.to_json().encode(), mode=0o644)


def _cleaned(engine: Mapping[str, Any], clean: Callable[[str], str]) -> dict[str, Any]:
    return {
        key: [clean(str(item)) for item in value]
        if isinstance(value, (list, tuple))
        else clean(value)
        if isinstance(value, str)
        else value
        for key, value in engine.items()
    }
