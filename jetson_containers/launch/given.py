"""What the user's own options already say, so that no default says it again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Pairs = Sequence[tuple[str, str]]


def names(given: Pairs) -> frozenset[str]:
    """The long names of the options."""
    return frozenset(name for name, _ in given)


def mount_points(given: Pairs) -> frozenset[str]:
    """The places in the container that the mounts take."""
    return frozenset(place.rstrip("/") or "/" for place in _places(given))


def devices(given: Pairs) -> frozenset[str]:
    """The devices, by their paths on the host and in the container."""
    return frozenset(
        part
        for name, value in given
        if name == "device"
        for part in value.split(":")
        if part.startswith("/")
    )


def variables(given: Pairs) -> frozenset[str]:
    """The names of the environment variables."""
    return frozenset(value.partition("=")[0] for name, value in given if name == "env")


def inherited(given: Pairs) -> frozenset[str]:
    """The variables named without a value: the docker client takes it from its environment."""
    return frozenset(value for name, value in given if name == "env" and "=" not in value)


def limits(given: Pairs) -> frozenset[str]:
    """The names of the resource limits (``memlock`` of ``--ulimit memlock=-1``)."""
    return frozenset(value.partition("=")[0] for name, value in given if name == "ulimit")


def _places(given: Pairs) -> Iterable[str]:
    for name, value in given:
        if name == "volume":
            parts = value.split(":")
            yield parts[1] if len(parts) > 1 else parts[0]
        elif name == "tmpfs":
            yield value.partition(":")[0]
        elif name == "mount":
            for part in value.split(","):
                key, _, place = part.strip('"').partition("=")
                if key in ("target", "dst", "destination"):
                    yield place
