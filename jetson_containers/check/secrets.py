"""Secrets in ``ARG`` and ``ENV``: both stay readable in the image for whoever pulls it."""

from __future__ import annotations

import re

from jetson_containers.check.model import Fault
from jetson_containers.errors import Location

_HINT = (
    "mount it in the step that needs it, RUN --mount=type=secret,id=ID, "
    "and list ID under `secrets:`"
)
_WORDS = frozenset(
    ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "CREDENTIAL", "CREDENTIALS", "APIKEY")
)
_KEYS = frozenset(("API", "ACCESS", "PRIVATE", "SECRET", "AUTH", "ENCRYPTION", "SIGNING"))
#: words that make a name speak of something about the secret, or about tokens of text
_ABOUT = frozenset(
    (
        *("FILE", "PATH", "DIR", "NAME", "URL", "URI", "LENGTH", "LIMIT", "COUNT", "SIZE", "TYPE"),
        *("EOS", "BOS", "PAD", "STOP", "MASK", "UNK"),
    )
)
_SWITCHES = frozenset(("", "0", "1", "on", "off", "true", "false", "yes", "no", "none", "null"))
#: formats that their issuers document; each is long enough that no other word looks so
_TOKENS = re.compile(
    r"hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,}|glpat-[\w-]{20,}"
    r"|A(?:KIA|SIA)[0-9A-Z]{16}\b|sk-(?:proj-)?[A-Za-z0-9_-]{32,}|nvapi-[\w-]{40,}"
    r"|xox[abprs]-[\w-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|://[^\s/:@\"'$]+:[^\s/@\"'$]{3,}@"
)


def names_secret(name: str) -> bool:
    """Whether a variable of that name holds a secret, by its words."""
    words = name.upper().split("_")
    if _ABOUT & set(words):
        return False
    if words[-1] == "TOKEN" or _WORDS & set(words):
        return True
    if "KEY" in words and _KEYS & set(words):
        return True
    return words[0] == "AWS" and words[-1] in ("ID", "KEY", "TOKEN")


def in_variable(kind: str, name: str, value: str | None, where: Location) -> Fault | None:
    """The fault of ``ARG NAME=value`` or ``ENV NAME=value``; ``None`` is an ``ARG`` to be passed.

    A name that is set to nothing or to a switch holds no secret.
    """
    if not names_secret(name):
        return None
    if value is not None and value.lower() in _SWITCHES:
        return None
    return Fault(
        "secret-in-image",
        f"{kind} {name} looks like a secret, and would stay readable in the image",
        where,
        _HINT,
    )


def has_token(text: str) -> bool:
    """Whether ``text`` holds something in the format of a token, key or URL with a password."""
    return _TOKENS.search(text) is not None


def in_text(text: str, path: str) -> tuple[Fault, ...]:
    """The lines of a Dockerfile that hold a token itself; it is not repeated in the message."""
    return tuple(
        Fault(
            "secret-in-image",
            "a token or password stands in the file itself",
            Location(path, text.count("\n", 0, match.start()) + 1),
            f"revoke it; {_HINT}",
        )
        for match in _TOKENS.finditer(text)
    )
