"""Registries that are written to: the options, the client, and what is said of a push."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jetson_containers.cli.context import Context, say
from jetson_containers.image.registry.place import plain_host

if TYPE_CHECKING:
    from jetson_containers.engine.protocol import Engine
    from jetson_containers.engine.publish import Published, Publisher
    from jetson_containers.image.registry.credentials import Login
    from jetson_containers.image.registry.writable import WritableRegistry

#: seconds for the questions of one push; layers go through the engine, and take what they take
_PATIENCE = 60.0


def add_insecure_option(parser: argparse._ActionsContainer) -> None:
    """``--insecure-registry``, as `autotag` has it."""
    parser.add_argument(
        "--insecure-registry",
        metavar="HOST:PORT",
        action="append",
        default=[],
        type=plain_host,
        help="a registry that is spoken to without TLS, as those of this machine always are",
    )


def plain_hosts(args: argparse.Namespace) -> frozenset[str]:
    """The hosts of ``--insecure-registry``."""
    return frozenset(args.insecure_registry)


def login(context: Context) -> Callable[[str], Login | None]:
    """The logins of the Docker client; they are never part of a command line."""
    from jetson_containers.image.registry.credentials import docker_logins

    return docker_logins(context.environ).of


def registries(context: Context) -> Callable[[str], WritableRegistry]:
    """Clients for the hosts of registries, each with its patience beginning."""
    from jetson_containers.image.registry.web import Patience, Web
    from jetson_containers.image.registry.writable import WritableRegistry

    known = login(context)
    plain = plain_hosts(context.args)

    def registry(host: str) -> WritableRegistry:
        web = Web(Patience(total=_PATIENCE), plain, "repeat the command: it goes on where it was")
        return WritableRegistry(host, web, known)

    return registry


def publisher(context: Context, engine: Engine, on_line: Callable[[str], None]) -> Publisher:
    """What pushes and pulls for this command line."""
    from jetson_containers.engine.publish import Publisher

    return Publisher(engine, registries(context), on_line)


def progress(context: Context) -> Callable[[str], None]:
    """Layers are told with ``--verbose`` only."""
    return say if context.verbose else lambda line: None


def tell(published: Iterable[Published], done: str, before: str) -> None:
    """Each reference by digest on stdout; on stderr whether it was sent."""
    for item in published:
        say(f"{done if item.sent else before} {item.reference} ({item.digest})")
        print(item.pinned)


def document(published: Iterable[Published]) -> list[dict[str, object]]:
    """The JSON form."""
    return [
        {
            "image": item.image,
            "reference": item.reference,
            "digest": item.digest,
            "sent": item.sent,
        }
        for item in published
    ]
