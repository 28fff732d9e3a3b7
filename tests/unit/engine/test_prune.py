"""Which stages may go, and how much room that makes: laws over made-up engines."""

from __future__ import annotations

import json
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.engine.prune import (
    CacheRecord,
    HeldImage,
    HeldLayer,
    ends,
    freed,
    layer_sizes,
    removable,
    room,
)
from jetson_containers.image import labels


def fingerprint(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def made(images) -> dict[str, HeldLayer]:
    """Every layer takes 10 unpacked and 4 compressed."""
    return {
        chain: HeldLayer(10, 4, f"RUN /bin/sh -c make {chain} # buildkit")
        for image in images
        for chain in image.chains
    }


def stage(*names: str, also: tuple[str, ...] = (), **more) -> HeldImage:
    """The image of the last of these stages, each on the one before; ``also`` are other names."""
    own = fingerprint("/".join(names))
    lineage = [[name, fingerprint("/".join(names[: at + 1]))] for at, name in enumerate(names)]
    return HeldImage(
        digest=f"sha256:{own}",
        references=(f"jetson-stage/{names[-1]}:{own[:16]}", *also),
        labels={
            labels.FINGERPRINT: own,
            labels.PLAN: json.dumps(lineage),
            labels.STAGE: f"{names[-1]}:1.0",
        },
        chains=tuple("/".join(names[: at + 1]) for at in range(len(names))),
        **{"created": 100.0, **more},
    )


def names(images) -> list[str]:
    return [image.package for image in images]


def test_stages_of_a_named_image_stay_and_others_go_children_first():
    images = [
        stage("a"),
        stage("a", "b", also=("b:amd64",)),
        stage("a", "c"),
        stage("a", "c", "d"),
    ]
    assert names(removable(images)) == ["d", "c"]


def test_an_image_that_somebody_built_on_ours_keeps_what_it_stands_on():
    ours = stage("a", "b")
    child = HeldImage("sha256:child", ("mine:1",), ours.labels, 100.0, ours.chains)
    assert names(removable([stage("a"), ours, child])) == []


def test_an_image_in_use_by_a_container_keeps_its_chain():
    assert names(removable([stage("a"), stage("a", "b", in_use=True), stage("c")])) == ["c"]


def test_what_a_run_planned_stays_with_all_below():
    planned = {fingerprint("a/b")}
    assert names(removable([stage("a"), stage("a", "b"), stage("c")], planned)) == ["c"]


def test_what_is_young_stays_with_all_below():
    images = [stage("a"), stage("a", "b", created=200.0), stage("c")]
    assert names(removable(images, before=150.0)) == ["c"]


def test_what_is_not_ours_is_never_touched():
    ours = stage("a")
    images = [
        HeldImage("sha256:1", ("debian:12",), {}, 0.0, ()),
        HeldImage("sha256:2", (), ours.labels, 0.0, ()),  # no name at all: who knows whose
        HeldImage("sha256:3", ("jetson-stage/a:latest",), {}, 0.0, ()),
        HeldImage("sha256:4", ("jetson-stage/a:0000000000000000",), {}, 0.0, ()),
    ]
    assert removable(images) == ()


def test_labels_that_lie_keep_less_but_remove_nothing_foreign():
    bad = HeldImage("sha256:1", ("x:1",), {labels.FINGERPRINT: "f", labels.PLAN: "[[["}, 0.0, ())
    assert names(removable([bad, stage("a")])) == ["a"]


chains = st.lists(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True).map(tuple),
    min_size=1,
    max_size=8,
    unique=True,
)


@given(chains, st.sets(st.integers(0, 7)))
def test_nothing_goes_that_a_named_image_needs_and_a_second_time_nothing_goes(parts, named):
    images = [
        stage(*chain, also=(f"image-{place}:1",) if place in named else ())
        for place, chain in enumerate(parts)
    ]
    gone = removable(images)
    kept = [image for image in images if image not in gone]
    for image in kept:
        for other in gone:
            assert not (image.names and other.fingerprint in image.lineage)
    assert removable(kept) == ()
    assert not any(image.names for image in gone)


@given(chains, st.sets(st.integers(0, 7)))
def test_room_is_the_difference_of_what_all_layers_take_each_counted_once(parts, chosen):
    images = [stage(*chain) for chain in parts]
    gone = [image for place, image in enumerate(images) if place in chosen]

    def whole(held):
        return 14 * len({chain for image in held for chain in image.chains})

    rest = [image for image in images if image not in gone]
    assert room(images, gone, made(images), []).whole == whole(images) - whole(rest)


def test_a_copy_in_the_builders_cache_counts_and_holds_the_packed_form():
    images = [stage("a"), stage("a", "b")]
    records = [
        CacheRecord("1", "mount / from exec /bin/sh -c make a/b", 14, shared=True, in_use=False),
        CacheRecord("2", "mount / from exec /bin/sh -c make a", 14, shared=True, in_use=False),
        CacheRecord("3", "mount / from exec /bin/sh -c make a/b", 99, shared=False, in_use=False),
    ]
    found = room(images, images[1:], made(images), records)
    assert (found.images, found.cache) == (10, 14)


def test_records_are_freed_when_the_last_image_with_their_layer_went():
    def record(name, shared, in_use=False):
        return CacheRecord(name, "", 1, shared, in_use)

    before = [record("gone", True), record("kept", True), record("other", False)]
    after = [record("gone", False), record("kept", True), record("other", False)]
    assert [item.id for item in freed(before, after)] == ["gone"]


def held(*chains: str, size: int, packed: int = 0) -> HeldImage:
    return HeldImage(f"sha256:{chains[-1]}", (), {}, 0.0, chains, size, packed)


def test_what_an_image_has_more_than_the_one_below_belongs_to_its_own_layers():
    images = [held("a", "b", "c", size=140, packed=70), held("a", size=100, packed=50)]
    told = {"b": HeldLayer(30, step="RUN b")}
    assert layer_sizes(images, told) == {
        "a": HeldLayer(100, 50),
        "b": HeldLayer(30, 15, "RUN b"),
        "c": HeldLayer(10, 5),
    }


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=6))
def test_layers_of_a_chain_of_images_sum_up_to_the_sizes_of_each(own):
    names = [str(place) for place in range(len(own))]
    images = [
        held(
            *names[: end + 1],
            size=sum(size for size, _ in own[: end + 1]),
            packed=sum(packed if size else 0 for size, packed in own[: end + 1]),
        )
        for end in range(len(own))
    ]
    layers = layer_sizes(images, {})
    for image in images:
        assert sum(layers[chain].size for chain in image.chains) == image.size
        assert sum(layers[chain].packed for chain in image.chains) == image.packed


def test_only_images_on_which_no_other_stands_are_asked_for_their_history():
    images = [held("a", size=1), held("a", "b", size=1), held("a", "c", size=1)]
    assert [image.chains[-1] for image in ends(images)] == ["b", "c"]
