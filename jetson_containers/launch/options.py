"""The grammar of ``docker run``: where its options end and the image stands. Pure.

Source: the reference of ``docker container run`` (docker/cli, cli/command/container/opts.go and
run.go); its flag parser takes no option after the image.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jetson_containers.errors import UsageError

#: options without a value; every other one takes one, in the same word or the next
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


def read_words(words: Sequence[str], *, flags: Collection[str] = ()) -> Words:
    """Read ``[OPTIONS] IMAGE [CMD]``; ``flags`` are further long options without a value.

    ``image`` is empty when there is none. Raises :class:`UsageError` for an option whose value is
    missing. An unknown option counts as one that takes a value.
    """
    known = FLAGS | set(flags)
    options: list[Option] = []
    place = 0
    while place < len(words):
        word = words[place]
        if word == "--":
            place += 1
            break
        if not word.startswith("-") or word == "-":
            break
        names, open_name = _long(word, known) if word.startswith("--") else _short(word)
        taken = [word]
        if open_name:
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
