"""What planning reads from a Dockerfile."""

from __future__ import annotations

import pytest

from jetson_containers.plan.dockerfile import read_dockerfile
from jetson_containers.plan.instructions import instructions

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
        ("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nFROM alpine\nCOPY --from=x /a /b\n", False),
        ("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nFROM alpine AS y\nFROM X as z\n", True),
        ("FROM alpine AS x\nFROM ${BASE_IMAGE} AS y\nFROM x\n", False),
        ("FROM\t${BASE_IMAGE}\n", True),
        ("FROM --platform=linux/arm64 ${BASE_IMAGE}\n", True),
        ("FROM ${BASE_IMAGE_OLD}\n", False),
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
        ("COPY\tapp.py\t/x", ("app.py",)),
        ("COPY --link\t--chown=1:1\tdir\t/tmp/", ("dir",)),
        ('COPY ["a,b", "c]", "/tmp/"]', ("a,b", "c]")),
        ("RUN --mount='type=bind,\"source=a,b\",target=/b' /b", ("a,b",)),
        ("RUN echo --mount=type=bind,source=x", ()),
        ("COPY a\\\nb /tmp/", ("ab",)),
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


@pytest.mark.parametrize(
    "line",
    [
        'RUN read x <<<"foo"',
        "RUN echo $((1<<N))",
        "RUN echo $((1 << N))",
        'RUN echo "cat <<EOF" > f',
        "RUN echo 'a <<EOF'",
        "RUN cat <<NEVER",
        'RUN ["cat", "<<N"]',
        "ENV X=<<N",
    ],
)
def test_what_is_no_heredoc_hides_nothing(line):
    found = list(instructions(f"{line}\nCOPY a /b\nRUN true\n"))
    assert [item.keyword for item in found] == [line.split()[0], "COPY", "RUN"]
    assert "heredoc" not in facts(f"{line}\nCOPY a /b\n").needs


@pytest.mark.parametrize(
    ("heredoc", "hidden"),
    [
        ("RUN cat <<EOF\nCOPY x /y\nEOF", True),
        ("RUN cat <<'EOF'\nCOPY x /y\nEOF", True),
        ('RUN 3<<"EOF" cat\nCOPY x /y\nEOF', True),
        ("RUN cat <<EOF\n  EOF\nCOPY x /y\nEOF", True),
        ("RUN cat <<EOF\n\tEOF\nCOPY x /y\nEOF", True),
        ("RUN cat <<-EOF\nCOPY x /y\n\t\tEOF", True),
        ("RUN cat <<-EOF\n\tEOF\nCOPY x /y\nRUN EOF", False),
        ("RUN cat <<A <<B\nB\nA\nCOPY x /y\nB", True),
        ("RUN cat <<EOF-1\nEOF\nCOPY x /y\nEOF-1", True),
        ("RUN --mount=type=cache,target=/c <<EOF\nCOPY x /y\nEOF", True),
        ("ONBUILD RUN <<EOF\nCOPY x /y\nEOF", True),
        ("RUN cat <<EOF\r\nCOPY x /y\r\nEOF\r", True),
    ],
)
def test_a_heredoc_ends_at_its_own_line(heredoc, hidden):
    found = facts(f"{heredoc}\nCOPY after /z\n")
    assert found.sources == (("after",) if hidden else ("x", "after"))


def test_a_tab_after_the_keyword_hides_no_instruction():
    found = facts("FROM\t${BASE_IMAGE}\nARG\tFOO=1\nRUN\t--mount=type=secret,id=s\tx\n")
    assert (found.args, found.bases, found.secrets) == (("FOO",), ("${BASE_IMAGE}",), ("s",))


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("RUN --network=host x", {"network"}),
        ("RUN --security=insecure x", {"network"}),
        ("RUN docker run --network=host x", set()),
        ("RUN x --mount=type=cache,target=/x", set()),
    ],
)
def test_flags_count_only_as_flags(text, needs):
    assert facts(text).needs == needs


def test_the_escape_directive_counts_only_at_the_top():
    lines = "FROM x\nRUN a `\nCOPY b /c\n"
    assert facts("# escape=`\n" + lines).sources == ()
    assert facts("# syntax=docker/dockerfile:1\n#escape = `\n" + lines).sources == ()
    assert facts("# a comment\n# escape=`\n" + lines).sources == ("b",)
    assert facts(lines + "# escape=`\nRUN a `\nCOPY d /c\n").sources == ("b", "d")


@pytest.mark.parametrize("ruler", ["#---", "#------------", "# ---"])
def test_rulers_below_the_top_remove_nothing(ruler):
    text = f"FROM x\n{ruler}\nRUN a\n{ruler}\nRUN b\n"
    assert facts(text).body == text.encode()
    assert facts(HEADER + text).body == text.encode()
    text = f"\n{ruler}\nRUN a\n{ruler}\n"
    assert facts(text).body == text.encode()


def test_a_header_below_comments_and_a_second_one_are_no_part_of_the_body():
    syntax, rest = "# syntax=docker/dockerfile:1\n# words\n", "ARG A\nFROM x\n"
    assert facts(syntax + HEADER + rest).body == (syntax + rest).encode()
    assert facts(HEADER + "# words\n" + HEADER + rest).body == ("# words\n" + rest).encode()
    assert facts("\ufeff" + HEADER + rest).body == rest.encode()
    assert facts("#---\n# name: x\n" + rest).body == rest.encode()


def test_a_directive_below_a_header_is_another_file_than_one_at_the_top():
    directive = "# escape=`\nFROM x\nRUN a `\n b\n"
    assert facts(HEADER + directive).body != facts(directive).body


def test_bytes_that_are_no_text_and_line_ends_of_instructions_count():
    bodies = {
        read_dockerfile(HEADER.encode() + rest).body
        for rest in (b"RUN \xff\n", b"RUN \xfe\n", b"RUN a\n", b"RUN a\r\n")
    }
    assert len(bodies) == 4


def test_layers_of_a_stage_that_the_last_one_stands_on_count():
    text = "FROM ${BASE_IMAGE} AS x\nRUN a\nRUN b\nFROM alpine AS y\nRUN c\nFROM x\nRUN d\n"
    assert facts(text).layers == 3
