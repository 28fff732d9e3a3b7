"""Laws of the doctor: any evidence has findings, and cleaning it changes nothing twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from jetson_containers.doctor.diagnose import diagnose
from jetson_containers.doctor.outside import versions_in
from jetson_containers.doctor.record import without_identity
from jetson_containers.doctor.wanted import wanted
from jetson_containers.platform.evidence import Evidence
from tests.golden.doctor import MACHINES, host_of

RECORDED = [Evidence.from_json(path.read_text(encoding="utf-8")) for path in MACHINES]
texts = st.text(max_size=60) | st.sampled_from(
    [text for item in RECORDED for text in (*item.files.values(), *item.commands.values())]
)
names = st.lists(st.text(max_size=12), max_size=3)
values = st.none() | st.booleans() | st.integers() | texts | st.lists(texts, max_size=3)


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    """A recorded machine in which some texts are others."""
    found = draw(st.sampled_from(RECORDED))
    asked = wanted(found.kernel)
    paths = draw(st.sets(st.sampled_from([*asked.files, *found.files])))
    lines = draw(st.sets(st.sampled_from([*asked.commands, *found.commands])))
    keys = ["storage_driver", "data_root", "data_root_free", "cgroup_version", "rootless"]
    engine = draw(st.dictionaries(st.sampled_from(keys), values))
    return Evidence(
        found.machine,
        found.kernel,
        {**found.files, **{path: draw(texts) for path in sorted(paths)}},
        {**found.commands, **{command: draw(texts) for command in sorted(lines)}},
        {**found.engine, **engine} if found.engine else {},
    )


@settings(deadline=None)
@given(evidence())
def test_no_evidence_makes_a_check_fail(found: Evidence) -> None:
    findings = diagnose(host_of(found))
    assert findings
    assert [item.message for item in findings if "this check failed" in item.message] == []


@settings(deadline=None)
@given(evidence(), names)
def test_what_was_cleaned_is_not_changed_again(found: Evidence, secret: list[str]) -> None:
    clean = without_identity(found, secret)
    assert without_identity(clean, secret) == clean


@settings(deadline=None)
@given(evidence())
def test_the_same_evidence_has_the_same_findings(found: Evidence) -> None:
    replayed = Evidence.from_json(found.to_json())
    assert diagnose(host_of(replayed)) == diagnose(host_of(found))


@given(st.text())
def test_any_page_of_an_index_has_versions_or_none(page: str) -> None:
    assert all(version[0].isdigit() for version in versions_in(page))
