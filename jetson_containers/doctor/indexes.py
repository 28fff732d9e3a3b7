"""The wheel indexes that a target's packages install from, read from the project's own data."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jetson_containers.doctor.model import WheelIndex
from jetson_containers.platform.target import Target

#: below the directory of the project's own packages
_PLACE = "python/pip_index"


def wheel_indexes(target: Target, packages: Path) -> tuple[WheelIndex, ...]:
    """The indexes of ``target``, each once; none where the tree has no such data.

    Raises ``OSError`` or ``ValueError`` where the data is there and cannot be read.
    """
    script = packages / _PLACE / "index.py"
    spec = importlib.util.spec_from_file_location("jetson_containers_pip_index", script)
    if not script.is_file() or spec is None or spec.loader is None:
        return ()
    helper: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(helper)
    data: Mapping[str, Any] = helper.load(f"{_PLACE}/indexes.yaml")
    for row in data["targets"]:
        if helper.matches(target, row["when"]):
            names = dict.fromkeys(row["use"].values())
            return tuple(_index(name, data["indexes"][name]) for name in names)
    return ()


def _index(name: str, entry: Mapping[str, Any]) -> WheelIndex:
    holds = {key: tuple(map(str, value)) for key, value in (entry.get("holds") or {}).items()}
    return WheelIndex(name, str(entry["url"]), holds)
