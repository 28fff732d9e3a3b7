"""Programs that are needed now and then, from the distribution's packages."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jetson_containers.engine.apt import AptWorkspace, run_quietly, unpack
from jetson_containers.engine.layout import SYSTEM_PATH, OnLine
from jetson_containers.engine.provision import Machine, distribution_sources
from jetson_containers.errors import BuilderError


def ensure_tool(
    program: str, package: str, cache_dir: Path, on_line: OnLine, env: Mapping[str, str]
) -> Path:
    """The path of ``program``, unpacked from ``package`` if the machine lacks it.

    A package that needs nothing else is unpacked under ``<cache_dir>/tools`` and the machine is
    left as it is. One that does is installed, which needs root; that is said on ``on_line``.
    Raises :class:`BuilderError` with the command to run where neither can be done.
    """
    found = shutil.which(program, path=f"{env.get('PATH', '')}:{SYSTEM_PATH}")
    if found:
        return Path(found)
    root = cache_dir / "tools" / package
    for folder in ("usr/bin", "usr/sbin", "bin", "sbin"):
        if (root / folder / program).is_file():
            return root / folder / program
    machine = Machine.read()
    if machine.distro not in ("debian", "ubuntu"):
        raise BuilderError(f"no program {program}", hint=f"install {program} ({package})")
    environment = {"PATH": SYSTEM_PATH, **env}
    root.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=root.parent))
    try:
        sources = distribution_sources(machine)
        workspace = AptWorkspace(work, sources, environment, on_line)
        on_line(f"fetching {package} from {machine.distro}'s packages")
        workspace.update()
        missing = workspace.download_missing([package])
        if [deb.name.partition("_")[0] for deb in missing] == [package]:
            unpack(missing, work / "root", env=environment)
            shutil.rmtree(root, ignore_errors=True)
            (work / "root").rename(root)
        else:
            _install(workspace, package, environment, on_line)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return ensure_tool_present(program, package, root)


def ensure_tool_present(program: str, package: str, root: Path) -> Path:
    """``program`` below ``root`` or on the system's path; :class:`BuilderError` if in neither."""
    folders = ":".join(str(root / folder) for folder in ("usr/bin", "usr/sbin", "bin", "sbin"))
    found = shutil.which(program, path=f"{folders}:{SYSTEM_PATH}")
    if found is None:
        raise BuilderError(
            f"the package {package} has no program {program}",
            hint=f"install {program} and put it on PATH",
        )
    return Path(found)


def _install(
    workspace: AptWorkspace, package: str, env: Mapping[str, str], on_line: OnLine
) -> None:
    if os.geteuid() != 0:
        raise BuilderError(
            f"the package {package} is needed and only root can install it",
            hint=f"sudo apt-get install -y --no-install-recommends {package}",
        )
    debs = sorted(str(deb) for deb in workspace.archives.glob("*.deb"))
    names = ", ".join(sorted(Path(deb).name.partition("_")[0] for deb in debs))
    on_line(f"installing on this machine: {names}")
    run_quietly(
        ["dpkg", "--install", *debs],
        f"install {package}",
        env={**env, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
    )
