"""Fingerprints: equal exactly when every input that can change a stage's result is equal."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from jetson_containers.errors import BuilderError, Location
from jetson_containers.plan.model import dumps

#: Part of every fingerprint: raise it when the meaning of a stage changes.
FINGERPRINT_FORMAT = 1

FileFact = tuple[str, str, str]


def fingerprint(inputs: dict[str, Any]) -> str:
    """``sha256`` in hex of the inputs in canonical JSON; independent of dictionary order."""
    text = dumps(_sorted({"format": FINGERPRINT_FORMAT, **inputs}))
    return hashlib.sha256(text.encode()).hexdigest()


def context_files(
    context: Path, sources: Sequence[str] | None, ignore: bytes | None = None
) -> tuple[FileFact, ...]:
    """``(path, mode, content digest)`` of every file that ``sources`` show of ``context``.

    ``sources`` are paths, directories or patterns as in ``COPY``; ``None`` or ``.`` is all of it.
    The mode is ``x``, ``-`` or ``l`` (a link, whose content is where it points): what a build
    keeps of it. ``ignore`` is the content of ``.dockerignore``. Modification times, owners and
    the place of the context do not count.
    """
    if sources is not None and not sources:
        return ()
    kept = _walk(context, ignore)
    if sources is not None and not any(_is_all(source) for source in sources):
        patterns = [PurePosixPath(source.lstrip("/")) for source in sources]
        kept = [path for path in kept if any(_shown(path, pattern) for pattern in patterns)]
    return tuple((path, *_content(context / path)) for path in sorted(kept))


def _is_all(source: str) -> bool:
    return str(PurePosixPath(source.strip().lstrip("/"))) in (".", "")


def _shown(path: str, pattern: PurePosixPath) -> bool:
    """Whether a ``COPY`` of ``pattern`` takes ``path``, itself or as part of a directory."""
    parts = PurePosixPath(path).parts
    wanted = pattern.parts
    return len(parts) >= len(wanted) and all(
        PurePosixPath(part).match(want) for part, want in zip(parts, wanted, strict=False)
    )


def _walk(context: Path, ignore: bytes | None) -> list[str]:
    if ignore is not None:
        from docker.utils.build import exclude_paths

        lines = ignore.decode("utf-8", errors="replace").splitlines()
        patterns = [line.strip() for line in lines if line.strip() and line[:1] != "#"]
        found: Iterable[str] = exclude_paths(str(context), patterns)
        return [
            path
            for path in (str(PurePosixPath(item)) for item in found)
            if not (context / path).is_dir() or (context / path).is_symlink()
        ]
    return [
        str(path.relative_to(context).as_posix())
        for path in context.rglob("*")
        if (path.is_symlink() or path.is_file()) and "__pycache__" not in path.parts
    ]


def _content(path: Path) -> tuple[str, str]:
    try:
        if path.is_symlink():
            return "l", hashlib.sha256(str(path.readlink()).encode()).hexdigest()
        mode = "x" if path.stat().st_mode & stat.S_IXUSR else "-"
        with path.open("rb") as file:
            return mode, hashlib.file_digest(file, "sha256").hexdigest() if hasattr(
                hashlib, "file_digest"
            ) else hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise BuilderError(
            f"a file of the build context cannot be read: {error.strerror}",
            where=Location(str(path)),
            hint="mend its permissions, or name it in .dockerignore",
        ) from None


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value
