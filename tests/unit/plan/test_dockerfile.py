"""What planning reads from a Dockerfile."""

from __future__ import annotations

import pytest

from jetson_containers.plan.dockerfile import read_dockerfile

HEADER = "#---\n# name: x\n# depends: [a]\n#---\n"


def facts(text: str):
    return read_dockerfile(text.encode())


def test_the_header_is_no_part_of_what_is_built():
    body = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
    assert facts(HEADER + body).body == facts(body).body
    assert facts(HEADER.replace("\n", "\r\n") + body).body == body.encode()


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n", True),
        ("ARG BASE_IMAGE\nFROM $BASE_IMAGE AS final\n", True),
        ("FROM debian AS x\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY --from=x /a /b\n", True),
        ("FROM debian:12\n", False),
        ("FROM scratch\n# FROM ${BASE_IMAGE}\n", False),
    ],
)
def test_whether_it_builds_on_the_parent(text, uses):
    assert facts(text).uses_base_image is uses


@pytest.mark.parametrize(
    ("line", "sources"),
    [
        ("COPY a.sh b.sh /tmp/", ("a.sh", "b.sh")),
        ('COPY ["a b", "/tmp/"]', ("a b",)),
        ("COPY --link --chown=1:1 dir /tmp/", ("dir",)),
        ("COPY --from=other /x /y", ()),
        ("COPY $THING /tmp/", None),
        ("ADD https://example.com/x.tar /tmp/", ()),
        ("RUN --mount=type=bind,source=build.sh,target=/b /b", ("build.sh",)),
        ("RUN --mount=type=bind,target=/src make", (".",)),
        ("RUN --mount=type=bind,from=pip-index,target=/p /p/install", ()),
        ("RUN --mount=type=cache,target=/root/.cache x", ()),
        ("COPY a \\\n  # why\n  b /tmp/", ("a", "b")),
        ("COPY <<EOF /etc/x\nCOPY hidden /y\nEOF", ()),
    ],
)
def test_which_files_of_the_context_it_sees(line, sources):
    assert facts(f"ARG BASE_IMAGE\nFROM ${{BASE_IMAGE}}\n{line}\n").sources == sources


def test_named_contexts_secrets_arguments_layers_and_needs():
    found = facts(
        "ARG BASE_IMAGE\nFROM debian AS tools\nRUN a\nFROM ${BASE_IMAGE}\n"
        "ARG A B=2 \\\n    C\n"
        "COPY --from=tools /x /x\nCOPY --link --from=pip-index /y /y\n"
        "RUN --mount=type=secret,id=ca-bundle --mount=from=wheels,target=/w <<EOF\necho\nEOF\n"
        "ENV X=1\nWORKDIR /x\n"
    )
    assert found.args == ("BASE_IMAGE", "A", "B", "C")
    assert found.froms == ("pip-index", "wheels")
    assert found.secrets == ("ca-bundle",)
    assert found.needs == {"link", "mounts", "heredoc", "contexts"}
    assert found.layers == 4
