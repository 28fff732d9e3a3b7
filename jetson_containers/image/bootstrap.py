"""A base image without a registry: the distribution's own packages, by ``mmdebstrap``."""

from __future__ import annotations

import fcntl
import platform
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jetson_containers.engine.apt import run_quietly
from jetson_containers.engine.apt_sources import AptSource, for_release
from jetson_containers.engine.layout import SYSTEM_PATH, OnLine
from jetson_containers.engine.provision import Machine
from jetson_containers.engine.tools import ensure_tool
from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.image import labels
from jetson_containers.image.rootfs import write_archive, write_layer
from jetson_containers.platform.target import Target

if TYPE_CHECKING:
    from docker import DockerClient

#: nothing in the image is younger (2024-01-01T00:00:00Z); zip files cannot hold years before 1980
EPOCH = 1704067200
#: release -> name of its suite (the distributions' own release lists)
SUITES: Mapping[tuple[str, str], str] = {
    ("debian", "11"): "bullseye",
    ("debian", "12"): "bookworm",
    ("debian", "13"): "trixie",
    ("ubuntu", "18.04"): "bionic",
    ("ubuntu", "20.04"): "focal",
    ("ubuntu", "22.04"): "jammy",
    ("ubuntu", "24.04"): "noble",
}
SUITE_LABEL = f"{labels.BASE}.suite"
ARCH_LABEL = f"{labels.BASE}.arch"
_SOURCES = "etc/apt/sources.list.d/distribution.sources"
_EXCLUDES = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/locale.alias",
    "path-exclude=/usr/share/man/*",
)


@dataclass(frozen=True, slots=True)
class BootstrapImage:
    """A base image in the engine's store; ``digest`` is the engine's id of it.

    ``made`` tells that it was made now, and not found.
    """

    reference: str
    digest: str
    made: bool


def bootstrap_reference(target: Target) -> str:
    """The reference of a target's own base image: ``jetson-base/debian:12-amd64``."""
    return f"jetson-base/{target.distro}:{target.release}-{target.docker_arch}"


def bootstrap(
    target: Target,
    client: DockerClient,
    work_dir: Path,
    on_line: OnLine,
    *,
    env: Mapping[str, str] | None = None,
    sources: Sequence[AptSource] | None = None,
) -> BootstrapImage:
    """The base image of ``target``: found by its labels, or made and loaded into the engine.

    ``sources`` are the distribution's apt entries; by default the machine's own, turned to the
    target's release. ``env`` supplies proxies. Files are made under ``work_dir`` and removed.

    Law: the same packages give the same digest, on any machine. Raises :class:`BuilderError` for
    a distribution that is not known, or a foreign architecture that this machine cannot run, and
    :class:`UnreachableError` when the packages cannot be had from here.
    """
    suite = SUITES.get((target.distro, target.release))
    if suite is None:
        raise BuilderError(
            f"no base image can be made for {target.distro} {target.release}: its suite is not "
            "known",
            hint="name an image with --base IMAGE",
        )
    work_dir.mkdir(parents=True, exist_ok=True)
    with _alone(work_dir / "bootstrap.lock"):
        found = _find(client, target, suite)
        if found is not None:
            return found
        _check_runs_here(target)
        environment = {"PATH": SYSTEM_PATH, **(env or {})}
        entries = tuple(sources or _machine_sources(target, suite))
        program = ensure_tool("mmdebstrap", "mmdebstrap", work_dir, on_line, environment)
        folder = Path(tempfile.mkdtemp(prefix="bootstrap-", dir=work_dir))
        try:
            archive = _make(program, target, suite, entries, folder, environment, on_line)
            with archive.open("rb") as stream:
                client.images.load(stream)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        loaded = _find(client, target, suite)
    if loaded is None:
        raise BuilderError(f"the engine did not keep {bootstrap_reference(target)}")
    return BootstrapImage(loaded.reference, loaded.digest, made=True)


def _find(client: DockerClient, target: Target, suite: str) -> BootstrapImage | None:
    """The image of an earlier call: right name, right labels, right architecture."""
    from docker.errors import ImageNotFound

    reference = bootstrap_reference(target)
    try:
        image: Any = client.images.get(reference)
    except ImageNotFound:
        return None
    expected = _labels(target, suite)
    held = image.labels or {}
    right = all(held.get(key) == value for key, value in expected.items())
    if not right or image.attrs.get("Architecture") != target.docker_arch:
        return None
    return BootstrapImage(reference, str(image.id), made=False)


