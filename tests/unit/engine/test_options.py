"""What a stage's build is handed of the options of a run."""

from __future__ import annotations

from dataclasses import replace

from jetson_containers.engine.options import BuildOptions, build_request
from tests.unit.engine.test_cachereg import APP, LIB


def test_each_package_has_a_place_of_its_own_for_buildkits_cache() -> None:
    spec = "type=registry,ref=host:5000/cache:{package}"
    options = BuildOptions(cache_from=("type=gha", spec), cache_to=(spec,))
    request = build_request(LIB, options, {})
    assert request.cache_from == ("type=gha", "type=registry,ref=host:5000/cache:lib")
    assert request.cache_to == ("type=registry,ref=host:5000/cache:lib",)


def test_a_stage_that_is_redone_uses_the_build_cache_unless_it_is_to_be_fresh() -> None:
    options = BuildOptions(redo=frozenset({LIB.id, APP.id}), fresh=frozenset({LIB.id}))
    assert build_request(LIB, options, {}).fresh
    assert not build_request(replace(APP, parent=LIB.id), options, {}).fresh
