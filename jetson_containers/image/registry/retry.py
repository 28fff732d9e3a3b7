"""When to ask again. Pure.

Source: RFC 9110, 10.2.3 (``Retry-After``: seconds, or an HTTP date).
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

#: answers that another moment may change
PASSING = frozenset({429, 500, 502, 503, 504})


def backoff(attempt: int) -> float:
    """Seconds before the try after ``attempt`` (from 1): 0.5, 1, 2, ... at most 8."""
    return float(min(0.5 * 2 ** (attempt - 1), 8.0))


def retry_after(value: str, now: float) -> float | None:
    """Seconds to wait, from the header's text and the time of day (seconds since 1970).

    ``None`` for a text that says nothing; a date that is past is 0.
    """
    text = value.strip()
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None
