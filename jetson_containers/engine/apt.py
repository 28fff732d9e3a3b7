"""apt with a configuration of its own: lists, sources and downloads in one private folder.

The machine's package database is read (to know what is installed) and never written. Signatures
are checked by apt as always, with the keys that the machine trusts.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.engine.apt_sources import AptSource
from jetson_containers.errors import BuilderError, UnreachableError

OnLine = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AptWorkspace:
    """A folder in which apt works on ``sources`` alone.

    ``env`` is laid under apt's own settings (proxies and certificates come from there).
    """

    folder: Path
    sources: tuple[AptSource, ...]
    env: Mapping[str, str]
    on_line: OnLine

    @property
    def archives(self) -> Path:
        """Where downloaded ``.deb`` files lie."""
        return self.folder / "archives"

    def update(self) -> None:
        """Fetch the package lists and check their signatures.

        :class:`UnreachableError` if a list cannot be fetched or its signature is not trusted.
        """
        for path in (self.folder / "lists" / "partial", self.archives / "partial"):
            path.mkdir(parents=True, exist_ok=True)
        text = "\n".join(source.render() for source in self.sources)
        (self.folder / "private.sources").write_text(text, encoding="utf-8")
        self._apt(["apt-get", "update"], "read the distribution's package lists")

    def download(self, packages: Sequence[str]) -> tuple[Path, ...]:
        """The named packages' files, without anything they depend on."""
        before = set(self.archives.glob("*.deb"))
        self._apt(
            ["apt-get", "download", *packages],
            f"download {', '.join(packages)}",
            cwd=self.archives,
        )
        return tuple(sorted(set(self.archives.glob("*.deb")) - before))

    def download_missing(self, packages: Sequence[str]) -> tuple[Path, ...]:
        """The files of those named packages, and of their dependencies, that the machine lacks."""
        before = set(self.archives.glob("*.deb"))
        self._apt(
            [
                "apt-get", "install", "--download-only", "--yes", "--no-install-recommends",
                *packages,
            ],
            f"download {', '.join(packages)}",
        )  # fmt: skip
        return tuple(sorted(set(self.archives.glob("*.deb")) - before))

    def _options(self) -> list[str]:
        settings = {
            "Dir::Etc::SourceList": self.folder / "private.sources",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder,
            "Dir::Cache::Archives": self.archives,
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "APT::Update::Error-Mode": "any",
        }
        return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

    def _apt(self, argv: Sequence[str], purpose: str, cwd: Path | None = None) -> None:
        command = [argv[0], "-qq", *self._options(), *argv[1:]]
        env = {**self.env, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        run_quietly(command, purpose, env=env, cwd=cwd)


def run_quietly(
    argv: Sequence[str], purpose: str, *, env: Mapping[str, str], cwd: Path | None = None
) -> str:
    """Run ``argv`` to its end and return its standard output.

    Raises :class:`UnreachableError` when it fails in saying that something could not be fetched,
    :class:`BuilderError` for any other failure or when there is no such program.
    """
    try:
        done = subprocess.run(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise BuilderError(
            f"cannot {purpose}: no program {argv[0]}", hint=f"install {argv[0]}"
        ) from error
    if done.returncode == 0:
        return done.stdout
    said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in said if line.startswith(("E:", "Err"))] or said[-5:]
    reason = "\n    ".join(errors[:8]) or f"exit status {done.returncode}"
    away = any(
        mark in line
        for line in said
        for mark in ("Failed to fetch", "Could not resolve", "Could not connect", "not signed")
    )
    kind = UnreachableError if away else BuilderError
    raise kind(
        f"could not {purpose}:\n    {reason}",
        hint="check the machine's apt sources (/etc/apt) and its network; "
        "`apt-get update` must work",
    )


def unpack(packages: Iterable[Path], root: Path, *, env: Mapping[str, str]) -> None:
    """Unpack ``.deb`` files under ``root`` without running any script of theirs."""
    root.mkdir(parents=True, exist_ok=True)
    for package in packages:
        run_quietly(["dpkg", "-x", str(package), str(root)], f"unpack {package.name}", env=env)
