"""``show``: everything about packages on a target, or on all."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from jetson_containers.cli.context import Context
from jetson_containers.cli.faults import Faults
from jetson_containers.cli.parsers import add_json_option, add_shared_options, verb_parser
from jetson_containers.cli.words import named_packages, seen_from_here
from jetson_containers.errors import BuilderError, ExitCode, UsageError, raise_all
from jetson_containers.package.findings import printable
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.report.about import About, Outcome, about, outcome, packages_behind
from jetson_containers.resolve.explain import missing_error
from jetson_containers.resolve.model import Because
from jetson_containers.resolve.resolver import CatalogueResolver

if TYPE_CHECKING:
    from jetson_containers.package.catalogue import Catalogue
    from jetson_containers.package.model import Package

#: columns that lists are wrapped to
_WIDTH = 100
_INDENT = 14


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "show",
        "Show what is known about packages on a target. A name means its default version.",
        "sglang --target orin-jp62",
        "'pytorch>=2.8' --json",
        "vllm --all-targets",
    )
    result.add_argument(
        "packages", nargs="+", metavar="PKG", help="name, name:version, name>=2.8 or a wildcard"
    )
    result.add_argument(
        "--all-targets", action="store_true", help="also what becomes of it on every named target"
    )
    add_json_option(result)
    add_shared_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    return of(Context.of(args), args.packages)


def of(context: Context, words: Sequence[str]) -> int:
    """Show the packages behind ``words``, also those that are not for the target."""
    shown, others = _look(context, named_packages(words))
    if getattr(context.args, "json", False):
        packages = []
        for item in shown:
            data = item.to_dict()
            if others:
                data["targets"] = [found.to_dict() for found in others[item.package.reference]]
            packages.append(data)
        document = {"format": 1, "target": context.target.name, "packages": packages}
        print(json.dumps(document, indent=2))
        return ExitCode.DONE
    texts = (_text(item, others.get(item.package.reference, ())) for item in shown)
    print(seen_from_here("\n".join(texts)), end="")
    return ExitCode.DONE


def _look(
    context: Context, words: Sequence[str]
) -> tuple[list[About], dict[str, tuple[Outcome, ...]]]:
    """What the words mean on the target and, with ``--all-targets``, what becomes of it elsewhere.
    """
    catalogue = context.catalogue
    found: dict[str, Package] = {}
    faults = Faults(context)
    for word in words:
        try:
            found |= {item.reference: item for item in _behind(catalogue, word)}
        except BuilderError as error:
            faults.add(error)
    raise_all(faults.errors)
    resolver = CatalogueResolver(catalogue)
    shown = [about(catalogue, item, resolver.resolve) for item in found.values()]
    outcomes: dict[str, list[Outcome]] = {reference: [] for reference in found}
    if getattr(context.args, "all_targets", False):
        from jetson_containers.platform.named import named_targets

        for other in context.catalogues_for(named_targets()):
            resolver = CatalogueResolver(other, remedies=0)
            for reference, package in found.items():
                outcomes[reference].append(
                    outcome(other, reference, package.name, resolver.resolve)
                )
    return shown, {reference: tuple(items) for reference, items in outcomes.items() if items}


def _behind(catalogue: Catalogue, word: str) -> tuple[Package, ...]:
    """The packages that a word means; raises if there is none."""
    if not any(sign in word for sign in "*?["):
        wanted = parse_requirement(word)
        found = packages_behind(catalogue, wanted)
        if not found:
            raise missing_error(catalogue, Because(wanted))
        return found
    from jetson_containers.plan.skip import matcher

    meant = matcher(word)
    found = tuple(item for item in catalogue.packages if meant(item))
    if not found:
        raise UsageError(
            f"no package matches {word} on {catalogue.target.name}",
            hint="`jetson-containers list` shows the packages",
        )
    return found


def _text(item: About, others: Sequence[Outcome]) -> str:
    package = item.package
    lines = [f"{package.reference} on {item.outcome.target}"]
    rows: tuple[tuple[str, Iterable[str]], ...] = (
        ("versions", _wrapped(_versions(item))),
        ("aliases", _wrapped(package.aliases)),
        ("group", (package.group,)),
        ("defined", (str(package.location),)),
        ("dockerfile", (f"{package.relative_path}/{package.dockerfile}",))
        if package.dockerfile
        else ("directory", (f"{package.relative_path}, without a Dockerfile",)),
        ("requires", _conditions(item)),
        ("depends", _needs(item)),
        ("conflicts", _wrapped(map(str, package.conflicts))),
        ("build args", (f"{key}={value}" for key, value in package.build_args)),
        ("build flags", _wrapped(package.build_flags)),
        ("device", (package.buildkit_device or "",)),
        ("secrets", _wrapped(package.secrets)),
        ("tests", package.tests),
        ("test limit", (f"{package.test_timeout} s",) if package.test_timeout else ()),
        ("heavy", ("nothing is built beside it",) if package.heavy else ()),
        ("sources", item.to_dict()["sources"]),
        ("runtime", (f"{key}: {value}" for key, value in package.runtime.items())),
        ("unpinned", package.unpinned),
        ("docs", package.docs.splitlines()),
        ("notes", package.notes.splitlines()),
        ("chain", _chain(item.outcome)),
        ("needed by", _wrapped(item.users)),
        ("targets", _targets(others, package.reference)),
    )
    for title, values in rows:
        for number, value in enumerate(text for text in values if text.strip()):
            shown = printable(value.expandtabs())
            lines.append(f"  {('' if number else title):<{_INDENT - 2}}{shown}".rstrip())
    return "\n".join(lines) + "\n"


def _wrapped(words: Iterable[str]) -> list[str]:
    text = ", ".join(words)
    return textwrap.wrap(text, _WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False)


def _versions(item: About) -> Iterator[str]:
    """Versions of the name, the default first; this one may be none of them."""
    for number, version in enumerate(item.versions):
        if version:
            yield version if number else f"{version} (default)"


def _conditions(item: About) -> Iterator[str]:
    for condition in item.conditions:
        yield f"{condition.requires:<10} {'holds' if condition.holds else condition.reason}"


def _needs(item: About) -> Iterator[str]:
    """One requirement a line, with what it means if the word does not say, and where it stands.

    In the chain another requirement may ask for another version.
    """
    chosen = {reference.partition(":")[0]: reference for reference in item.outcome.chain}
    rows = []
    for need in item.needs:
        meant = chosen.get(need.package.partition(":")[0], need.package)
        arrow = "" if meant == need.requirement else f" -> {meant or 'nothing here'}"
        rows.append((f"{need.requirement}{arrow}", need.place))
    width = max((len(text) for text, _ in rows), default=0)
    for text, place in rows:
        yield f"{text:<{width}}  {place}"


def _chain(found: Outcome) -> Iterator[str]:
    if found.chain:
        packages = len(found.chain)
        yield f"{packages} package{'s' if packages > 1 else ''}, {found.stages} built:"
        yield from _wrapped(found.chain)
    elif found.problem:
        yield "does not resolve:"
        yield from found.problem.splitlines()
        yield from _wrapped([f"hint: {found.hint}"] if found.hint else [])
    else:
        yield "none: not for this target"


def _targets(others: Sequence[Outcome], reference: str) -> Iterator[str]:
    """Where it resolves, other versions that the name means there, and what keeps it away."""
    if not others:
        return
    where: dict[str, list[str]] = {}
    for found in others:
        if found.chain:
            where.setdefault(found.reference, []).append(found.target)
    count = sum(map(len, where.values()))
    yield f"resolves on {count} of {len(others)}"
    for known in sorted(where, key=lambda item: item != reference):
        yield from _wrapped([f"{known} on {' '.join(where[known])}"])
    for found in others:
        if found.problem:
            yield f"{found.target}: does not resolve: {found.problem.splitlines()[0]}"
        elif not found.chain:
            yield f"{found.target}: {'; '.join(found.refused) or 'nothing defines it there'}"
