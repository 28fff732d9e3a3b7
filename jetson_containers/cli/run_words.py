"""The command line of ``run``: its own options, and those that are docker's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jetson_containers.errors import UsageError
from jetson_containers.image.reference import check_reference
from jetson_containers.launch.options import Words, read_words

if TYPE_CHECKING:
    from jetson_containers.launch.cameras import Mode

HELP = """usage: jetson-containers run [OPTIONS] IMAGE [COMMAND...]

Start a container with the right runtime, the devices and sockets that are there, the host's
network, room in /dev/shm and the data directory at /data. The docker command is printed on
stderr, then becomes this process: its exit code, signals and terminal are the container's.

options:
  --no-gpu        go on without a GPU
  --dry-run       print the command on stdout and end
  --data DIR      the directory to mount at /data (default: $JETSON_CONTAINERS_DATA, else data/ of
                  the checkout, else jetson-containers in the user's data directory)
  --csi2webcam    CSI cameras as webcams, through v4l2loopback (Jetson)
  --csi-capture-res WIDTHxHEIGHT@FPS   what the cameras capture (default: 1640x1232@30)
  --csi-output-res WIDTHxHEIGHT@FPS    what the webcams show (default: 1280x720@30)
  --facts FILE    recorded evidence in place of the machine
  --verbose       tracebacks
  --help          this text

Every other option goes to `docker run` untouched, and wins over a default of its kind: --gpus or
--runtime over the choice of the runtime, --network over the host's network, --shm-size, --name,
-v DIR:/data, --device, -e, --rm=false, -i, -t or -d. All defaults: docs/run.md.

examples:
  jetson-containers run $(jetson-containers autotag sglang)
  jetson-containers run -v ~/models:/models -e HF_TOKEN IMAGE python3 serve.py
  jetson-containers run --dry-run IMAGE
"""

#: the options that are not docker's, and whether they take a value
OWN = {
    "no-gpu": False, "dry-run": False, "csi2webcam": False, "verbose": False, "help": False,
    "data": True, "facts": True, "csi-capture-res": True, "csi-output-res": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: docker's ``words``, and ``own`` options with their values."""

    words: Words
    own: Mapping[str, str]

    @property
    def gpu(self) -> bool:
        return "no-gpu" not in self.own

    @property
    def dry(self) -> bool:
        return "dry-run" in self.own

    @property
    def facts(self) -> str | None:
        return self.own.get("facts")

    @property
    def cameras(self) -> bool:
        return "csi2webcam" in self.own

    def modes(self) -> tuple[Mode, Mode]:
        """What cameras capture, and what webcams show."""
        from jetson_containers.launch.cameras import CAPTURE, OUTPUT, parse_mode

        return (
            parse_mode(self.own.get("csi-capture-res", CAPTURE), "--csi-capture-res"),
            parse_mode(self.own.get("csi-output-res", OUTPUT), "--csi-output-res"),
        )


def read_line(argv: Sequence[str]) -> Asked:
    """Divide the words of ``run``; raises :class:`UsageError` for what cannot be meant.

    With ``--help`` nothing else is looked at.
    """
    words = read_words(argv, own=OWN)
    own = dict(pair for option in words.options for pair in option.names if pair[0] in OWN)
    asked = Asked(words, own)
    if "help" not in own:
        _check(asked)
    dockers = (item for item in words.options if not any(name in OWN for name, _ in item.names))
    return replace(asked, words=replace(words, options=tuple(dockers)))


def _check(asked: Asked) -> None:
    words, own = asked.words, asked.own
    for name, valued in OWN.items():
        if not valued and own.get(name):
            raise UsageError(f"--{name} takes no value", hint=f"write --{name} alone")
    if not words.image:
        # an option whose value was forgotten takes the image for it
        last = words.options[-1].words if words.options else ()
        told = f": {last[0]} took {last[1]!r} for its value" if len(last) == 2 else ""
        raise UsageError(
            f"no image was named{told}",
            hint="`jetson-containers run $(jetson-containers autotag PACKAGE)` runs the one for "
            "this machine; if autotag found none, it said why",
        )
    check_reference(words.image)
    if "csi2webcam" not in own:
        alone = [f"--{name}" for name in ("csi-capture-res", "csi-output-res") if name in own]
        if alone:
            raise UsageError(f"{alone[0]} goes with --csi2webcam", hint="add --csi2webcam")
        return
    asked.modes()
    if any(name == "detach" and value != "false" for o in words.options for name, value in o.names):
        raise UsageError(
            "--csi2webcam feeds the cameras as long as this command runs, so it does not go "
            "with --detach",
            hint="run it in tmux, or as a service, without --detach",
        )
    if "facts" in own:
        raise UsageError("--csi2webcam needs the machine itself", hint="leave out --facts")
