"""A tree that is clean by construction has no finding; each planted fault is found and no other."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.check.trees import check

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1, max_size=5)
STEPS = st.lists(
    st.sampled_from(
        [
            "RUN apt-get update && apt-get install -y curl",
            "RUN pip install --no-cache-dir numpy==1.26 ./wheels/*.whl",
            "RUN git clone -b v1 https://example.com/x /x && cd /x && make",
            "RUN curl -fsSLO https://example.com/x && echo '0  x' | sha256sum -c",
            "RUN sh /tmp/install.sh ${V}",
            "RUN --mount=type=secret,id=token true",
            'RUN if [ "$OPTION" = on ]; then pip install -r /tmp/list.txt; fi',
            "ENV TOKENIZERS_PARALLELISM=false MAX_TOKENS=5",
            "WORKDIR /opt",
        ]
    ),
    max_size=8,
)
FAULTS = {
    "unpinned-download": "RUN pip install scipy",
    "secret-in-image": "ENV DB_PASSWORD=hunter22",
    "unset-arg": "ARG NOBODY\nRUN echo $NOBODY",
    "unknown-instruction": "NUR true",
    "missing-source": "COPY nothing /x",
    "late-context": "COPY --from=zzz /x /x",
}


def files(name: str, below: list[str], steps: list[str]) -> dict[str, str]:
    header = f"#---\n# name: {name}:1\n# alias: {name}\n# depends: {below}\n"
    header += "# build_args: {V: 1}\n# test: [test.sh 1, echo]\n# notes: words of notes\n#---\n"
    body = ["ARG BASE_IMAGE", "FROM ${BASE_IMAGE}", "ARG V", "ARG OPTION", "COPY install.sh /tmp/"]
    return {
        f"{name}/Dockerfile": header + "\n".join([*body, *steps, "RUN echo $V"]) + "\n",
        f"{name}/install.sh": "#!/bin/sh\nuv pip install torch==${1}\n",
        f"{name}/test.sh": "pip install whatever\n",
    }


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str]:
    """Packages that stand on those before them."""
    found: dict[str, str] = files("zzz", [], [])
    names = draw(NAMES)
    for index, name in enumerate(names):
        below = draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else []
        found |= files(name, below, draw(STEPS))
    return found


@settings(max_examples=40, deadline=None)
@given(trees())
def test_a_clean_tree_has_no_finding(tree: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = check(Path(folder), tree, own=True)
    assert report.findings == ()
    assert report.ok == report.resolved == report.checked == len(tree) // 3


@settings(max_examples=40, deadline=None)
@given(trees(), st.data())
def test_a_planted_fault_is_found_in_its_file_alone(tree: dict[str, str], data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(key for key in tree if key[:3] != "zzz")))
    name = name.split("/")[0] + "/Dockerfile"
    code = data.draw(st.sampled_from(sorted(FAULTS)))
    with tempfile.TemporaryDirectory() as folder:
        report = check(Path(folder), {**tree, name: f"{tree[name]}{FAULTS[code]}\n"})
        assert {(item.code, item.location.path) for item in report.findings} == {
            (code, str(Path(folder, name)))
        }
