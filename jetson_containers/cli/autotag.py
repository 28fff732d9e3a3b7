"""``autotag``: the image to run on this machine. stdout carries its reference and nothing else."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.cli.autotag_local import LocalImages
from jetson_containers.cli.autotag_registry import Registries, add_registry_options
from jetson_containers.cli.context import add_package_options, say, warn
from jetson_containers.errors import BuilderError, ExitCode, Location, UnreachableError, UsageError
from jetson_containers.image.listed import SOURCES

if TYPE_CHECKING:
    from jetson_containers.cli.autotag_names import Names
    from jetson_containers.cli.host import Machine
    from jetson_containers.image.facts import ImageFacts
    from jetson_containers.image.request import Wanted
    from jetson_containers.image.selection import Candidate


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="jetson-containers autotag",
        description="Print the image that holds the packages and runs on this machine. Only the "
        "reference goes to stdout.",
        epilog="examples:\n"
        "  jetson-containers run $(jetson-containers autotag sglang)\n"
        "  jetson-containers autotag --explain pytorch:2.14.1 transformers\n"
        "  jetson-containers autotag --registry registry.example.org/robots sglang\n"
        "  jetson-containers autotag --why-not dustynv/vllm:r36.4.0 vllm\n\n"
        "exit: 0 found; 1 nothing compatible; 2 wrong usage; 3 nothing found, and a registry or\n"
        "the engine could not be asked",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument(
        "packages", nargs="+", metavar="PKG", help="NAME, NAME:VERSION or NAMESPACE/NAME"
    )
    result.add_argument(
        "-p", "--prefer", metavar="SOURCES",
        help=f"sources in order of preference (default: {','.join(SOURCES)}); naming `build` "
        "here builds without a question where nobody can be asked",
    )  # fmt: skip
    result.add_argument(
        "-d", "--disable", metavar="SOURCES", default="", help="sources that are left out"
    )
    result.add_argument("-o", "--output", metavar="FILE", help="write the reference there too")
    result.add_argument("-q", "--quiet", action="store_true", help="no remarks, no questions")
    result.add_argument("-v", "--verbose", action="store_true", help="more words, and tracebacks")
    result.add_argument("--json", action="store_true", help="the whole ranked list as JSON")
    result.add_argument(
        "--explain", action="store_true", help="the whole ranked list as a table, on stderr"
    )
    result.add_argument(
        "--why-not", metavar="IMAGE", help="the verdict on this image, on stderr"
    )
    result.add_argument(
        "--local-images", metavar="FILE", help="JSON list in place of the engine's images"
    )
    result.add_argument("--target", metavar="NAME", help="a named target in place of the machine")
    result.add_argument("--facts", metavar="FILE", help="recorded evidence in place of the machine")
    add_registry_options(result)
    add_package_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    from jetson_containers.cli.host import find_machine
    from jetson_containers.image.request import parse_wanted

    args = parser().parse_args(argv)
    if args.why_not is not None:
        from jetson_containers.image.reference import check_reference

        check_reference(args.why_not)
    request = parse_wanted(args.packages)
    prefer = _sources(args.prefer or ",".join(SOURCES), "--prefer")
    disabled = _sources(args.disable, "--disable")
    enabled = [item for item in prefer if item not in disabled]
    machine = find_machine(args.facts, args.target, complete=args.json)
    search = Search(args, request, enabled, machine)
    return search.judge_one(args.why_not) if args.why_not is not None else search.run()


class Search:
    """One request on its way from source to source."""

    def __init__(
        self,
        args: argparse.Namespace,
        request: Sequence[Wanted],
        enabled: Sequence[str],
        machine: Machine,
    ) -> None:
        self.args = args
        self.request = tuple(request)
        self.enabled = enabled
        self.machine = machine
        self.local = LocalImages(args.local_images, stages=args.json or args.explain)
        self.registries = Registries.of(args, machine.target.docker_arch)
        self.silent: list[BuilderError] = []

    def run(self) -> int:
        """Ask the sources in their order.

        The first that has a fitting image ends the search, since it is better than all that
        follow; for a whole list every source is asked.
        """
        from jetson_containers.image.selection import best, select

        images: list[ImageFacts] = []
        candidates: tuple[Candidate, ...] = ()
        whole = self.args.json or self.args.explain
        for source in self.enabled:
            if source == "local":
                images += self._local()
            elif source == "registry":
                images += self._about(self.registries)
            elif best(candidates) is None and self._build_is_wanted():
                code = self._build()
                if code != ExitCode.DONE:
                    return code
                images = [*(i for i in images if i.listed.source != "local"), *self._local()]
            candidates = select(
                images,
                self.request,
                self.machine.facts,
                self.machine.target,
                prefer=self.enabled,
            )
            if best(candidates) is not None and not whole:
                break
        return self._end(best(candidates), candidates)

    def judge_one(self, reference: str) -> int:
        """The verdict on one image: 0 when it would do."""
        from jetson_containers.cli.autotag_why import find_image, verdict
        from jetson_containers.image.facts import image_facts
        from jetson_containers.image.selection import select

        found, faults = find_image(
            reference,
            self.local if "local" in self.enabled else None,
            self.registries if "registry" in self.enabled else None,
        )
        image = image_facts(found)
        self._resolve({name for name, _ in image.packages})
        (judged,) = select([image], self.request, self.machine.facts, self.machine.target)
        if not self.args.quiet:
            for fault in faults:
                warn(fault.what)
            say(verdict(judged, self.machine))
        self._print(judged if judged.accepted else None, [judged])
        return ExitCode.DONE if judged.accepted else ExitCode.FAILED

    @cached_property
    def names(self) -> Names:
        """What the catalogue calls packages."""
        from jetson_containers.cli.autotag_names import Names

        return Names(self.args, self.machine.target)

    def _resolve(self, carried: set[str]) -> bool:
        """Replace aliases that no image is named by; whether there were any."""
        from jetson_containers.image.facts import fold

        if all(fold(item.name) in carried for item in self.request):
            return False
        before, self.request = self.request, self.names.resolved(self.request)
        for old, new in zip(before, self.request, strict=True):
            if old != new and not self.args.quiet:
                say(f"{old.name} is {new.name}")
        return before != self.request

    def _local(self) -> list[ImageFacts]:
        try:
            return self._about(self.local)
        except UnreachableError as error:
            self.silent.append(error)
            return []

    def _about(self, source: LocalImages | Registries) -> list[ImageFacts]:
        """As the request is written; where no image is named so, as the catalogue names it."""
        found = source.about(self.request)
        carried = {name for image in found for name, _ in image.packages}
        return source.about(self.request) if self._resolve(carried) else found

    def _build_is_wanted(self) -> bool:
        from jetson_containers.cli.autotag_build import wants_build

        args = self.args
        # what is said to be there in place of an engine's images cannot grow
        if args.local_images or any(item.namespace for item in self.request):
            return False
        if self.machine.no_target:
            return False
        self._resolve(set())
        if not all(self.names.defines(item.name) for item in self.request):
            return False
        return wants_build(
            self.request,
            named="build" in (args.prefer or ""),
            quiet=args.quiet,
            stdin=sys.stdin,
            stderr=sys.stderr,
        )

    def _build(self) -> int:
        from jetson_containers.cli.autotag_build import build

        code = build(self.request, self.args)
        self.local = LocalImages()
        return code

    def _end(self, chosen: Candidate | None, candidates: Sequence[Candidate]) -> int:
        from jetson_containers.cli.autotag_words import not_for, nothing, table

        args = self.args
        if args.explain and candidates:
            say(table(candidates))
        if not args.quiet:
            for remark in dict.fromkeys(self.registries.remarks):
                say(remark)
        self._print(chosen, candidates)
        faults = [*self.silent, *self.registries.faults]
        if chosen is not None:
            if not args.quiet:
                for what in dict.fromkeys(fault.what for fault in self.registries.faults):
                    warn(what)
                if chosen.image.label_problem:
                    warn(f"{chosen.reference} is judged by its tag: {chosen.image.label_problem}")
                if chosen.unserved:
                    warn(f"{chosen.reference} {not_for(chosen)}")
                if chosen.doubt:
                    warn(f"{chosen.reference} {chosen.doubt}")
                if args.verbose:
                    say(f"{chosen.reference} for {self.machine}, by its {chosen.rests_on}")
            return ExitCode.DONE
        unreached = {
            str(fault): fault for fault in faults if fault.exit_code == ExitCode.UNREACHABLE
        }
        say(nothing(self._asked, candidates, self.machine, self._hint))
        if not args.quiet:
            for what in dict.fromkeys(f.what for f in faults if str(f) not in unreached):
                warn(what)
        for text in unreached:
            say(f"error: {text}")
        return ExitCode.UNREACHABLE if unreached else ExitCode.FAILED

    def _print(self, chosen: Candidate | None, candidates: Sequence[Candidate]) -> None:
        """What goes to stdout, and to the file that is wanted."""
        from jetson_containers.cli.autotag_words import document

        if self.args.json:
            print(json.dumps(document(chosen, candidates, self.machine), indent=2))
        elif chosen is not None:
            print(chosen.reference)
        if chosen is not None and self.args.output:
            _write(self.args.output, chosen.reference)

    @property
    def _asked(self) -> str:
        return " ".join(map(str, self.request))

    @property
    def _hint(self) -> str:
        from jetson_containers.cli.autotag_names import buildable

        near = [name for item in self.request for name in self.names.near(item.name)]
        if near:
            return f"did you mean {' or '.join(near)}?"
        obstacle = self.machine.no_target or self.names.obstacle(self.request)
        if obstacle:
            return f"a build for this machine is not possible either: {obstacle}"
        return f"jetson-containers build {' '.join(buildable(self.request))}"


def _sources(text: str, option: str) -> list[str]:
    names = [name.strip() for name in re.split("[,;:]", text) if name.strip()]
    wrong = [name for name in names if name not in SOURCES]
    if wrong:
        raise UsageError(
            f"{option} names unknown sources: {', '.join(wrong)}",
            hint=f"sources are {', '.join(SOURCES)}",
        )
    return list(dict.fromkeys(names))


def _write(path: str, reference: str) -> None:
    try:
        Path(path).write_text(reference + "\n", encoding="utf-8")
    except OSError as error:
        raise BuilderError(
            f"the reference cannot be written: {error.strerror}", where=Location(path)
        ) from None
