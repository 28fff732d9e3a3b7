"""From a catalogue to a graph: chains, edges with their requirement, and what does not resolve."""

from __future__ import annotations

from pathlib import Path

from jetson_containers.errors import BuilderError, Location
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.findings import Refusal
from jetson_containers.package.model import Requirement
from jetson_containers.report.graph.collect import collect
from jetson_containers.report.graph.model import Absent
from tests.unit.report.graphs import graph_of
from tests.unit.shelves import X86, catalogue, package


def test_a_chain_is_in_canonical_order_and_named_by_what_was_asked_for():
    graph = graph_of("base", "torch:2.8 base", "torch:2.9* base", "app torch")
    assert [(chain.request, chain.packages) for chain in graph.chains] == [
        ("app", ("base", "torch:2.9", "app")),
        ("base", ("base",)),
        ("torch:2.9", ("base", "torch:2.9")),
    ]
    assert [node.reference for node in graph.nodes] == ["app", "base", "torch:2.9"]


def test_an_edge_has_the_requirement_as_written_and_its_place():
    graph = graph_of("torch:2.8", "torch:2.9*", "app torch>=2.8,<2.9")
    (edge,) = graph.edges
    assert (edge.user, edge.need, edge.requirement) == ("app", "torch:2.8", "torch<2.9,>=2.8")
    assert edge.place == "tree/app/Dockerfile:3"


def test_an_alias_is_followed_to_the_package_that_carries_it():
    shelf = Catalogue(
        X86, (package("pytorch:2.9*", aliases=("torch", "torch:2.9")), package("app torch"))
    )
    graph = graph_of(shelf=shelf)
    assert [(edge.user, edge.need, edge.requirement) for edge in graph.edges] == [
        ("app", "pytorch:2.9", "torch")
    ]


def test_what_does_not_resolve_is_a_node_with_the_reason():
    graph = graph_of("torch:2.9*", "app torch:2.7 tool", "tool")
    (problem,) = graph.problems
    assert problem.package == "app"
    assert "torch:2.7" in problem.what
    assert problem.place == "tree/app/Dockerfile:2"
    assert "app" in graph.by_reference
    assert problem.satisfied == ("", "tool")
    assert [edge.need for edge in graph.edges] == ["tool"], "nothing here is torch:2.7"


def test_a_problem_tells_the_change_that_mends_it():
    (problem,) = graph_of("torch:2.9*", "app torch:2.7").problems
    assert "let app require torch:2.9 instead of torch:2.7" in problem.hint


def test_packages_in_a_circle_are_problems_and_come_last_in_the_order():
    graph = graph_of("a b", "b a", "c")
    assert {problem.package for problem in graph.problems} == {"a", "b"}
    assert graph.order == ("c", "a", "b")


def test_texts_hold_no_path_of_this_machine():
    def fail(request):
        raise BuilderError(
            "see /tree/app/config.py:4", where=Location("/tree/app/config.py", 4), hint="/tree/x"
        )

    graph = collect(catalogue("app"), [(Requirement("app"),)], fail)
    (problem,) = graph.problems
    assert (problem.what, problem.place, problem.hint) == (
        "see tree/app/config.py:4",
        "tree/app/config.py:4",
        "tree/x",
    )
    assert graph.nodes[0].place == "tree/app/Dockerfile:1"


def test_what_is_for_other_targets_is_listed_with_its_reasons():
    shelf = Catalogue(X86, (package("app"),), (Refusal(package("jet:1"), ("needs L4T >=36",)),))
    assert graph_of(shelf=shelf).absent == (Absent("jet", "jet:1", ("needs L4T >=36",)),)


def test_what_several_definitions_give_to_other_targets_is_listed_once_and_never_what_is_here():
    refused = [
        Refusal(package("jet:1"), ("needs L4T >=36",)),
        Refusal(package("jet:1"), ("needs CUDA >=13", "needs L4T >=36")),
        Refusal(package("app"), ("needs L4T >=36",)),
    ]
    shelf = Catalogue(X86, (package("app"),), tuple(refused))
    assert graph_of(shelf=shelf).absent == (
        Absent("jet", "jet:1", ("needs L4T >=36", "needs CUDA >=13")),
    )


def test_every_version_has_a_chain_if_that_is_asked_for():
    graph = graph_of("torch:2.8", "torch:2.9*", "app torch", every=True)
    assert [chain.request for chain in graph.chains] == ["app", "torch:2.9", "torch:2.8"]


def test_a_package_without_a_dockerfile_is_no_stage():
    meta = package("all tool", Path("/tree"), dockerfile=None)
    graph = graph_of(shelf=Catalogue(X86, (meta, package("tool"))))
    (chain,) = (chain for chain in graph.chains if chain.request == "all")
    assert (chain.packages, graph.stages(chain)) == (("tool", "all"), ("tool",))


def test_a_file_name_that_is_no_text_can_still_be_written():
    odd = package("app", Path("/tree\udce9"))
    (node,) = graph_of(shelf=Catalogue(X86, (odd,))).nodes
    assert (node.path, node.place) == ("tree?/app", "tree?/app/Dockerfile:1")
