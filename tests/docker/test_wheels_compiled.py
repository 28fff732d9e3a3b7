"""A CUDA kernel, compiled in a container for sm_87 and sm_110: kept once, installed, refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.wheels import BOTH, H100, Proof
from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.buildkit import BuildKitEngine
from jetson_containers.engine.locate import default_cache_dir
from jetson_containers.engine.provision import Machine
from jetson_containers.image.bootstrap import SUITES
from jetson_containers.wheels.entry import Entry
from jetson_containers.wheels.store import FILES, WheelDirectory, walk
from tests.unit.wheels.entries import code

MACHINE = Machine.read()
pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(
        (MACHINE.distro, MACHINE.release) not in SUITES or os.uname().machine != "x86_64",
        reason="Debian 12 for x86_64 cannot be made from this machine's packages",
    ),
]


@pytest.fixture
def proof(engine: EngineAddress, tmp_path: Path) -> Iterator[Proof]:
    if not (engine.docker and engine.buildx):
        pytest.skip("the engine's client has no buildx")
    environ = {**os.environ, **engine.environ()}
    kit = BuildKitEngine(engine.host, Path(engine.docker), environ, engine.tls_dir)
    made = Proof(tmp_path, kit, default_cache_dir(os.environ))
    made.prepare()
    yield made
    made.clean()


def test_compiled_once_installed_in_two_orders_refused_where_it_does_not_fit(
    proof: Proof, tmp_path: Path
):
    store = WheelDirectory(tmp_path / "store")
    one = proof.plan(BOTH, ["vector", "beside"], ["vector", "beside"])
    other = proof.plan(BOTH, ["vector", "beside"], ["beside", "vector"])
    assert [stage.package for stage in one.stages][-2:] == ["vector", "beside"]
    assert [stage.package for stage in other.stages][-2:] == ["beside", "vector"]

    first, second = proof.build(one, store.directory), proof.build(other, store.directory)
    assert (first.compiled, first.warnings, first.errors) == (1, (), ())
    assert (second.compiled, second.warnings, second.errors) == (0, (), ())
    (key,) = store.keys()
    kept = store.find(key)
    assert kept is not None
    (file,) = kept.entry.files
    assert file.name == "vector-1.0-cp311-cp311-linux_x86_64.whl"
    assert set(file.code or ()) == set(code("sm_87 sm_110 compute_110") or ())

    # what was compiled for others does not come into a chain for this GPU, however it got there
    foreign = proof.plan(H100, ["vector"])
    wanted = str(foreign.stages[-1].artifact)
    with store.scratch() as files:
        shutil.copytree(kept.files, files, dirs_exist_ok=True)
        entry = kept.entry
        store.add(Entry(wanted, entry.package, entry.target, entry.platform, entry.files), files)
    third = proof.build(foreign, store.directory)
    assert third.compiled == 1
    assert "it needs code for sm_90, and holds sm_87" in "".join(third.warnings)

    # nor does what its own compiler was told nothing of
    fixed = proof.build(proof.plan(H100, ["fixed"]), store.directory)
    assert "what was compiled is not kept" in "".join(fixed.errors)
    assert len(store.keys()) == 2
    assert [name for name, _ in walk(store.directory / wanted[:2] / wanted / FILES)] == [file.name]
