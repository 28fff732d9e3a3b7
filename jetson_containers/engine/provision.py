"""Making the private engine from the distribution's own packages."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.apt import AptWorkspace, run_quietly, unpack
from jetson_containers.engine.apt_sources import AptSource, for_release, read_sources
from jetson_containers.engine.layout import SYSTEM_PATH, EnginePaths, OnLine, exclusive
from jetson_containers.engine.private import start_locked
from jetson_containers.errors import BuilderError

#: programs that a runtime and a network need besides the daemon, and the package of each
RUNTIME = {"runc": "runc", "iptables": "iptables"}
#: glibc that Debian 13's docker.io, containerd and docker-buildx are linked for
_BORROWED_GLIBC = (2, 34)
_XTABLES = (
    "iptables", "iptables-save", "iptables-restore",
    "ip6tables", "ip6tables-save", "ip6tables-restore",
)  # fmt: skip
_PLUGINS = ("usr/libexec/docker/cli-plugins", "usr/lib/docker/cli-plugins")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which packages make the engine, and from which suite.

    ``borrowed`` names a newer release of the same distribution whose packages are taken without
    what they depend on; ``None`` takes the machine's own release with its dependencies.
    """

    packages: tuple[str, ...]
    borrowed: str | None = None


def recipe(distro: str, release: str) -> Recipe | None:
    """The recipe for an ``os-release`` ID and VERSION_ID; ``None`` where there is none.

    Debian 12's own Docker is 20.10 without buildx; Debian 13's (26.1, buildx 0.13) runs on it.
    Debian 13's ``runc`` does not (glibc 2.38), so the runtime is always the machine's own.
    """
    try:
        number = tuple(int(part) for part in release.split("."))
    except ValueError:
        return None
    modern = ("docker.io", "docker-cli", "docker-buildx", "containerd")
    if distro == "debian" and number == (12,):
        return Recipe(modern, borrowed="trixie")
    if distro == "debian" and number >= (13,):
        return Recipe(modern)
    if distro == "debian" and number >= (11,):
        return Recipe(("docker.io", "containerd"))
    if distro == "ubuntu" and number >= (20, 4):
        return Recipe(("docker.io", "docker-buildx", "containerd"))
    return None


@dataclass(frozen=True, slots=True)
class Machine:
    """What provisioning needs to know of the machine it runs on."""

    distro: str
    release: str
    codename: str
    sources: tuple[AptSource, ...]

    @classmethod
    def read(cls, root: Path = Path("/")) -> Machine:
        """From ``etc/os-release`` and ``etc/apt`` below ``root``."""
        fields: dict[str, str] = {}
        for name in ("etc/os-release", "usr/lib/os-release"):
            if (root / name).is_file():
                for line in (root / name).read_text(encoding="utf-8").splitlines():
                    key, _, value = line.partition("=")
                    fields[key] = value.strip().strip("\"'")
                break
        return cls(
            distro=fields.get("ID", ""),
            release=fields.get("VERSION_ID", ""),
            codename=fields.get("VERSION_CODENAME", ""),
            sources=read_sources(root / "etc" / "apt"),
        )


def provision(
    cache_dir: Path, on_line: OnLine, *, env: Mapping[str, str] | None = None
) -> EngineAddress:
    """Unpack an engine under ``cache_dir`` unless one lies there, start it, return its address.

    Nothing is installed: every package is unpacked in ``<cache_dir>/engine/<version>``, and the
    machine's package database stays as it was. Idempotent, and safe to call from two processes.
    ``env`` supplies proxies and certificates.

    Raises :class:`BuilderError` without root or on another distribution (the hint is what to
    run), and :class:`UnreachableError` if the packages cannot be fetched.
    """
    paths = EnginePaths(cache_dir)
    require_root(Machine.read())
    with exclusive(paths, on_line):
        _prepare_locked(paths, on_line, env or {})
        return start_locked(paths, on_line, env or {})


def prepare(
    cache_dir: Path, on_line: OnLine, *, env: Mapping[str, str] | None = None
) -> EnginePaths:
    """:func:`provision` without starting anything; for a machine that will lose its network."""
    paths = EnginePaths(cache_dir)
    with exclusive(paths, on_line):
        _prepare_locked(paths, on_line, env or {})
    return paths


def _prepare_locked(paths: EnginePaths, on_line: OnLine, env: Mapping[str, str]) -> None:
    if not paths.unpacked():
        _unpack_engine(paths, Machine.read(), {"PATH": SYSTEM_PATH, **env}, on_line)
    _link_plugin(paths)


