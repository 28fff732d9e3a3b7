from __future__ import annotations

import pytest

from jetson_containers.errors import DefinitionError
from jetson_containers.package.config_files import MAX_BYTES, read_config_file
from jetson_containers.package.header import read_header

HEADER = (
    "# syntax=docker/dockerfile:1\n#---\n# name: a\n# depends:\n#  - b\n#  - c:1.0\n#---\nFROM x\n"
)


def write(tmp_path, content, name="Dockerfile"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_header_knows_the_lines_of_its_file(tmp_path):
    header = read_header(write(tmp_path, HEADER))
    assert header.data == {"name": "a", "depends": ["b", "c:1.0"]}
    assert header.lines["name:a"] == 3
    assert header.lines["depends:"] == 4
    assert header.lines["depends:c:1.0"] == 6


@pytest.mark.parametrize(
    "content",
    [
        HEADER.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + HEADER.encode(),
        HEADER.replace("#---\nFROM", "#---\n#---\n# group: g\n#---\nFROM").encode(),
    ],
    ids=["crlf", "bom", "two blocks"],
)
def test_other_forms_of_the_same_header(tmp_path, content):
    header = read_header(write(tmp_path, content))
    assert header.data["depends"] == ["b", "c:1.0"]
    assert header.lines["depends:"] == 4


@pytest.mark.parametrize("content", ["FROM x\n", "", "# a comment\nFROM x\n", "FROM x\n" + HEADER])
def test_no_header(tmp_path, content):
    assert read_header(write(tmp_path, content)) is None


def test_the_rest_of_the_file_is_not_looked_at(tmp_path):
    assert read_header(write(tmp_path, HEADER.encode() + b"\xff\xfe")).data["name"] == "a"


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("#---\n# name: a\n# depends: [b\n#---\n", 3, "not YAML"),
        ("#---\n# name: a\n# notes: x: y\n#---\n", 3, "not YAML"),
        ("#---\n# only words\n#---\n", 1, "not a mapping"),
        (b"#---\n# name: a\n# notes: caf\xe9\n#---\n", 3, "not UTF-8"),
    ],
)
def test_a_broken_header_names_the_line(tmp_path, content, line, what):
    path = write(tmp_path, content)
    with pytest.raises(DefinitionError) as caught:
        read_header(path)
    assert caught.value.where.path == str(path)
    assert caught.value.where.line == line
    assert what in caught.value.what


def test_a_missing_file_is_a_definition_error(tmp_path):
    with pytest.raises(DefinitionError):
        read_header(tmp_path / "Dockerfile")


@pytest.mark.parametrize(
    ("name", "content", "is_definition"),
    [
        ("config.yaml", "depends: [a]\n", True),
        ("config.yml", "a: {depends: b}\nb: {depends: c}\n", True),
        ("l4t-x.json", '{"x": {"depends": ["a"]}}', True),
        ("config.json", '{"depends": ["a"], "dpends": 1}', True),
        ("compose.yaml", "services: {web: {image: x}}\n", False),
        ("settings.json", '{"depends": ["a"], "dpends": 1}', False),
        ("config.yml", "model_list: [{model_name: x}]\n", False),
        ("config.yml", "- depends\n", False),
        ("broken.yaml", "depends: [a\n", False),
        ("config.yaml", "", False),
        ("config.yaml", "\ufeffdepends: [a]\r\n", True),
    ],
)
def test_a_data_file_is_a_definition_or_none_of_ours(tmp_path, name, content, is_definition):
    path = write(tmp_path, content, name)
    assert (read_config_file(path, named=name.startswith("config.")) is not None) == is_definition


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.yaml", b"depends: [a\n"),
        ("config.json", b'{"depends": [}'),
        ("config.yaml", b"\nnotes: caf\xe9\n"),
        ("config.json", b" " * (MAX_BYTES + 1)),
    ],
)
def test_a_named_file_that_cannot_be_read_is_an_error(tmp_path, name, content):
    with pytest.raises(DefinitionError):
        read_config_file(write(tmp_path, content, name), named=True)
