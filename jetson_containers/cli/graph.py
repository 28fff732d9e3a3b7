"""``graph``: what packages need, as dot, Mermaid, SVG, JSON or one page."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.cli.context import Context, say, target_is_named
from jetson_containers.cli.faults import Faults
from jetson_containers.cli.parsers import add_shared_options, verb_parser
from jetson_containers.cli.words import named_packages
from jetson_containers.errors import BuilderError, ExitCode, Location, UsageError, raise_all
from jetson_containers.plan.request import Request, requests_for
from jetson_containers.plan.skip import without
from jetson_containers.report.graph.collect import collect, default_requests, version_requests
from jetson_containers.report.graph.model import Graph
from jetson_containers.resolve.resolver import CatalogueResolver

if TYPE_CHECKING:
    from jetson_containers.package.catalogue import Catalogue
    from jetson_containers.platform.target import Target

#: format -> suffix of files in it
SUFFIXES = {"dot": ".dot", "mermaid": ".mmd", "svg": ".svg", "json": ".json", "html": ".html"}
#: formats that can hold several targets
OF_TARGETS = ("json", "html")


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "graph",
        "Draw what packages need: the image of PKG..., or without PKG the default version of every "
        "package. The page (html) holds every version, and all named targets unless one is given.",
        "sglang --format svg --output sglang.svg",
        "--output packages.html",
        "'pytorch<2.14' transformers --target x86-cu130 --format mermaid",
    )
    result.add_argument("packages", nargs="*", metavar="PKG", help="as for `plan`")
    result.add_argument(
        "--format",
        choices=tuple(SUFFIXES),
        default="",
        help="default: as the suffix of --output says, else dot",
    )
    result.add_argument("--json", action="store_true", help="the same as --format json")
    result.add_argument(
        "--output", default="", metavar="FILE", help="write a file instead of stdout"
    )
    result.add_argument(
        "--multiple", action="store_true", help="one chain per package instead of one of all"
    )
    result.add_argument("--all-targets", action="store_true", help="every named target")
    add_shared_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    form = _format(args)
    targets = _targets(context, form)
    text = render(form, _graphs(context, targets, page=form == "html"))
    if args.output:
        Path(args.output).write_text(text, encoding="utf-8")
        say(f"{args.output}: {len(text.encode()) / 1000:.0f} kB")
    else:
        print(text, end="")
    return ExitCode.DONE


def render(form: str, graphs: Sequence[Graph]) -> str:
    """Graphs in a format, ending in a line feed; only the formats of ``OF_TARGETS`` take several.
    """
    if form == "html":
        from jetson_containers.report.graph.page import to_page

        return to_page(graphs) + "\n"
    if form == "json":
        from jetson_containers.report.graph.document import to_document

        return json.dumps(to_document(graphs), indent=2, ensure_ascii=False) + "\n"
    (graph,) = graphs
    if form == "svg":
        from jetson_containers.report.graph.svg import to_svg

        return to_svg(graph)
    if form == "mermaid":
        from jetson_containers.report.graph.mermaid import to_mermaid

        return to_mermaid(graph)
    from jetson_containers.report.graph.dot import to_dot

    return to_dot(graph)


def _format(args: argparse.Namespace) -> str:
    if args.json and args.format not in ("", "json"):
        raise UsageError(f"--json and --format {args.format} exclude each other")
    said = args.format or ("json" if args.json else "")
    suffix = Path(args.output).suffix.lower()
    by_suffix = {ending: form for form, ending in SUFFIXES.items()} | {".gv": "dot", ".htm": "html"}
    if suffix and not said and suffix not in by_suffix:
        raise UsageError(
            f"{suffix} says no format",
            hint=f"name --format, or end --output in {' '.join(SUFFIXES.values())}",
        )
    return said or by_suffix.get(suffix, "dot")


def _targets(context: Context, form: str) -> tuple[Target, ...]:
    """The targets of the command line; a page without a word about them holds all that have a name.
    """
    args = context.args
    if args.all_targets and target_is_named(args):
        raise UsageError("--all-targets and a target exclude each other", hint="give one of them")
    if not args.all_targets and (form != "html" or target_is_named(args)):
        return (context.target,)
    if form not in OF_TARGETS:
        raise UsageError(
            f"one {form} graph holds one target",
            hint=f"leave out --all-targets, or choose --format {' or '.join(OF_TARGETS)}",
        )
    from jetson_containers.platform.named import named_targets

    return named_targets()


def _graphs(context: Context, targets: Sequence[Target], *, page: bool) -> list[Graph]:
    words = named_packages(context.args.packages) if context.args.packages else ()
    graphs: list[Graph] = []
    errors: list[BuilderError] = []
    faulty: set[tuple[Location, str]] = set()
    for catalogue in _catalogues(context, targets):
        resolver = CatalogueResolver(catalogue)
        requests: Sequence[Request] = ()
        try:
            requests = _requests(context, catalogue, words, page)
            if words and len(targets) == 1:
                for request in requests:
                    resolver.resolve(request)
        except BuilderError as error:
            errors.append(error)
        graph = collect(catalogue, requests, resolver.resolve)
        if words and page:
            alone = version_requests(catalogue, graph.by_reference)
            graph = collect(catalogue, dict.fromkeys((*requests, *alone)), resolver.resolve)
        graphs.append(graph)
        faulty |= {
            (finding.location, finding.message)
            for finding in catalogue.findings
            if finding.severity == "error"
        }
    if errors and not any(graph.chains for graph in graphs):
        faults = Faults(context)
        faults.add(errors[0])
        raise_all(faults.errors)
    _mention(graphs, faulty)
    return graphs


def _catalogues(context: Context, targets: Sequence[Target]) -> Iterable[Catalogue]:
    return (context.catalogue,) if len(targets) == 1 else context.catalogues_for(targets)


def _requests(
    context: Context, catalogue: Catalogue, words: Sequence[str], page: bool
) -> Sequence[Request]:
    if words:
        return requests_for(without(catalogue, ()), words, multiple=context.args.multiple)
    return version_requests(catalogue) if page else default_requests(catalogue)


def _mention(graphs: Sequence[Graph], faulty: set[tuple[Location, str]]) -> None:
    """What is not in the picture as it should be, counted."""
    wrong = [graph for graph in graphs if graph.problems]
    count = sum(len(graph.problems) for graph in wrong)
    if count:
        where = f"on {len(wrong)} targets" if len(wrong) > 1 else f"on {wrong[0].target}"
        say(f"not resolved and marked as such: {count} {where}")
    if faulty:
        say(f"definitions with faults: {len(faulty)}; `jetson-containers check` shows them")
