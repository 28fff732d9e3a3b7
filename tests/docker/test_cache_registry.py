"""Stages kept in a real registry and had from it again, on a real engine."""

from __future__ import annotations

import io
import os
import secrets
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.cache import Kept
from jetson_containers.engine.cachereg import CachePlace, RegistryCache
from jetson_containers.engine.classic import ClassicEngine
from jetson_containers.engine.protocol import ImageInfo
from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.image import labels
from jetson_containers.image.registry.place import Place
from jetson_containers.plan.model import Stage
from tests.docker.proxy import stopping_after
from tests.unit.engine.test_cachereg import stage as made

PRINT = "7" * 64


class Bench:
    """A stage in an engine, and a registry for it."""

    def __init__(self, engine: ClassicEngine, client: DockerClient, host: str, name: str) -> None:
        self.engine, self.client, self.host, self.namespace = engine, client, host, name
        self.stage = replace(made("lib", PRINT), reference=f"{name}/lib:{PRINT[:16]}")
        self.said: list[str] = []
        self.lines: list[str] = []

    def cache(self, *, writable: bool = True) -> RegistryCache:
        place = CachePlace(Place(self.host, self.namespace), writable)
        return RegistryCache([place], lambda host: None, self.said.append)

    def build(self, text: str = "one", fingerprint: str = PRINT) -> ImageInfo:
        """The stage's image, as a build leaves it."""
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as tar:
            info = tarfile.TarInfo("text")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
        self.client.api.import_image_from_data(
            layer.getvalue(),
            repository=self.stage.reference.rpartition(":")[0],
            tag=self.stage.reference.rpartition(":")[2],
            changes=[f"LABEL {labels.FINGERPRINT}={fingerprint}"],
        )
        held = self.engine.inspect(self.stage.reference)
        assert held is not None
        return held

    def store(self, image: ImageInfo, *, replaced: bool = False) -> int:
        """Store it; how many lines the engine had to say of a push."""
        self.lines.clear()
        cache = self.cache()
        kept = cache.store(self.stage, image, self.engine, self.lines.append, replace=replaced)
        assert kept == Kept((f"{self.host}/{self.namespace}",)), kept
        return len(self.lines)

    def lose(self) -> None:
        self.client.images.remove(self.stage.reference, force=True)

    def fetch(self) -> ImageInfo:
        found = self.cache().find([self.stage])[PRINT]
        return self.cache().fetch(self.stage, found, self.engine, self.lines.append)

    def names(self) -> list[str]:
        images = self.client.api.images()
        names = [name for image in images for name in image["RepoTags"] or ()]
        return [name for name in names if self.namespace in name]


@pytest.fixture
def bench(
    engine: EngineAddress,
    client: DockerClient,
    registry: str,
    image_name: Callable[[str], str],
) -> Iterator[Bench]:
    found = Bench(ClassicEngine(engine.host), client, registry, image_name("stages"))
    yield found
    for name in found.names():
        client.images.remove(name, force=True)


def test_a_stage_comes_back_as_it_was_stored(bench: Bench) -> None:
    built = bench.build()
    assert bench.store(built) > 0
    bench.lose()
    held = bench.fetch()
    assert held.digest == built.digest
    assert bench.engine.inspect(bench.stage.reference) == held
    assert bench.names() == [bench.stage.reference], "names of the registry stay behind"
    assert bench.said == []


def test_what_is_there_is_not_sent_again_unless_it_was_redone(bench: Bench) -> None:
    bench.store(bench.build("one"))
    other = bench.build("two")
    assert bench.store(other) == 0
    assert bench.store(other, replaced=True) > 0
    bench.lose()
    assert bench.fetch().digest == other.digest


def test_a_name_that_a_killed_run_left_goes_with_the_next_store(bench: Bench) -> None:
    image = bench.build()
    bench.store(image)
    bench.engine.tag(image.digest, f"{bench.host}/{bench.namespace}/lib:{PRINT[:16]}")
    assert bench.store(image) == 0
    assert bench.names() == [bench.stage.reference]


def test_a_place_that_is_only_read_is_not_written(bench: Bench) -> None:
    cache = bench.cache(writable=False)
    kept = cache.store(bench.stage, bench.build(), bench.engine, bench.lines.append)
    assert kept == Kept()
    assert bench.lines == []
    assert cache.find([bench.stage]) == {}


