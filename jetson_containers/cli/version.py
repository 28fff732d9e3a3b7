"""The program's version."""

from __future__ import annotations


def version() -> str:
    """As installed; in a checkout as ``pyproject.toml`` says; ``unknown`` where neither tells."""
    import re
    from importlib import metadata
    from pathlib import Path

    try:
        return metadata.version("jetson-containers")
    except metadata.PackageNotFoundError:
        project = Path(__file__).parents[2] / "pyproject.toml"
        text = project.read_text(encoding="utf-8") if project.is_file() else ""
        found = re.search(r'^version = "([^"]+)"', text, re.M)
        return found.group(1) if found else "unknown"
