"""Versions as programs print them."""

from __future__ import annotations

import re
from typing import Literal, overload

from packaging.version import Version

_VERSION = re.compile(r"(?<![\w.])v?(\d{1,9}(?:\.\d{1,9}){1,3})")


@overload
def version_in(text: str, *, strict: Literal[True]) -> Version: ...
@overload
def version_in(text: str, *, strict: bool = False) -> Version | None: ...
def version_in(text: str, *, strict: bool = False) -> Version | None:
    """The first dotted number in ``text``: of ``26.1.5+dfsg1-9`` it is 26.1.5.

    With ``strict`` its absence is a ``ValueError``: for constants.
    """
    match = _VERSION.search(text)
    if match is None:
        if strict:
            raise ValueError(f"no version in {text!r}")
        return None
    return Version(match[1])
