"""CDI as container engines read it: which specification of NVIDIA's GPUs one would find."""

from __future__ import annotations

import re
from collections.abc import Collection

from jetson_containers.platform.facts import Engine

#: the CDI device that stands for all of NVIDIA's GPUs (NVIDIA Container Toolkit, CDI support)
ALL_GPUS = "nvidia.com/gpu=all"
#: CDI can be switched on in Docker from 25.0; from 28.2 it is on (moby/moby#45192), and the devices
#: that were found are listed (Docker Engine API 1.50, SystemInfo)
POSSIBLE, LISTED = "25.0", "28.2"
#: what NVIDIA's toolkit calls its specification (NVIDIA Container Toolkit, CDI support)
_NAMES = ("nvidia.yaml", "nvidia.json")


def specifications(engine: Engine) -> tuple[str, ...]:
    """Where the engine would find NVIDIA's specification; none where CDI is switched off.

    It then names no directories (Docker Engine API, SystemInfo, CDISpecDirs).
    """
    named = engine.more.get("cdi_directories")
    directories = [str(item) for item in named] if isinstance(named, (list, tuple)) else []
    return tuple(f"{item.rstrip('/')}/{name}" for item in directories for name in _NAMES)


def reads_unlisted(engine: Engine, present: Collection[str]) -> bool:
    """Whether the engine takes CDI devices of GPUs though it lists none.

    So do those between :data:`POSSIBLE` and :data:`LISTED`; a later one that lists none has none.
    ``present`` are the paths that exist on its machine.
    """
    match = re.match(r"(\d{1,3})\.(\d{1,3})(?!\d)", engine.server_version, re.ASCII)
    if match is None:
        return False
    first, last = (tuple(map(int, text.split("."))) for text in (POSSIBLE, LISTED))
    if not first <= (int(match[1]), int(match[2])) < last:
        return False
    return any(path in present for path in specifications(engine))
