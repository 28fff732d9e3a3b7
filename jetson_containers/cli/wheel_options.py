"""The options of the wheel store, and the store that they mean."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.errors import Location, UsageError

if TYPE_CHECKING:
    from jetson_containers.cli.context import Context
    from jetson_containers.wheels.keeper import WheelKeeper
    from jetson_containers.wheels.registry import RegistryPlace


def add_wheel_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("wheel store")
    group.add_argument(
        "--wheel-store",
        action="append",
        default=[],
        metavar="PLACE",
        help="what is compiled is kept there, and installed from there: a directory (default: "
        "wheels/ in the cache), and any number of oci://HOST/NAMESPACE[,mode=ro]",
    )
    group.add_argument(
        "--no-wheel-store", action="store_true", help="compile everything, keep nothing apart"
    )
    group.add_argument(
        "--wheel-sign", metavar="KEY", help="sign what is kept with this private key of OpenSSH"
    )
    group.add_argument(
        "--wheel-trust",
        action="append",
        default=[],
        metavar="KEY",
        help="install only what the owner of one of these public keys signed",
    )


def wheel_keeper(context: Context) -> WheelKeeper | None:
    """The store that the options mean; ``None`` where nothing is kept.

    Raises :class:`UsageError` for places and keys that cannot be meant.
    """
    args = context.args
    if args.no_wheel_store:
        return None
    from jetson_containers.wheels.keeper import Keys, WheelKeeper
    from jetson_containers.wheels.registry import SCHEME
    from jetson_containers.wheels.signature import public_key
    from jetson_containers.wheels.store import WheelDirectory
    from jetson_containers.wheels.tool import dumper

    folders = [text for text in args.wheel_store if not text.startswith(SCHEME)]
    if len(folders) > 1:
        raise UsageError(
            f"the wheel store is one directory, and not {' and '.join(folders)}",
            hint="name one; registries (oci://) may stand beside it",
        )
    for name in args.wheel_trust:
        public_key(Path(name))
    if args.wheel_sign and not Path(args.wheel_sign).is_file():
        raise UsageError("there is no such key", where=Location(args.wheel_sign))
    return WheelKeeper(
        WheelDirectory(Path(folders[0]).absolute() if folders else context.cache / "wheels"),
        dumper(context.cache, context.environ),
        places=[_registry(context, text) for text in args.wheel_store if text.startswith(SCHEME)],
        keys=Keys(
            Path(args.wheel_sign) if args.wheel_sign else None,
            tuple(map(Path, args.wheel_trust)),
        ),
    )


def _registry(context: Context, text: str) -> RegistryPlace:
    from jetson_containers.cli.publishing import login, plain_hosts
    from jetson_containers.image.registry.place import parse_place
    from jetson_containers.wheels.registry import SCHEME, RegistryPlace, parse_place_of_wheels

    parse_place(text.removeprefix(SCHEME).partition(",")[0], f"--wheel-store {text!r}")
    place, writable = parse_place_of_wheels(text)
    return RegistryPlace(place, writable, login(context), plain_hosts(context.args))

