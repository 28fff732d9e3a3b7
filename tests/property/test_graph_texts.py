"""Laws of the graph's formats: no text, whatever it holds, changes what stands around it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.report.graph import dot, mermaid
from jetson_containers.report.graph.model import Chain, Graph, Node
from jetson_containers.report.graph.page import embedded
from jetson_containers.report.graph.svg import to_svg

#: single characters that mean something somewhere are as likely as all others together
TEXTS = st.text(st.sampled_from('"\\<>&#;\n\r\0|[]{}\ufffe') | st.characters(codec="utf-8"))


@given(TEXTS)
def test_dot_gives_the_text_back(text):
    body = dot.quoted(text)[1:-1]
    assert re.fullmatch(r'(?:[^"\\\n\r\0]|\\["\\n])*', body)
    back = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], body)
    assert back == text.replace("\r", " ").replace("\0", " ")


@given(TEXTS)
def test_mermaid_gives_the_text_back(text):
    body = mermaid.quoted(text)[1:-1]
    assert not re.search(r'["<>\n\r\[\]{}|]', body)
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), body) == text


@given(TEXTS)
def test_the_page_gives_the_text_back_and_no_element_begins_in_it(text):
    written = embedded({"text": text})
    assert json.loads(written) == {"text": text}
    assert "<" not in written


@given(TEXTS)
def test_the_picture_is_well_formed_xml(text):
    node = Node(text, text, "", True, True, "", "", text, (), ())
    graph = Graph(text, (node,), (Chain(text, (text,)),))
    ElementTree.fromstring(to_svg(graph))
