"""What ``from jetson_containers import ...`` gives to a ``config.py`` while it is evaluated.

The names have a value only inside :func:`evaluating`; elsewhere there is no target to speak of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.version import Version

from jetson_containers import CONFIG_NAMES as NAMES
from jetson_containers.errors import DefinitionError
from jetson_containers.package import facts
from jetson_containers.platform.l4t import newest_l4t
from jetson_containers.platform.target import Target

#: stands in for a version that only the network knows: PEP 440, and fit for a tag
UNPINNED = "0.0.0"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One definition being evaluated: for what, with which settings, and what it asked for.

    ``target`` notes what is read of it. ``answers`` are what a lock file recorded for questions to
    the network, by ``github_latest_tag owner/repo``. ``asked`` collects the questions that have no
    answer, ``generated`` the files that the definition wants in its build context.
    """

    target: Target
    settings: Mapping[str, str]
    answers: Mapping[str, str]
    directory: Path
    asked: list[str] = field(default_factory=list)
    generated: dict[str, str] = field(default_factory=dict)

    def ask(self, question: str) -> str:
        """The recorded answer, or :data:`UNPINNED` and a note that there was none."""
        if question not in self.answers and question not in self.asked:
            self.asked.append(question)
        return self.answers.get(question, UNPINNED)


_current: ContextVar[Evaluation | None] = ContextVar("evaluation", default=None)


@contextmanager
def evaluating(evaluation: Evaluation) -> Iterator[None]:
    """Within this block the names speak of ``evaluation``'s target."""
    token = _current.set(evaluation)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Evaluation | None:
    """The evaluation in progress, if there is one."""
    return _current.get()


def lookup(name: str) -> Any:
    """The value of one of :data:`jetson_containers.CONFIG_NAMES` for the evaluation in progress.

    Raises :class:`AttributeError` for another name, :class:`DefinitionError` when nothing is
    being evaluated.
    """
    if name not in NAMES:
        raise AttributeError(f"module 'jetson_containers' has no attribute {name!r}")
    evaluation = _current.get()
    if evaluation is None:
        raise DefinitionError(
            f"jetson_containers.{name} has a value only while a config.py is evaluated",
            hint="the program itself takes a Target; see jetson_containers.platform",
        )
    if name in _PURE:
        return _PURE[name]
    if name.startswith("log_"):
        return _silent
    if name in _BOUND:
        return _BOUND[name](evaluation)
    return facts.FACTS[name](evaluation.target, evaluation.settings)


def update_dependencies(old: list[str], new: str | list[str] | None) -> list[str]:
    """Dependencies ``old`` with those of ``new`` put in, matched by name without version.

    ``update_dependencies(['pytorch', 'transformers'], ['pytorch:2.0'])`` is
    ``['pytorch:2.0', 'transformers']``. Law: neither argument is changed.
    """
    merged = list(old)
    for wish in [new] if isinstance(new, str) else new or []:
        name = wish.split(":")[0]
        merged = [wish if item == name else item for item in merged]
        if wish not in merged:
            merged.append(wish)
    return merged


def package_depends(package: dict[str, Any], *wishes: Any) -> dict[str, Any]:
    """Put ``wishes`` (texts or lists of them) into ``package['depends']``, in place."""
    new: list[str] = []
    for wish in wishes:
        new.extend(wish if isinstance(wish, (list, tuple)) else [wish])
    old = package.get("depends", [])
    package["depends"] = update_dependencies([old] if isinstance(old, str) else old, new)
    return package


def package_requires(
    package: Any,
    requires: str | None = None,
    system_arch: str | None = None,
    unless: str | list[str] | None = None,
) -> Any:
    """Add ``requires`` to a package (or each of a list) unless one of ``unless`` is there.

    With ``system_arch``, it is that machine, unless the package already names a machine.
    """
    if isinstance(package, (list, tuple)):
        for item in package:
            package_requires(item, requires, system_arch, unless)
        return package
    barred = [unless] if isinstance(unless, str) else list(unless or [])
    if system_arch:
        requires = system_arch
        barred = [word for pair in facts.CUDA_ARCHS.items() for word in pair]
    present = package.get("requires", [])
    present = list(present) if isinstance(present, (list, tuple)) else [present]
    if any(item in barred for item in present):
        return package
    if requires is not None and requires not in present:
        present.append(requires)
    package["requires"] = present
    return package


