"""``test``: run the tests of an image's packages, mostly those that a build had to defer."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import FrameType
from typing import TYPE_CHECKING, Any

from jetson_containers.cli.context import (
    Context,
    add_common_options,
    add_package_options,
    say,
    warn,
)
from jetson_containers.cli.parsers import add_json_option, verb_parser
from jetson_containers.cli.words import patterns
from jetson_containers.engine.events import Event, LogLine, Sink, TestFinished, TestStarted
from jetson_containers.engine.imagetests import Subject, TestRecord, TestSettings, run_tests
from jetson_containers.engine.state import State
from jetson_containers.errors import BuilderError, ExitCode, UnreachableError, UsageError
from jetson_containers.image import labels
from jetson_containers.plan.testing import stage_tests
from jetson_containers.report.run.words import counted
from jetson_containers.units import clock

if TYPE_CHECKING:
    from jetson_containers.cli.connect import Connection
    from jetson_containers.engine.protocol import ImageInfo
    from jetson_containers.image.contents import Contents
    from jetson_containers.package.model import Package

def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "test",
        "Run the tests of the packages in IMAGE, which its labels name. A result is remembered "
        "with the image, the test's files and what the engine has; a test that a machine without "
        "a GPU deferred runs where there is one.",
        "sglang:0.5.23-r36.4.3-cu126-22.04",
        "registry.local/sglang:r36 --package 'pytorch,sglang'",
    )
    result.add_argument("image", metavar="IMAGE", help="pulled if the engine does not hold it")
    result.add_argument(
        "--package", default="", metavar="PATTERNS", help="the tests of these packages only"
    )
    result.add_argument(
        "--again", action="store_true", help="run also what has a remembered result"
    )
    result.add_argument(
        "--require-all", action="store_true", help="a deferred test is a failure (exit code 1)"
    )
    result.add_argument(
        "--test-timeout",
        type=float,
        default=900.0,
        metavar="SECONDS",
        help="for a test that has no test_timeout of its own (900)",
    )
    add_json_option(result)
    add_package_options(result)
    add_common_options(result)
    return result


class _Forgetful(State):
    """Remembers results and knows none."""

    def test_result(self, key: str) -> Mapping[str, Any] | None:
        return None


@dataclass(frozen=True, slots=True)
class Untested:
    """A package of the image without a definition here, so without known tests."""

    package: str
    why: str


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    connection = _connection(context)
    image = _held(connection, args.image)
    contents = _contents(args.image, image)
    chosen = [item for item in contents.packages if _named(item, args.package)]
    if not chosen:
        raise UsageError(
            f"no package of {args.image} is called {args.package}",
            hint=f"it holds {' '.join(contents.packages)}",
        )
    packages, untested = _defined(context, contents, chosen)
    subject = Subject("", args.image, _identity(connection, image), image.digest)
    state = (_Forgetful if args.again else State)(context.cache)
    data = context.root / "data"
    settings = TestSettings(
        workers=1, timeout=args.test_timeout, data=data if data.is_dir() else None
    )
    tests = [test for package in packages for test in stage_tests(package)]
    with _stoppable(connection):
        records = run_tests(
            connection.engine, state, _sink(context), subject, tests, settings
        )
    return _told(args, connection, records, untested)


def _connection(context: Context) -> Connection:
    from jetson_containers.cli.connect import answering

    found = answering(context)
    if found is None:
        raise UnreachableError(
            "no container engine answers",
            hint="`jetson-containers doctor` tells what is missing on this machine",
        )
    return found


def _named(reference: str, words: str) -> bool:
    name = reference.partition(":")[0]
    wanted = patterns(words)
    return not wanted or any(
        fnmatchcase(reference, item) or fnmatchcase(name, item) for item in wanted
    )


def _held(connection: Connection, reference: str) -> ImageInfo:
    """The image in the engine, pulled if it is not there."""
    engine = connection.engine
    found = engine.inspect(reference)
    if found is None:
        say(f"{reference} is not in the engine; it is pulled")
        arch = engine.capabilities().arch
        try:
            found = engine.pull(reference, f"linux/{arch}", say)
        except BuilderError as error:
            raise UnreachableError(f"{reference} cannot be pulled: {error.what}") from None
    return found


def _contents(reference: str, image: ImageInfo) -> Contents:
    from jetson_containers.image.contents import read_contents

    try:
        found = read_contents(image.labels)
    except ValueError as error:
        raise BuilderError(f"{reference}: {error}", hint="rebuild the image") from None
    if found is None:
        raise UsageError(
            f"{reference} has none of our labels: nobody knows its packages",
            hint="name an image that `jetson-containers build` made",
        )
    return found


def _defined(
    context: Context, contents: Contents, chosen: Sequence[str]
) -> tuple[list[Package], list[Untested]]:
    """The definitions of packages for the image's target, and the packages that have none."""
    catalogue = context.catalogue_for(contents.target)
    found: list[Package] = []
    untested: list[Untested] = []
    for reference in chosen:
        versions = catalogue.versions(reference.partition(":")[0])
        same = [package for package in versions if package.reference == reference]
        if same:
            found.append(same[0])
        elif versions:
            others = " ".join(package.reference for package in versions)
            untested.append(Untested(reference, f"what is defined here is {others}"))
        else:
            untested.append(Untested(reference, "no package of that name is defined here"))
    return found, untested


