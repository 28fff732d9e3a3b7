"""What is offered for a request, and in which order."""

import pytest

from jetson_containers.errors import UsageError
from jetson_containers.image.request import Wanted, parse_wanted, same_version
from jetson_containers.image.selection import about
from tests.unit.image.images import codes, image, ranked

X86 = "amd64-cu130-24.04"


@pytest.mark.parametrize(
    ("reference", "asked", "expected"),
    [
        (f"app:{X86}", "app", []),
        (f"acme/app:{X86}", "app", []),
        (f"My_App:{X86}", "my-app", []),
        (f"app:1.2-{X86}", "app:1.2", []),
        (f"app:1.2-{X86}", "app:1.2.0", []),
        (f"app:1.2-{X86}", "app:1.3", ["wrong-version"]),
        (f"app:{X86}", "app:1.3", ["wrong-version"]),
        (f"app:main-{X86}", "app:main", []),
        (f"app:{X86}", "app other", ["missing-package"]),
        (f"app:{X86}-other", "app", ["stage-image"]),
        (f"jetson-stage/app:{X86}", "app", ["stage-image"]),
        ("jetson-stage/app:0123456789abcdef", "app", ["stage-image"]),
        (f"app:1.2-builder-{X86}", "app", ["builder-image"]),
        (f"app:builder-{X86}", "app", ["builder-image"]),
        (f"app:0.5-{X86}-builder", "app", ["builder-image"]),
        (f"app_builder:{X86}", "app_builder", []),
        (f"app:1.2-builder-{X86}", "app:1.2-builder", []),
        ("app:latest", "app", ["unreadable-tag"]),
        ("app", "app", ["unreadable-tag"]),
    ],
)
def test_by_tag(reference: str, asked: str, expected: list[str]) -> None:
    assert codes(asked, "x86-cu130", image(reference, "amd64")) == expected


def test_every_reason_is_told() -> None:
    assert codes("app:2 b", "orin-jp62", image("app:1-r35.4.1-cudnn", "arm64")) == [
        "missing-package",
        "wrong-version",
        "stage-image",
        "l4t-window",
    ]


def test_a_label_tells_all_that_an_image_holds() -> None:
    held = image("my/llm:one", target="x86-cu130", packages=["numpy:2.1", "torch:2.9", "app:3"])
    assert codes("app torch:2.9 numpy", "x86-cu130", held) == []
    assert codes("torch:2.8", "x86-cu130", held) == ["wrong-version"]
    assert codes("app vllm", "x86-cu130", held) == ["missing-package"]


def test_a_postfix_of_ours_is_no_stage() -> None:
    ours = image(f"app:1-{X86}-fast", target="x86-cu130", packages=["app:1"])
    assert codes("app", "x86-cu130", ours) == []


def test_labels_that_cannot_be_read_leave_the_tag() -> None:
    from jetson_containers.image.facts import image_facts
    from jetson_containers.image.labels import TARGET
    from jetson_containers.image.listed import ListedImage

    lying = ListedImage(f"app:{X86}", "local", labels={TARGET: "no JSON"})
    assert image_facts(lying).verified_by == "tag"
    assert codes("app", "x86-cu130", image_facts(lying)) == []


def test_only_what_has_to_do_with_the_request_is_looked_at() -> None:
    listed = [
        image(f"dustynv/app:{X86}"),
        image(f"acme/app:{X86}"),
        image(f"app:{X86}"),
        image(f"other:{X86}"),
        image("x:1", target="x86-cu130", packages=["app:1", "x:1"]),
    ]

    def found(asked: str) -> list[str]:
        images = about((item.listed for item in listed), parse_wanted([asked]))
        return [item.listed.reference for item in images]

    assert found("app") == [f"dustynv/app:{X86}", f"acme/app:{X86}", f"app:{X86}", "x:1"]
    assert found("acme/app") == [f"acme/app:{X86}"]


