"""Laws of what counts in a Dockerfile: its instructions, not the words of its header."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.package.header import _header_text
from jetson_containers.plan.dockerfile import read_dockerfile

words = st.text("abc#-<$\"' =", min_size=1, max_size=8).map(str.strip).filter(bool)
rulers = st.sampled_from(["#---", "#------", "# ---", "# words", ""])
instruction = st.builds(
    "{} {}".format, st.sampled_from(["RUN", "COPY", "ENV", "ARG", "FROM", "WORKDIR"]), words
)
rest = st.lists(st.tuples(rulers, instruction), min_size=1, max_size=5)
header = st.lists(words.map(lambda word: f"# key: {word}"), max_size=3)


def text_of(lines: list[tuple[str, str]]) -> str:
    return "FROM x\n" + "".join(f"{ruler}\n{line}\n" for ruler, line in lines)


@given(header, rest, st.data())
def test_every_change_of_an_instruction_changes_the_body(
    top: list[str], lines: list[tuple[str, str]], data: st.DataObject
) -> None:
    head = "".join(f"{line}\n" for line in ("#---", *top, "#---"))
    index = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(instruction.filter(lambda line: line != lines[index][1]))
    changed = [*lines[:index], (lines[index][0], other), *lines[index + 1 :]]
    before = read_dockerfile((head + text_of(lines)).encode()).body
    assert read_dockerfile((head + text_of(changed)).encode()).body != before


@given(header, header, rest)
def test_no_word_of_the_header_changes_the_body(
    one: list[str], other: list[str], lines: list[tuple[str, str]]
) -> None:
    bodies = {
        read_dockerfile("\n".join(("#---", *top, "#---", text_of(lines))).encode()).body
        for top in (one, other)
    }
    assert bodies == {text_of(lines).encode()}


tops = st.sampled_from(["#---", "#-----", "# a: 1", "# words", " #---", "", "FROM x", "\ufeff#---"])


@given(st.lists(tops, max_size=8))
def test_the_header_is_what_the_package_reader_takes_for_it(
    tmp_path_factory: object, lines: list[str]
) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    path = Path(tmp_path_factory.getbasetemp()) / "Dockerfile"  # type: ignore[attr-defined]
    path.write_bytes(content)
    read = _header_text(path).splitlines()
    body = read_dockerfile(content).body.decode().replace("\ufeff", "").splitlines()
    kept = [line.replace("\ufeff", "") for line in lines]
    in_header = [line for line in read if line]
    removed = len(kept) - len(body)
    fences = sum(line.startswith("#---") for line in kept[: len(read)])
    assert removed == len(in_header) + fences
    assert not any(line.startswith("#---") for line in body[: len(read) - removed])
