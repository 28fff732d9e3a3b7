"""``plan``: what a build would do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from jetson_containers.cli.context import Context
from jetson_containers.cli.parsers import add_json_option, add_shared_options, verb_parser
from jetson_containers.cli.planning import add_request_options, base_without_engine, plan_for
from jetson_containers.errors import ExitCode, UsageError
from jetson_containers.plan.model import Plan, dumps


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "plan",
        "Show the stages and images that a build would make. Asks no engine.",
        "sglang --target orin-jp62",
        "sglang --json > old.json",
        "sglang --diff old.json",
    )
    add_request_options(result)
    add_json_option(result)
    result.add_argument(
        "--diff",
        default="",
        metavar="OLD",
        help="what is built again, and why, compared with a plan of --json (`-` reads stdin)",
    )
    result.add_argument(
        "--exit-code", action="store_true", help="with --diff: exit 1 if anything changed"
    )
    add_shared_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    if args.exit_code and not args.diff:
        raise UsageError("--exit-code needs --diff", hint="name the plan to compare with")
    planned = plan_for(context, base_without_engine(context))
    plan = planned.plan
    if args.diff:
        from jetson_containers.cli import plan_diff

        found = plan_diff.difference(args.diff, plan)
        text = dumps(found.to_dict(), indent=2) + "\n" if args.json else plan_diff.render(found)
        print(text, end="")
        changed = args.exit_code and not found.equal
        return ExitCode.FAILED if changed or planned.failures else ExitCode.DONE
    print(plan.to_json() if args.json else render(plan), end="")
    return ExitCode.FAILED if planned.failures else ExitCode.DONE


def render(plan: Plan) -> str:
    """A plan for people: reviewed in diffs, so without digests and without this machine."""
    target = plan.target
    lines = [
        f"target  {target.name}: {target.system}, {target.platform}, "
        f"{target.distro} {target.release}, CUDA {target.cuda}, Python {target.python}"
        + (f", L4T {target.l4t}" if target.l4t else "")
        + (f", sm {' '.join(map(str, target.gpu_architectures))}"),
        f"base    {plan.base.reference}",
    ]
    if plan.base.contents:
        lines.append(f"        holds {' '.join(plan.base.contents.packages)}")
    for number, stage in enumerate(plan.stages, 1):
        lines += ["", f"{number:>3}  {stage.title}", f"     from {stage.shown}/{stage.dockerfile}"]
        lines += [f"     {key}={_argument(value)}" for key, value in stage.build_args]
        if stage.contexts:
            lines.append(f"     with {', '.join(name for name, _ in stage.contexts)}")
        if stage.secrets:
            lines.append(f"     secrets {', '.join(stage.secrets)}")
        if stage.device:
            lines.append(f"     device {stage.device}")
        lines += [f"     test {test.name} ({test.package})" for test in stage.tests]
        lines += [f"     because {reason}" for reason in _reasons(stage.reason)]
    for image in plan.images:
        lines += ["", f"image   {image.reference}", f"        {' '.join(image.packages)}"]
    summary = plan.to_dict()["summary"]
    lines += [
        "",
        f"{summary['stages']} stages, {summary['images']} images, {summary['layers']} layers",
        "",
    ]
    return "\n".join(lines)


def _argument(value: str) -> str:
    """A build argument; the files that a lock puts before an installer's words are counted only."""
    if not value.startswith("--locked "):
        return value
    files, _, words = value.removeprefix("--locked ").partition(" -- ")
    return f"{words} ({len(files.split())} locked files)"


def _reasons(reason: str, most: int = 3) -> list[str]:
    """Requirements without the place where they stand: a moved line is no change of plan."""
    found = [item.partition(" (")[0] for item in reason.split("; ")]
    more = len(found) - most
    return found if more <= 1 else [*found[:most], f"{more} others do"]
