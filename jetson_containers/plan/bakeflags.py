"""Options of ``docker build`` as fields of a target in a bake file.

Source: docker/buildx, ``bake/bake.go`` (the fields of ``Target`` in 0.13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jetson_containers.errors import BuilderError, Location, raise_all
from jetson_containers.plan.model import Stage

#: option -> field that takes one value
_ONE = {"--network": "network", "--shm-size": "shm-size", "--target": "target"}
#: option -> field that takes a list
_MANY = {
    "--secret": "secret",
    "--ssh": "ssh",
    "--ulimit": "ulimits",
    "--cache-from": "cache-from",
    "--cache-to": "cache-to",
    "--no-cache-filter": "no-cache-filter",
    "--attest": "attest",
    "--annotation": "annotations",
    "--tag": "tags",
    "-t": "tags",
}
#: option -> field that takes ``KEY=VALUE``
_PAIRS = {"--build-arg": "args", "--label": "labels", "--build-context": "contexts"}
#: option -> field that is true
_TRUE = {"--no-cache": "no-cache", "--pull": "pull"}


def flag_fields(stage: Stage) -> dict[str, Any]:
    """The fields that the stage's build flags and device stand for.

    Raises every flag that a bake file has no field for, together.
    """
    fields: dict[str, Any] = {}
    errors: list[BuilderError] = []

    def refuse(word: str) -> None:
        errors.append(
            BuilderError(
                f"{stage.title} is built with {word}, for which a bake file has no field",
                where=Location(f"{stage.context}/{stage.dockerfile}"),
                hint="build it with `build`, or leave the option out",
            )
        )

    if stage.device:
        refuse(f"--device {stage.device}")
    for option, value in _split(stage.build_flags, refuse):
        if option in _ONE:
            fields[_ONE[option]] = value
        elif option in _MANY:
            fields.setdefault(_MANY[option], []).append(value)
        elif option in _PAIRS:
            key, _, text = value.partition("=")
            fields.setdefault(_PAIRS[option], {})[key] = text
        else:
            fields[_TRUE[option]] = value != "false"
    raise_all(errors)
    return fields


def _split(flags: Sequence[str], refuse: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    """Options with their values, in either form (``--a=b`` or ``--a b``)."""
    words = iter(flags)
    for word in words:
        option, equals, value = word.partition("=")
        if option in _TRUE:
            yield option, value
        elif option in _ONE or option in _MANY or option in _PAIRS:
            yield option, value if equals else next(words, "")
        else:
            refuse(word)
