"""A base image from the distribution's packages: made once, found again, runs, holds no secret."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.apt_sources import AptSource
from jetson_containers.engine.locate import default_cache_dir
from jetson_containers.engine.provision import Machine
from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.image.bootstrap import SUITES, bootstrap, bootstrap_reference
from jetson_containers.platform.target import Arch, Target
from tests.services import say

if TYPE_CHECKING:
    from docker import DockerClient

MACHINE = Machine.read()
ARCH: Arch = "aarch64" if platform.machine() == "aarch64" else "x86_64"
HERE = Target(
    name="here", system="x86_64", arch=ARCH, l4t=None, jetpack=None, cuda=Version("13.0"),
    distro=MACHINE.distro, release=MACHINE.release, python=Version("3.11"),
    gpu_architectures=(90,), base_image="none",
)  # fmt: skip

needs_packages = pytest.mark.skipif(
    (MACHINE.distro, MACHINE.release) not in SUITES,
    reason=f"{MACHINE.distro} {MACHINE.release} has no suite in the table",
)


@pytest.fixture(scope="module")
def client(engine: EngineAddress) -> Iterator[DockerClient]:
    """The SDK on the suite's engine."""
    from docker import DockerClient

    client = DockerClient(base_url=engine.host)
    yield client
    client.close()


@pytest.mark.network
@needs_packages
def test_made_found_and_running(client: DockerClient) -> None:
    cache = default_cache_dir(os.environ)
    image = bootstrap(HERE, client, cache, say, env=os.environ)
    again = bootstrap(HERE, client, cache, say, env=os.environ)
    assert again == replace(image, made=False)
    assert image.reference == bootstrap_reference(HERE)
    assert client.images.get(image.reference).attrs["Architecture"] == HERE.docker_arch
    said = client.containers.run(
        image.reference,
        ["sh", "-c", ". /etc/os-release; echo $ID:$VERSION_ID; ls /var/lib/apt/lists /var/log; "
         "ls /etc/apt/sources.list.d; dpkg -s ca-certificates | grep ^Status"],
        remove=True, network_mode="none",
    ).decode()  # fmt: skip
    assert f"{HERE.distro}:{HERE.release}" in said
    assert "distribution.sources" in said and "install ok installed" in said
    assert "_Packages" not in said and "dpkg.log" not in said
    assert not list(cache.glob("bootstrap-*"))


def test_foreign_architecture(client: DockerClient, tmp_path: Path) -> None:
    other: Arch = "x86_64" if ARCH == "aarch64" else "aarch64"
    if (Path("/proc/sys/fs/binfmt_misc") / f"qemu-{other}").exists():
        pytest.skip(f"this machine runs {other}")
    target = replace(HERE, arch=other, distro="debian", release="12")
    with pytest.raises(BuilderError, match=f"cannot run {other} programs") as caught:
        bootstrap(target, client, tmp_path, say)
    assert f"update-binfmts --enable qemu-{other}" in caught.value.hint


def test_distribution_without_a_mirror_here(client: DockerClient, tmp_path: Path) -> None:
    distro, release = ("ubuntu", "22.04") if MACHINE.distro == "debian" else ("debian", "11")
    with pytest.raises(UnreachableError, match=f"no mirror of {distro}") as caught:
        bootstrap(replace(HERE, distro=distro, release=release), client, tmp_path, say)
    assert "--base IMAGE" in caught.value.hint


def test_unknown_distribution(client: DockerClient, tmp_path: Path) -> None:
    with pytest.raises(BuilderError, match="fedora 40"):
        bootstrap(replace(HERE, distro="fedora", release="40"), client, tmp_path, say)


def test_a_mirror_that_is_gone(client: DockerClient, tmp_path: Path) -> None:
    gone = AptSource((f"file://{tmp_path}/gone",), ("bullseye",), ("main",))
    target = replace(HERE, distro="debian", release="11")
    with pytest.raises(UnreachableError, match="could not be fetched"):
        bootstrap(target, client, tmp_path, say, env=os.environ, sources=[gone])
    assert {path.name for path in tmp_path.iterdir()} <= {"bootstrap.lock", "tools"}
