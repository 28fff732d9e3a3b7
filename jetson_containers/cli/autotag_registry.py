"""Registries: which are asked for what, what is kept from the last time, and what is said of it."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from jetson_containers.cli.saved import read_saved
from jetson_containers.errors import BuilderError, UnreachableError, UsageError
from jetson_containers.image.docker_hub import from_docker_hub
from jetson_containers.image.listed import ListedImage
from jetson_containers.image.registry.cache import Kept, ListingCache
from jetson_containers.image.registry.place import (
    HUB,
    Place,
    parse_place,
    plain_host,
    spellings,
)

if TYPE_CHECKING:
    from jetson_containers.image.facts import ImageFacts
    from jetson_containers.image.registry.credentials import Login
    from jetson_containers.image.registry.listing import Listing
    from jetson_containers.image.registry.web import Web
    from jetson_containers.image.request import Wanted

#: the namespace of Docker Hub that is searched unless another place is named
DEFAULT_USER = "dustynv"
#: repositories that are asked for at the same time
_WORKERS = 8


def add_registry_options(parser: argparse.ArgumentParser) -> None:
    """Which registries are asked, and how."""
    group = parser.add_argument_group("registries")
    group.add_argument(
        "-u", "--user", metavar="NAMES",
        help=f"namespaces of Docker Hub that are searched (default: {DEFAULT_USER})",
    )  # fmt: skip
    group.add_argument(
        "--registry", metavar="HOST/NAMESPACE", action="append", default=[],
        help="a registry that is asked in place of Docker Hub; may be given several times "
        "(docker.io/NAME, or --user, adds Docker Hub)",
    )  # fmt: skip
    group.add_argument(
        "--insecure-registry", metavar="HOST:PORT", action="append", default=[], type=plain_host,
        help="a registry that is spoken to without TLS, as those of this machine always are",
    )  # fmt: skip
    group.add_argument(
        "--offline", action="store_true", help="ask no registry; what the last answers were counts"
    )
    group.add_argument(
        "--refresh", action="store_true", help="ask again, however fresh the last answer is"
    )
    group.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=30.0,
        help="how long registries may take, together (default: 30)",
    )  # fmt: skip
    group.add_argument(
        "--registry-snapshot", metavar="FILE",
        help="a saved listing in place of Docker Hub: pages of its API, or "
        "[{namespace, name, tags}]",
    )  # fmt: skip


def seconds(text: str) -> float:
    """A span of more than nothing and less than a day; ``ValueError`` for anything else."""
    value = float(text)
    if not 0 < value < 86400:
        raise ValueError(text)
    return value


@dataclass
class Registries:
    """Asks for images that have to do with a request.

    ``faults`` is what kept registries from answering, ``remarks`` what a user may want to know of
    the answers. ``now`` gives the time of day; ``plain`` are hosts without TLS. ``without_hub``
    tells that saved lists stand for Docker Hub.
    """

    architecture: str
    users: tuple[str, ...]
    places: tuple[Place, ...]
    cache: ListingCache
    login: Callable[[str], Login | None]
    plain: frozenset[str] = frozenset()
    snapshot: str | None = None
    without_hub: bool = False
    offline: bool = False
    refresh: bool = False
    timeout: float = 30.0
    now: Callable[[], float] = time.time
    faults: list[BuilderError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    _down: set[Place] = field(default_factory=set)

    @classmethod
    def of(cls, args: argparse.Namespace, architecture: str) -> Registries:
        """As the command line says.

        A saved listing stands for Docker Hub, and a saved list of local images for the whole
        machine: then only registries that are named are asked.
        """
        from jetson_containers.engine.locate import default_cache_dir

        named = [parse_place(text) for word in args.registry for text in word.split(",") if text]
        users = [name for name in (args.user or DEFAULT_USER).split(",") if name]
        without_hub = bool(args.registry_snapshot or (args.local_images and not args.user))
        elsewhere = without_hub or (named and not args.user)
        hub = [] if elsewhere else [Place(HUB, name) for name in users]
        return cls(
            architecture=architecture,
            users=tuple(users),
            places=tuple(dict.fromkeys([*named, *hub])),
            cache=ListingCache(default_cache_dir(os.environ) / "listings"),
            login=partial(docker_login, min(10.0, args.timeout)),
            plain=frozenset(args.insecure_registry),
            snapshot=args.registry_snapshot,
            without_hub=without_hub,
            offline=args.offline,
            refresh=args.refresh,
            timeout=args.timeout,
        )

    def about(self, request: Sequence[Wanted]) -> list[ImageFacts]:
        """The images of every repository that is named after a package of the request."""
        from jetson_containers.image.selection import about

        listed = [*self._saved(request)]
        asked: list[tuple[Place, str]] = []
        for place, name in self._repositories(request):
            kept = self.cache.find(f"{place}/{name}", self.architecture)
            # nobody waits twice for a registry that did not answer
            unasked = self.offline or place in self._down
            if kept is not None and (
                unasked or (kept.is_fresh(self.now()) and not self.refresh)
            ):
                self._use(place, name, kept, listed)
            elif not unasked:
                asked.append((place, name))
            elif self.offline:
                self.faults.append(
                    UnreachableError(
                        f"{place}/{name} was never asked, so nothing is known of it offline",
                        hint="leave out --offline once, or --disable registry",
                    )
                )
        if asked:
            self._ask(asked, listed)
        return list(about(listed, request))

    def named(self, reference: str) -> ListedImage | None:
        """The image of that reference, ``None`` where nothing tells more than its name.

        Raises :class:`BuilderError` where its registry cannot be asked, or has no such image.
        """
        from jetson_containers.image.reference import familiar, parse_reference
        from jetson_containers.image.registry.remote import remote_image, remote_place

        parsed = parse_reference(reference)
        place = remote_place(parsed.repository)
        known: Sequence[ListedImage] = ()
        if place.host == HUB and self.snapshot is not None:
            space, _, name = place.namespace.rpartition("/")
            known = read_saved(
                self.snapshot, lambda document: from_docker_hub(document, [space], [name])
            )
        elif self.offline and (kept := self.cache.find(str(place), self.architecture)):
            known = kept.images
        wanted = familiar(reference)
        found = next((item for item in known if familiar(item.reference) == wanted), None)
        if found is not None or self.offline or (place.host == HUB and self.without_hub):
            return found
        remote = remote_image(reference, self.architecture, self.web(), self.login)
        if remote is None:
            raise BuilderError(f"no registry has {reference}")
        return ListedImage(
            reference,
            "registry",
            remote.architectures,
            remote.created,
            remote.labels,
            remote.digest,
        )

    def web(self) -> Web:
        """What questions go through; its patience begins now."""
        from jetson_containers.image.registry.web import Patience, Web

        return Web(Patience(total=self.timeout), self.plain)

    def _repositories(self, request: Sequence[Wanted]) -> list[tuple[Place, str]]:
        found: dict[tuple[Place, str], None] = {}
        for item in request:
            places = self.places
            if item.namespace:
                own = _place_or_none(item.namespace)
                saved = self.snapshot is not None and own is not None and own.host == HUB
                places = () if own is None or saved or not self.places else (own,)
            for place in places:
                found.update(((place, name), None) for name in spellings([item.name]))
        return list(found)

    def _ask(self, asked: Sequence[tuple[Place, str]], listed: list[ListedImage]) -> None:
        from jetson_containers.image.registry.listing import list_repository
        from jetson_containers.questions import ask_all

        web = self.web()
        questions: list[Callable[[], Listing]] = [
            partial(list_repository, place, name, self.architecture, web, self.login)
            for place, name in asked
        ]
        # a little more than the patience, so that what ran out of it says so itself
        answers = ask_all(questions, workers=_WORKERS, seconds=self.timeout * 1.1)
        for (place, name), answer in zip(asked, answers, strict=True):
            if answer is None:
                answer = UnreachableError(f"{place} gave no answer in {self.timeout:g} s")
            if isinstance(answer, BuilderError):
                self._fail(place, name, answer, listed)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                self._take(place, name, answer, listed)

    def _take(
        self, place: Place, name: str, answer: Listing, listed: list[ListedImage]
    ) -> None:
        listed += answer.images
        self.faults += answer.faults
        if answer.unread:
            self.remarks.append(f"{place}/{name}: {answer.unread} more tags are not looked at")
        if not answer.faults:
            self.cache.keep(f"{place}/{name}", self.architecture, answer.images, self.now())

    def _fail(
        self, place: Place, name: str, error: BuilderError, listed: list[ListedImage]
    ) -> None:
        """What was kept is better than nothing, and said to be old."""
        self.faults.append(error)
        self._down.add(place)
        kept = self.cache.find(f"{place}/{name}", self.architecture)
        if kept is not None:
            self._use(place, name, kept, listed)

    def _use(self, place: Place, name: str, kept: Kept, listed: list[ListedImage]) -> None:
        listed += kept.images
        again = "" if self.offline else " (--refresh asks again)"
        self.remarks.append(
            f"{place}/{name}: as it was {age(self.now() - kept.asked)} ago{again}"
        )

    def _saved(self, request: Sequence[Wanted]) -> tuple[ListedImage, ...]:
        if self.snapshot is None:
            return ()
        users = [*(item.namespace for item in request if item.namespace), *self.users]
        asked = [item.name for item in request]
        return read_saved(self.snapshot, lambda document: from_docker_hub(document, users, asked))


def docker_login(limit: float, host: str) -> Login | None:
    """The Docker client's login for a registry; a helper has ``limit`` seconds to tell it."""
    from jetson_containers.image.registry.credentials import docker_logins

    return docker_logins(dict(os.environ), limit).of(host)


def age(seconds: float) -> str:
    """A span in the largest unit that it fills: ``12 min``."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _place_or_none(text: str) -> Place | None:
    try:
        return parse_place(text)
    except UsageError:
        return None
