"""Sizes and counts for people, and texts as XML and HTML can hold them."""

from __future__ import annotations

from html import escape


def amount(size: float) -> str:
    """Bytes as ``0 B``, ``812 B``, ``1.4 kB``, ``12 MB``, ``3.25 GB``; a thousand is the step."""
    sign, size = ("-", -size) if size < 0 else ("", size)
    if size < 1000:
        return f"{sign}{size:.0f} B"
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.5 or unit == "TB":
            break
    digits = 2 if unit in ("GB", "TB") and size < 10 else 1 if size < 10 else 0
    return f"{sign}{size:.{digits}f} {unit}"


def counted(number: int, word: str) -> str:
    """``1 stage``, ``2 stages``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def printable(text: str) -> str:
    """``text`` without the characters that XML 1.0 cannot hold (w3.org/TR/xml, ``Char``)."""
    return "".join(
        char
        for char in text
        if char in "\t\n" or (char >= " " and char not in "\ufffe\uffff" and not _half(char))
    )


def _half(char: str) -> bool:
    """Half of a surrogate pair, which no encoding of Unicode can write."""
    return "\ud800" <= char <= "\udfff"


def html(text: str) -> str:
    """Text as it may stand in an element and in a quoted attribute."""
    return escape(printable(text))
