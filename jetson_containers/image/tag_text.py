"""Versions as text that may stand in a tag."""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

#: distributions that a tag names, Ubuntu aside: their ``os-release`` IDs and short names in use
DISTRO_IDS = "debian|ubi|rhel|rockylinux|rocky|almalinux|centos|fedora|alpine|amzn"

# A word of a version that would be read as the start of the platform part.
_PLATFORM_WORD = re.compile(
    r"r\d{2,3}(\.\d{1,3}){1,2}(\.[a-z].*)?|tegra|arm64|sbsa|amd64|x86_64|aarch64|gpu"
    r"|cuda|cu(da)?\d{1,2}(\.\d{1,3})+|cu\d{3,4}"
)


def tag_safe(version: str) -> str:
    """``version`` in the characters of a tag.

    ``+`` becomes ``_``, an epoch's ``!`` becomes ``__``, anything else that no tag takes ``.``; a
    word that would read as the platform (``r36.4``, ``amd64``) is led by ``_``.
    Law: ``version_of(tag_safe(v)) == v`` for a normalised PEP 440 version ``v``.
    """
    text = version.strip().replace("!", "__").replace("+", "_")
    text = re.sub(r"[^A-Za-z0-9_.-]", ".", text).lstrip(".-")
    return "-".join(
        f"_{word}" if _PLATFORM_WORD.fullmatch(word) else word for word in text.split("-")
    )


def version_of(text: str) -> str:
    """The version that :func:`tag_safe` wrote, as far as the text tells.

    ``_`` is read as ``+`` where that makes a PEP 440 version, and left alone otherwise.
    """
    words = [word[1:] if word.startswith("_") else word for word in text.split("-")]
    plain = "-".join(words)
    candidate = plain.replace("__", "!", 1).replace("_", "+", 1)
    if candidate != plain:
        try:
            Version(candidate)
        except InvalidVersion:
            return plain
        return candidate
    return plain
