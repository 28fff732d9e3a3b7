"""The tree's own builder for one of the named targets, in an interpreter of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetson_containers.platform.named import named_target

INSIDE = Path(__file__).with_name("inside.py")
#: what the tree's modules import; its registry client is not asked for anything
NEEDS = ("packaging", "pyyaml", "requests", "tabulate", "termcolor", "wget")
CUDA_ARCH = {"tegra": "tegra-aarch64", "sbsa": "aarch64", "x86_64": "x86_64"}


@dataclass(frozen=True, slots=True)
class Own:
    """What the tree's own builder found: a chain of (asked, package) for each, or the reason."""

    chains: dict[str, tuple[tuple[str, str], ...]]
    reasons: dict[str, str]
    seconds: float
    peak_mib: float

    def twice(self, name: str) -> bool:
        """Whether the chain holds two versions of one name, or none was found."""
        found = {package for _, package in self.chains.get(name, ())}
        return len({package.partition(":")[0] for package in found}) < len(found)


def environment(target: str) -> dict[str, str]:
    """The tree's own variables for a named target; L4T only where the target has one."""
    made = named_target(target)
    own = {
        "SYSTEM_ARCH": made.arch,
        "CUDA_ARCH": CUDA_ARCH[made.system],
        "CUDA_VERSION": str(made.cuda),
        "PYTHON_VERSION": str(made.python),
        "LSB_RELEASE": made.release,
    }
    if made.l4t is not None:
        own["L4T_VERSION"] = str(made.l4t)
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **own}


def ask(python: Path, tree: Path, target: str, options: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON of ``inside.py``; raises CalledProcessError when the tree's builder fails."""
    argv = [str(python), str(INSIDE), str(tree), *options]
    done = subprocess.run(
        argv, env=environment(target), capture_output=True, check=True, cwd=tree
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def read(data: dict[str, Any]) -> Own:
    """The JSON of :func:`ask` as a value."""
    chains = data["chains"]
    return Own(
        {
            name: tuple((asked, package) for asked, package in chain)
            for name, chain in chains.items()
            if isinstance(chain, list)
        },
        {name: reason for name, reason in chains.items() if isinstance(reason, str)},
        data["seconds"],
        data["peak_kib"] / 1024,
    )
