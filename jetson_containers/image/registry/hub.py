"""Docker Hub's own listing: tags with their architectures and dates, without a login.

Source: Docker Hub API, ``GET /v2/namespaces/{namespace}/repositories/{repository}/tags``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from jetson_containers.errors import UnreachableError
from jetson_containers.image.registry.faults import UntrustedAnswer
from jetson_containers.image.registry.web import Answer, Web

ADDRESS = "https://hub.docker.com"
_PAGE = 100
_PAGES = 100


def hub_tags(
    web: Web, namespace: str, repository: str, *, address: str = ADDRESS
) -> tuple[Mapping[str, Any], ...]:
    """The tags of a repository as Docker Hub writes them; none for an unknown repository.

    Raises :class:`UnreachableError` where no complete list can be had.
    """
    what = f"the list of {namespace}/{repository} on Docker Hub"
    # both forms of one address: pages have been seen to go on in the older one
    paths = (
        f"/v2/namespaces/{namespace}/repositories/{repository}/tags",
        f"/v2/repositories/{namespace}/{repository}/tags",
    )
    url = f"{address}{paths[0]}?page_size={_PAGE}"
    found: dict[str, Mapping[str, Any]] = {}
    seen: set[str] = set()
    while url:
        if url in seen or len(seen) >= _PAGES:
            raise UntrustedAnswer(f"{what} has no end")
        seen.add(url)
        answer = web.fetch(url)
        if answer.status == 404:
            return ()
        if answer.status != 200:
            raise UnreachableError(f"{what} cannot be had: it answers {answer.status}")
        page = answer.json()
        results = page.get("results") if isinstance(page, dict) else None
        if not isinstance(results, list):
            raise UntrustedAnswer(f"{what} is not in its usual form")
        before = len(found)
        found.update((str(item.get("name")), item) for item in results if isinstance(item, dict))
        url = _next(answer, page.get("next"), address, paths, what)
        # under ever new addresses the same tags again, or none
        if url and len(found) == before:
            raise UntrustedAnswer(f"{what} has no end")
    return tuple(found.values())


def _next(answer: Answer, to: Any, address: str, paths: tuple[str, ...], what: str) -> str:
    if not to:
        return ""
    there, here = urlsplit(answer.leads_to(str(to))), urlsplit(address)
    same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
    if not same or there.path.rstrip("/") not in paths:
        raise UntrustedAnswer(f"{what} goes on elsewhere: {to}")
    return there.geturl()
