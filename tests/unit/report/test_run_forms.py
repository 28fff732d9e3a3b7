"""A run as page, JSON and JUnit, and two runs beside each other."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest

from jetson_containers.report.run.compare import compare, to_text
from jetson_containers.report.run.document import to_document
from jetson_containers.report.run.junit import to_junit
from jetson_containers.report.run.logs import Excerpt
from jetson_containers.report.run.page import to_page
from jetson_containers.report.run.read import read_run
from jetson_containers.report.run.sizes import run_layers
from jetson_containers.report.run.timeline import lanes, ticks
from jetson_containers.report.run.words import amount
from jetson_containers.units import clock
from tests.unit.report.graphs import NASTY
from tests.unit.report.runs import (
    FORK,
    FORK_EVENTS,
    built,
    end_of_test,
    ended,
    event,
    plan,
    stage,
    write_run,
)


@pytest.fixture
def fork(tmp_path: Path):
    return read_run(write_run(tmp_path / "run", [plan(FORK)], [*FORK_EVENTS, ended(16, "failed")]))


class _Tags(HTMLParser):
    """Counts what is open, and keeps what leads outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.ids += [value for key, value in attrs if key == "id"]
        self.links += [value for key, value in attrs if key in ("href", "src")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page: str) -> _Tags:
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    return tags


def test_the_page_is_whole_and_asks_nobody_outside(fork):
    tags = parsed(to_page(fork))
    assert "script" not in tags.names
    assert all(link.startswith("#") for link in tags.links)
    assert {link[1:] for link in tags.links} <= set(tags.ids)
    assert len(tags.ids) == len(set(tags.ids))


def test_nasty_texts_stay_texts(tmp_path):
    stages = [stage("a", package=NASTY, reason=NASTY)]
    events = [
        event(0, "StageStarted", "a", command=[NASTY], why=NASTY, lane=1),
        event(1, "StageFailed", "a", seconds=1, message=NASTY),
        end_of_test("a", 2, "failed", message=NASTY, test=NASTY),
    ]
    run = read_run(write_run(tmp_path / "run", [plan(stages)], [*events, ended(3, errors=[NASTY])]))
    tags = parsed(to_page(run, (), {"a": Excerpt(Path(NASTY.replace("\0", "")), NASTY, NASTY, 1)}))
    assert "script" not in tags.names
    xml.fromstring(to_junit(run))
    json.dumps(to_document(run))


def test_a_run_without_stages_has_a_page(tmp_path):
    page = to_page(read_run(write_run(tmp_path / "run", [plan([])], [ended(0.1)])))
    parsed(page)
    assert "No stage was built" in page


def test_the_page_says_where_stages_were_found_and_why_they_were_built(fork):
    words = re.sub(r"<[^>]*>", " ", to_page(fork))
    for text in ("found: local", "the file x changed", "c:1.0 failed", "no GPU here"):
        assert text in words


def test_bars_of_one_lane_do_not_overlap(tmp_path):
    stages = [stage(name) for name in "abcd"]
    events = [*built("a", 0, 5), *built("b", 5, 5), *built("c", 2, 4, lane=0), *built("d", 3, 9)]
    run = read_run(write_run(tmp_path / "run", [plan(stages)], events))
    shown = {name: [] for name, _ in lanes(run)}
    for name, bars in lanes(run):
        shown[name] += [[bar.words for bar in bars]]
        assert all(one.end <= two.begun for one, two in pairwise(bars))
    assert shown == {"lane 1": [["a:1.0", "b:1.0"], ["d:1.0"]], "lane": [["c:1.0"]]}


@pytest.mark.parametrize("seconds", [0.05, 0.9, 3, 59, 600, 86_400, 10**7])
def test_an_axis_has_a_few_round_times(seconds):
    found = ticks(seconds)
    assert found[0] == 0
    assert len(found) <= 10
    assert found[-1] <= seconds


def test_the_document_names_blockers_and_the_critical_path(fork):
    document = to_document(fork)
    assert document["format"] == 1
    assert document["critical"] == ["b", "d"]
    told = {item["id"]: item for item in document["stages"]}
    assert told["e"]["because"] == "c"
    assert told["b"]["size"] == 7_000_000
    assert document["tests"][0]["status"] == "deferred"


