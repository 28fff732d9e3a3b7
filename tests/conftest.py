"""Fixtures of the whole suite: an engine, a registry, a tiny base image.

They are made when a test first asks, so a run without engine tests starts nothing.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from jetson_containers.engine import private
from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.locate import default_cache_dir
from jetson_containers.engine.processes import end
from jetson_containers.errors import BuilderError
from tests import services

HERE = Path(__file__).parent
#: files of engine tests that start an engine of their own, and leave the suite's alone
OWN_ENGINE = ("tests/docker/test_faults.py", "tests/docker/test_private_engine.py")

# a busy machine makes no law untrue
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where several processes run the suite, one has the engine to itself.

    Every other file goes to one process too, so that what its tests share is made once.
    """
    from xdist.scheduler import LoadFileScheduling

    class OneEngine(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            shared = file.startswith("tests/docker/") and file not in OWN_ENGINE
            return "engine" if shared else file

    return OneEngine(config, log)


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineAddress]:
    """The engine that answers; else a private one, stopped at the end.

    Where none can be had, engine tests are skipped with the reason, and fail if
    ``JC_REQUIRE_ENGINE=1``.
    """
    try:
        address, started = services.find_engine(os.environ)
    except BuilderError as error:
        if os.environ.get("JC_REQUIRE_ENGINE") == "1":
            pytest.fail(f"an engine is required: {error}")
        pytest.skip(f"no container engine: {error}")
    before = {name: os.environ.get(name) for name in address.environ()}
    os.environ.update(address.environ())
    yield address
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    if started:
        private.down(default_cache_dir(os.environ))


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``host:port`` of an empty registry on this machine, without TLS."""
    memory = Path(os.environ.get("JC_TEST_SERVICES", "/nonexistent")) / "services.json"
    if memory.is_file():
        yield str(json.loads(memory.read_text(encoding="utf-8"))["registry"])
        return
    folder = tmp_path_factory.mktemp("registry")
    try:
        address, identity = services.start_registry(folder, default_cache_dir(os.environ))
    except BuilderError as error:
        pytest.skip(f"no registry: {error}")
    yield address
    end([identity], patience=5.0)


@pytest.fixture(scope="session")
def tiny_base(engine: EngineAddress) -> str:
    """Reference of a 2 MB image with busybox and nothing else."""
    return services.load_tiny_base(engine, default_cache_dir(os.environ))


@pytest.fixture
def image_name(engine: EngineAddress) -> Iterator[Callable[[str], str]]:
    """Makes image references that no other test uses; the images are removed afterwards."""
    prefix = f"jetson-test/{uuid.uuid4().hex[:12]}"
    yield lambda name="image": f"{prefix}-{name}"
    from docker import DockerClient
    from docker.errors import APIError

    client = DockerClient(base_url=engine.host)
    for image in client.api.images():
        for tag in image["RepoTags"] or ():
            if tag.startswith(prefix):
                try:
                    client.images.remove(tag, force=True)
                except APIError:
                    continue
    client.close()
