"""Laws of the command of ``run``, on any machine and for any options."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.launch import given as said
from jetson_containers.launch.command import LaunchError, Machine, run_argv, with_sudo
from jetson_containers.launch.options import FLAGS, Words, read_words
from jetson_containers.launch.present import DEVICES, FILES

VALUE = st.text(st.characters(exclude_characters="\0"), max_size=8)
PATH = st.builds("/{}".format, VALUE)
OPTION = st.one_of(
    st.sampled_from(sorted(FLAGS - {"help"})).map(lambda name: (f"--{name}",)),
    st.tuples(st.sampled_from(["-e", "-v", "--name", "--device", "--mount", "--label"]), VALUE),
    st.builds("--{}={}".format, st.sampled_from(["network", "ulimit", "gpus", "x"]), VALUE).map(
        lambda word: (word,)
    ),
    st.sampled_from([("-it",), ("-v", "/a:/data"), ("--device", "/dev/snd"), ("-eHF_TOKEN",)]),
)
OPTIONS = st.lists(OPTION, max_size=6).map(lambda groups: [word for g in groups for word in g])
PRESENT = st.frozensets(
    st.sampled_from([*FILES, *(pattern.replace("[0-9]*", "3") for pattern in DEVICES)])
)
ENVIRON = st.dictionaries(
    st.sampled_from(["DISPLAY", "HF_TOKEN", "XDG_RUNTIME_DIR", "USE_OPTIONAL_PERMISSION_ARGS"]),
    VALUE | st.just("/run/user/1"),
)
MACHINE = st.builds(
    Machine,
    st.sampled_from(["tegra", "sbsa", "x86_64", None]),
    jetson=st.booleans(),
    runtimes=st.sampled_from([(), ("runc",), ("nvidia", "runc")]),
    cdi_devices=st.sampled_from([(), ("nvidia.com/gpu=all",)]),
    rootless=st.booleans(),
    present=PRESENT,
    environ=ENVIRON,
)


@given(OPTIONS, VALUE, st.lists(VALUE, max_size=3), MACHINE, PATH, st.booleans())
def test_the_users_words_come_last_untouched_and_win(
    options: list[str], name: str, command: list[str], machine: Machine, data: str, gpu: bool
) -> None:
    image = f"i{name}"
    words = read_words([*options, image, *command])
    try:
        argv = run_argv(
            words, machine, gpu=gpu, name="n", data=PurePosixPath(data), cookies="/c",
            stdin="terminal",
        )  # fmt: skip
    except LaunchError:
        assert gpu and "nvidia" not in machine.runtimes
        return
    theirs = [*options, image, *command]
    assert list(argv[-len(theirs) :]) == theirs
    read = read_words(argv[2:])
    assert (read.image, list(read.command)) == (image, command)
    own = pairs(words)
    defaults = pairs(read)[: len(pairs(read)) - len(own)]
    assert not said.mount_points(defaults) & said.mount_points(own)
    assert not said.devices(defaults) & said.devices(own)
    assert not said.variables(defaults) & said.variables(own)
    single = {"name", "network", "gpus", "runtime", "shm-size", "rm", "interactive", "tty"}
    assert not said.names(defaults) & said.names(own) & single
    if machine.system == "tegra":
        assert "gpus" not in said.names(defaults)
    assert with_sudo(argv)[-len(argv) :] == argv


def pairs(words: Words) -> list[tuple[str, str]]:
    return [pair for option in words.options for pair in option.names]
