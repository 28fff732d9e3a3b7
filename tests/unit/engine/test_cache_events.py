"""What a run tells of stages that are kept elsewhere: no more than is true."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jetson_containers.engine import events
from jetson_containers.engine.builder import Builder
from jetson_containers.engine.cache import Kept, NoCache
from jetson_containers.engine.options import BuildOptions
from jetson_containers.engine.protocol import Engine, ImageInfo
from jetson_containers.engine.state import NoState
from jetson_containers.plan.model import Stage
from tests.golden.plans import plan
from tests.unit.engine.test_builder import Remembering, tree


class Keeping(NoCache):
    """Says of every stage that it is kept as told."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    def store(
        self,
        stage: Stage,
        image: ImageInfo,
        engine: Engine,
        on_line: Callable[[str], None],
        *,
        replace: bool = False,
    ) -> Kept:
        return self.kept


@pytest.mark.parametrize(
    ("kept", "stored", "warnings"),
    [
        (Kept(), 0, []),
        (Kept(("h/x",)), 1, []),
        (Kept((), ("h/x is gone",)), 0, ["s0 is not kept elsewhere: h/x is gone"]),
        (Kept(("h/x",), ("h/y is full",)), 1, ["s0 is not kept elsewhere: h/y is full"]),
    ],
)
def test_a_stage_is_told_as_stored_where_a_place_has_it(
    kept: Kept, stored: int, warnings: list[str]
) -> None:
    told: list[events.Event] = []
    one = tree(plan("x86-cu130", "numpy"), [None])
    Builder(
        [one], Remembering(), NoState(), BuildOptions(), told.append, cache=Keeping(kept)
    ).run()
    assert sum(isinstance(event, events.StageStored) for event in told) == stored
    said = [event.message for event in told if isinstance(event, events.Warned)]
    title = one.stages[0].title
    assert said == [warning.replace("s0", title) for warning in warnings]
