"""``docs``: the README of every package, from its metadata."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from jetson_containers.cli.context import Context, add_common_options, add_package_options, say
from jetson_containers.cli.parsers import verb_parser
from jetson_containers.errors import BuilderError, ExitCode, Location, raise_all
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.report.written import Differences, compare, write


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "docs",
        "Write the README of every package directory and the index of all, from what the "
        "definitions say for every named target. A README that was written by hand is kept.",
        "",
        "--check",
    )
    result.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a file is not current"
    )
    add_package_options(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    catalogues = _catalogues(context)
    from jetson_containers.report.package_docs import MARK, package_readmes

    found: list[tuple[Differences, dict[PurePosixPath, str]]] = []
    for root in _roots(context):
        wanted = package_readmes(catalogues, root)
        found.append((compare(root, wanted, MARK), wanted))
    return _check(found) if args.check else _write(found)


def _roots(context: Context) -> tuple[Path, ...]:
    from jetson_containers.package.scan import search_path

    return tuple(dict.fromkeys(search_path(path) for path in context.search_dirs))


def _catalogues(context: Context) -> tuple[Catalogue, ...]:
    """Every named target's packages. No setting of the environment has a say in them.

    A definition that cannot be read is an error: its package would be missing from the texts.
    """
    from jetson_containers.package.loader import load_catalogue
    from jetson_containers.platform.named import named_targets

    catalogues = tuple(
        load_catalogue(target, context.search_dirs, own_root=context.own_packages)
        for target in named_targets()
    )
    faults = {
        (finding.location, finding.message): BuilderError(
            finding.message, where=finding.location, hint=finding.hint
        )
        for catalogue in catalogues
        for finding in catalogue.findings
        if finding.severity == "error"
    }
    raise_all(faults.values())
    return catalogues


def _check(found: Iterable[tuple[Differences, dict[PurePosixPath, str]]]) -> int:
    """One line on stdout for each file that is not current."""
    wrong = 0
    for differences, wanted in found:
        for word, paths in (
            ("missing", differences.missing),
            ("stale", differences.stale),
            ("left over", differences.left_over),
        ):
            for path in paths:
                print(f"{word}: {differences.root / path}")
        _mention_by_hand(differences)
        wrong += differences.changes
        if not differences.changes:
            say(f"{differences.root}: {len(wanted)} files, all current")
    if wrong:
        say("`jetson-containers docs` brings them up to date")
    return ExitCode.FAILED if wrong else ExitCode.DONE


def _write(found: Iterable[tuple[Differences, dict[PurePosixPath, str]]]) -> int:
    for differences, wanted in found:
        write(differences, wanted)
        _mention_by_hand(differences)
        gone = f", {len(differences.left_over)} removed" if differences.left_over else ""
        say(
            f"{differences.root}: {len(wanted)} files, "
            f"{len(differences.missing) + len(differences.stale)} written{gone}"
        )
    return ExitCode.DONE


def _mention_by_hand(differences: Differences) -> None:
    for path in differences.by_hand:
        say(f"{Location(str(differences.root / path))}: written by hand, left as it is")
