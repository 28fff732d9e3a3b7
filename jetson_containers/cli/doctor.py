"""``doctor``: what stands between this machine and its containers, and what mends it."""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jetson_containers.cli.context import Context, say, warn
from jetson_containers.cli.parsers import add_json_option, add_shared_options, verb_parser
from jetson_containers.errors import BuilderError, ExitCode, Location, TargetError, UsageError

if TYPE_CHECKING:
    from jetson_containers.doctor.model import Finding, Host, Remedy
    from jetson_containers.image.registry.place import Place
    from jetson_containers.platform.evidence import Evidence

#: columns of the table
WIDTH = 100
_NAME = 18
#: what remedies print is no finding
_STDERR = 2


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "doctor",
        "What stands between this machine and its containers, the worst first, each with what "
        "mends it. Exit code 1 when something must be mended.",
        "",
        "--fix",
        "--record machine.json",
        "--facts machine.json --json",
    )
    result.add_argument("--fix", action="store_true", help="run safe remedies, asking before each")
    result.add_argument(
        "--yes",
        action="store_true",
        help="with --fix: do not ask. Remedies that stop containers are left out",
    )
    result.add_argument(
        "--record",
        metavar="FILE",
        help="write what was seen to FILE, without serial numbers and names, for --facts",
    )
    result.add_argument(
        "--offline", action="store_true", help="ask no registry and no wheel index"
    )
    result.add_argument(
        "--registry", metavar="HOST/NAMESPACE", action="append", default=[],
        help="ask this registry too, as `autotag --registry` does; may be given several times",
    )  # fmt: skip
    add_json_option(result)
    add_shared_options(result, packages=False)
    return result


def main(argv: Sequence[str]) -> int:
    from jetson_containers.doctor.diagnose import diagnose, failed

    args = parser().parse_args(argv)
    if args.yes and not args.fix:
        raise UsageError("--yes answers the questions of --fix", hint="add --fix")
    if args.fix and args.facts:
        raise UsageError(
            "--fix mends this machine, and --facts tells of another", hint="leave one out"
        )
    if args.registry and (args.facts or args.offline):
        raise UsageError(
            f"{'--facts' if args.facts else '--offline'} asks nobody, and --registry a registry",
            hint="leave one out",
        )
    host = examine(Context.of(args))
    findings = diagnose(host)
    if args.record:
        _record(Path(args.record), _without_own(host.evidence, args), Context.of(args).environ)
    if args.fix and mend(findings, Context.of(args)):
        host = examine(Context.of(args))
        findings = diagnose(host)
    if args.json:
        print(json.dumps(document(host, findings), indent=2))
    else:
        print(table(findings))
    return ExitCode.FAILED if failed(findings) else ExitCode.DONE


def examine(context: Context) -> Host:
    """The recorded machine, or this one with what it can reach."""
    from jetson_containers.doctor.indexes import wheel_indexes
    from jetson_containers.doctor.model import Host

    if not context.args.facts:
        from jetson_containers.doctor.gather import gather_evidence

        context.evidence = gather_evidence(context.environ)
    evidence = context.evidence
    try:
        target = context.target
    except TargetError:
        if context.args.target:
            raise
        return Host(evidence, context.host_facts)
    indexes = wheel_indexes(target, context.own_packages)
    if not context.args.facts and not context.args.offline:
        from jetson_containers.doctor.gather import with_answers
        from jetson_containers.doctor.outside import questions

        say("asking registries and wheel indexes; --offline leaves that out")
        places = [*_default_places(), *_own_places(context.args)]
        evidence = with_answers(evidence, questions(target, indexes, context.environ, places))
    return Host(evidence, context.host_facts, target, indexes)


def _default_places() -> list[Place]:
    """Where autotag looks for images unless it is told otherwise."""
    from jetson_containers.cli.autotag_registry import DEFAULT_USER
    from jetson_containers.image.registry.place import HUB, Place

    return [Place(HUB, DEFAULT_USER)]


def _own_places(args: argparse.Namespace) -> list[Place]:
    from jetson_containers.image.registry.place import parse_place

    return [parse_place(text) for word in args.registry for text in word.split(",") if text]


