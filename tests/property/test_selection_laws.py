"""Laws of the ranked list."""

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.image.facts import ImageFacts
from jetson_containers.image.selection import best
from tests.unit.image.images import image, ranked

TARGETS = [
    "x86-cu128", "x86-cu130", "orin-jp62", "orin-jp5", "thor-jp71", "sbsa-cu130", "orin-jp72",
]  # fmt: skip
TAGS = [
    "r36.4.0", "r36.2.0", "r35.4.1", "r32.7.1", "r36.4.0-cu128-24.04", "r35.4.1-onnx", "latest",
    "amd64-cu130-24.04", "sbsa-cu130-24.04", "r38.4.arm64-sbsa-cu130-24.04", "cuda-12.9", "odd",
]  # fmt: skip
tags = st.builds(
    lambda version, tag: f"{version}-{tag}" if version else tag,
    st.sampled_from(["", "0.5.7", "v0.6", "main", "1.0rc1"]),
    st.sampled_from(TAGS),
)
by_tag = st.builds(
    lambda space, tag, archs, source: image(f"{space}app:{tag}", *archs, source=source),
    st.sampled_from(["", "acme/", "jetson-stage/"]),
    tags,
    st.lists(st.sampled_from(["amd64", "arm64"]), unique=True),
    st.sampled_from(["local", "registry"]),
)
by_label = st.builds(
    lambda tag, target, more: image(f"app:{tag}", target=target, packages=[*more, "app:1.0"]),
    tags,
    st.sampled_from(TARGETS),
    st.lists(st.sampled_from(["numpy:2.1", "torch:2.9"]), unique=True),
)
images = st.lists(by_tag | by_label, max_size=8, unique_by=lambda item: item.listed.reference)


@given(images, st.sampled_from(TARGETS), st.randoms(use_true_random=False))
def test_the_order_asked_in_does_not_matter(found: list[ImageFacts], on: str, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(found)
    random.shuffle(shuffled)
    assert ranked("app", on, *found) == ranked("app", on, *shuffled)


@given(images, st.sampled_from(TARGETS))
def test_every_image_has_one_verdict_and_the_accepted_come_first(
    found: list[ImageFacts], on: str
) -> None:
    verdicts = ranked("app numpy", on, *found)
    assert sorted(v.reference for v in verdicts) == sorted(i.listed.reference for i in found)
    accepted = [verdict.accepted for verdict in verdicts]
    assert accepted == sorted(accepted, reverse=True)
    chosen = best(verdicts)
    assert (chosen is not None) == any(accepted)
    assert chosen is None or not chosen.image.stage


@given(images, images, st.sampled_from(TARGETS))
def test_an_images_verdict_does_not_depend_on_the_others(
    some: list[ImageFacts], more: list[ImageFacts], on: str
) -> None:
    alone = {item.reference: item.reasons for item in ranked("app", on, *some)}
    fresh = [item for item in more if item.listed.reference not in alone]
    together = {item.reference: item.reasons for item in ranked("app", on, *some, *fresh)}
    assert {name: together[name] for name in alone} == alone
