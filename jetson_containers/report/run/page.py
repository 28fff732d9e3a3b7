"""One HTML page for a run, with everything in it that it needs; it works without scripts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files

from jetson_containers.report.run.logs import Excerpt
from jetson_containers.report.run.model import RunReport, StageReport
from jetson_containers.report.run.sizes import ImageLayers
from jetson_containers.report.run.timeline import timeline
from jetson_containers.report.run.words import amount, counted, html
from jetson_containers.units import clock

_ENDS = {
    "done": "done",
    "failed": "failed",
    "interrupted": "interrupted",
    "killed": "stopped without a word",
    "running": "still running",
}


def to_page(
    run: RunReport,
    layers: Sequence[ImageLayers] = (),
    logs: Mapping[str, Excerpt] | None = None,
) -> str:
    """The page; ``layers`` only of images whose layers are known, ``logs`` by stage id."""
    folder = files("jetson_containers.report.run")
    parts = {
        "style": folder.joinpath("page.css").read_text("utf-8").strip(),
        "title": f"Run {html(run.id)}",
        "head": "\n".join(_head(run)),
        "body": "\n".join(_body(run, layers, logs or {})),
    }
    template = folder.joinpath("page.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _head(run: RunReport) -> Iterator[str]:
    badge = f'<span class="badge {run.status}">{_ENDS[run.status]}</span>'
    yield f"<h1>Run {html(run.id)} {badge}</h1>"
    if run.argv:
        yield f"<p><code>{html(' '.join(run.argv))}</code></p>"
    begun = f"{run.begun[:19].replace('T', ' ')} UTC" if run.begun else ""
    facts = [begun, f"jetson-containers {run.program}" if run.program else ""]
    if run.cores:
        facts.append(counted(run.cores, "core"))
    if run.memory:
        facts.append(f"{amount(run.memory)} memory")
    facts += run.targets
    yield f'<p class="note">{html(" · ".join(fact for fact in facts if fact))}</p>'


def _body(
    run: RunReport, layers: Sequence[ImageLayers], logs: Mapping[str, Excerpt]
) -> Iterator[str]:
    yield from _numbers(run)
    yield from _problems(run)
    yield from _images(run)
    yield '<h2 id="timeline">Timeline</h2>'
    yield from timeline(run)
    yield from _critical(run)
    yield from _stages(run, logs)
    yield from _tests(run)
    yield from _sizes(layers)
    yield from _logs(run, logs)


def _numbers(run: RunReport) -> Iterator[str]:
    stages = Counter(stage.status for stage in run.stages)
    tests = Counter("remembered" if test.remembered else test.status for test in run.tests)
    yield '<ul class="facts">'
    yield f"<li><b>{clock(run.seconds)}</b><span>in all</span></li>"
    for word, counts in (("stage", stages), ("test", tests)):
        for status, number in counts.items():
            title = word if number == 1 else f"{word}s"
            yield f"<li><b>{number}</b><span>{title} {status}</span></li>"
    yield "</ul>"


def _problems(run: RunReport) -> Iterator[str]:
    errors = list(run.errors)
    errors += [
        f"{stage.title}: {stage.message}"
        for stage in run.stages
        if stage.status == "failed" and not any(stage.message in error for error in errors)
    ]
    if run.status == "killed":
        errors.append("The run was stopped without a word (kill -9, a reboot, no power).")
    if run.unreadable:
        errors.append(f"{counted(run.unreadable, 'line')} of the journal cannot be read.")
    for title, texts in (("What went wrong", errors), ("Warnings", run.warnings)):
        if texts:
            yield f'<section class="problem"><h2>{title}</h2>'
            yield from (f"<pre>{html(text)}</pre>" for text in texts)
            yield "</section>"


def _images(run: RunReport) -> Iterator[str]:
    yield '<h2 id="images">Images</h2>'
    if not run.images:
        yield '<p class="note">None was asked for.</p>'
        return
    rows = (
        (
            "<br>".join(
                [
                    f"<code>{html(image.reference)}</code>",
                    *(f'<span class="note">pushed: {html(name)}</span>' for name in image.pushed),
                ]
            ),
            html(image.target),
            str(len(image.packages)),
            amount(image.size) if image.size is not None else '<span class="note">not made</span>',
            f"<code>{html(image.digest[:19])}</code>",
        )
        for image in run.images
    )
    yield from _table(("name:image", "target", "number:packages", "number:size", "digest"), rows)


def _critical(run: RunReport) -> Iterator[str]:
    chain = run.critical
    if not chain:
        return
    together = sum(stage.seconds for stage in chain)
    yield '<h3 id="critical">Critical path</h3>'
    yield (
        f'<p class="note">{counted(len(chain), "stage")}, each on the one before: '
        f"{clock(together)} of {clock(run.seconds)}. "
        "More lanes make a run no shorter than that.</p>"
    )
    words = (f"<span>{_link(run, stage)} {clock(stage.seconds)}</span>" for stage in chain)
    yield f'<p class="flow">{"".join(words)}</p>'


def _link(run: RunReport, stage: StageReport) -> str:
    return f'<a href="#stage-{run.stages.index(stage) + 1}">{html(stage.title)}</a>'


def _stages(run: RunReport, logs: Mapping[str, Excerpt]) -> Iterator[str]:
    yield '<h2 id="stages">Stages</h2>'
    if not run.stages:
        yield '<p class="note">None: what was asked for is in the base image.</p>'
        return
    critical = {stage.id for stage in run.critical}
    several = len(run.targets) > 1
    rows, marks = [], []
    for number, stage in enumerate(run.stages, 1):
        grown = _grown(run, stage)
        title = html(stage.title)
        link = f'<a href="#log-{number}">log</a>' if stage.id in logs else ""
        rows.append(
            (
                str(number),
                f"{title}{f' <span class=note>{html(stage.target)}</span>' if several else ''}",
                _state(stage.status),
                html(_reason(run, stage)),
                clock(stage.begun) if stage.begun is not None else "",
                clock(stage.seconds) if stage.begun is not None else "",
                amount(grown) if grown is not None else "",
                link,
            )
        )
        marks.append(f'id="stage-{number}"{" class=critical" if stage.id in critical else ""}')
    head = ("number:#", "name:stage", "", "words:why", "number:begun", "number:took")
    yield from _table((*head, "number:adds", ""), rows, marks)


def _state(status: str) -> str:
    return f'<span class="{status.replace(" ", "-")}"><span class="state">{status}</span></span>'


def _grown(run: RunReport, stage: StageReport) -> int | None:
    """Bytes that the stage's image has more than its parent's, where both are known."""
    parent = run.by_id.get(stage.parent or "")
    if stage.size is None or parent is None or parent.size is None:
        return None
    return stage.size - parent.size


def _reason(run: RunReport, stage: StageReport) -> str:
    """Why the stage was built, or where it was found, or what kept it from being built."""
    blocker = run.by_id.get(stage.because)
    words = {
        "found": f"found: {stage.source}",
        "fetched": f"found: {stage.source}",
        "blocked": f"{blocker.title} failed" if blocker else "the run stopped at a failure",
        "not reached": "the run did not come to it",
    }
    text = words.get(stage.status, stage.why)
    return f"{text}; waited {clock(stage.waited)} for another run" if stage.waited else text


def _tests(run: RunReport) -> Iterator[str]:
    yield '<h2 id="tests">Tests</h2>'
    if not run.tests:
        yield '<p class="note">None was run.</p>'
        return
    rows, marks = [], []
    for number, test in enumerate(run.tests, 1):
        stage = run.by_id.get(test.stage)
        title = stage.title if stage else test.stage
        rows.append(
            (
                html(test.package),
                f"<code>{html(test.name)}</code>",
                html(f"final image, {title}" if test.final else title),
                _state(test.status),
                html("remembered" if test.remembered and not test.message else test.message),
                clock(test.seconds) if test.begun is not None else "",
            )
        )
        marks.append(f'id="test-{number}"')
    head = ("name:package", "name:test", "words:in", "", "words:what it said", "number:took")
    yield from _table(head, rows, marks)


def _sizes(images: Sequence[ImageLayers]) -> Iterator[str]:
    if not images:
        return
    yield '<h2 id="sizes">Sizes</h2>'
    for image in images:
        whole = image.size or 1
        yield f"<h3><code>{html(image.reference)}</code> {amount(image.size)}</h3>"
        yield '<div class="share" aria-hidden="true">'
        shades = [f"shade-{place % 4}" for place in range(len(image.packages))]
        for shade, (name, size) in zip(shades, image.packages, strict=True):
            note = html(f"{name or 'base image'}: {amount(size)}")
            yield f'<i class="{shade}" style="width:{size / whole:.3%}" title="{note}"></i>'
        yield "</div>"
        rows = (
            (
                f'<i class="swatch {shade}"></i>{html(name or "base image")}',
                amount(size),
                f"{size / whole:.1%}",
            )
            for shade, (name, size) in sorted(
                zip(shades, image.packages, strict=True), key=lambda item: -item[1][1]
            )
        )
        yield from _table(("name:package", "number:size", "number:share"), rows)
        yield f"<details><summary>{counted(len(image.layers), 'layer')}</summary>"
        lines = (
            (
                html(layer.stage or "base image"),
                f"<code>{html(layer.instruction[:400])}</code>",
                amount(layer.size),
            )
            for layer in image.layers
        )
        yield from _table(("name:package", "words:instruction", "number:size"), lines)
        yield "</details>"


def _logs(run: RunReport, logs: Mapping[str, Excerpt]) -> Iterator[str]:
    if not logs:
        return
    yield '<h2 id="logs">Logs</h2>'
    for number, stage in enumerate(run.stages, 1):
        found = logs.get(stage.id)
        if found is None:
            continue
        opened = " open" if stage.status == "failed" else ""
        yield f'<details class="stage-log" id="log-{number}"{opened}>'
        yield f"<summary>{html(stage.title)} <code>{html(str(found.path))}</code></summary>"
        cut = ""
        if found.left_out:
            words = f"{amount(found.left_out)} are left out here; the file has them"
            cut = f'<span class="cut-out">… {words} …</span>'
        yield f'<pre class="log">{html(found.head)}{cut}{html(found.tail)}</pre></details>'


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], marks: Sequence[str] = ()
) -> Iterator[str]:
    """A table of cells that are HTML; ``kind:title`` heads a column of a kind, the first names."""
    kinds = [item.rpartition(":")[0] for item in head]
    attributes = [f' class="{kind}"' if kind else "" for kind in kinds]
    titles = [item.rpartition(":")[2] for item in head]
    yield '<div class="wide"><table><thead><tr>'
    yield "".join(f"<th{kind}>{title}</th>" for kind, title in zip(attributes, titles, strict=True))
    yield "</tr></thead><tbody>"
    for place, row in enumerate(rows):
        mark = f" {marks[place]}" if marks else ""
        cells = [f"<td{kind}>{cell}</td>" for kind, cell in zip(attributes, row, strict=True)]
        cells[0] = f'<th scope="row"{attributes[0]}>{row[0]}</th>'
        yield f"<tr{mark}>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"
