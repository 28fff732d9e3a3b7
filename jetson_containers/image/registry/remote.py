"""What the registry of a reference says of it, whichever registry that is."""

from __future__ import annotations

from collections.abc import Callable

from jetson_containers.errors import BuilderError
from jetson_containers.image.reference import parse_reference
from jetson_containers.image.registry.client import Registry, RemoteImage
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.place import HUB, Place, parse_place
from jetson_containers.image.registry.web import Web


def remote_place(repository: str) -> Place:
    """Where a repository is; a name without a namespace is one of Docker Hub's ``library``.

    Raises :class:`UsageError` for what no registry takes.
    """
    place = parse_place(repository if "/" in repository else f"library/{repository}")
    if place.host == HUB and "/" not in place.namespace:
        return Place(HUB, f"library/{place.namespace}")
    return place


def remote_image(
    reference: str, architecture: str, web: Web, login: Callable[[str], Login | None]
) -> RemoteImage | None:
    """What a reference holds for an architecture; ``None`` where its registry has none."""
    parsed = parse_reference(reference)
    place = remote_place(parsed.repository)
    registry = Registry(place.host, web, login)
    return registry.image(place.namespace, parsed.digest or parsed.tag or "latest", architecture)


def manifest_digest(reference: str, web: Web, login: Callable[[str], Login | None]) -> str:
    """The digest of what a reference points at: of the index, for several platforms.

    Raises :class:`UnreachableError` when its registry cannot be asked, another
    :class:`BuilderError` when that has no such image.
    """
    parsed = parse_reference(reference)
    if parsed.digest:
        return parsed.digest
    place = remote_place(parsed.repository)
    found = Registry(place.host, web, login).digest(place.namespace, parsed.tag or "latest")
    if found is None:
        raise BuilderError(f"the registry has no image {reference}", hint="correct the reference")
    return found
