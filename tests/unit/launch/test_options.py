"""Where the options of ``docker run`` end and the image stands."""

import pytest

from jetson_containers.errors import UsageError
from jetson_containers.launch.options import read_words


@pytest.mark.parametrize(
    ("line", "image", "command", "names"),
    [
        ("img", "img", "", []),
        ("img ls -l --rm", "img", "ls -l --rm", []),
        ("-it --rm img", "img", "", ["interactive", "tty", "rm"]),
        ("-v /a:/b img sh", "img", "sh", ["volume"]),
        ("-v/a:/b img sh", "img", "sh", ["volume"]),
        ("-itv /a:/b img", "img", "", ["interactive", "tty", "volume"]),
        ("-e=A=1 img", "img", "", ["env"]),
        ("-i=false img", "img", "", ["interactive"]),
        ("--gpus all img", "img", "", ["gpus"]),
        ("--gpus=all img", "img", "", ["gpus"]),
        ("--init --name x img run", "img", "run", ["init", "name"]),
        ("--made-up value img", "img", "", ["made-up"]),
        ("--own img", "img", "", ["own"]),
        ("--rm -- img -x", "img", "-x", ["rm"]),
        ("--rm", "", "", ["rm"]),
        ("", "", "", []),
    ],
)
def test_reading(line: str, image: str, command: str, names: list[str]) -> None:
    read = read_words(line.split(), flags=["own"])
    assert (read.image, " ".join(read.command)) == (image, command)
    assert [name for option in read.options for name, _ in option.names] == names
    words = [word for option in read.options for word in option.words]
    rest = [word for word in (read.image, *read.command) if word]
    assert [*words, *rest] == [word for word in line.split() if word != "--"]


def test_values() -> None:
    read = read_words(["-v/a:/b", "--env", "A=1", "-u=7", "img"])
    assert [option.names for option in read.options] == [
        (("volume", "/a:/b"),),
        (("env", "A=1"),),
        (("user", "7"),),
    ]


@pytest.mark.parametrize("line", ["--gpus", "-v", "-itv", "--rm --name"])
def test_a_missing_value_is_an_error(line: str) -> None:
    with pytest.raises(UsageError, match="needs a value"):
        read_words(line.split())
