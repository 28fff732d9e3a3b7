"""The world of a lock as it is: git, uv, the web, an engine, a registry."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from jetson_containers.errors import BuilderError, UsageError
from jetson_containers.lock import git, questions, web
from jetson_containers.lock.model import LockedBase
from jetson_containers.lock.outside import Distributions
from jetson_containers.lock.wanted import Install
from jetson_containers.lock.wheels import Uv
from jetson_containers.platform.target import Target

#: an engine's id of an image, and the digests of its manifests; ``None`` when it holds none
Inspect = Callable[[str], "tuple[str, tuple[str, ...]] | None"]


class World:
    """As :class:`~.outside.Outside`. ``inspect`` is an engine's, or knows no image."""

    def __init__(
        self, env: Mapping[str, str], inspect: Inspect, on_line: Callable[[str], None]
    ) -> None:
        self._env = dict(env)
        self._inspect = inspect
        self._say = on_line

    def answer(self, question: str, target: Target) -> str:
        self._say(f"asking {question}")
        return questions.answer(question, self._env, lambda name: self._uv(target).newest(name))

    def commit(self, address: str, ref: str) -> str:
        self._say(f"asking {address} for {ref}")
        return git.commit_of(address, ref, self._env)

    def checksum(self, address: str) -> str:
        return web.checksum(address, self._say)

    def base(self, reference: str, target: Target) -> LockedBase:
        from jetson_containers.image.bootstrap import bootstrap_reference
        from jetson_containers.image.registry.credentials import docker_logins
        from jetson_containers.image.registry.remote import manifest_digest
        from jetson_containers.image.registry.web import Web

        for name in dict.fromkeys((reference, bootstrap_reference(target))):
            if name != reference and reference != target.base_image:
                continue
            held = self._inspect(name)
            if held is not None:
                image, digests = held
                return LockedBase(name, image, digests[0] if digests else None)
        try:
            found = manifest_digest(reference, Web(), docker_logins(self._env).of)
        except BuilderError:
            return LockedBase(reference)
        return LockedBase(reference, None, found)

    def distributions(
        self, installs: Sequence[Install], bounds: str, target: Target
    ) -> Distributions:
        self._say(f"resolving {sum(len(item.pins) for item in installs)} pins for {target.name}")
        return self._uv(target).distributions(installs, bounds)

    def held_files(
        self, files: Iterable[str], index: str, target: Target
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        self._say(f"asking for the files of {target.name}")
        return self._uv(target).held_files(files, index)

    def _uv(self, target: Target) -> Uv:
        return Uv(find_uv(self._env), target, self._env)


def find_uv(env: Mapping[str, str]) -> str:
    """uv on the ``PATH``, or beside this Python. Raises :class:`UsageError` with the remedy."""
    found = shutil.which("uv", path=env.get("PATH"))
    beside = Path(sys.executable).with_name("uv")
    if found or beside.is_file():
        return found or str(beside)
    raise UsageError(
        "uv is not here: a lock resolves distributions with it",
        hint=f"{sys.executable} -m pip install uv",
    )
