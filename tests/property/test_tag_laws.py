"""Laws of the tag grammar."""

from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.version import Version

from jetson_containers.image.tag import ImageTag, TagError, format_tag, parse_tag
from jetson_containers.image.tag_text import tag_safe, version_of

words = st.from_regex(r"[a-z0-9][a-z0-9._]{0,8}", fullmatch=True)
minor_versions = st.builds(
    lambda a, b: Version(f"{a}.{b}"), st.integers(10, 19), st.integers(0, 12)
)
pythons = st.builds(lambda b: Version(f"3.{b}"), st.integers(0, 20))
distros = st.sampled_from([("", ""), ("ubuntu", "22.04"), ("debian", "12"), ("ubi", "9")])
gpus = st.none() | st.lists(st.integers(50, 130), min_size=1, max_size=4).map(tuple)
l4t = st.tuples(st.integers(28, 40), st.integers(0, 20)) | st.tuples(
    st.integers(28, 40), st.integers(0, 20), st.integers(0, 20)
)


@st.composite
def tags(draw: st.DrawFn) -> ImageTag:
    """Any value of the grammar's fields, sayable or not."""
    distro, release = draw(distros)
    return ImageTag(
        version="-".join(draw(st.lists(words, max_size=3))),
        l4t=draw(st.none() | l4t),
        machine=draw(st.sampled_from(["", "amd64", "sbsa", "arm64-sbsa", "tegra-aarch64", "gpu"])),
        cuda=draw(st.none() | minor_versions),
        distro=distro,
        release=release,
        python=draw(st.none() | pythons),
        gpu_architectures=draw(gpus),
        suffix="-".join(draw(st.lists(words, max_size=2))),
    )


@given(tags())
def test_what_is_written_reads_back(tag: ImageTag) -> None:
    try:
        text = format_tag(tag)
    except TagError:
        assume(False)
    assert parse_tag(text) == tag


ARM = ["", "tegra-aarch64", "arm64-sbsa", "sbsa", "aarch64", "arm64"]
plain_words = st.from_regex(r"[a-z_]{3,8}[0-9.]{0,3}", fullmatch=True).map(lambda w: f"x{w}")


@st.composite
def sayable(draw: st.DrawFn) -> ImageTag:
    """Values of every form but a stage's, each of which has a tag."""
    form = draw(st.sampled_from(["jetson", "machine", "cuda", "gpu"]))
    distro, release = draw(distros)
    machine = {
        "jetson": st.sampled_from(ARM),
        "machine": st.sampled_from(["amd64", "x86_64", *ARM[1:]]),
        "cuda": st.just(""),
        "gpu": st.just("gpu"),
    }[form]
    return ImageTag(
        version="-".join(draw(st.lists(plain_words, max_size=2))),
        l4t=draw(l4t) if form == "jetson" else None,
        machine=draw(machine),
        cuda=draw(minor_versions if form in ("cuda", "gpu") else st.none() | minor_versions),
        distro=distro,
        release=release,
        python=draw(st.none() | pythons),
        gpu_architectures=draw(gpus),
        suffix="-".join(draw(st.lists(plain_words, max_size=2))),
    )


@given(sayable())
def test_every_form_can_be_said_and_reads_back(tag: ImageTag) -> None:
    assert parse_tag(format_tag(tag)) == tag


@given(
    st.from_regex(
        r"[a-z0-9._-]{0,12}(r[0-9]{2}\.[0-9]|amd64|sbsa|cu[0-9]{3})[a-z0-9._-]{0,16}",
        fullmatch=True,
    )
)
def test_what_reads_can_be_written_in_canonical_form(text: str) -> None:
    try:
        tag = parse_tag(text)
    except TagError:
        return
    try:
        canonical = format_tag(tag)
    except TagError:
        return
    assert parse_tag(canonical) == tag
    assert format_tag(parse_tag(canonical)) == canonical


@given(st.from_regex(r"[0-9a-f]{16}", fullmatch=True))
def test_the_tag_of_a_stage(fingerprint: str) -> None:
    tag = parse_tag(fingerprint)
    assert tag == ImageTag(fingerprint=fingerprint)
    assert tag.is_stage and format_tag(tag) == fingerprint


@given(
    st.from_regex(
        r"([1-9]!)?(0|[1-9][0-9]?)(\.(0|[1-9][0-9]?)){0,3}((a|b|rc)[1-9])?(\.post[1-9])?(\.dev[1-9])?"
        r"(\+[a-z][a-z0-9]{0,5}(\.[a-z][a-z0-9]{0,3})?)?",
        fullmatch=True,
    )
)
def test_versions_come_back(version: str) -> None:
    assert str(Version(version)) == version
    assert version_of(tag_safe(version)) == version


@given(st.text(min_size=1, max_size=30))
def test_any_version_becomes_tag_text(version: str) -> None:
    text = tag_safe(version)
    tag = ImageTag(version=text.strip("-"), machine="amd64", cuda=Version("13.0"))
    assert parse_tag(format_tag(tag)) == tag
