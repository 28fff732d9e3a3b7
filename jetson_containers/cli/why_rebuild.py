"""``why-rebuild``: which input of a package's stage is another than when it was built."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from jetson_containers.cli.context import Context, say
from jetson_containers.cli.parsers import add_json_option, add_shared_options, verb_parser
from jetson_containers.cli.planning import add_request_options, base_without_engine, plan_for
from jetson_containers.engine.stage_memory import StageMemory
from jetson_containers.errors import BuilderError, ExitCode, UsageError
from jetson_containers.image import labels
from jetson_containers.plan.changes import words
from jetson_containers.plan.model import Plan, Stage
from jetson_containers.plan.why_rebuild import WHY_FORMAT, Explanation, explain, stage_inputs

if TYPE_CHECKING:
    from jetson_containers.engine.dockerapi import DockerApi


@dataclass(frozen=True, slots=True)
class Answer:
    """A stage explained; ``finished`` says whether the engine has it, ``None`` without one."""

    stage: Stage
    explanation: Explanation
    finished: bool | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``root`` is what did not follow from anything else."""
        return {
            **self.explanation.to_dict(),
            "reference": self.stage.reference,
            "finished": self.finished,
            "root": [
                {"package": package, **change.to_dict()}
                for package, change in self.explanation.roots()
            ],
        }


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "why-rebuild",
        "Name the input that makes a package's stage another than the nearest one that was built "
        "here: a file, an argument, the base's digest, or a parent, followed to its own cause.",
        "sglang",
        "pytorch --in sglang --target x86-cu130",
    )
    add_request_options(result)
    result.add_argument(
        "--in",
        dest="within",
        action="append",
        default=[],
        metavar="PKG",
        help="look at the stage in the chain of that package; may be given several times",
    )
    result.add_argument("--offline", action="store_true", help="ask no engine")
    add_json_option(result)
    add_shared_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    if not args.packages:
        raise UsageError("no package was named", hint="why-rebuild PKG")
    context = Context.of(args)
    wanted = args.packages
    args.packages = args.within or wanted
    memory = StageMemory(context.cache / "stages")
    engine = None if args.offline else _engine(context)
    plan = _plan(context, engine, memory)
    stages = _named(plan, wanted) if args.within else _finals(plan)
    planned = {stage.fingerprint: stage_inputs(stage) for stage in plan.stages}
    answers = [
        Answer(
            stage,
            explain(planned[stage.fingerprint], memory, planned),
            None if engine is None else _is_held(engine, stage),
        )
        for stage in stages
    ]
    if args.json:
        found = [answer.to_dict() for answer in answers]
        document = {"format": WHY_FORMAT, "target": plan.target.name, "stages": found}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print("\n".join(line for answer in answers for line in render(answer)))
    return ExitCode.DONE


def render(answer: Answer) -> Iterator[str]:
    """For people: the stage, then its changes, each cause below what it causes."""
    name, found = answer.stage.title, answer.explanation
    earlier = found.earlier
    since = _date(earlier.built) if earlier else ""
    if answer.finished and found.status != "same":
        yield f"{name} is not built again: it is finished, though not built by this user"
    elif earlier is None:
        yield f"{name} was never built here"
    elif found.status == "same" and answer.finished is False:
        yield f"{name} is built again: nothing changed since {since}, but the engine lost it"
    elif found.status == "same":
        yield f"{name} is not built again: nothing changed since {since}"
    else:
        yield f"{name} is built again"
        yield from _causes(found, "  ")
        yield f"  (compared with {earlier.fingerprint[:16]}, built {since})"


def _causes(found: Explanation, indent: str) -> Iterator[str]:
    below = {item.stage.outline.package: item for item in found.below}
    for change in found.changes:
        deeper = below.get(change.subject) if change.name in ("parent", "context") else None
        if deeper is None:
            yield f"{indent}{words(change)}"
        else:
            how = "it stands on" if change.name == "parent" else "it takes files from"
            yield f"{indent}{how} {deeper.stage.outline.title}, which is built again"
            yield from _causes(deeper, indent + "  ")


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M} UTC"


def _engine(context: Context) -> DockerApi | None:
    """The engine that answers; an explanation does without one."""
    from jetson_containers.engine.dockerapi import DockerApi
    from jetson_containers.engine.locate import locate

    try:
        address = locate(context.environ)
    except BuilderError as error:
        say(f"no engine is asked: {error.what}")
        return None
    return DockerApi(address.host, address.tls_dir) if address else None


def _is_held(engine: DockerApi, stage: Stage) -> bool:
    held = engine.inspect(stage.reference)
    return held is not None and held.labels.get(labels.FINGERPRINT) == stage.fingerprint


def _plan(context: Context, engine: DockerApi | None, memory: StageMemory) -> Plan:
    """The plan as ``build`` would make it now, on the base that the engine has."""
    from jetson_containers.engine.base import held_base

    if engine is not None:
        base = held_base(engine, context.target, context.args.base, say)
        if base is not None:
            return plan_for(context, base).plan
    base = base_without_engine(context)
    plan = plan_for(context, base).plan
    known = _remembered_digest(plan, memory)
    if known and base.digest is None:
        say(f"the base {base.reference} is taken to be what it was: {known}")
        return plan_for(context, replace(base, digest=known), again=True).plan
    return plan


def _remembered_digest(plan: Plan, memory: StageMemory) -> str:
    """The digest of the base that the plan's packages were last built on, for the same target."""
    target = plan.target.to_dict()
    fit = [
        one
        for stage in plan.stages
        for one in memory.of(stage.package)
        if one.target == target and one.base.startswith("sha256:")
    ]
    return max(fit, key=lambda one: one.built).base if fit else ""


def _finals(plan: Plan) -> list[Stage]:
    found = [plan.final_stage(image) for image in plan.images]
    return list({stage.id: stage for stage in found if stage is not None}.values())


def _named(plan: Plan, wanted: Sequence[str]) -> list[Stage]:
    found = [stage for stage in plan.stages if {stage.package, stage.title} & set(wanted)]
    if not found:
        names = dict.fromkeys(stage.package for stage in plan.stages)
        raise UsageError(
            f"the chain has no stage of {' '.join(wanted)}",
            hint=f"there are stages of {', '.join(names) or 'nothing'}",
        )
    return found
