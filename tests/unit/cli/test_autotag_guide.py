"""The guide to ``autotag`` and the verb say the same."""

from __future__ import annotations

from jetson_containers.image.registry import cache, listing, web
from tests.unit.test_docs import ROOT, options_of, written

GUIDE = (ROOT / "docs" / "autotag.md").read_text("utf-8")


def test_every_option_is_explained() -> None:
    shared = {"-h", "--help", "--verbose"}
    said = written(GUIDE) | shared
    assert {word for word in options_of("autotag") if word.startswith("--")} - said == set()


def test_every_option_that_is_shown_exists() -> None:
    assert written(GUIDE) - options_of("autotag") == set()


def test_its_figures_are_those_of_the_program() -> None:
    assert f"more than {listing.MOST} tags" in GUIDE
    assert f"more than {web.LIMIT >> 20} MiB of labels" in GUIDE
    assert f"have {web.Patience().total:.0f} seconds" in GUIDE
    assert cache.FRESH == 3600 and "for an hour" in GUIDE