def test_junit_counts_failures_and_skips_what_was_deferred_with_the_reason(fork):
    root = xml.fromstring(to_junit(fork))
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("6", "1", "2")
    skipped = {case.get("name"): case.find("skipped") for case in root.iter("testcase")}
    assert skipped["e:1.0"].get("message") == "blocked: c:1.0 failed"
    deferred = next(item for name, item in skipped.items() if name.startswith("check.sh"))
    assert deferred.get("message") == "deferred: no GPU here"


def test_a_stage_that_was_cut_short_is_no_success_in_junit(tmp_path):
    events = [event(0, "StageStarted", "a", command=[], why="", lane=1)]
    run = read_run(write_run(tmp_path / "run", [plan([stage("a"), stage("b", "a")])], events))
    root = xml.fromstring(to_junit(run))
    assert (root.get("tests"), root.get("errors"), root.get("skipped")) == ("2", "1", "1")


def test_layers_belong_to_the_stage_whose_image_brings_them(tmp_path):
    final = {"base": ("ADD rootfs", 5), "one": ("RUN a", 7), "none": ("RUN true", 0)}
    final["two"] = ("RUN b", 11)
    stages = [stage("a"), stage("b", "a")]
    image = {"reference": "b:amd64", "digest": "sha256:1", "size": 23}
    run = read_run(write_run(tmp_path / "run", [plan(stages)], [ended(1, images=[image])]))
    last = {"jetson-stage/b:0123456789abcdef": final}
    held = {"debian:12": ["base"], "jetson-stage/a:0123456789abcdef": ["base", "one", "none"]}

    def found():
        return run_layers(run, lambda name: last.get(name, {}), lambda name: held.get(name, ()))

    (whole,) = found()
    assert whole.packages == (("", 5), ("a:1.0", 7), ("b:1.0", 11))
    assert whole.size == 23
    del held["jetson-stage/a:0123456789abcdef"]
    assert found()[0].packages == (("", 5), ("a:1.0 and b:1.0", 18))
    held["debian:12"] = ["another base by now"]
    assert found()[0].packages == (("base image and a:1.0 and b:1.0", 23),)
    last.clear()
    assert found() == ()


def test_a_run_compared_with_itself_shows_nothing(fork):
    assert "nothing else changed" in to_text(compare(fork, fork))


def test_a_comparison_says_what_got_slower_bigger_and_was_rebuilt_why(tmp_path):
    before = [stage("a"), stage("b", "a"), stage("gone")]
    first = [*built("a", 0, 10, size=10**9), *built("b", 10, 10, size=10**9), end_of_test("b", 21)]
    one = read_run(write_run(tmp_path / "one", [plan(before)], [*first, ended(22)]))
    inputs = {"dockerfile": "digest-of-a", "files:patch": "new"}
    after = [
        stage("a", fingerprint="other", inputs=inputs, dockerfile="a/Dockerfile"),
        stage("b", "a", fingerprint="another"),
        stage("new"),
    ]
    second = [
        *built("a", 0, 20, size=2 * 10**9),
        *built("b", 20, 10.2, size=10**9 + 100),
        end_of_test("b", 31, "failed"),
    ]
    two = read_run(write_run(tmp_path / "two", [plan(after)], [*second, ended(32)]))
    found = compare(one, two)
    assert [(item.name, item.by) for item in found.times] == [("a on x86-cu130", 10.0)]
    assert [(item.name, item.by) for item in found.sizes] == [("a on x86-cu130", 10**9)]
    assert [(item.name, item.why) for item in found.rebuilt] == [
        ("a on x86-cu130", "file patch: new"),
        ("b on x86-cu130", "parent: a:1.0 -> a:1.0"),
    ]
    assert [item.after for item in found.turned] == ["failed"]
    assert (found.more, found.less) == (("new on x86-cu130",), ("gone on x86-cu130",))


def test_times_and_sizes_are_for_people():
    assert [clock(item) for item in (0.25, 8.3, 59.97, 125, 3725)] == [
        "0.25 s",
        "8.3 s",
        "1:00",
        "2:05",
        "1:02:05",
    ]
    assert [amount(item) for item in (0, 812, 1400, 12e6, 3.254e9, -5e6)] == [
        "0 B",
        "812 B",
        "1.4 kB",
        "12 MB",
        "3.25 GB",
        "-5.0 MB",
    ]