def _silent(*_args: object, **_kwargs: object) -> None:
    """A definition's log line: evaluation prints nothing."""


def _find_package(package: Any, required: bool = True, scan: bool = True) -> Any:
    if isinstance(package, dict):
        return package
    if required:
        raise KeyError(f"package {package!r}: packages cannot be looked up while being defined")
    return None


def _find_packages(packages: Any = (), *_args: object, **_kwargs: object) -> dict[str, Any]:
    return {}


def _resolve_dependencies(packages: Any, *_args: object, **_kwargs: object) -> list[str]:
    return [packages] if isinstance(packages, str) else list(packages)


_PURE: Mapping[str, Any] = {
    "update_dependencies": update_dependencies,
    "package_depends": package_depends,
    "package_requires": package_requires,
    "find_package": _find_package,
    "find_packages": _find_packages,
    "resolve_dependencies": _resolve_dependencies,
}


class _Unread(str):
    """What an unread document says, whatever is asked of it: it is :data:`UNPINNED` all through.

    A text to build with, and a mapping of itself to itself to look into.
    """

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if isinstance(key, (int, slice)) else self

    def get(self, key: object, default: object = None) -> Any:
        return self

    def keys(self) -> tuple[str, ...]:
        return (UNPINNED,)

    def values(self) -> tuple[Any, ...]:
        return (self,)

    def items(self) -> tuple[tuple[str, Any], ...]:
        return ((UNPINNED, self),)


class _Unanswered(dict[Any, Any]):
    """A document nobody has read, as the mapping that most are."""

    def __missing__(self, key: object) -> _Unread:
        return _Unread(UNPINNED)

    def get(self, key: object, default: object = None) -> Any:
        return self[key]


def _handle_json_request(evaluation: Evaluation) -> Callable[..., Any]:
    def request(url: str, *_args: object, **_kwargs: object) -> Any:
        answer = evaluation.ask(f"handle_json_request {url}")
        if answer != UNPINNED:
            return json.loads(answer)
        return _Unanswered({UNPINNED: _Unread(UNPINNED)})

    return request


def _get_l4t_version(evaluation: Evaluation) -> Callable[..., Version]:
    def known(*_args: object, l4t_version: Any = None, **_given: object) -> Version:
        if l4t_version:
            return Version(str(l4t_version))
        return evaluation.target.l4t or newest_l4t().version

    return known


def _get_cuda_version(evaluation: Evaluation) -> Callable[..., Version]:
    def known(*_args: object, cuda_version: Any = None, **_given: object) -> Version:
        return Version(str(cuda_version)) if cuda_version else evaluation.target.cuda

    return known


def _cuda_short_version(evaluation: Evaluation) -> Callable[..., str]:
    def short(cuda_version: Any = None) -> str:
        version = Version(str(cuda_version)) if cuda_version else evaluation.target.cuda
        return facts.cuda_short_version(version)

    return short


def _check_arch(evaluation: Evaluation) -> Callable[..., bool]:
    def check(arch: str, system_arch: str | None = None) -> bool:
        if system_arch:
            return arch == system_arch
        return arch in (evaluation.target.arch, evaluation.target.docker_arch)

    return check


def _nv_tegra_release(evaluation: Evaluation) -> Callable[..., str]:
    def release(version_file: str = "", dst: str | None = None) -> str:
        text = facts.tegra_release(evaluation.target)
        if dst is not None:
            path = Path(evaluation.directory, dst)
            evaluation.generated[str(path.relative_to(evaluation.directory))] = text
        return text

    return release


def _asks(name: str) -> Callable[[Evaluation], Callable[..., Any]]:
    def bound(evaluation: Evaluation) -> Callable[..., Any]:
        def ask(subject: str, *details: object, **_kwargs: object) -> str:
            return evaluation.ask(" ".join([name, str(subject), *map(str, details)]))

        return ask

    return bound


_BOUND: Mapping[str, Callable[[Evaluation], Any]] = {
    "get_l4t_version": _get_l4t_version,
    "get_cuda_version": _get_cuda_version,
    "cuda_short_version": _cuda_short_version,
    "check_arch": _check_arch,
    "handle_json_request": _handle_json_request,
    "nv_tegra_release": _nv_tegra_release,
    **{
        name: _asks(name)
        for name in (
            "github_latest_tag",
            "github_latest_commit",
            "get_json_value_from_url",
            "handle_text_request",
            "get_latest_version",
        )
    },
}
