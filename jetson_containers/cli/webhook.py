"""Webhooks: tell a chat service or a server how a build ended.

The address is a secret: it comes from the environment, and is in no message of ours.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from datetime import datetime, timezone

from jetson_containers.cli.context import Context, warn
from jetson_containers.engine.command import pasteable
from jetson_containers.engine.protocol import Interrupted
from jetson_containers.engine.record import RunRecord
from jetson_containers.errors import BuilderError, Problems
from jetson_containers.plan.model import Plan
from jetson_containers.report.notice import FORMS, Failure, Form, Notice, form_of, payload

SUCCESS = "JC_BUILD_SUCCESS_WEBHOOK_URL"
FAILURE = "JC_BUILD_FAILURE_WEBHOOK_URL"
#: as in the ecosystem
SETTINGS = ("CUDA_VERSION", "LSB_RELEASE", "PYTHON_VERSION")
#: seconds in which a webhook has to answer
PATIENCE = 10.0


def add_webhook_option(parser: argparse._ActionsContainer) -> None:
    """``--webhook-form``: for servers that take a service's form under a name of their own."""
    parser.add_argument(
        "--webhook-form",
        choices=FORMS,
        default="",
        help=f"of what {SUCCESS} and {FAILURE} get; default: by their host",
    )


def tell_webhook(
    context: Context,
    argv: Sequence[str],
    plans: Sequence[Plan],
    outcome: RunRecord | BuilderError,
    unplanned: Sequence[BuilderError],
    seconds: float,
) -> None:
    """Post the end of a build where the environment says so; not of one that was interrupted.

    ``unplanned`` are packages that no plan could be made for. A webhook that fails is a warning.
    """
    if isinstance(outcome, Interrupted):
        return
    errors = (outcome,) if isinstance(outcome, BuilderError) else outcome.errors
    failures = tuple(item for error in (*errors, *unplanned) for item in _failures(error))
    name = FAILURE if failures else SUCCESS
    url = context.environ.get(name, "")
    if not url:
        return
    done = () if isinstance(outcome, BuilderError) else outcome.images
    notice = Notice(
        images=tuple(image.reference for image in done),
        packages=tuple(context.args.packages),
        targets=tuple(dict.fromkeys(plan.target.name for plan in plans)),
        seconds=seconds,
        ended=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        host=platform.node(),
        command=pasteable(["jetson-containers", "build", *argv]),
        failures=failures,
        settings=tuple((key, context.environ[key]) for key in SETTINGS if key in context.environ),
    )
    form: Form = context.args.webhook_form or form_of(url)
    problem = post(url, payload(notice, form))
    if problem:
        warn(f"the webhook of {name} was not told: {problem}")


def _failures(error: BuilderError) -> list[Failure]:
    items = error.errors if isinstance(error, Problems) else (error,)
    return [Failure(item.what, tuple(getattr(item, "lines", ()))) for item in items]


def post(url: str, body: object, patience: float = PATIENCE) -> str:
    """Post JSON; what went wrong in words without the address, or nothing.

    ``patience`` is in seconds for all of it: a server that answers byte by byte gets no more.
    """
    import requests

    from jetson_containers.questions import ask_all

    def ask() -> int:
        with requests.post(
            url, json=body, timeout=patience, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code

    (told,) = ask_all([ask], seconds=patience)
    if isinstance(told, int):
        return "" if 200 <= told < 300 else f"it answered with status {told}"
    if told is None or isinstance(told, requests.Timeout):
        return f"no answer in {patience:g} s"
    if isinstance(told, requests.ConnectionError):
        return "no connection"
    return f"its value is no address ({type(told).__name__})"