def test_two_runs_that_store_at_once_both_succeed(bench: Bench) -> None:
    image = bench.build()
    failures: list[BaseException] = []

    def store() -> None:
        try:
            kept = bench.cache().store(bench.stage, image, bench.engine, lambda line: None)
            assert kept.missed == ()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(bench.cache().find([bench.stage])) == [PRINT]


def test_another_image_under_the_stages_name_is_refused_and_pushed_over(bench: Bench) -> None:
    wrong = bench.build(fingerprint="8" * 64)
    name = f"{bench.host}/{bench.namespace}/lib"
    bench.engine.tag(wrong.digest, f"{name}:{PRINT[:16]}")
    bench.engine.push(f"{name}:{PRINT[:16]}", bench.lines.append)
    bench.engine.remove(f"{name}:{PRINT[:16]}")
    assert bench.cache().find([bench.stage]) == {}
    assert "is refused: its label says 8888888888888888" in bench.said[0]
    bench.store(bench.build())
    assert list(bench.cache().find([bench.stage])) == [PRINT]


def test_what_changed_between_looking_and_fetching_is_not_used(bench: Bench) -> None:
    bench.store(bench.build())
    found = bench.cache().find([bench.stage])[PRINT]
    bench.lose()
    meant = replace(bench.stage, fingerprint="9" * 64)
    with pytest.raises(BuilderError, match="is not the stage that it was found as"):
        bench.cache().fetch(meant, found, bench.engine, bench.lines.append)
    with pytest.raises(ImageNotFound):
        bench.client.images.get(bench.stage.reference)


def test_a_layer_that_is_not_its_digest_is_not_taken(
    bench: Bench, tmp_path: Path, registry: str
) -> None:
    """A registry whose disk lies: the engine holds each layer against its digest."""
    from jetson_containers.engine.locate import default_cache_dir
    from jetson_containers.engine.processes import end
    from tests import services

    host, identity = services.start_registry(tmp_path, default_cache_dir(os.environ))
    try:
        bench.host = host
        bench.store(bench.build(text="x" * 5000))
        found = bench.cache().find([bench.stage])[PRINT]
        bench.lose()
        blobs = list(tmp_path.glob("store/docker/registry/v2/blobs/sha256/*/*/data"))
        layer = next(
            path for path in blobs if path.read_bytes()[:2] in (b"\x1f\x8b", b"\x28\xb5")
        )
        content = bytearray(layer.read_bytes())
        content[-9] ^= 1
        layer.write_bytes(content)
        with pytest.raises(BuilderError):
            bench.cache().fetch(bench.stage, found, bench.engine, bench.lines.append)
        assert bench.engine.inspect(bench.stage.reference) is None
    finally:
        end([identity], patience=5.0)


def test_a_manifest_that_a_registry_lost_is_pushed_over(bench: Bench, tmp_path: Path) -> None:
    """The registry answers 500 for it, and goes on to serve everything else."""
    from jetson_containers.engine.locate import default_cache_dir
    from jetson_containers.engine.processes import end
    from tests import services

    host, identity = services.start_registry(tmp_path, default_cache_dir(os.environ))
    try:
        bench.host = host
        bench.store(bench.build("one"))
        digest = bench.cache().find([bench.stage])[PRINT].digest.partition(":")[2]
        path = tmp_path / f"store/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"
        path.write_bytes(path.read_bytes()[:20])
        assert bench.cache().find([bench.stage]) == {}
        assert "is refused" in bench.said[0] and "500" in bench.said[0], bench.said
        bench.store(bench.build("two"))
        assert list(bench.cache().find([bench.stage])) == [PRINT]
    finally:
        end([identity], patience=5.0)


def test_a_registry_that_stops_in_the_middle_is_not_an_engine_that_is_gone(bench: Bench) -> None:
    bench.store(bench.build(text=secrets.token_hex(1 << 19)))
    bench.lose()
    with stopping_after(bench.host, 100_000) as bench.host:
        found = bench.cache().find([bench.stage])[PRINT]
        bench.engine.patience = 3.0
        with pytest.raises(UnreachableError, match="the registry does not go on"):
            bench.cache().fetch(bench.stage, found, bench.engine, bench.lines.append)
    assert bench.engine.inspect(bench.stage.reference) is None


def test_stages_of_one_name_and_other_letters_share_a_repository(bench: Bench) -> None:
    upper: Stage = replace(bench.stage, package="LIB")
    bench.store(bench.build())
    assert list(bench.cache().find([upper])) == [PRINT]
