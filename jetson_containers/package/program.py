"""Which program evaluates: results of another one are not its own."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

#: what of the program decides how a definition reads, below its directory
_PARTS = ("__init__.py", "errors.py", "package", "platform", "platform/tables")
#: what it reads definitions with
_LIBRARIES = ("packaging", "yaml")


@cache
def program_digest() -> str:
    """A digest of the evaluating code, its tables, Python and the libraries it reads with.

    Law: it changes when a byte of those files does, when a library is installed or removed (a
    definition may ask which there are), and with nothing else.
    """
    total = hashlib.sha256(sys.version.encode())
    for library in _LIBRARIES:
        spec = find_spec(library)
        if spec and spec.origin:
            installed = Path(spec.origin).parents[1]
            total.update(f"{installed}\0{installed.stat().st_mtime_ns}\0".encode())
            total.update(Path(spec.origin).read_bytes())
    root = Path(__file__).parents[1]
    for part in _PARTS:
        for path in _files(root / part):
            content = path.read_bytes()
            total.update(f"{path}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(item for item in path.iterdir() if item.suffix in (".py", ".yaml"))
