"""The timeline of a run: lanes with bars over one axis of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jetson_containers.report.run.model import WORKED, RunReport
from jetson_containers.report.run.words import html
from jetson_containers.units import clock

#: a bar narrower than this share of the axis has no room for a word
_NARROW = 0.022
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of work, in seconds from the run's beginning."""

    begun: float
    seconds: float
    words: str
    note: str
    kinds: str
    link: str

    @property
    def end(self) -> float:
        return self.begun + self.seconds


def lanes(run: RunReport) -> tuple[tuple[str, tuple[Bar, ...]], ...]:
    """The lanes with their bars in order of time: those of stages, then those of tests.

    Law: bars of one lane do not overlap. Work whose lane was not recorded, as that of tests,
    gets the first lane that is free.
    """
    known: dict[int, list[Bar]] = {}
    loose: list[Bar] = []
    critical = {stage.id for stage in run.critical}
    for number, stage in enumerate(run.stages, 1):
        if stage.begun is None or stage.status not in WORKED:
            continue
        bar = Bar(
            stage.begun,
            stage.seconds,
            stage.title,
            f"{number} {stage.title}: {stage.status}, {clock(stage.seconds)}",
            f"{stage.status}{' critical' if stage.id in critical else ''}",
            f"stage-{number}",
        )
        (known.setdefault(stage.lane, []) if stage.lane else loose).append(bar)
    rows = [(f"lane {lane}", _sorted(known[lane])) for lane in sorted(known)]
    rows = [(name, part) for name, bars in rows for part in _packed(bars)]
    rows += [("lane", bars) for bars in _packed(_sorted(loose))]
    tests = [
        Bar(
            test.begun,
            test.seconds,
            test.package,
            f"test of {test.package}: {test.name}, {test.status}, {clock(test.seconds)}",
            f"test {test.status}" if test.status in ("failed", "killed", "running") else "test",
            f"test-{number}",
        )
        for number, test in enumerate(run.tests, 1)
        if test.begun is not None
    ]
    rows += [("tests", bars) for bars in _packed(_sorted(tests))]
    return tuple((name, tuple(bars)) for name, bars in rows)


def _sorted(bars: Sequence[Bar]) -> list[Bar]:
    return sorted(bars, key=lambda bar: (bar.begun, bar.end))


def _packed(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Bars in as few rows as hold them side by side; one that ends as the next begins fits."""
    rows: list[list[Bar]] = []
    for bar in bars:
        for row in rows:
            if row[-1].end <= bar.begun + 0.002:  # times are recorded in milliseconds
                row.append(bar)
                break
        else:
            rows.append([bar])
    return rows


def ticks(seconds: float) -> tuple[float, ...]:
    """Round times from 0 to ``seconds``, at most nine."""
    step = next((step for step in _STEPS if seconds / step <= 8), 86400.0)
    while seconds / step > 8:
        step *= 2
    if seconds < 2:
        step = 0.5 if seconds > 0.8 else 0.1
    return tuple(step * place for place in range(int(seconds / step) + 1))


def timeline(run: RunReport) -> Iterator[str]:
    """The picture as HTML lines; nothing where no work was done."""
    rows = lanes(run)
    if not rows:
        yield '<p class="note">No stage was built or fetched, and no test was run.</p>'
        return
    ends = (bar.end for _, bars in rows for bar in bars)
    whole = max(run.seconds, *ends, 0.001)
    yield '<div class="timeline"><div class="lanes">'
    for name, bars in rows:
        yield f"<span>{name}</span><div class=\"lane\">"
        for bar in bars:
            share = bar.seconds / whole
            narrow = " narrow" if share < _NARROW else ""
            yield (
                f'<a class="bar {bar.kinds}{narrow}" href="#{bar.link}" title="{html(bar.note)}" '
                f'style="left:{bar.begun / whole:.3%};width:{share:.3%}">{html(bar.words)}</a>'
            )
        yield "</div>"
    yield '<span></span><div class="axis">'
    for tick in ticks(whole):
        if tick / whole < 0.96:
            yield f'<span style="left:{tick / whole:.3%}">{clock(tick) if tick else "0"}</span>'
    yield "</div></div></div>"
    yield (
        '<ul class="key"><li><i class="bar"></i>built</li><li><i class="bar fetched"></i>fetched'
        '</li><li><i class="bar failed"></i>failed</li><li><i class="bar killed"></i>cut short'
        '</li><li><i class="bar test"></i>test</li>'
        '<li><i class="bar critical"></i>on the critical path</li></ul>'
    )
