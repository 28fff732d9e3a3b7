"""``index.json``: what reads back, and what is refused."""

from __future__ import annotations

import json

import pytest

from jetson_containers.wheels.entry import BadEntry, read_entry
from tests.unit.wheels.entries import THOR, entry


def test_an_entry_reads_back_what_it_writes():
    made = entry(THOR, known="sm_110 compute_110", none="", unknown=None)
    assert read_entry(made.to_json(), "it") == made


@pytest.mark.parametrize(
    "name", ["../out", "/etc/passwd", "a/../b", "", ".", "a//b", "./a", "a\0b"]
)
def test_a_name_that_leads_elsewhere_is_refused(name):
    document = json.loads(entry(file="").to_json())
    document["files"][0]["name"] = name
    with pytest.raises(BadEntry, match="no index of a wheel store"):
        read_entry(json.dumps(document).encode(), "it")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "short"),
        ("key", None),
        ("files", [{}]),
        ("files", 3),
        ("target", {"name": "x"}),
        ("target", []),
    ],
)
def test_what_is_no_index_is_refused(field, value):
    document = json.loads(entry(file="").to_json())
    document[field] = value
    with pytest.raises(BadEntry, match="no index of a wheel store"):
        read_entry(json.dumps(document).encode(), "it")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_half_a_document_is_refused(content):
    with pytest.raises(BadEntry):
        read_entry(content, "it")


def test_a_newer_form_is_refused_by_name():
    document = {**json.loads(entry(file="").to_json()), "format": 2}
    with pytest.raises(BadEntry, match="is of form 2"):
        read_entry(json.dumps(document).encode(), "it")
