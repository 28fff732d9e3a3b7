"""``why-not``: what stands between a package and a target."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from jetson_containers.cli.context import Context, say, warn
from jetson_containers.cli.faults import faults_of_missing
from jetson_containers.cli.parsers import add_json_option, add_shared_options, verb_parser
from jetson_containers.cli.words import named_packages, seen_from_here
from jetson_containers.errors import BuilderError, ExitCode, Problems, place_keys
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Requirement
from jetson_containers.platform.named import named_targets
from jetson_containers.resolve.explain import ConflictError, MissingPackage, Unresolvable
from jetson_containers.resolve.explanation import Alternative, Explanation
from jetson_containers.resolve.resolver import CatalogueResolver

#: remedies that are tried out and told
REMEDIES = 3


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "why-not",
        "Say why packages cannot be built together for a target, and the smallest change that "
        "would mend it. Exit code 1 if they cannot, 0 if they can.",
        "sglang --target xavier-jp5",
        "pytorch:2.14.1 transformers --target orin-jp62",
    )
    result.add_argument("packages", metavar="PKG", nargs="+")
    add_json_option(result)
    add_shared_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    request = [parse_requirement(word) for word in named_packages(args.packages)]
    resolver = CatalogueResolver(context.catalogue, remedies=REMEDIES)
    try:
        chain = resolver.chain(request)
    except BuilderError as error:
        causes = _causes(context.catalogue, error)
        elsewhere = _elsewhere(context, request)
        if args.json:
            print(json.dumps(_document(context.catalogue, request, causes, elsewhere), indent=2))
        else:
            texts = ("\n".join(_in_full(item)) for item in causes)
            print(seen_from_here("\n\n".join(texts)))
            print(f"\n{_on_targets(elsewhere)}")
        return ExitCode.FAILED
    names = [package.reference for package in chain]
    if args.json:
        print(json.dumps(_document(context.catalogue, request, (), (), names), indent=2))
    else:
        say(f"{' '.join(args.packages)} can be built on {context.target.name}:")
        print(" ".join(names))
    return ExitCode.DONE


def _causes(catalogue: Catalogue, error: BuilderError) -> tuple[BuilderError, ...]:
    """What stands in the way; for an unknown package, what is wrong with its definition."""
    found: dict[tuple[str, str], BuilderError] = {}
    for item in error.errors if isinstance(error, Problems) else (error,):
        faults = faults_of_missing(catalogue, item) if isinstance(item, MissingPackage) else []
        for cause in faults or [item]:
            found.setdefault((cause.what, str(cause.where)), cause)
    return tuple(found.values())


def _elsewhere(context: Context, request: Sequence[Requirement]) -> tuple[str, ...]:
    """The known targets on which the same request resolves."""
    found = []
    others = [target for target in named_targets() if target.name != context.target.name]
    for catalogue in context.catalogues_for(others, patient=False):
        try:
            CatalogueResolver(catalogue, remedies=0).chain(request)
        except BuilderError:
            continue
        found.append(catalogue.target.name)
    for path in context.trees.late:
        warn(f"{path}/config.py ran out of time, and was not tried again for every target")
    return tuple(found)


def _in_full(error: BuilderError) -> list[str]:
    """Causes, the versions in question, and what would mend it."""
    place = f"{error.where}: " if error.where else ""
    lines = [f"{place}{error.what}"]
    if not isinstance(error, Unresolvable):
        return [*lines, f"  hint: {error.hint}"] if error.hint else lines
    explanation = error.explanation
    if len(explanation.causes) > 1 and not isinstance(error, ConflictError):
        lines += ["", "because", *(f"  {because}" for because in explanation.causes)]
    if explanation.alternatives:
        lines += ["", "known, and what keeps it out", *_alternatives(explanation.alternatives)]
    if explanation.remedies:
        lines += ["", "what would mend it (tried out, the nearest first)"]
        lines += [f"  {item.text}" for item in explanation.remedies]
    else:
        lines += ["", f"hint: {error.hint}"]
    return lines


def _alternatives(alternatives: Sequence[Alternative]) -> list[str]:
    """Packages with what keeps them out; those that the same keeps out together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for item in alternatives:
        groups.setdefault(item.reasons, []).append(item.reference)
    lines = []
    for reasons, references in groups.items():
        lines.append(f"  {', '.join(references)}")
        lines += [f"      {reason}" for reason in reasons]
    return lines


def _on_targets(elsewhere: Sequence[str]) -> str:
    if not elsewhere:
        return "it resolves on no other known target"
    return f"it resolves on {', '.join(elsewhere)}"


def _document(
    catalogue: Catalogue,
    request: Sequence[Requirement],
    errors: Sequence[BuilderError],
    elsewhere: Sequence[str],
    packages: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "format": 1,
        "target": catalogue.target.name,
        "request": [str(item) for item in request],
        "resolves": not errors,
        "packages": list(packages),
        "errors": [_error(item) for item in errors],
        "targets": list(elsewhere),
    }


def _error(error: BuilderError) -> dict[str, Any]:
    explanation: Explanation | None = getattr(error, "explanation", None)
    return {
        "message": error.what,
        "hint": error.hint,
        **place_keys(error.where),
        "explanation": explanation.to_dict() if explanation else None,
    }
