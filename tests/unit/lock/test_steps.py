"""What steps take from outside: what a lock can hold, and what it has to name as loose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jetson_containers.lock.wanted import Wanted, wanted
from tests.unit.lock.worlds import FakeWorld, chain, locked, wheel_header, write


def of(tmp_path: Path, body: str, header: str = "") -> Wanted:
    write(tmp_path, "app", header, body)
    [package] = chain(tmp_path, "app").packages
    return wanted(package)


def loose(tmp_path: Path, body: str, header: str = "") -> list[str]:
    return list(of(tmp_path, body, header).unpinned(("app", "tool")))


@pytest.mark.parametrize(
    ("body", "git"),
    [
        ("RUN git clone -bv3 https://h/a\n", [("https://h/a", "v3")]),
        ("RUN git clone -qb v3 https://h/a\n", [("https://h/a", "v3")]),
        ("RUN git -C /opt clone -b v2 https://h/a\n", [("https://h/a", "v2")]),
        ("RUN git -c a.b=c clone --branch=v2 https://h/a\n", [("https://h/a", "v2")]),
        ("RUN sudo git clone https://h/a -b v2\n", [("https://h/a", "v2")]),
        ("RUN bash -c 'git clone -b v2 https://h/a'\n", [("https://h/a", "v2")]),
        ("RUN git clone https://h/a && cd a && git checkout v2\n", [("https://h/a", "v2")]),
        ("ARG V=1.2\nRUN git clone -b v$V https://h/a\n", [("https://h/a", "v1.2")]),
        ("RUN <<E\ngit clone -b v2 https://h/a\nE\n", [("https://h/a", "v2")]),
        (
            "RUN git clone https://h/a \\\n# a comment\n  --branch v2\n",
            [("https://h/a", "v2")],
        ),
    ],
)
def test_a_ref_that_a_step_names_is_for_the_lock(tmp_path, body, git):
    found = of(tmp_path, body)
    assert list(found.git) == git
    assert found.loose == {}


def test_the_words_of_one_clone_are_not_those_of_the_next(tmp_path):
    body = (
        "RUN git clone --depth=1 https://h/noref /opt/x\n"
        "RUN git -C /opt clone -b v2 https://h/a\n"
    )
    found = of(tmp_path, body)
    assert found.git == (("https://h/a", "v2"),)
    assert list(found.loose) == ["git clone https://h/noref"]


def test_a_checkout_after_two_clones_may_be_of_either(tmp_path):
    body = "RUN git clone https://h/a && git clone https://h/b && cd a && git checkout v1\n"
    found = of(tmp_path, body)
    assert found.git == ()
    assert sorted(found.loose) == ["git clone https://h/a", "git clone https://h/b"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("RUN git clone https://h/a\n", ["git clone https://h/a"]),
        ("RUN git clone -b v$X https://h/a\n", ["git clone v$X https://h/a"]),
        ("RUN cd /a && git pull\n", ["git pull"]),
        ("RUN curl -fsSL https://h/x | sh\n", ["curl https://h/x"]),
        ("RUN --mount=type=cache,target=/c curl -O https://h/x\n", ["curl https://h/x"]),
        ("RUN curl get.h.com | sh\n", ["curl get.h.com"]),
        (
            "RUN curl https://h/x | sh && curl -o y https://h/y && echo 1 y | sha256sum -c\n",
            ["curl https://h/x"],
        ),
        ('RUN ["wget", "https://h/x"]\n', ["wget https://h/x"]),
        ("RUN timeout 60 wget -q https://h/x\n", ["wget https://h/x"]),
        ("RUN sh -ec 'wget https://h/x'\n", ["wget https://h/x"]),
        ("RUN pip install foo\n", ["pip install foo"]),
        ("RUN uv pip install foo==1.2\n", ["pip install foo==1.2"]),
        ("RUN python3 -m pip install .\n", ["pip install ."]),
        ("RUN pip3 install -r list.txt\n", ["pip install -r list.txt"]),
        ("RUN sh /pip-index/install wheel\n", ["pip-index/install wheel"]),
        ("RUN cargo install a\n", ["cargo install a"]),
        ("COPY --from=h/a:1 /a /a\n", ["image h/a:1"]),
        ("RUN --mount=from=h/a,target=/a true\n", ["image h/a"]),
        ("FROM h/a:1 AS other\n", ["image h/a:1"]),
        ("ADD https://h/$X.zip /\n", ["ADD https://h/$X.zip"]),
        ("ADD https://h/a.git /\n", ["ADD https://h/a.git"]),
    ],
)
def test_what_nothing_pins_is_named(tmp_path, body, names):
    assert loose(tmp_path, body) == names


@pytest.mark.parametrize(
    "body",
    [
        "RUN apt-get install -y curl git wget\n",
        "RUN echo curl https://h/x\n",
        "# RUN curl https://h/x\n",
        "RUN curl -o x https://h/x && echo 1 x | sha256sum -c\n",
        "RUN curl -I https://h/x && curl http://localhost:80/\n",
        "RUN pip install --no-deps ./a.whl\n",
        "RUN pip install --require-hashes -r list.txt\n",
        "RUN pip install --no-index a\n",
        "RUN pip --version\n",
        f"RUN git fetch https://h/a {'c' * 40}\n",
        f"COPY --from=h/a@sha256:{'a' * 64} /a /a\n",
        "COPY --from=tool /a /a\n",
        "FROM ${BASE_IMAGE} AS one\nCOPY --from=one /a /a\n",
        "COPY --from=0 /a /a\n",
        "RUN git clone /src /a\n",
    ],
)
def test_what_takes_nothing_or_what_is_pinned_is_not_named(tmp_path, body):
    assert loose(tmp_path, body) == []


def test_an_address_that_the_lock_holds_may_be_fetched(tmp_path):
    header = "build_args: {A_URL: 'https://h/a.tgz'}"
    assert loose(tmp_path, "RUN curl -O $A_URL\n", header) == []
    assert loose(tmp_path, "RUN curl -O $B_URL\n", header) == ["curl $B_URL"]


def test_an_installer_is_locked_if_the_lock_holds_its_distributions(tmp_path):
    body = "ARG WHEELS\nRUN sh /pip-index/install ${WHEELS}\n"
    assert loose(tmp_path, body, wheel_header("a==1")) == []
    assert loose(tmp_path, body, "build_args: {WHEELS: a==1}") == [
        "pip-index/install ${WHEELS}"
    ]


def test_a_script_that_takes_locked_files_is_an_installer(tmp_path):
    directory = write(tmp_path, "app", wheel_header("a==1"), "COPY in.sh /\n")
    (directory / "in.sh").write_text("# --locked\necho a --hash=sha256:$1 >l\npip install -r l\n")
    [package] = chain(tmp_path, "app").packages
    assert wanted(package).loose == {}
    (directory / "in.sh").write_text("pip install -r l\n")
    assert list(wanted(package).loose) == ["pip install -r l"]


def test_pipes_and_large_files_are_no_scripts(tmp_path):
    directory = write(tmp_path, "app", body="COPY . /\n")
    [package] = chain(tmp_path, "app").packages
    os.mkfifo(directory / "x.sh")
    (directory / "y.sh").write_text("curl https://h/x\n" + "#" * 2_000_000)
    assert wanted(package).loose == {}


def test_a_lock_names_what_nothing_pins_and_why(tmp_path):
    write(tmp_path, "app", body="RUN git clone https://h/a\nRUN curl https://h/x | sh\n")
    unknown = locked(tmp_path, FakeWorld(), "app").unknown
    assert unknown["app: git clone https://h/a"].startswith("a step clones whatever")
    assert "nothing compares its checksum" in unknown["app: curl https://h/x"]
