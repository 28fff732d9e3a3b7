"""``targets``: what can be built for."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from jetson_containers.cli.context import Context, say
from jetson_containers.cli.parsers import add_json_option, add_shared_options, verb_parser
from jetson_containers.errors import ExitCode
from jetson_containers.platform.target import Target


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "targets",
        "The known targets, or with --host the one of this machine.",
        "",
        "--host --json",
    )
    result.add_argument("--host", action="store_true", help="only the target of this machine")
    add_json_option(result)
    add_shared_options(result, packages=False)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    options = (args.target, args.cuda, args.python, args.ubuntu, args.distro, args.arch)
    if args.host or args.facts or any(options):
        found: tuple[Target, ...] = (context.target,)
    else:
        from jetson_containers.platform.named import named_targets

        found = named_targets()
    if args.json:
        print(json.dumps({"format": 1, "targets": [item.to_dict() for item in found]}, indent=2))
        return ExitCode.DONE
    rows = [("name", "system", "L4T", "CUDA", "distribution", "Python", "GPU", "base image")]
    for item in found:
        rows.append(
            (
                item.name,
                item.system,
                str(item.l4t or "-"),
                str(item.cuda),
                f"{item.distro} {item.release}",
                str(item.python),
                " ".join(f"sm_{value}" for value in item.gpu_architectures),
                item.base_image,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    for item in found:
        if item.inferred:
            say(f"{item.name} is inferred: its L4T is not in the table, {item.l4t} stands for it")
    if len(found) == 1:
        from jetson_containers.platform.named import cut_architectures
        from jetson_containers.platform.server import left_out

        cut = dict(cut_architectures(found[0]))
        if not args.target:
            cut.update(left_out(context.host_facts, found[0]))
        for number, reason in sorted(cut.items()):
            say(f"sm_{number} is left out: {reason}")
    return ExitCode.DONE
