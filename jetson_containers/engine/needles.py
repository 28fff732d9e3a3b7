"""What to look for when a secret must not be in an image. Pure.

A secret is a file of many forms. What is secret of it is told by its form: a netrc file's
passwords and not its host names, a URL's password, the body of a private key. Certificates are
public.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote_to_bytes

#: values with fewer bytes would be found in any image by chance
SHORTEST = 6
#: bytes of a long secret that are looked for
LONGEST = 4096

_CERTIFICATE = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.*?-----END [^-]*-----", re.S)
_KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----\s*(.*?)-----END", re.S)
_URL = re.compile(rb"[a-z][a-z0-9+.-]*://([^\s/@:\"']*):([^\s/@\"']+)@", re.I)
_NETRC = re.compile(rb"(?:^|\s)(?:password|account)\s+(?:\"([^\"]*)\"|(\S+))")
_SETTING = re.compile(
    rb"^\s*[\"']?[\w.-]*(?:token|passw(?:or)?d|secret|api[_-]?key|auth)[\w.-]*[\"']?\s*[=:]\s*"
    rb"[\"']?([^\s\"',]+)",
    re.I | re.M,
)

#: a line that is one long word, as a token is
_LONE = re.compile(rb"\S{16,}")


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes that must not be in an image: one form of a value of the secret ``id``."""

    id: str
    form: bytes


def needles(secrets: Mapping[str, bytes]) -> tuple[Needle, ...]:
    """Every form in which the values of secrets would stand in an image."""
    found = {
        Needle(name, form): None
        for name, content in secrets.items()
        for value in values(content)
        for form in forms(value)
    }
    return tuple(found)


def too_short(secrets: Mapping[str, bytes]) -> tuple[str, ...]:
    """The ids of secrets of which nothing is long enough to be looked for."""
    return tuple(
        name for name, content in secrets.items() if not values(content) and not public(content)
    )


def public(content: bytes) -> bool:
    """Whether a secret holds nothing but certificates and comments, as a CA bundle does."""
    rest = _CERTIFICATE.sub(b"", content)
    return b"PRIVATE KEY" not in rest and (
        rest != content or not content.strip()
    ) and not any(_URL.search(line) or _SETTING.search(line) for line in rest.splitlines())


def credentials(text: bytes) -> bool:
    """Whether a text holds a URL with a password."""
    return _URL.search(text) is not None


def values(content: bytes) -> tuple[bytes, ...]:
    """What is secret of a file's content, each value once; none for what is public."""
    if public(content):
        return ()
    found = [value.strip() for value in _values(content)]
    long = dict.fromkeys(item[:LONGEST] for item in found if len(item) >= SHORTEST)
    whole = content.strip()[:LONGEST]
    # wherever the whole stands, its parts do
    return tuple(long) or ((whole,) if len(whole) >= SHORTEST else ())


def _values(content: bytes) -> Iterator[bytes]:
    passwords = [first or second for first, second in _NETRC.findall(content)]
    keys = [body for _, body in _KEY.findall(content)]
    inner = [password for _, password in _URL.findall(content)]
    inner += [unquote_to_bytes(item) for item in inner]
    inner += _SETTING.findall(content)
    yield from passwords
    yield from inner
    for body in keys:
        lines = [line.strip() for line in body.splitlines() if line.strip()]
        if lines:
            yield lines[len(lines) // 2]  # the first lines of keys are alike
    if not (passwords or inner or keys):
        yield from (line for line in content.splitlines() if _LONE.fullmatch(line.strip()))


def forms(value: bytes) -> tuple[bytes, ...]:
    """A value as it is, in a URL, in JSON, and in base64 at each place in a group of three."""
    found = [value, *_in_base64(value)]
    found += [quote(value, safe="").encode(), quote_plus(value).encode()]
    text = value.decode("utf-8", errors="surrogateescape")
    if "\\u" not in (plain := json.dumps(text, ensure_ascii=False)[1:-1]):
        found.append(plain.encode("utf-8", errors="surrogateescape"))
    found.append(_as_go_writes(plain))
    return tuple(dict.fromkeys(item for item in found if len(item) >= SHORTEST))


def _as_go_writes(text: str) -> bytes:
    """JSON of Go's encoder, which escapes what HTML would read. Source: Go, encoding/json."""
    for sign in "&<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode("utf-8", errors="surrogateescape")


def _in_base64(value: bytes) -> Iterator[bytes]:
    """The characters that the value alone decides, in both alphabets."""
    for before, lost in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(b"\0" * before + value)
        sure = whole[lost : (before + len(value)) * 8 // 6]
        yield sure
        yield sure.replace(b"+", b"-").replace(b"/", b"_")
