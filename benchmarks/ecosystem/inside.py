"""Runs inside the tree's own interpreter: its own scan and resolver, all packages, as JSON.

``python inside.py TREE [--remember]``, with the target in the tree's own environment variables.
Nothing of this project is imported here. The tree's modules are used as they are, but that the
machine says it is the target's, the network answers at once with a placeholder, and a registry
client is never called.
With ``--remember`` a package once looked up is not looked up again: the chains are the same, and
come in seconds instead of minutes, so times are to be taken without.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import platform
import resource
import sys
import time
import types
from pathlib import Path
from typing import Any

ANSWER = "0.0.0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--remember", action="store_true")
    parser.add_argument("--only", help="one package instead of all")
    words = parser.parse_args()
    sys.path.insert(0, str(words.tree))
    sys.dont_write_bytecode = True
    _stub()
    begun = time.perf_counter()
    out = os.dup(1)
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        os.dup2(nothing.fileno(), 1)
        found = _chains(words.remember, words.only)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found |= {"seconds": time.perf_counter() - begun, "peak_kib": used}
    with os.fdopen(out, "w") as stream:
        json.dump(found, stream, indent=1, sort_keys=True)


def _stub() -> None:
    sys.modules["dockerhub_api"] = types.ModuleType("dockerhub_api")
    machine = os.environ["SYSTEM_ARCH"]
    platform.machine = lambda: machine
    import requests

    class Answer:
        """To whatever was asked."""

        status_code = 200
        text = ANSWER
        ok = True

        def json(self) -> Any:
            return {"sha": ANSWER, "info": {"version": ANSWER}}

        def raise_for_status(self) -> None:
            pass

    class Listed(Answer):
        def json(self) -> Any:
            return [{"name": ANSWER}]

    def get(*words: Any, **_: Any) -> Answer:
        return Listed() if str(words[-1]).endswith("/tags") else Answer()

    requests.get = get  # type: ignore[assignment]
    requests.Session.get = get  # type: ignore[assignment, method-assign]


def _chains(remember: bool, only: str | None) -> dict[str, Any]:
    """The tree's packages, and for each its chain as (asked name, package) or the reason."""
    from jetson_containers import packages  # type: ignore[attr-defined]

    if remember and hasattr(packages, "concurrent"):
        packages.concurrent.futures.ProcessPoolExecutor = _Nothing
    begun = time.perf_counter()
    packages.scan_packages()
    scanned = time.perf_counter() - begun
    known = dict(packages._PACKAGES)
    if remember:
        packages.find_package = functools.cache(packages.find_package)
    chains: dict[str, Any] = {}
    for name in sorted(known) if only is None else [only]:
        try:
            chain = packages.resolve_dependencies([name])
            chains[name] = [[item, packages.find_package(item)["name"]] for item in chain]
        except BaseException as error:  # whatever it is, it is the answer
            chains[name] = f"{type(error).__name__}: {str(error)[:200]}"
    defined = {
        name: {"path": item.get("path"), "aliases": item.get("alias", [])}
        for name, item in known.items()
    }
    return {"packages": defined, "chains": chains, "scan_seconds": scanned}


class _Nothing:
    """In place of the pool that resolves everything once more and drops what it finds."""

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    main()
