"""Documents and checksums of addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jetson_containers.errors import BuilderError, UnreachableError

if TYPE_CHECKING:
    from requests import Response

#: seconds to connect, seconds between two pieces
_PATIENCE = (10, 60)
_PIECE = 1 << 20


def document(address: str) -> str:
    """The text at an address."""
    with _opened(address) as response:
        return str(response.text)


def checksum(address: str, on_line: Callable[[str], None]) -> str:
    """The sha256 of what lies at an address, read once and kept nowhere."""
    digest = hashlib.sha256()
    with _opened(address) as response:
        size = int(response.headers.get("Content-Length") or 0)
        on_line(f"reading {address}" + (f" ({size / 1e6:.0f} MB)" if size else ""))
        read = 0
        for piece in response.iter_content(_PIECE):
            digest.update(piece)
            read += len(piece)
    encoded = response.headers.get("Content-Encoding")
    if size and not encoded and read != size:
        raise UnreachableError(
            f"{address} broke off after {read} of {size} bytes", hint="try again"
        )
    return digest.hexdigest()


@contextmanager
def _opened(address: str) -> Iterator[Response]:
    import requests

    try:
        with requests.get(address, stream=True, timeout=_PATIENCE) as response:
            if response.status_code >= 500 or response.status_code in (401, 403, 407, 429):
                raise UnreachableError(
                    f"{address} answered {response.status_code}", hint="try again later"
                )
            if response.status_code >= 400:
                raise BuilderError(
                    f"{address} is not there: it answered {response.status_code}",
                    hint="correct the address in the definition",
                )
            yield response
    except requests.RequestException:
        raise UnreachableError(
            f"{address} could not be reached", hint="look at the network of this machine"
        ) from None
