"""Downloads that a Dockerfile's own instructions make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.check.trees import check

BASE = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
SUM = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        f"ARG BASE_IMAGE\nFROM nginx:1@{SUM} AS web\nFROM ${{BASE_IMAGE}}\nCOPY --from=web /a /a\n",
        "ARG BASE_IMAGE\nFROM scratch AS no\nFROM ${BASE_IMAGE}\n",
        BASE + f"COPY --from=nginx:1@{SUM} /a /a\n",
        BASE + f"ADD --checksum={SUM} https://example.com/x /x\n",
        BASE + "ADD https://example.com/x.git#v1 /x\n",
        BASE + "RUN --mount=type=secret,id=hf_token true\n",
    ],
)
def test_what_is_pinned_is_no_fault(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, {"a/Dockerfile": text}).findings == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ARG BASE_IMAGE\nFROM nginx:latest AS web\nFROM ${BASE_IMAGE}\n", 2),
        (BASE + "COPY --from=nginx:1 /a /a\n", 3),
        (BASE + "ADD https://example.com/x /x\n", 3),
        (BASE + "RUN <<EOF\ntrue\npip install numpy\nEOF\n", 5),
        (BASE + "RUN true \\\n# a comment\n && pip install numpy\n", 5),
    ],
)
def test_what_is_not_pinned_is_found_on_its_line(tmp_path: Path, text: str, line: int) -> None:
    [finding] = check(tmp_path, {"a/Dockerfile": text}).findings
    assert (finding.code, finding.location.line) == ("unpinned-download", line)
