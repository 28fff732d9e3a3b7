"""``jetson-containers VERB``: find the verb, run it, turn errors into words and exit codes."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from jetson_containers.errors import BuilderError, ExitCode

#: verb -> (module below ``cli``, what ``--help`` says of it)
VERBS: dict[str, tuple[str, str]] = {
    "build": ("build", "plan, build what is missing, test and tag images"),
    "resume": ("resume", "what the last run left, and how to go on"),
    "plan": ("plan", "show what a build would do"),
    "bake": ("bake", "write the plan as a file for `docker buildx bake`"),
    "test": ("test_image", "run the tests of an image, those that a build deferred"),
    "sbom": ("sbom", "list what an image holds, as SPDX"),
    "run": ("run", "start a container with the right runtime"),
    "autotag": ("autotag", "print the image to run on this machine"),
    "list": ("listing", "the packages for a target"),
    "show": ("show", "everything about one package"),
    "graph": ("graph", "what packages need: dot, mermaid, svg, json, or one page"),
    "why": ("why", "which requirement brought a package into a chain"),
    "why-not": ("why_not", "what keeps packages from a target, and what would mend it"),
    "check": ("check", "what is wrong with packages, on every target"),
    "why-rebuild": ("why_rebuild", "which input of a package's stage changed"),
    "push": ("push", "images to a registry; one index for several platforms"),
    "pull": ("pull", "images from a registry, by verified digest"),
    "lock": ("lock", "pin what images take from outside, and say what moved"),
    "report": ("report", "what a run did: a page, JSON, JUnit, or two runs compared"),
    "prune": ("prune", "remove stages, records and caches that nothing needs any more"),
    "targets": ("targets", "the targets that can be built for"),
    "doctor": ("doctor", "what stands between this machine and its containers"),
    "engine": ("engine", "the container engine: status, up, down"),
    "docs": ("docs", "write or check the README of every package"),
}


def parser() -> argparse.ArgumentParser:
    """The parser of the first word; each verb brings its own."""
    from jetson_containers.cli.version import version

    top = argparse.ArgumentParser(
        prog="jetson-containers",
        description="Build, test and select container images for NVIDIA machines.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="verbs:\n"
        + "\n".join(f"  {verb:<12}{text}" for verb, (_, text) in VERBS.items())
        + "\n\nexample:\n  jetson-containers build sglang\n"
        "  jetson-containers VERB --help",
    )
    top.add_argument("--version", action="version", version=f"jetson-containers {version()}")
    top.add_argument("verb", metavar="VERB", help="one of the verbs below")
    return top


def main(argv: Sequence[str]) -> int:
    """Run one verb and give its exit code, with all that it printed written.

    A reader that has seen enough (``list | head``) costs no word, only the exit code.
    """
    _open_streams()
    try:
        return _flushed(_run(list(argv)))
    except SystemExit as stop:
        # argparse ends so: --help has printed, a usage error has not
        code = _flushed(ExitCode.DONE)
        if code:
            return code
        raise stop from None


def _open_streams() -> None:
    """Streams that the caller closed take everything and keep nothing."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115


def _flushed(code: int) -> int:
    """Write what stdout still holds; give ``code``, or failure if that was not possible."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if not code and not isinstance(error, BrokenPipeError):
            print(f"error: stdout: {error.strerror or error}", file=sys.stderr)
        # what cannot be written is tried again when the interpreter ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or ExitCode.FAILED
    return code


def _run(words: list[str]) -> int:
    """Run one verb; errors are told, and become exit codes."""
    if not words or words[0].startswith("-"):
        top = parser()
        top.parse_args(words or ["--help"])
    verb = words[0]
    if verb not in VERBS:
        import difflib

        near = difflib.get_close_matches(verb, VERBS, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"verbs: {', '.join(VERBS)}"
        print(f"error: unknown verb {verb}\n  hint: {hint}", file=sys.stderr)
        return ExitCode.USAGE
    verbose = "--verbose" in words
    try:
        module = importlib.import_module(f"jetson_containers.cli.{VERBS[verb][0]}")
        return int(module.main(words[1:]))
    except BuilderError as error:
        if verbose:
            traceback.print_exc()
        report(error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.FAILED
    except OSError as error:
        if verbose:
            traceback.print_exc()
        place = f"{error.filename}: " if error.filename else ""
        print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        return ExitCode.FAILED
    except Exception as error:
        if verbose:
            traceback.print_exc()
        print(
            f"error: {type(error).__name__}: {error}\n"
            "  hint: this is a fault of the program; run it again with --verbose for the traceback",
            file=sys.stderr,
        )
        return ExitCode.FAILED


def report(error: BuilderError) -> None:
    """All that is wrong, on stderr; each thing with its place and remedy."""
    from jetson_containers.cli.words import seen_from_here
    from jetson_containers.errors import Problems

    for item in error.errors if isinstance(error, Problems) else (error,):
        print(f"error: {seen_from_here(str(item))}", file=sys.stderr)
        for line in getattr(item, "lines", ()):
            print(f"  | {line}", file=sys.stderr)


def run() -> None:
    """Console script ``jetson-containers``."""
    _begin(sys.argv[1:])


def run_autotag() -> None:
    """Console script ``autotag``."""
    _begin(["autotag", *sys.argv[1:]])


def _begin(words: Sequence[str]) -> None:
    from jetson_containers.cli.start import settle

    settle(words)
    sys.exit(main(words))


if __name__ == "__main__":
    run()
