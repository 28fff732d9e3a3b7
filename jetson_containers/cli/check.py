"""``check``: every package on every target, without building anything."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetson_containers.check.causes import Cause, causes
from jetson_containers.check.model import Report, TargetReport
from jetson_containers.cli.context import (
    Context,
    add_common_options,
    add_package_options,
    target_words,
)
from jetson_containers.cli.parsers import add_json_option, verb_parser
from jetson_containers.cli.words import named_packages
from jetson_containers.errors import ExitCode, Location, UsageError
from jetson_containers.package.findings import Finding
from jetson_containers.platform.target import Target

#: runs of neighbouring targets that each process takes, so that none waits long for the other
RUNS = 2
#: messages and packages of one cause that are shown without ``--verbose``
SHOWN = 3


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "check",
        "Check packages on targets: that each resolves and can be built as far as its files tell. "
        "Nothing is built, nothing is fetched.",
        "",
        "sglang 'torch*' --target orin-jp62,x86-cu130",
        "--package-dirs ~/my-packages --only-dirs --json",
    )
    result.add_argument("packages", nargs="*", metavar="PATTERN", help="default: every package")
    result.add_argument(
        "--target",
        action="append",
        default=[],
        type=target_words,
        metavar="NAME",
        help="a target, or several with commas; may be repeated (default: every known one)",
    )
    result.add_argument("--facts", metavar="FILE", help="the target of recorded evidence")
    add_json_option(result)
    add_package_options(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    from jetson_containers.check.pool import in_parallel, workers_here

    begun = time.monotonic()
    context = Context.of(parser().parse_args(argv))
    words = context.args.packages
    patterns = named_packages(words) if words else ()
    targets = _targets(context)
    work = _Work(context, patterns)
    workers = workers_here(len(targets))
    # neighbours tend to be alike, and what is alike is evaluated once in a process
    length = -(-len(targets) // (RUNS * workers))
    runs = [targets[at : at + length] for at in range(0, len(targets), length)]
    done = in_parallel(len(runs), lambda run: [work(target) for target in runs[run]], workers)
    plain = (report for run in done for report in run)
    reports = tuple(_shown_from(Path.cwd(), TargetReport.from_plain(item)) for item in plain)
    report = Report(reports, time.monotonic() - begun)
    if patterns and not any(item.checked + item.refused + len(item.findings) for item in reports):
        raise _no_match(context, targets[0], patterns)
    if context.args.json:
        print(_json(report.to_dict()))
    else:
        _print(report, verbose=context.verbose)
    return ExitCode.FAILED if report.has_errors else ExitCode.DONE


class _Work:
    """The check of one target, to be done in any process."""

    def __init__(self, context: Context, patterns: Sequence[str]) -> None:
        from jetson_containers.check.kept import KeptReports
        from jetson_containers.check.reader import Reader

        self._context = context
        self._patterns = patterns
        self._reader = Reader(context.trees.snapshot)
        words = [*map(str, context.search_dirs), str(context.own_packages)]
        notes = ["notes"] if context.verbose else []
        self._kept = KeptReports(context.cache / "catalogues", words + notes, self._reader)

    def __call__(self, target: Target) -> tuple[object, ...]:
        catalogue = self._context.catalogue_for(target)

        def make() -> TargetReport:
            from jetson_containers.check.target import check_target

            return check_target(
                catalogue,
                self._reader,
                own_root=self._context.own_packages,
                patterns=self._patterns,
                notes=self._context.verbose,
            )

        # a part of the packages is quickly done, and would only drive out what is kept
        report = make() if self._patterns else self._kept.report(catalogue, make)
        return report.to_plain()


def _json(document: Mapping[str, Any]) -> str:
    """The document with a line for each finding: there may be many thousands of them."""
    keys = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        else:
            text = json.dumps(value)
        keys.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(keys) + "\n}"


def _targets(context: Context) -> tuple[Target, ...]:
    from jetson_containers.platform.named import named_target, named_targets

    names = [name for word in context.args.target for name in word.split(",") if name]
    found = [named_target(name) for name in dict.fromkeys(names)]
    if context.args.facts:
        found.append(context.host_target)
    return tuple(found) or named_targets()


def _no_match(context: Context, target: Target, patterns: Sequence[str]) -> UsageError:
    near = [name for word in patterns for name in context.catalogue_for(target).nearest(word)]
    return UsageError(
        f"no package matches {' '.join(patterns)} on any of the targets",
        hint=f"did you mean {', '.join(near)}?" if near else "`jetson-containers list` shows all",
    )


def _shown_from(here: Path, report: TargetReport) -> TargetReport:
    """The report with paths as they open from ``here``: relative for what lies below it."""
    prefix = f"{here}/"

    def shown(finding: Finding) -> Finding:
        where = finding.location
        return replace(
            finding,
            location=Location(where.path.removeprefix(prefix), where.line),
            message=finding.message.replace(prefix, ""),
            hint=finding.hint.replace(prefix, ""),
        )

    return replace(report, findings=tuple(shown(finding) for finding in report.findings))


def _print(report: Report, *, verbose: bool) -> None:
    rows: list[tuple[str, ...]] = [
        ("target", "packages", "resolved", "not for it", "errors", "warnings", "notes")
    ]
    rows += [
        (
            item.target,
            *map(str, (item.checked, item.resolved, item.refused)),
            *(str(item.count(kind)) for kind in ("error", "warning", "info")),
        )
        for item in report.targets
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        first = row[0].ljust(widths[0])
        print("  ".join([first, *map(str.rjust, row[1:], widths[1:])]))
    names = tuple(item.target for item in report.targets)
    for cause in causes(report.findings):
        print()
        for line in _lines(cause, names, verbose=verbose):
            print(line)
    if any(item.notes for item in report.targets):
        print("\nnotes are listed with --verbose")


def _lines(cause: Cause, names: tuple[str, ...], *, verbose: bool) -> list[str]:
    lines = [f"{cause.severity} {cause.code}: {cause.where}"]
    shown = cause.messages if verbose else cause.messages[:SHOWN]
    for number, (message, hint) in enumerate(shown):
        lines.append(f"  {message}")
        if hint and (number + 1 == len(shown) or shown[number + 1][1] != hint):
            lines.append(f"    hint: {hint}")
    if len(cause.messages) > len(shown):
        lines.append(f"  and {len(cause.messages) - len(shown)} more like it")
    if cause.packages:
        lines.append(f"  packages: {_listed(cause.packages, verbose=verbose)}")
    lines.append(f"  targets: {_targets_of(cause, names)}")
    return lines


def _targets_of(cause: Cause, names: tuple[str, ...]) -> str:
    """The targets, or the few that are not among them."""
    others = [name for name in names if name not in cause.targets]
    if not others:
        return "all"
    if len(others) < len(cause.targets):
        return f"all but {', '.join(others)}"
    return ", ".join(cause.targets)


def _listed(words: tuple[str, ...], *, verbose: bool) -> str:
    shown = words if verbose or len(words) <= SHOWN + 1 else words[:SHOWN]
    more = f" and {len(words) - len(shown)} more" if len(words) > len(shown) else ""
    return ", ".join(shown) + more
