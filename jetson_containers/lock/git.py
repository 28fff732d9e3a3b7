"""Commits of branches and tags, asked of a repository without cloning it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

from packaging.version import InvalidVersion, Version

from jetson_containers.errors import BuilderError, UnreachableError

#: seconds that a repository may take to list its refs
_PATIENCE = 60

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ABBREVIATED = re.compile(r"[0-9a-f]{7,39}")


def commit_of(address: str, ref: str, env: Mapping[str, str]) -> str:
    """The commit that ``git clone --branch REF`` would check out; a commit is itself.

    A branch wins over a tag of that name, as in ``git clone``. An abbreviated commit is known
    only if some ref is at it. Raises :class:`BuilderError` when the repository has no such ref.
    """
    if _COMMIT.fullmatch(ref):
        return ref
    refs = _refs(address, env)
    short = ref.removeprefix("refs/")
    for name in (
        ref,
        f"refs/{short}",
        f"refs/heads/{ref}",
        f"refs/tags/{ref}",
    ):
        found = refs.get(f"{name}^{{}}") or refs.get(name)
        if found:
            return found
    if _ABBREVIATED.fullmatch(ref):
        matching = {commit for commit in refs.values() if commit.startswith(ref)}
        if len(matching) == 1:
            return matching.pop()
        raise UnreachableError(
            f"{ref} is an abbreviated commit, and no ref of {address} is at it",
            hint="write the commit in full",
        )
    raise BuilderError(
        f"{address} has no branch or tag {ref}", hint="correct the ref in the definition"
    )


def newest_tag(address: str, env: Mapping[str, str]) -> str:
    """The tag with the newest version; a pre-release only if there is nothing else."""
    names = {
        name.removeprefix("refs/tags/").removesuffix("^{}")
        for name in _refs(address, env)
        if name.startswith("refs/tags/")
    }
    versions: list[tuple[bool, Version, str]] = []
    for name in names:
        match = re.search(r"\d+(?:\.\d+)*\S*", name)
        try:
            version = Version(match[0]) if match else None
        except InvalidVersion:
            continue
        if version is not None:
            versions.append((not version.is_prerelease, version, name))
    if not versions:
        raise BuilderError(
            f"{address} has no tag that is a version", hint="write the version down"
        )
    return max(versions)[2]


def _refs(address: str, env: Mapping[str, str]) -> dict[str, str]:
    """Every ref with its object; a tag that is an object itself also as ``NAME^{}``."""
    quiet = {**env, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "ls-remote", "--", address],
            env=quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise UnreachableError(
            "git is not installed", hint="install git: a lock asks repositories with it"
        ) from None
    except subprocess.TimeoutExpired:
        raise _unreachable(address) from None
    if done.returncode:
        raise _unreachable(address)
    lines = (line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
    return {name: commit for commit, name in lines}


def _unreachable(address: str) -> UnreachableError:
    return UnreachableError(
        f"the repository {address} could not be asked for its refs",
        hint=f"look at `git ls-remote {address}`",
    )
