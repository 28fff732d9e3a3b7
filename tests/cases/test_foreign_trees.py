"""The ecosystem's format as people write it: one small tree with every trait seen in the wild.

``tests/data/trees/wild`` was written for these cases; docs/ecosystem.md tells of the trees behind
them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.loader import load_catalogue
from jetson_containers.package.model import Package, Requirement
from jetson_containers.platform.family import base_targets
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import CatalogueResolver

WILD = Path(__file__).parents[1] / "data" / "trees" / "wild"


def wild(target: str, **settings: str) -> Catalogue:
    return load_catalogue(named_target(target), [WILD], settings=settings)


@pytest.fixture(scope="module")
def orin() -> Catalogue:
    return wild("orin-jp62")


@pytest.fixture(scope="module")
def thor() -> Catalogue:
    return wild("thor-jp70")


def only(catalogue: Catalogue, name: str) -> Package:
    found = catalogue.default(name)
    assert found is not None, name
    return found


def chain(catalogue: Catalogue, name: str, version: str | None = None) -> list[str]:
    found = CatalogueResolver(catalogue).resolve((Requirement(name, version),))
    return [package.reference for package in found.packages]


@pytest.mark.parametrize("target", base_targets())
def test_it_loads_on_every_target_without_an_error_or_a_word(target, capfd):
    catalogue = wild(target)
    assert [finding for finding in catalogue.findings if finding.severity == "error"] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("target", base_targets())
def test_every_package_resolves_where_it_is_defined(target):
    catalogue = wild(target)
    resolver = CatalogueResolver(catalogue)
    for package in catalogue.packages:
        found = resolver.resolve((Requirement(package.name, package.version),))
        assert package in found.packages


def test_what_is_defined_follows_the_target(orin, thor):
    assert set(orin.names()) == set(thor.names())
    here = {package.reference for package in orin.packages}
    there = {package.reference for package in thor.packages}
    assert here < there
    assert there - here == {"frame:2.0", "frame:2.0-builder", "text:2.0"}
    assert {refusal.reference for refusal in orin.refused} == there - here


def test_versions_of_one_name_may_come_from_several_directories(orin):
    assert [package.reference for package in orin.versions("maker")] == ["maker:pip", "maker:apt"]
    assert only(orin, "maker").path == WILD / "build" / "maker" / "pip"


def test_a_guarded_config_defines_and_is_imported(thor):
    assert dict(only(thor, "stack").build_args)["STACK_LEVEL"] == "1"
    assert dict(only(thor, "frame").build_args)["STACK_LEVEL"] == "3"


def test_nested_lists_and_tuples_are_one_list(orin):
    assert [package.reference for package in orin.versions("stack")] == [
        "stack:small",
        "stack:large",
    ]


def test_a_requirement_added_to_a_list_of_packages_holds_for_each():
    assert [package.version for package in wild("x86-cu130").versions("stack")] == ["small"]


def test_two_dots_lead_to_the_root_of_the_tree(orin, thor):
    assert dict(only(orin, "vision").build_args) == {"VISION_FOR": "1.9"}
    assert dict(only(thor, "vision").build_args) == {"VISION_FOR": "2.0"}


def test_a_header_and_a_config_change_the_same_package(orin):
    vision = only(orin, "vision")
    assert [str(item) for item in vision.depends] == ["frame", "maker", "stack"]
    assert vision.notes == "for frame 1.9"


def test_a_mapping_of_names_inherits_what_it_copies(thor):
    assert [package.reference for package in thor.versions("text")] == ["text:1.0", "text:2.0"]
    assert [str(item) for item in only(thor, "text").depends] == ["frame"]


def test_depends_that_is_one_word_can_be_updated(thor):
    assert chain(thor, "frame", "2.0") == ["compilers", "stack:large", "frame:2.0"]


def test_a_setting_of_the_request_moves_an_alias():
    assert only(wild("orin-jp62"), "motion").version == "noon-core"
    assert only(wild("orin-jp5", MOTION_RELEASE="dawn"), "motion").version == "dawn-core"


def test_an_unread_document_answers_whatever_is_asked_of_it(orin):
    hub = only(orin, "hub")
    assert set(dict(hub.build_args).values()) == {"0.0.0"}
    assert len(hub.unpinned) == 4


def test_a_config_that_copies_from_the_host_is_held_back(orin):
    found = [finding for finding in orin.findings if finding.code == "touches-host"]
    assert [finding.package for finding in found] == ["driver"]
    assert not (WILD / "host" / "driver" / "symbols").exists()


def test_a_config_py_of_an_application_is_no_package(orin):
    assert "src" not in orin.names()
    assert chain(orin, "page") == ["compilers", "hub", "page"]


def test_a_json_file_defines_several_with_a_dockerfile_each(orin):
    found = {package.version: package.dockerfile for package in orin.versions("client")}
    assert found == {"python": "Dockerfile.python", "cpp": "Dockerfile.cpp"}
    assert only(orin, "client").group == "speech"


def test_a_meta_package_beside_a_compose_file(thor):
    everything = chain(thor, "all")
    assert everything[-1] == "all"
    assert {"vision", "text:1.0", "client:cpp", "hub"} < set(everything)
    assert only(thor, "all").dockerfile is None


def test_spaces_and_colons_in_a_name_are_tidied(orin):
    assert only(orin, "spaced").reference == "spaced:0.3-frame-1.9"
