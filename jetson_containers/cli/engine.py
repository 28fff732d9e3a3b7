"""``engine``: the container engine that builds use."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from jetson_containers.cli.context import Context, add_common_options, say
from jetson_containers.errors import BuilderError, ExitCode


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="jetson-containers engine",
        description="Which container engine answers, and the private one that is made when none "
        "does (Debian and Ubuntu, as root). An engine that is there is never reconfigured.",
        epilog="example:\n  jetson-containers engine status",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("action", choices=("status", "up", "down"))
    result.add_argument("--json", action="store_true", help="one JSON document")
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    if args.action == "down":
        from jetson_containers.engine.private import down

        stopped = down(context.cache, say)
        say("the private engine is stopped" if stopped else "no private engine was running")
        return ExitCode.DONE
    if args.action == "up":
        from jetson_containers.cli.connect import connect

        address = connect(context, "auto", say).address
        print(f"{address.host} ({'private' if address.private else address.source})")
        return ExitCode.DONE
    return _status(context)


def _status(context: Context) -> int:
    """Exit code 0 when an engine answers, 3 when none does."""
    import json

    from jetson_containers.engine.locate import locate
    from jetson_containers.engine.private import status

    problem = ""
    try:
        address = locate(context.environ)
    except BuilderError as error:
        address, problem = None, str(error)
    private = status(context.cache)
    if context.args.json:
        document = {
            "format": 1,
            "engine": {
                "host": address.host,
                "docker": address.docker,
                "buildx": address.buildx,
                "private": address.private,
                "source": address.source,
                "note": address.note,
            }
            if address
            else None,
            "problem": problem,
            "private": {
                "running": private.running,
                "version": private.version,
                "unpacked": private.unpacked,
                "pid": private.pid,
                "folder": str(private.folder),
                "log": str(private.log),
            },
        }
        print(json.dumps(document, indent=2))
    else:
        if address:
            print(f"engine:  {address.host} ({address.source or 'private'})")
            print(f"client:  {address.docker or 'none'}{', buildx' if address.buildx else ''}")
            if address.note:
                print(f"note:    {address.note}")
        else:
            print(f"engine:  none answers{f': {problem}' if problem else ''}")
        if private.running:
            print(f"private: {private.version}, process {private.pid}, log {private.log}")
        elif private.unpacked:
            print(f"private: {private.unpacked}, stopped, in {private.folder}")
        else:
            print("private: not made")
    return ExitCode.DONE if address else ExitCode.UNREACHABLE