def _without_own(evidence: Evidence, args: argparse.Namespace) -> Evidence:
    """A record names no registry of the user's."""
    from jetson_containers.doctor.registries import place_question

    own = {place_question(str(place)) for place in _own_places(args)}
    kept = {name: text for name, text in evidence.commands.items() if name not in own}
    return replace(evidence, commands=kept)


def document(host: Host, findings: Sequence[Finding]) -> Mapping[str, Any]:
    """What ``--json`` prints."""
    return {
        "format": 1,
        "target": host.target.to_dict() if host.target else None,
        "facts": host.facts.to_dict(),
        "findings": [finding.to_dict() for finding in findings],
    }


def table(findings: Sequence[Finding]) -> str:
    """All findings, grouped by severity; remedies stand alone on a line, to be pasted."""
    lines: list[str] = []
    severity = ""
    for finding in findings:
        if finding.severity != severity:
            severity = finding.severity
            lines += [""] if lines else []
            lines.append(severity)
        indent = " " * (_NAME + 2)
        lines += textwrap.wrap(
            finding.message,
            WIDTH,
            initial_indent=f"  {finding.check.ljust(_NAME)}",
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        if finding.remedy:
            lines.append(f"{indent}$ {finding.remedy}")
            if finding.remedy.disturbs:
                lines.append(f"{indent}  ({finding.remedy.disturbs})")
    counts = {
        name: sum(finding.severity == name for finding in findings)
        for name in ("error", "warning", "info", "ok")
    }
    lines += ["", ", ".join(f"{count} {name}" for name, count in counts.items())]
    safe = _safe(findings)
    if safe:
        lines.append(f"{len(safe)} can be mended with --fix, which asks before each")
    return "\n".join(lines)


def mend(findings: Sequence[Finding], context: Context) -> bool:
    """Show and run the safe remedies one by one; whether any was run.

    What was asked and what commands print go to stderr.
    """
    remedies = _safe(findings)
    if not remedies:
        say("there is nothing that --fix can mend by itself")
        return False
    if not context.args.yes and not sys.stdin.isatty():
        raise UsageError(
            "--fix asks before each remedy, and there is no terminal",
            hint="add --yes, or paste the commands that `doctor` prints",
        )
    ran = False
    for check, remedy in remedies:
        say(f"{check}: {remedy}")
        if remedy.disturbs and context.args.yes:
            say(f"  left out, because {remedy.disturbs}; run it yourself, or --fix without --yes")
            continue
        if remedy.disturbs:
            say(f"  note: {remedy.disturbs}")
        if context.args.yes or _agreed():
            ran = True
            _run(remedy, context)
    return ran


def _safe(findings: Sequence[Finding]) -> list[tuple[str, Remedy]]:
    """Remedies that are safe to run, each once, with the check that proposes it first."""
    found: dict[Remedy, str] = {}
    for finding in findings:
        if finding.remedy and finding.remedy.automatic:
            found.setdefault(finding.remedy, finding.check)
    return [(check, remedy) for remedy, check in found.items()]


def _agreed() -> bool:
    print("  run it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _run(remedy: Remedy, context: Context) -> None:
    """Run the commands of a remedy up to the first that fails."""
    for argv in remedy.commands:
        words = [context.program if word == "jetson-containers" else word for word in argv]
        try:
            done = subprocess.run(words, stdout=_STDERR, check=False)
        except OSError as error:
            warn(f"{words[0]} cannot be run: {error.strerror}")
            return
        if done.returncode:
            warn(f"{words[0]} ended with exit code {done.returncode}")
            return


def _record(path: Path, evidence: Evidence, environ: Mapping[str, str]) -> None:
    import getpass
    import socket

    from jetson_containers.doctor.record import without_identity, write_evidence

    host = socket.gethostname()
    names = [host, host.partition(".")[0]]
    names += [environ.get(name, "") for name in ("USER", "LOGNAME", "SUDO_USER")]
    with contextlib.suppress(KeyError, OSError):
        names.append(getpass.getuser())
    clean = without_identity(evidence, names)
    try:
        write_evidence(path, clean)
    except OSError as error:
        raise BuilderError(
            f"the record cannot be written: {error.strerror}",
            where=Location(str(path)),
            hint="name a file in a directory that this user may write to",
        ) from None
    say(f"recorded in {path}; read it before you hand it on")
