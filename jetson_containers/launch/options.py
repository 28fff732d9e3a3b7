"""The grammar of ``docker run``: where its options end and the image stands. Pure.

Source: the reference of ``docker container run`` (docker/cli, cli/command/container/opts.go and
run.go); its flag parser takes no option after the image.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from jetson_containers.errors import UsageError

#: options without a value
FLAGS = frozenset(
    {
        "detach",
        "disable-content-trust",
        "help",
        "init",
        "interactive",
        "no-healthcheck",
        "oom-kill-disable",
        "privileged",
        "publish-all",
        "quiet",
        "read-only",
        "rm",
        "sig-proxy",
        "tty",
        "use-api-socket",
    }
)
#: options with a value, in the same word or the next
VALUED = frozenset(
    {
        "add-host", "annotation", "attach", "blkio-weight", "blkio-weight-device", "cap-add",
        "cap-drop", "cgroup-parent", "cgroupns", "cidfile", "cpu-count", "cpu-percent",
        "cpu-period", "cpu-quota", "cpu-rt-period", "cpu-rt-runtime", "cpu-shares", "cpus",
        "cpuset-cpus", "cpuset-mems", "detach-keys", "device", "device-cgroup-rule",
        "device-read-bps", "device-read-iops", "device-write-bps", "device-write-iops", "dns",
        "dns-opt", "dns-option", "dns-search", "domainname", "entrypoint", "env", "env-file",
        "expose", "gpus", "group-add", "health-cmd", "health-interval", "health-retries",
        "health-start-interval", "health-start-period", "health-timeout", "hostname",
        "io-maxbandwidth", "io-maxiops", "ip", "ip6", "ipc", "isolation", "kernel-memory", "label",
        "label-file", "link", "link-local-ip", "log-driver", "log-opt", "mac-address", "memory",
        "memory-reservation", "memory-swap", "memory-swappiness", "mount", "name", "net",
        "net-alias", "network", "network-alias", "oom-score-adj", "pid", "pids-limit", "platform",
        "publish", "pull", "restart", "runtime", "security-opt", "shm-size", "stop-signal",
        "stop-timeout", "storage-opt", "sysctl", "tmpfs", "ulimit", "user", "userns", "uts",
        "volume", "volume-driver", "volumes-from", "workdir",
    }
)  # fmt: skip
SHORT = {
    "a": "attach",
    "c": "cpu-shares",
    "d": "detach",
    "e": "env",
    "h": "hostname",
    "i": "interactive",
    "l": "label",
    "m": "memory",
    "p": "publish",
    "P": "publish-all",
    "q": "quiet",
    "t": "tty",
    "u": "user",
    "v": "volume",
    "w": "workdir",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One word group as it was written; ``names`` are its long names with their values.

    ``-it`` is one group with two names, ``--gpus all`` one group of two words.
    """

    words: tuple[str, ...]
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A command line of ``run``: options, image, and what runs in it.

    Law: the words of the options, the image and the command are the words that were read, in
    that order (less a ``--``).
    """

    options: tuple[Option, ...]
    image: str
    command: tuple[str, ...]


def read_words(words: Sequence[str], *, own: Mapping[str, bool] | None = None) -> Words:
    """Read ``[OPTIONS] IMAGE [CMD]``; ``own`` are further long options, and whether with a value.

    ``image`` is empty when there is none. Raises :class:`UsageError` for an option whose value is
    missing, and for an unknown one: whether the next word is its value or the image is not known
    either. As ``--name=VALUE`` it can be read, so an option of a newer docker is taken in that
    form.
    """
    own = own or {}
    flags = FLAGS | {name for name, valued in own.items() if not valued}
    valued = VALUED | (own.keys() - flags)
    options: list[Option] = []
    place = 0
    while place < len(words):
        word = words[place]
        if word == "--":
            place += 1
            break
        if not word.startswith("-") or word == "-":
            break
        names, open_name = _long(word, flags) if word.startswith("--") else _short(word)
        taken = [word]
        if open_name:
            if open_name not in valued:
                raise _unknown(word, open_name, flags | valued)
            if place + 1 >= len(words):
                raise UsageError(
                    f"{word} needs a value",
                    hint="`jetson-containers run --help` shows the form; "
                    "all other options are those of `docker run`",
                )
            taken.append(words[place + 1])
            names.append((open_name, words[place + 1]))
        options.append(Option(tuple(taken), tuple(names)))
        place += len(taken)
    rest = tuple(words[place:])
    return Words(tuple(options), rest[0] if rest else "", rest[1:])


def _unknown(word: str, name: str, known: Collection[str]) -> UsageError:
    """What to say of an option that neither ``run`` nor ``docker run`` has."""
    from difflib import get_close_matches

    if not word.startswith("--"):
        in_word = "" if word == f"-{name}" else f" in {word}"
        return UsageError(
            f"-{name}{in_word} is no option of `run` or of `docker run`",
            hint="`jetson-containers run --help` and `docker run --help` show them",
        )
    near = " or ".join(f"--{item}" for item in get_close_matches(name, sorted(known), 2))
    return UsageError(
        f"{word} is no option of `run` or of `docker run`",
        hint=(f"did you mean {near}? " if near else "")
        + f"One that only a newer docker knows goes as {word}=VALUE",
    )


def _long(word: str, flags: Collection[str]) -> tuple[list[tuple[str, str]], str]:
    """The names of a ``--word``, and the one whose value is the next word."""
    name, equals, value = word[2:].partition("=")
    if equals or name in flags:
        return [(name, value)], ""
    return [], name


def _short(word: str) -> tuple[list[tuple[str, str]], str]:
    """The names of a cluster such as ``-it``, ``-itv`` or ``-v/a:/b``."""
    names: list[tuple[str, str]] = []
    for index, letter in enumerate(word[1:], 1):
        name = SHORT.get(letter, letter)
        rest = word[index + 1 :]
        if name not in FLAGS:
            if not rest:
                return names, name
            return [*names, (name, rest.removeprefix("="))], ""
        if rest.startswith("="):
            return [*names, (name, rest[1:])], ""
        names.append((name, ""))
    return names, ""