def order(asked: str, on: str, *images, **options) -> list[str]:  # type: ignore[no-untyped-def]
    return [item.reference for item in ranked(asked, on, *images, **options)]


def test_the_source_comes_first() -> None:
    here = image(f"app:1-{X86}", source="local")
    there = image(f"r/app:2-{X86}", source="registry")
    assert order("app", "x86-cu130", there, here) == [f"app:1-{X86}", f"r/app:2-{X86}"]
    preferred = order("app", "x86-cu130", there, here, prefer=("registry", "local"))
    assert preferred == [f"r/app:2-{X86}", f"app:1-{X86}"]


@pytest.mark.parametrize(
    ("on", "best_first"),
    [
        # the version, newest first; then what is no version; then none
        ("x86-cu130", f"app:2.10-{X86} app:v2.9-{X86} app:2.9rc1-{X86} app:main-{X86} app:{X86}"),
        # L4T: equal in the parts that are given, same minor, same major
        ("orin-jp62", "app:r36.4.3 app:r36.4.0 app:r36.5.0"),
        # CUDA: equal, the nearest below, then above
        ("x86-cu129", "app:amd64-cu129 app:amd64-cu128 app:amd64-cu126 app:amd64-cu118"),
        # the target's own distribution
        ("x86-cu130", "app:amd64-cu130-24.04 app:amd64-cu130-22.04"),
    ],
)
def test_the_rank(on: str, best_first: str) -> None:
    references = best_first.split()
    assert order("app", on, *(image(r) for r in reversed(references))) == references


def test_cuda_above_the_targets_comes_last() -> None:
    asked = [image(f"app:amd64-cu{number}") for number in (129, 128, 126)]
    assert order("app", "x86-cu128", *asked) == [
        "app:amd64-cu128",
        "app:amd64-cu126",
        "app:amd64-cu129",
    ]


def test_labels_names_and_dates() -> None:
    tag = f"1-{X86}"
    labelled = image(f"app:{tag}-a", target="x86-cu130", packages=["app:1"])
    holding = image(f"big:{tag}", target="x86-cu130", packages=["app:1", "big:7"])
    old = image(f"a/app:{tag}", created="2024-01-01T00:00:00Z")
    new = image(f"z/app:{tag}", created="2025-01-01T00:00:00Z")
    assert order("app", "x86-cu130", old, holding, new, labelled) == [
        f"app:{tag}-a",
        f"big:{tag}",
        f"z/app:{tag}",
        f"a/app:{tag}",
    ]


def test_the_nearest_misses_come_first_among_the_refused() -> None:
    far, near = image("app:r35.4.1-onnx", "arm64"), image("app:r35.4.1", "arm64")
    assert order("app", "orin-jp62", far, near) == ["app:r35.4.1", "app:r35.4.1-onnx"]


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("app", Wanted("app")),
        ("app:1.2+cu130", Wanted("app", "1.2+cu130")),
        ("acme/app:1", Wanted("app", "1", "acme")),
        ("host:5000/acme/app", Wanted("app", "", "host:5000/acme")),
    ],
)
def test_requests(word: str, wanted: Wanted) -> None:
    assert parse_wanted([word]) == (wanted,)
    assert str(wanted) == word


@pytest.mark.parametrize(
    "word",
    ["", "a b", "app:", "/app", "-x", "app:1:2", "../x", "a/../x", "a//x", "./x", "host:x/app"],
)
def test_words_that_name_no_package(word: str) -> None:
    with pytest.raises(UsageError, match="names no package"):
        parse_wanted([word])


@pytest.mark.parametrize(
    ("asked", "held", "same"),
    [
        ("2.7", "2.7.0", True),
        ("v0.5.7", "0.5.7", True),
        ("2.7", "2.7.0+cu128", True),
        ("2.7+cu130", "2.7+cu128", False),
        ("2.7", "2.7.1", False),
        ("main", "main", True),
        ("main", "", False),
    ],
)
def test_versions(asked: str, held: str, same: bool) -> None:
    assert same_version(asked, held) is same
