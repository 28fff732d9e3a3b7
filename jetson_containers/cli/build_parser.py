"""The options of ``build``."""

from __future__ import annotations

import argparse
import math

from jetson_containers.cli.context import (
    add_common_options,
    add_package_options,
    add_target_options,
)
from jetson_containers.cli.finding import add_finding_options
from jetson_containers.cli.planning import add_request_options
from jetson_containers.cli.webhook import add_webhook_option
from jetson_containers.cli.wheel_options import add_wheel_options


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="jetson-containers build",
        description="Build the images of packages: what is finished is found, the rest is built, "
        "tested and tagged.",
        epilog="examples:\n"
        "  jetson-containers build sglang\n"
        "  jetson-containers build --name my/llm pytorch:2.14.1 transformers\n"
        "  jetson-containers build --simulate sglang --target orin-jp62",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_request_options(result)
    run = result.add_argument_group("run")
    run.add_argument(
        "--engine", choices=("auto", "buildkit", "bake", "docker", "dry-run"), default="auto"
    )
    run.add_argument("--simulate", "--dry-run", action="store_true", help="print the commands only")
    run.add_argument(
        "--test-only", default="", metavar="PATTERNS", help="test these packages only"
    )
    run.add_argument(
        "--cache-from",
        action="append",
        default=[],
        metavar="SPEC",
        help="BuildKit's cache of steps, in its words; {package} stands for a stage's package",
    )
    run.add_argument(
        "--cache-to", action="append", default=[], metavar="SPEC", help="the same, to export"
    )
    run.add_argument("--use-proxy", action="store_true", help="hand the proxy settings to steps")
    run.add_argument("--log-dir", default="", metavar="DIR", help="default: logs/ of the checkout")
    run.add_argument(
        "--jobs",
        type=_count,
        default=0,
        metavar="N",
        help="stages at a time (default: by cores and memory)",
    )
    run.add_argument(
        "--fail-fast", action="store_true", help="begin nothing more after the first failure"
    )
    run.add_argument(
        "--test-timeout",
        type=_seconds,
        default=900.0,
        metavar="SECONDS",
        help="for a test that has no test_timeout of its own (900)",
    )
    run.add_argument(
        "--compression",
        choices=("zstd", "gzip", "uncompressed"),
        default="zstd",
        help="of new layers; gzip for engines older than Docker 23",
    )
    run.add_argument(
        "--reproducible",
        action="store_true",
        help="the same bytes whenever it is built: times are SOURCE_DATE_EPOCH, or the day of the "
        "distribution's release",
    )
    run.add_argument(
        "--min-free", type=_gigabytes, default=2.0, metavar="GB", help="disk to leave free (2)"
    )
    run.add_argument(
        "--secret", action="append", default=[], metavar="id=ID,src=FILE", help="a build secret"
    )
    add_finding_options(result)
    add_wheel_options(result)
    add_webhook_option(run)
    result.add_argument("--list-packages", action="store_true", help="list packages and end")
    result.add_argument("--show-packages", action="store_true", help="show the packages and end")
    add_target_options(result, several=True)
    add_package_options(result)
    add_common_options(result)
    result.add_argument("--version", action="store_true", help="print the version and end")
    return result


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number


def _seconds(text: str) -> float:
    seconds = _number(text)
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _gigabytes(text: str) -> float:
    size = _number(text)
    if not 0 <= size < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size in GB, 0 or more")
    return size


def _number(text: str) -> float:
    """The number, or none (NaN), which is in no range."""
    try:
        return float(text)
    except ValueError:
        return math.nan
