"""Every test in this folder needs an engine, or makes one."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jetson_containers.engine.address import EngineAddress
from tests.docker.trees import Tree, tags_with

if TYPE_CHECKING:
    from docker import DockerClient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, so that ``-m 'not docker'`` leaves it out."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.docker)


@pytest.fixture
def tree(engine: EngineAddress, tiny_base: str, tmp_path: Path) -> Iterator[Tree]:
    """An empty package tree; its images and stages are removed afterwards."""
    from docker import DockerClient
    from docker.errors import APIError

    result = Tree(tmp_path / "tree", f"t{uuid.uuid4().hex[:8]}", tiny_base)
    result.folder.mkdir()
    yield result
    client = DockerClient(base_url=engine.host, timeout=300)
    for tag in sorted(tags_with(client, result.prefix), reverse=True):
        with contextlib.suppress(APIError):
            client.images.remove(tag, force=True)
    client.close()


@pytest.fixture
def client(engine: EngineAddress) -> Iterator[DockerClient]:
    """The SDK's client on the engine of the tests."""
    from docker import DockerClient

    connected = DockerClient(base_url=engine.host, timeout=300)
    yield connected
    connected.close()
