"""The program's version."""

from __future__ import annotations


def version() -> str:
    """As installed; ``unknown`` for a copy that was never installed."""
    from importlib import metadata

    try:
        return metadata.version("jetson-containers")
    except metadata.PackageNotFoundError:
        return "unknown"