def _labels(target: Target, suite: str) -> dict[str, str]:
    return {labels.BASE: "bootstrap", SUITE_LABEL: suite, ARCH_LABEL: target.docker_arch}


def _check_runs_here(target: Target) -> None:
    machine = platform.machine()
    handler = Path("/proc/sys/fs/binfmt_misc") / f"qemu-{target.arch}"
    if machine == target.arch or handler.exists():
        return
    raise BuilderError(
        f"this machine ({machine}) cannot run {target.arch} programs, which making the base "
        "image needs",
        hint="apt-get install -y qemu-user-static binfmt-support && "
        f"update-binfmts --enable qemu-{target.arch}; or name an image with --base IMAGE",
    )


def _machine_sources(target: Target, suite: str) -> tuple[AptSource, ...]:
    machine = Machine.read()
    entries: tuple[AptSource, ...] = ()
    if machine.distro == target.distro:
        entries = for_release(machine.sources, machine.codename, suite)
    if not entries:
        raise UnreachableError(
            f"no mirror of {target.distro} is known on this machine "
            f"({machine.distro or 'no os-release'} {machine.release})",
            hint=f"name an image of {target.distro} {target.release} with --base IMAGE, or build "
            f"for this machine's distribution: --distro {machine.distro}:{machine.release}",
        )
    return entries


def _make(
    program: Path,
    target: Target,
    suite: str,
    entries: Sequence[AptSource],
    folder: Path,
    env: Mapping[str, str],
    on_line: OnLine,
) -> Path:
    listing = folder / "distribution.sources"
    listing.write_text("\n".join(entry.render() for entry in entries), encoding="utf-8")
    argv = [
        str(program), "--variant=minbase", "--format=tar", f"--architectures={target.docker_arch}",
        "--include=ca-certificates", '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt={option}" for option in _EXCLUDES), suite, "-", str(listing),
    ]  # fmt: skip
    on_line(f"making {bootstrap_reference(target)} from {target.distro}'s packages")
    public = "\n".join(entry.without_credentials().render() for entry in entries)
    said: list[str] = []
    surroundings = {
        **_proxies(env), **env,
        "SOURCE_DATE_EPOCH": str(EPOCH), "LC_ALL": "C.UTF-8", "TMPDIR": str(folder),
        # mmdebstrap calls a helper that lies beside it
        "PATH": f"{program.parent}:{env['PATH']}:{SYSTEM_PATH}",
    }  # fmt: skip
    with subprocess.Popen(
        argv,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        listener = threading.Thread(
            target=_listen, args=(process.stderr, said, on_line), daemon=True
        )
        listener.start()
        try:
            layer = write_layer(
                process.stdout, folder / "layer", extra={_SOURCES: public.encode()}, epoch=EPOCH
            )
        except tarfile.TarError:
            layer = None
        except BaseException:
            process.terminate()
            raise
        status = process.wait()
        listener.join(timeout=5)
    if status != 0 or layer is None:
        errors = [line for line in said if line.startswith("E:")] or said
        reason = "\n    ".join(errors[-6:])
        raise UnreachableError(
            f"{target.distro} {target.release} could not be fetched from this machine's mirror:"
            f"\n    {reason}",
            hint="name an image with --base IMAGE",
        )
    archive = folder / "image.tar"
    write_archive(
        layer,
        archive,
        reference=bootstrap_reference(target),
        arch=target.docker_arch,
        labels=_labels(target, suite),
        made_by=f"mmdebstrap --variant=minbase {suite} ({target.docker_arch})",
        epoch=EPOCH,
    )
    return archive


def _listen(stream: Any, said: list[str], on_line: OnLine) -> None:
    for raw in stream:
        line = raw.decode("utf-8", "replace").rstrip()
        if line:
            said.append(line)
            on_line(line)


def _proxies(env: Mapping[str, str]) -> dict[str, str]:
    """The proxies of the machine's apt, as variables: a variable does not end in the image."""
    result = {}
    for scheme in ("http", "https"):
        key = f"Acquire::{scheme}::Proxy"
        told = run_quietly(["apt-config", "shell", "proxy", key], "ask apt for its proxy", env=env)
        value = told.strip().removeprefix("proxy=").strip("'")
        if value and value != "DIRECT":
            result[f"{scheme}_proxy"] = value
    return result


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
