"""The page of a run as a browser lays it out."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from jetson_containers.report.run.page import to_page
from jetson_containers.report.run.read import read_run
from tests.unit.report.runs import built, ended, plan, stage, write_run

pytestmark = pytest.mark.browser

#: put into the page for the test alone: it writes what is wider than the window into the title
_MEASURE = """<script>
document.title = document.documentElement.scrollWidth > innerWidth ? "too wide" : "fits";
const lanes = [...document.querySelectorAll(".lane")].map(lane => lane.getBoundingClientRect());
const bars = [...document.querySelectorAll("a.bar")].map(bar => bar.getBoundingClientRect());
document.title += `, ${bars.filter(bar => bar.width >= 3).length} bars in ${lanes.length} lanes`;
document.title += bars.every(bar => bar.right <= lanes[0].right + 3) ? ", inside" : ", outside";
</script></body>"""


@pytest.fixture
def title(tmp_path: Path):
    """What the measuring script says of a page in a window of a width in pixels."""
    program = shutil.which("chromium")
    if program is None or "snap" in Path(program).resolve().parts + Path(program).parts:
        pytest.skip("no Chromium is installed that may read temporary files (a snap may not)")

    def look(page: str, width: int) -> str:
        path = tmp_path / "page.html"
        open_page = page.replace("style-src", "script-src 'unsafe-inline'; style-src")
        path.write_text(open_page.replace("</body>", _MEASURE), encoding="utf-8")
        done = subprocess.run(
            [
                *(program, "--headless", "--no-sandbox", "--disable-gpu"),
                "--disable-background-networking",
                f"--user-data-dir={tmp_path / 'profile'}",
                f"--window-size={width},900",
                *("--dump-dom", path.as_uri()),
            ],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
        found = re.search("<title>(.*?)</title>", done.stdout)
        assert found is not None, done.stderr
        return found[1]

    return look


@pytest.mark.parametrize("width", [1280, 500])
def test_sixty_stages_with_long_names_fit_the_window(title, tmp_path, width):
    names = [f"a-package-with-a-rather-long-name-{number}" for number in range(60)]
    stages = [stage(name, names[place - 1] if place else None) for place, name in enumerate(names)]
    events = [
        line for place, name in enumerate(names) for line in built(name, place * 7.0, 7.0, 1)
    ]
    images = [{"reference": "x" * 200, "digest": "sha256:" + "0" * 64, "size": 10**10}]
    end = ended(420.0, images=images)
    run = read_run(write_run(tmp_path / "run", [plan(stages)], [*events, end]))
    assert title(to_page(run), width) == "fits, 60 bars in 1 lanes, inside"


def test_a_run_without_stages_fits_too(title, tmp_path):
    run = read_run(write_run(tmp_path / "run", [plan([])], [ended(0.1)]))
    assert title(to_page(run), 500).startswith("fits, 0 bars")