def _identity(connection: Connection, image: ImageInfo) -> str:
    """What results are remembered by: the fingerprint, if the image is a stage of ours as it was.

    Labels are inherited, so an image that somebody built on ours is known by its own digest.
    """
    told = image.labels.get(labels.FINGERPRINT, "")
    package = image.labels.get(labels.STAGE, "").partition(":")[0].lower()
    if told and package:
        stage = connection.engine.inspect(f"jetson-stage/{package}:{told[:16]}")
        if stage is not None and stage.digest == image.digest:
            return told
    return image.digest


def _sink(context: Context) -> Sink:
    def show(event: Event) -> None:
        match event:
            case TestStarted():
                say(f"{event.package}: {event.test} ...")
            case LogLine() if context.verbose:
                say(f"  | {event.text}")
            case TestFinished():
                how = "remembered" if event.remembered else clock(event.seconds)
                said = f": {event.message}" if event.message else ""
                say(f"{event.package}: {event.test} {event.status} ({how}){said}")

    return show


@contextmanager
def _stoppable(connection: Connection) -> Iterator[None]:
    """A signal ends the running container, and with it the verb."""

    def stop(number: int, frame: FrameType | None) -> None:
        connection.engine.cancel()
        raise KeyboardInterrupt

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _told(
    args: argparse.Namespace,
    connection: Connection,
    records: Sequence[TestRecord],
    untested: Sequence[Untested],
) -> int:
    """Say what became of the tests; the exit code."""
    failed = [record for record in records if record.status == "failed"]
    deferred = [record for record in records if record.status == "deferred"]
    for record in failed:
        say(f"error: {record.error or record.message}")
        for line in getattr(record.error, "lines", ()):
            say(f"  | {line}")
        if command := getattr(record.error, "command", ()):
            say(f"  repeat: {connection.pasteable(command)}")
    for item in untested:
        warn(f"{item.package} was not tested: {item.why}")
    if untested:
        say("  hint: name the directory that defines them with --package-dirs")
    if args.json:
        print(json.dumps(_document(args.image, records, untested), indent=2))
    else:
        passed = len(records) - len(failed) - len(deferred)
        print(f"{counted(passed, 'test')} passed, {len(deferred)} deferred, {len(failed)} failed")
        for record in deferred:
            print(f"  deferred: {record.test.package} {record.test.name}: {record.message}")
    wrong = failed or untested or (args.require_all and deferred)
    return ExitCode.FAILED if wrong else ExitCode.DONE


def _document(
    image: str, records: Sequence[TestRecord], untested: Sequence[Untested]
) -> dict[str, Any]:
    return {
        "format": 1,
        "image": image,
        "tests": [
            {
                "package": record.test.package,
                "test": record.test.name,
                "status": record.status,
                "seconds": record.seconds,
                "message": record.message or None,
                "remembered": record.remembered,
                "directory": record.test.directory,
            }
            for record in records
        ],
        "untested": [{"package": item.package, "why": item.why} for item in untested],
    }
