"""Small graphs for the tests of every format."""

from __future__ import annotations

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.report.graph.collect import collect, default_requests, version_requests
from jetson_containers.report.graph.model import Graph
from jetson_containers.resolve.resolver import CatalogueResolver
from tests.unit.shelves import catalogue

#: what breaks careless writers of dot, Mermaid, XML, HTML and JSON
NASTY = 'a"b\\c<d>&e\'f#g;h|i]j}k</script><!--\n\u2028é'


def graph_of(*lines: str, shelf: Catalogue | None = None, every: bool = False) -> Graph:
    """The graph of all names of a catalogue written one package a line, or of ``every`` version."""
    shelf = shelf or catalogue(*lines)
    requests = version_requests(shelf) if every else default_requests(shelf)
    return collect(shelf, requests, CatalogueResolver(shelf).resolve)
