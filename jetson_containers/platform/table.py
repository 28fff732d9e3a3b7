"""The platform tables: packaged YAML, each read once and only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast


@cache
def table(name: str) -> Mapping[str, Any]:
    """The content of ``tables/<name>.yaml``; treat it as read-only, it is shared."""
    from importlib.resources import files

    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    folder = files("jetson_containers.platform").joinpath("tables")
    text = folder.joinpath(f"{name}.yaml").read_text("utf-8")
    return cast("Mapping[str, Any]", yaml.load(text, Loader=loader))