def require_root(machine: Machine) -> None:
    """Raise if this process cannot run a daemon; the hint is the command for this machine."""
    if os.geteuid() == 0:
        return
    apt = machine.distro in ("debian", "ubuntu")
    hint = (
        "sudo apt-get install -y docker.io && sudo usermod -aG docker $USER, then log in again; "
        "or, for a private engine: sudo -E jetson-containers engine up"
        if apt
        else "install Docker or Podman, or set DOCKER_HOST to an engine that you may use"
    )
    raise BuilderError("no container engine answers, and only root can start one", hint=hint)


def _unpack_engine(
    paths: EnginePaths, machine: Machine, env: Mapping[str, str], on_line: OnLine
) -> None:
    plan = recipe(machine.distro, machine.release)
    if plan is None:
        name = f"{machine.distro or 'this system'} {machine.release}".strip()
        raise BuilderError(
            f"no container engine answers, and none can be made from packages on {name}",
            hint="install Docker or Podman, or set DOCKER_HOST to an engine",
        )
    if plan.borrowed and _glibc() < _BORROWED_GLIBC:
        raise BuilderError(
            f"glibc {'.'.join(map(str, _glibc()))} is too old for the engine's packages",
            hint="install Docker, or set DOCKER_HOST to an engine",
        )
    for leftover in paths.folder.glob(".new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=paths.folder))
    try:
        on_line(f"no engine answers: fetching one from {machine.distro}'s packages")
        debs = _download(work, plan, machine, env, on_line)
        root = work / "root"
        unpack(debs, root, env=env)
        _complete(root)
        daemon = next(deb for deb in debs if deb.name.startswith("docker.io_"))
        version = run_quietly(
            ["dpkg-deb", "-f", str(daemon), "Version"], "read a package's version", env=env
        ).strip()
        final = paths.folder / version
        shutil.rmtree(final, ignore_errors=True)
        root.rename(final)
        link = work / "current"
        link.symlink_to(version)
        link.rename(paths.current)
        on_line(f"private engine unpacked: docker {version}, nothing installed on the machine")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download(
    work: Path, plan: Recipe, machine: Machine, env: Mapping[str, str], on_line: OnLine
) -> Sequence[Path]:
    runtime = [
        package
        for program, package in RUNTIME.items()
        if shutil.which(program, path=SYSTEM_PATH) is None
    ]
    own = [*runtime, "tini"]
    if plan.borrowed is None:
        return _workspace(work / "own", machine, None, env, on_line).download_missing(
            [*plan.packages, *own]
        )
    borrowed = _workspace(work / "borrowed", machine, plan.borrowed, env, on_line)
    debs = list(borrowed.download(plan.packages))
    return [*debs, *_workspace(work / "own", machine, None, env, on_line).download_missing(own)]


def _workspace(
    folder: Path, machine: Machine, wanted: str | None, env: Mapping[str, str], on_line: OnLine
) -> AptWorkspace:
    workspace = AptWorkspace(folder, distribution_sources(machine, wanted), env, on_line)
    workspace.update()
    return workspace


def distribution_sources(machine: Machine, wanted: str | None = None) -> tuple[AptSource, ...]:
    """The machine's entries for its distribution, turned to the release ``wanted`` if given.

    :class:`BuilderError` if the machine's apt has no entry for its own release.
    """
    sources = for_release(machine.sources, machine.codename, wanted)
    if not sources:
        raise BuilderError(
            f"/etc/apt has no entry for {machine.distro} {machine.codename}",
            hint=f"add the suite {machine.codename} of your mirror to /etc/apt/sources.list",
        )
    return sources


def _complete(root: Path) -> None:
    """Make the links that a package's installation scripts would have made."""
    folder = root / "usr" / "sbin"
    for program in ("xtables-nft-multi", "xtables-legacy-multi"):
        if (folder / program).exists():
            for name in _XTABLES:
                if not (folder / name).exists():
                    (folder / name).symlink_to(program)


def _link_plugin(paths: EnginePaths) -> None:
    for place in _PLUGINS:
        plugin = paths.current / place / "docker-buildx"
        if plugin.is_file():
            link = paths.config_dir / "cli-plugins" / "docker-buildx"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(plugin)
            return


def _glibc() -> tuple[int, ...]:
    return tuple(int(part) for part in platform.libc_ver()[1].split(".") if part.isdigit())
