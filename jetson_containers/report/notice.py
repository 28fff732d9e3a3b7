"""What a webhook is told at the end of a build, in the forms that chat services take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from jetson_containers.report.run.words import counted
from jetson_containers.units import clock

Form = Literal["discord", "slack", "plain"]
FORMS: tuple[Form, ...] = ("discord", "slack", "plain")

#: hosts, and all below them, with their form
_HOSTS: Mapping[str, Form] = {
    "discord.com": "discord",
    "discordapp.com": "discord",
    "slack.com": "slack",
    "slack-gov.com": "slack",
}
#: characters; Discord takes 256 in a title, 4096 in a description, 1024 in a field, 6000 in all,
#: 10 embeds and 25 fields (its webhook documentation); Slack 3000 in a section (Block Kit)
_TITLE, _TEXT, _FIELD = 200, 2500, 500
_MOST_LINES, _MOST_FAILURES, _MOST_IMAGES = 12, 5, 10
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed, and the lines that tell why."""

    what: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """The end of a build: ``seconds`` is how long it took, ``ended`` a time in UTC, ISO 8601.

    ``settings`` are the ecosystem's: CUDA_VERSION and so on, where they are set.
    """

    images: tuple[str, ...]
    packages: tuple[str, ...]
    targets: tuple[str, ...]
    seconds: float
    ended: str
    host: str
    command: str
    failures: tuple[Failure, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def status(self) -> str:
        """``success`` or ``failure``, as the ecosystem says it."""
        return "failure" if self.failures else "success"

    @property
    def title(self) -> str:
        """One line for people."""
        what = ", ".join(self.packages) or "nothing"
        end = "failed" if self.failures else "built"
        return _cut(f"{what}: {end} in {clock(self.seconds)}", _TITLE)


def form_of(url: str) -> Form:
    """The form for the host of ``url``, ``plain`` for a host that is not known."""
    host = (urlsplit(url).hostname or "").lower()
    for name, form in _HOSTS.items():
        if host == name or host.endswith(f".{name}"):
            return form
    return "plain"


def payload(notice: Notice, form: Form) -> dict[str, Any]:
    """The JSON body. Credentials in addresses are left out, and nobody is mentioned."""
    return {"discord": _discord, "slack": _slack, "plain": _plain}[form](notice)


def _plain(notice: Notice) -> dict[str, Any]:
    """The fields that the ecosystem posts, and those beside them that it does not."""
    told: dict[str, Any] = {
        "status": notice.status,
        "end_time": notice.ended,
        "packages": list(notice.packages),
        "build_command": _safe(notice.command),
        "message": _message(notice),
        "images": list(notice.images),
        "targets": list(notice.targets),
        "seconds": round(notice.seconds, 3),
        "host": notice.host,
        "failures": [
            {"what": _safe(item.what), "lines": [_safe(line) for line in item.lines]}
            for item in notice.failures
        ],
    }
    return {**told, "environment": dict(notice.settings)} if notice.settings else told


def _discord(notice: Notice) -> dict[str, Any]:
    """An embed; the texts in it are code, in which Discord reads no marks."""
    fields = [
        {"name": name, "value": _cut(value, _FIELD), "inline": inline}
        for name, value, inline in _facts(notice)
    ]
    embed: dict[str, Any] = {
        "title": notice.title,
        "color": 0xB42318 if notice.failures else 0x1A7F37,
        "timestamp": notice.ended,
        "fields": fields,
    }
    if notice.failures:
        embed["description"] = _code(_failures(notice))
    # "parse" names what may be mentioned: nothing, whatever a log says of @everyone
    return {"content": notice.title, "embeds": [embed], "allowed_mentions": {"parse": []}}


def _slack(notice: Notice) -> dict[str, Any]:
    """Blocks; ``text`` is what notifications show."""
    facts = [f"*{name}* {_slack_text(value)}" for name, value, _ in _facts(notice)]
    mark = ":x:" if notice.failures else ":white_check_mark:"
    head = f"{mark} *{_slack_text(notice.title)}*"
    texts = [_cut("\n".join([head, *facts]), _TEXT)]
    if notice.failures:
        texts.append(_code(_slack_text(_failures(notice))))
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in texts]
    return {"text": _slack_text(notice.title), "blocks": blocks}


def _facts(notice: Notice) -> list[tuple[str, str, bool]]:
    """Name, value, and whether others may stand beside it."""
    facts = [
        ("Images", "\n".join(_some(notice.images, _MOST_IMAGES, "image")), False),
        ("Target", ", ".join(notice.targets), True),
        ("Duration", clock(notice.seconds), True),
        ("Host", notice.host, True),
        ("Command", _safe(notice.command), False),
        ("Environment", ", ".join(f"{key}={value}" for key, value in notice.settings), False),
    ]
    return [fact for fact in facts if fact[1]]


def _message(notice: Notice) -> str:
    return _failures(notice) or notice.title


def _failures(notice: Notice) -> str:
    shown = [
        "\n".join([_safe(item.what), *(f"  {_safe(line)}" for line in item.lines[-_MOST_LINES:])])
        for item in notice.failures[:_MOST_FAILURES]
    ]
    if len(notice.failures) > _MOST_FAILURES:
        shown.append(f"and {len(notice.failures) - _MOST_FAILURES} more")
    return "\n".join(shown)


def _some(items: Sequence[str], most: int, word: str) -> list[str]:
    left = len(items) - most
    return [*items[:most], *([f"and {counted(left, f'more {word}')}"] if left > 0 else [])]


def _safe(text: str) -> str:
    return _CREDENTIALS.sub("", text)


def _slack_text(text: str) -> str:
    """Slack reads these three signs as its own (Slack's formatting reference)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: str) -> str:
    """A block of code; the mark that would end it is broken."""
    return f"```\n{_cut(text, _TEXT).replace('```', '` ` `')}\n```"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
