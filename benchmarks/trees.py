"""Foreign trees on every named target: what loads, what resolves, and what escapes.

``python -m benchmarks.trees DIR...``, each a directory of packages. Every tree is loaded in a
process of its own, without a network where the machine lets us take it away. Whatever a tree
manages to print, or to change in its own directory, is counted. Nothing is kept from before:
every ``config.py`` is evaluated for every target.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.processes import cpu_seconds, use
from jetson_containers.errors import BuilderError
from jetson_containers.package.loader import load_catalogue
from jetson_containers.package.model import Requirement
from jetson_containers.platform.family import base_targets
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import CatalogueResolver

OFFLINE = ("unshare", "--map-root-user", "--net")
COLUMNS = (
    ("packages", 9),
    ("refused", 8),
    ("unsolved", 9),
    ("error", 6),
    ("warning", 8),
    ("info", 5),
    ("escaped", 8),
    ("printed", 8),
    ("changed", 8),
    ("load s", 7),
    ("solve s", 8),
    ("MiB", 5),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--target", action="append", help="this one (default: all named)")
    parser.add_argument("--load", action="store_true", help="load only, resolve nothing")
    parser.add_argument("--json", type=Path, help="write what was found here too")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    targets = words.target or list(base_targets())
    if words.into:
        words.into.write_text(json.dumps(_look(words.trees[0], targets, not words.load)))
        return 0
    offline = subprocess.run([*OFFLINE, "true"], capture_output=True).returncode == 0
    network = "without a network" if offline else "with this machine's network"
    print(f"{len(targets)} targets, {network}; numbers are sums over all targets, seconds of CPU\n")
    width = max(len(_short(tree)) for tree in words.trees)
    print(f"{'tree':<{width}}" + "".join(f"{name:>{size}}" for name, size in COLUMNS), flush=True)
    everything = {}
    for tree in words.trees:
        options = ["--load"] if words.load else []
        found = _in_process(tree.absolute(), targets, options, OFFLINE if offline else ())
        everything[str(tree)] = found
        cells = "".join(_cell(found, *column) for column in COLUMNS)
        print(f"{_short(tree):<{width}}{cells}", flush=True)
    if words.json:
        words.json.write_text(json.dumps(everything, indent=1))
    return 1 if any(found["escaped"] for found in everything.values()) else 0


def _short(tree: Path) -> str:
    return str(Path(*tree.absolute().parts[-2:]))


def _cell(found: dict[str, Any], name: str, size: int) -> str:
    value = found[name]
    count = len(value) if isinstance(value, list) else value
    return f"{count:>{size}.1f}" if isinstance(count, float) else f"{count:>{size}}"


def _in_process(
    tree: Path, targets: list[str], options: list[str], offline: tuple[str, ...]
) -> dict[str, Any]:
    """One tree; what it printed and changed is seen from outside."""
    before = _state(tree)
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder, "found.json")
        argv = [*offline, sys.executable, "-m", "benchmarks.trees", str(tree), "--into", str(into)]
        argv += options
        used = use([*argv, *(word for name in targets for word in ("--target", name))])
        if not into.exists():
            raise SystemExit(used.stderr.decode(errors="replace"))
        found: dict[str, Any] = json.loads(into.read_text())
    found["printed"] = len(used.stdout) + len(used.stderr)
    found["changed"] = sorted(str(path) for path, _ in before ^ _state(tree))
    found["MiB"] = round(used.peak_mib)
    return found


def _state(tree: Path) -> set[tuple[Path, tuple[int, int]]]:
    """Every file with its size and time of change."""
    paths = (path for path in tree.rglob("*") if not path.is_dir())
    return {(path, (path.lstat().st_size, path.lstat().st_mtime_ns)) for path in paths}


def _look(tree: Path, targets: list[str], solve: bool) -> dict[str, Any]:
    """Load and resolve everything; an exception that is none of ours is kept with its trace."""
    found: Counter[str] = Counter()
    seconds = {"load s": 0.0, "solve s": 0.0}
    escaped: list[str] = []
    findings: list[dict[str, Any]] = []
    unsolved: list[str] = []
    for name in targets:
        begun = cpu_seconds()
        try:
            catalogue = load_catalogue(named_target(name), [tree])
        except Exception:
            escaped.append(f"{name}: {traceback.format_exc()}")
            continue
        seconds["load s"] += cpu_seconds() - begun
        found["packages"] += len(catalogue.packages)
        found["refused"] += len(catalogue.refused)
        found.update(finding.severity for finding in catalogue.findings)
        findings += [finding.to_dict() for finding in catalogue.findings]
        begun = cpu_seconds()
        resolver = CatalogueResolver(catalogue)
        for package in catalogue.packages if solve else ():
            try:
                resolver.resolve((Requirement(package.name, package.version),))
            except BuilderError as error:
                unsolved.append(f"{name} {package.reference}: {error.what}")
            except Exception:
                escaped.append(f"{name} {package.reference}: {traceback.format_exc()}")
        seconds["solve s"] += cpu_seconds() - begun
    counts = {key: found[key] for key in ("packages", "refused", "error", "warning", "info")}
    return {
        **counts,
        **seconds,
        "unsolved": unsolved,
        "escaped": escaped,
        "findings": findings,
    }


if __name__ == "__main__":
    sys.exit(main())
