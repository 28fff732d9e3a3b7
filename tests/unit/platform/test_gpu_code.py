"""Compiled GPU code, and on which GPU it runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import TargetError
from jetson_containers.platform.gpu import gpu_architectures
from jetson_containers.platform.gpu_code import GpuCode, best_form, parse_gpu_code

codes = st.builds(
    GpuCode,
    st.sampled_from(sorted(gpu_architectures())),
    st.sampled_from(["", "a", "f"]),
    st.sampled_from(["sass", "ptx"]),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("87", ["sm_87"]),
        ("8.7", ["sm_87"]),
        ("sm_90a", ["sm_90a"]),
        ("sm100f", ["sm_100f"]),
        ("12.1", ["sm_121"]),
        ("compute_90", ["compute_90"]),
        ("9.0+PTX", ["sm_90", "compute_90"]),
        ("90-real", ["sm_90"]),
        ("90-virtual", ["compute_90"]),
    ],
)
def test_reading(text: str, expected: list[str]) -> None:
    assert [str(code) for code in parse_gpu_code(text)] == expected


@pytest.mark.parametrize("text", ["", "turing", "9", "90b", "9.0.1", "sm_", "९०"])
def test_what_is_no_code(text: str) -> None:
    with pytest.raises(TargetError, match="no code for a GPU"):
        parse_gpu_code(text)


@pytest.mark.parametrize(
    ("code", "runs", "runs_not"),
    [
        # discrete GPUs: the same major, the same minor or a later one
        ("80", [80, 86, 89], [75, 90, 87]),
        ("86", [86, 89], [80, 87]),
        ("120", [120, 121], [110, 100]),
        # Tegra: exactly, in both directions
        ("87", [87], [86, 89, 110]),
        ("72", [72], [75, 70]),
        ("110", [110, 101], [100, 120]),
        ("101", [110], [100, 103]),
        # PTX: every later one
        ("compute_80", [80, 86, 87, 90, 110, 120], [75]),
        # suffixes: one architecture, one family; neither is forward compatible
        ("90a", [90], [100, 89]),
        ("100a", [100], [103]),
        ("100f", [100, 103], [110, 120]),
        ("120f", [120, 121], [100]),
        ("110f", [110], [100, 120]),
        ("compute_90a", [90], [100]),
        ("compute_100f", [100, 103], [110, 120]),
    ],
)
def test_running(code: str, runs: list[int], runs_not: list[int]) -> None:
    (parsed,) = parse_gpu_code(code)
    assert [gpu for gpu in runs if not parsed.runs_on(gpu)] == []
    assert [gpu for gpu in runs_not if parsed.runs_on(gpu)] == []


def test_machine_code_is_better_than_ptx() -> None:
    held = (*parse_gpu_code("8.0+PTX"), *parse_gpu_code("90a"))
    assert [best_form(held, gpu) for gpu in (75, 86, 90, 100)] == [None, "sass", "sass", "ptx"]


@given(codes)
def test_code_reads_back(code: GpuCode) -> None:
    assert parse_gpu_code(str(code)) == (code,)
    assert code.runs_on(code.number)
