"""Findings put together by the place that has to be mended."""

from __future__ import annotations

from jetson_containers.check.causes import causes
from jetson_containers.errors import Location
from jetson_containers.package.findings import Finding, Severity


def finding(
    target: str,
    package: str,
    line: int,
    severity: Severity = "error",
    message: str = "m",
    hint: str = "h",
) -> Finding:
    return Finding(target, package, "code", message, severity, Location("f", line), hint)


def test_one_place_is_one_cause_with_every_package_and_target():
    [cause] = causes([finding("t1", "a", 1), finding("t1", "b", 1), finding("t2", "a", 1)])
    assert (cause.packages, cause.targets) == (("a", "b"), ("t1", "t2"))
    assert cause.messages == (("m", "h"),)


def test_different_words_about_one_place_stay_together():
    [cause] = causes([finding("t", "a", 1, message="x"), finding("t", "a", 1, message="y")])
    assert cause.messages == (("x", "h"), ("y", "h"))


def test_of_several_hints_that_of_the_package_that_states_the_cause_is_told():
    said = [("app", "drop app"), ("lib", "drop lib"), ("tool", "drop app")]
    [cause] = causes(
        finding("t", package, 1, message="lib requires x", hint=hint) for package, hint in said
    )
    assert cause.messages == (("lib requires x", "drop lib"),)


def test_of_several_hints_for_others_the_most_frequent_is_told():
    [cause] = causes(finding("t", "a", 1, hint=hint) for hint in ("one", "two", "two"))
    assert cause.messages == (("m", "two"),)


def test_what_weighs_most_comes_first_then_the_place():
    found = [finding("t", "a", 3, "info"), finding("t", "a", 2), finding("t", "a", 1, "warning")]
    assert [item.severity for item in causes(found)] == ["error", "warning", "info"]
    assert [item.where.line for item in causes([finding("t", "a", n) for n in (9, 2, 5)])] == [
        *(2, 5, 9)
    ]
