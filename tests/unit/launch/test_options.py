"""Where the options of ``docker run`` end and the image stands."""

import re
import shutil
import subprocess

import pytest

from jetson_containers.errors import UsageError
from jetson_containers.launch.options import FLAGS, VALUED, read_words


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
        ("--made-up=value img", "img", "", ["made-up"]),
        ("--own img", "img", "", ["own"]),
        ("--ours x img", "img", "", ["ours"]),
        ("--rm -- img -x", "img", "-x", ["rm"]),
        ("--rm", "", "", ["rm"]),
        ("", "", "", []),
    ],
)
def test_reading(line: str, image: str, command: str, names: list[str]) -> None:
    read = read_words(line.split(), own={"own": False, "ours": True})
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


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--bogus img", "--bogus is no option of `run` or of `docker run`"),
        ("--rm --bogus img", "--bogus is no option"),
        ("--shm-sise 1g img", "did you mean --shm-size"),
        ("--own-flg img", "did you mean --own-flag"),
        ("--new img", "goes as --new=VALUE"),
        ("-x img", "-x is no option"),
        ("-itz img", "-z in -itz is no option"),
    ],
)
def test_an_unknown_option_is_told_before_its_value_is_guessed(line: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        read_words(line.split(), own={"own-flag": False})
    assert says in str(error.value)


@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker client")
def test_every_option_of_the_docker_client_is_known() -> None:
    told = subprocess.run(["docker", "run", "--help"], capture_output=True, text=True, check=False)
    listed = dict(re.findall(r"^ +(?:-\w, )?--([a-z0-9-]+) (\S*)", told.stdout, re.MULTILINE))
    if not listed:
        pytest.skip("it tells no options")
    assert {name for name, kind in listed.items() if not kind} <= FLAGS
    assert {name for name, kind in listed.items() if kind} <= VALUED
