"""The fixtures themselves: an engine that runs the tiny image, a registry that takes a push."""

from __future__ import annotations

from collections.abc import Callable

from docker import DockerClient

from jetson_containers.engine.address import EngineAddress, answers


def test_tiny_base_runs(engine: EngineAddress, tiny_base: str) -> None:
    assert answers(engine.host)
    client = DockerClient(base_url=engine.host)
    said = client.containers.run(tiny_base, ["echo", "hello"], remove=True)
    assert said == b"hello\n"
    assert client.images.get(tiny_base).attrs["Size"] < 4_000_000
    client.close()


def test_registry_takes_and_gives(
    engine: EngineAddress,
    tiny_base: str,
    registry: str,
    image_name: Callable[[str], str],
) -> None:
    client = DockerClient(base_url=engine.host)
    reference = f"{registry}/{image_name('pushed')}"
    client.images.get(tiny_base).tag(reference, "1")
    for line in client.images.push(reference, tag="1", stream=True, decode=True):
        assert "error" not in line, line
    client.images.remove(f"{reference}:1")
    assert client.images.pull(reference, tag="1").id
    client.images.remove(f"{reference}:1")
    client.close()
