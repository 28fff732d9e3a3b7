"""A run as JUnit XML, which CI servers show: a suite of stages and a suite of tests."""

from __future__ import annotations

from xml.etree import ElementTree as xml

from jetson_containers.report.run.model import RunReport, StageReport, TestReport
from jetson_containers.report.run.words import printable


def to_junit(run: RunReport) -> str:
    """The document. What was not run is skipped, with the reason, and counts as no success.

    A stage that was found is a case that took no time; one that was stopped is an error, since
    nobody knows whether it would have failed.
    """
    root = xml.Element("testsuites", {"name": printable(f"jetson-containers {run.id}")})
    stages = [_stage(run, stage) for stage in run.stages]
    tests = [_test(run, test) for test in run.tests]
    for name, cases in (("stages", stages), ("tests", tests)):
        root.append(_suite(run, name, cases))
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    root.set("time", f"{run.seconds:.3f}")
    xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml.tostring(root, encoding="unicode")}\n'


def _suite(run: RunReport, name: str, cases: list[xml.Element]) -> xml.Element:
    counts = {
        key: sum(case.find(tag) is not None for case in cases)
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    }
    suite = xml.Element(
        "testsuite",
        {
            "name": name,
            "tests": str(len(cases)),
            **{key: str(count) for key, count in counts.items()},
            "time": f"{sum(float(case.get('time', '0')) for case in cases):.3f}",
            "timestamp": printable(run.begun),
        },
    )
    suite.extend(cases)
    return suite


def _stage(run: RunReport, stage: StageReport) -> xml.Element:
    place = f"{stage.target}.{stage.package}" if stage.target else stage.package
    case = _case(place, stage.title, stage.seconds)
    if stage.status == "failed":
        _add(case, "failure", stage.message or "it failed")
    elif stage.status in ("interrupted", "killed"):
        _add(case, "error", stage.message or "the run was stopped while it was built")
    elif stage.status == "running":
        _add(case, "skipped", "it is being built")
    elif stage.status == "blocked":
        because = run.by_id.get(stage.because)
        _add(case, "skipped", f"blocked: {because.title if because else 'the run'} failed")
    elif stage.status == "not reached":
        _add(case, "skipped", "the run did not come to it")
    elif stage.source:
        xml.SubElement(case, "system-out").text = printable(f"found: {stage.source}")
    return case


def _test(run: RunReport, test: TestReport) -> xml.Element:
    stage = run.by_id.get(test.stage)
    where = "final image" if test.final else "stage"
    title = stage.title if stage else test.stage
    case = _case(test.package, f"{test.name} ({where} {title})", test.seconds)
    if test.status == "failed":
        _add(case, "failure", test.message or "it failed")
    elif test.status == "deferred":
        _add(case, "skipped", f"deferred: {test.message}")
    elif test.status == "killed":
        _add(case, "error", "the run was stopped while it ran")
    elif test.status == "running":
        _add(case, "skipped", "it is running")
    elif test.remembered:
        xml.SubElement(case, "system-out").text = "passed earlier, remembered"
    return case


def _case(classname: str, name: str, seconds: float) -> xml.Element:
    return xml.Element(
        "testcase",
        {"classname": printable(classname), "name": printable(name), "time": f"{seconds:.3f}"},
    )


def _add(case: xml.Element, tag: str, message: str) -> None:
    short = printable(message.partition("\n")[0])
    xml.SubElement(case, tag, {"message": short}).text = printable(message)
