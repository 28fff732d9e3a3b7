"""The lock file: read back, one fact a line, every fault with its line, whole or not at all."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import BuilderError, UsageError
from jetson_containers.lock import file as lock_file
from jetson_containers.lock.file import from_text, read_lock, to_text, write_lock
from jetson_containers.lock.model import FORMAT, Lock, LockedBase, LockedImage, LockedPackage

SHA = "ab" * 32
COMMIT = "cd" * 20


def image(target: str = "x86-cu130", *request: str) -> LockedImage:
    return LockedImage(
        target=target,
        request=request or ("app",),
        platform="x86_64-manylinux_2_39",
        python="3.12",
        base=LockedBase("ubuntu:24.04", None, f"sha256:{SHA}"),
        packages=(
            LockedPackage("tool"),
            LockedPackage(
                "app:1",
                ("numpy==2.3.5",),
                {"numpy-2.3.5-py3-none-any.whl": SHA},
                {"https://host/app@main": COMMIT, "https://host/x@y": None},
                {"https://host/a.tgz": SHA},
                {"A": "1"},
            ),
        ),
        settings={"PYTORCH_VERSION": "2.8"},
        answers={"github_latest_tag a/b": "v1", "a connection": None},
        unknown={"a connection": "nobody can answer"},
    )


LOCK = Lock().updated([image(), image("sbsa-cu130"), image("x86-cu130", "b", "a")])


def test_what_is_written_is_read_back():
    assert from_text(to_text(LOCK), "x") == LOCK
    assert to_text(from_text(to_text(LOCK), "x")) == to_text(LOCK)


_texts = st.text(max_size=8)
_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,5}(:[A-Za-z0-9_]{1,3})?", fullmatch=True)
_images = st.sampled_from(["ubuntu:24.04", f"h:5000/a/b@sha256:{SHA}"])
_sums = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def _some_packages(draw: st.DrawFn) -> tuple[LockedPackage, ...]:
    """Packages with names of their own, each with a distribution of its own."""
    names = draw(st.lists(_names, max_size=3, unique_by=lambda name: name.partition(":")[0]))
    return tuple(
        LockedPackage(
            name,
            (f"d{number}==1",),
            {f"d{number}-1-py3-none-any.whl": draw(_sums)},
            arguments=draw(st.dictionaries(_texts, _texts, max_size=2)),
        )
        for number, name in enumerate(names)
    )


_packages = _some_packages()


@given(
    st.lists(
        st.builds(
            LockedImage,
            target=_texts,
            request=st.lists(_names, min_size=1, max_size=3).map(tuple),
            platform=_texts,
            python=_texts,
            base=st.builds(LockedBase, _images),
            packages=_packages,
            settings=st.dictionaries(_texts, _texts, max_size=2),
            answers=st.dictionaries(_texts, st.none() | _texts, max_size=2),
        ),
        max_size=3,
    )
)
def test_every_lock_is_read_back(images):
    lock = Lock().updated(images)
    assert from_text(to_text(lock), "x") == lock


def test_the_order_of_locking_does_not_show():
    images = [image(), image("sbsa-cu130"), image("x86-cu130", "b")]
    assert to_text(Lock().updated(images)) == to_text(Lock().updated(reversed(images)))


def test_a_changed_fact_is_one_changed_line():
    before = to_text(LOCK).splitlines()
    after = to_text(LOCK).replace(COMMIT, "ef" * 20, 1).splitlines()
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


def test_words_of_a_request_are_one_lock_in_any_order():
    assert LOCK.find("x86-cu130", ("a", "b")) == LOCK.find("x86-cu130", ("b", "a"))
    assert LOCK.find("x86-cu130", ("a",)) is None


def test_keys_of_a_later_program_are_left_aside():
    data = json.loads(to_text(LOCK))
    data["new"] = 1
    data["images"][0]["new"] = {"a": [1]}
    data["images"][0]["packages"][0]["new"] = None
    assert from_text(json.dumps(data), "x") == LOCK


def test_a_newer_format_is_refused_with_both_numbers():
    text = to_text(LOCK).replace(f'"format": {FORMAT}', f'"format": {FORMAT + 1}')
    with pytest.raises(BuilderError, match=f"format {FORMAT + 1}.* up to {FORMAT}") as caught:
        from_text(text, "jetson.lock")
    assert str(caught.value.where) == "jetson.lock:2"


def test_an_older_format_is_brought_to_this_one(monkeypatch):
    def upgrade(data):
        return {"images": data["entries"]}

    monkeypatch.setitem(lock_file.UPGRADES, FORMAT - 1, upgrade)
    data = json.loads(to_text(LOCK))
    old = {"format": FORMAT - 1, "entries": data["images"]}
    assert from_text(json.dumps(old), "x") == LOCK


def edited(old: str, new: str) -> str:
    assert old in to_text(LOCK)
    return to_text(LOCK).replace(old, new, 1)


def line_of(text: str) -> int:
    """The line that a text begins on in the file."""
    return to_text(LOCK)[: to_text(LOCK).index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "no JSON"),
        ("[]", 1, "not a mapping"),
        ("null", 1, "not a mapping"),
        ("{}", 1, "'format' is missing"),
        ('{"format": "1"}', 1, "'format' is not a number"),
        ('{"format": true}', 1, "'format' is not a number"),
        ('{"format": 0, "images": []}', 1, "0 is no format"),
        ('{"format": 1,\n "images": {}}', 2, "'images' is not a list"),
        ('{"format": 1,\n "images": [\n  7]}', 3, "not a mapping"),
        (to_text(LOCK)[:100], to_text(LOCK)[:100].count("\n") + 1, "no JSON"),
        (edited('"python": "3.12"', '"python": 3.12'), line_of('"python"'), "'python' is not a t"),
        (edited('[\n    "app"\n   ]', "[]"), 6, "at least one package"),
        (edited(f'"sha256:{SHA}"', '"latest"'), line_of('"sha256:'), "no digest"),
        (edited(f'whl": "{SHA}', 'whl": "'), line_of('whl": '), "no checksum of 'numpy"),
        (edited(COMMIT, "main"), line_of(COMMIT), "no checksum of 'https://host/app@main'"),
        (edited('"tool"', '"../../x"'), line_of('"tool"'), "'../../x' is no name of a package"),
        (edited('"ubuntu:24.04"', '"../x"'), line_of('"ubuntu'), "'../x' is no name of an image"),
        (edited('"ubuntu:24.04"', r'"\ud800"'), line_of('"ubuntu'), "half a character"),
        (edited('"PYTORCH_VERSION"', r'"\ud800"'), line_of('"PYTORCH') - 1, "half a character"),
        (edited('    "app"', '    "-app"'), line_of('    "app"'), "is not a requirement"),
        ("\x00\x01junk", 1, "no JSON"),
        ("[" * 100_000, 0, "JSON"),
    ],
)
def test_a_faulty_file_is_one_error_with_its_line(text, line, said):
    with pytest.raises(BuilderError, match=said) as caught:
        from_text(text, "jetson.lock")
    assert caught.value.where
    assert (caught.value.where.path, caught.value.where.line) == ("jetson.lock", line)
    assert caught.value.hint


WHEEL = "numpy-2.3.5-py3-none-any.whl"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (WHEEL, "numpy-2.3.4-py3-none-any.whl", "is not what numpy==2.3.5 asks for"),
        (WHEEL, "evil-2.3.5-py3-none-any.whl", "numpy==2.3.5 has no file"),
        (WHEEL, "numpy-2.3.5-cp312-cp312-macosx_11_0_arm64.whl", "is not for Python 3.12 on x86"),
        (WHEEL, "numpy-2.3.5-cp311-cp311-manylinux_2_28_x86_64.whl", "is not for Python 3.12"),
        (WHEEL, "../../x.whl", "no name of a distribution's file"),
        (WHEEL, "../numpy-2.3.5-py3-none-any.whl", "no name of a distribution's file"),
        (WHEEL, "numpy-2.3.5 --no-hash x-py3-none-any.whl", "no name of a distribution's file"),
        (WHEEL, "numpy.whl", "no name of a distribution's file"),
        ('"tool"', '"app:2"', "app is there twice"),
        (f'{{\n      "{WHEEL}": "{SHA}"\n     }}', "{}", "numpy==2.3.5 has no file"),
        ('[\n      "numpy==2.3.5"\n     ]', "[]", "app:1 has files, and no pin"),
        (f'"{WHEEL}"', f'"numpy-2.3.5.tar.gz": "{SHA}", "{WHEEL}"', "numpy has two files"),
    ],
)
def test_files_that_are_not_those_of_the_pins_are_a_fault(old, new, said):
    with pytest.raises(UsageError, match=f"the lock file is faulty: .*{re.escape(said)}") as caught:
        from_text(edited(old, new), "jetson.lock")
    assert caught.value.where and caught.value.where.line > 1
    assert caught.value.hint


APP = LockedPackage("app", ("numpy==2", "cv==1 from other"), {})
FILES = {f"{name}-py3-none-any.whl": SHA for name in ("numpy-2", "cv-1+cu13", "dep-7")}


@pytest.mark.parametrize(
    ("packages", "unknown"),
    [
        ((replace(APP, files=FILES),), ()),
        ((LockedPackage("first", ("cv==1",), FILES), replace(APP, wheels=("numpy==2",))), ()),
        ((APP,), ("distributions",)),
        ((APP, LockedPackage("later", ("b==1",))), ("cv==1",)),
        ((LockedPackage("app", ("gone==1", "without gone")),), ()),
        ((LockedPackage("app", ("far==1; sys_platform == 'win32'", "build")),), ()),
        ((LockedPackage("app", ("numpy==1", "instead numpy==2"), {next(iter(FILES)): SHA}),), ()),
        ((LockedPackage("app", ("https://host/a.whl",)),), ()),
    ],
)
def test_files_as_lock_writes_them_are_none(packages, unknown):
    sound = replace(image(), packages=packages, unknown=dict.fromkeys(unknown, "why"))
    lock = Lock().updated([sound])
    assert from_text(to_text(lock), "x") == lock


def test_a_request_that_is_there_twice_is_an_error():
    data = json.loads(to_text(LOCK))
    data["images"].append(data["images"][0])
    with pytest.raises(BuilderError, match="twice"):
        from_text(json.dumps(data), "x")


def test_a_missing_file_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(UsageError, match="no lock file") as caught:
        read_lock(tmp_path / "jetson.lock")
    assert "jetson-containers lock" in caught.value.hint


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path):
    (tmp_path / "jetson.lock").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BuilderError, match="not UTF-8"):
        read_lock(tmp_path / "jetson.lock")


def test_a_mark_of_the_byte_order_is_no_fault(tmp_path: Path):
    (tmp_path / "jetson.lock").write_text(f"\ufeff{to_text(LOCK)}", encoding="utf-8")
    assert read_lock(tmp_path / "jetson.lock") == LOCK


def test_a_pipe_is_no_lock_file_and_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "jetson.lock")
    with pytest.raises(BuilderError, match="it is no file"):
        read_lock(tmp_path / "jetson.lock")


def test_the_same_lock_leaves_the_file_alone(tmp_path: Path):
    path = tmp_path / "jetson.lock"
    assert write_lock(path, LOCK)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    assert not write_lock(path, LOCK)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_what_would_be_refused_is_never_written(tmp_path: Path):
    path = tmp_path / "jetson.lock"
    write_lock(path, Lock())
    before = path.read_bytes()
    faulty = replace(image(), packages=(LockedPackage("app", urls={"https://h/a": "ab"}),))
    with pytest.raises(BuilderError, match=r"makes no lock file.*no checksum of 'https://h/a'"):
        write_lock(path, Lock().updated([faulty]))
    assert path.read_bytes() == before


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch):
    path = tmp_path / "jetson.lock"
    write_lock(path, Lock())
    before = path.read_bytes()

    def stop(number: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_lock(path, LOCK)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["jetson.lock"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path):
    real = tmp_path / "real.lock"
    real.write_text("{}")
    (tmp_path / "jetson.lock").symlink_to(real)
    write_lock(tmp_path / "jetson.lock", LOCK)
    assert (tmp_path / "jetson.lock").is_symlink()
    assert read_lock(real) == LOCK
