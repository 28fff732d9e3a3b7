"""What an image is, told by its labels, else by its tag; the L4T table fills in what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.image.labels import TARGET, ImageLabels, LabelError, read_labels
from jetson_containers.image.listed import ListedImage
from jetson_containers.image.reference import Reference, parse_reference
from jetson_containers.image.tag import ImageTag, TagError, parse_tag
from jetson_containers.image.tag_text import version_of
from jetson_containers.platform.gpu_code import GpuCode
from jetson_containers.platform.l4t import find_l4t

#: repositories of this program's own stages
STAGES = "jetson-stage"

#: how tags call what is not for NVIDIA GPUs
_OTHER_MAKER = re.compile(
    r"rocm[\d.]*|hip|cpu(?:only)?|[xhnt]pu|cann[\d.]*|musa[\d.]*|gaudi\d?|neuronx?|oneapi|vulkan"
)
#: NVIDIA's packages: ``cuda-compat-12-9``
_COMPAT = re.compile(r"cuda-compat(?:-(\d{1,2})-(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image as the rules see it; an empty or ``None`` value is unknown.

    ``architectures`` are Docker's names. ``arm_system`` is the world that its arm64 variant
    belongs to. ``l4t`` holds the parts that are given. ``packages`` are names (folded, see
    :func:`fold`) with versions: all that it holds by label, what it is named after by tag.
    ``inferred`` tells that CUDA or the distribution follow from the L4T table. ``gpu_code`` is the
    compiled code that is known to be there. ``for_jetson`` tells that a tag names L4T and not the
    servers that may run it too. ``other_maker`` is the tag's word for what the image is
    made for, if that is no NVIDIA GPU (``rocm630``, ``cpu``). ``unreadable`` is the reason why
    neither labels nor tag could be read, ``label_problem`` why labels that claim to be ours are not
    believed.
    """

    listed: ListedImage
    reference: Reference
    verified_by: Literal["label", "tag"]
    architectures: tuple[str, ...] = ()
    arm_system: Literal["tegra", "sbsa"] | None = None
    l4t: tuple[int, ...] | None = None
    cuda: Version | None = None
    distro: str = ""
    release: str = ""
    gpu_code: tuple[GpuCode, ...] | None = None
    least_driver: Version | None = None
    packages: tuple[tuple[str, str], ...] = ()
    stage: bool = False
    builder: bool = False
    inferred: bool = False
    for_jetson: bool = False
    unreadable: str = ""
    label_problem: str = ""
    other_maker: str = ""

    def has_compat_for(self, cuda: Version) -> bool:
        """Whether it is known to hold NVIDIA's forward compatibility package of that CUDA.

        One of a newer CUDA does too; one that says no version is taken to be the image's own.
        """
        found = (_COMPAT.fullmatch(name) for name, _ in self.packages)
        return any(
            match[1] is None or Version(f"{match[1]}.{match[2]}") >= cuda
            for match in found
            if match
        )


def fold(name: str) -> str:
    """A package's or repository's name as it is compared: lower case, ``-`` for ``_``."""
    return name.lower().replace("_", "-")


def image_facts(listed: ListedImage) -> ImageFacts:
    """Labels win over the tag; the configuration's own architecture wins over both.

    Labels that lie, or contradict the configuration, are not believed: the tag tells.
    """
    reference = parse_reference(listed.reference)
    own_stage = STAGES in reference.namespace.split("/")
    problem = ""
    try:
        labels = read_labels(listed.labels)
    except LabelError as error:
        labels, problem = None, error.what
    if labels is not None:
        told = labels.target.docker_arch
        if not listed.architectures or told in listed.architectures:
            return _by_label(listed, reference, labels, own_stage)
        kinds = ", ".join(listed.architectures)
        problem = f"the label {TARGET} says {told}, the image's configuration {kinds}"
    try:
        tag = parse_tag(reference.tag)
    except TagError as error:
        return ImageFacts(
            listed,
            reference,
            "tag",
            architectures=listed.architectures,
            packages=((fold(reference.name), ""),),
            stage=own_stage,
            unreadable=error.what if reference.tag else "the image has no tag",
            label_problem=problem,
        )
    return replace(_by_tag(listed, reference, tag, own_stage), label_problem=problem)


def _by_label(
    listed: ListedImage, reference: Reference, labels: ImageLabels, own_stage: bool
) -> ImageFacts:
    target = labels.target
    packages = tuple(_package(item) for item in labels.packages)
    return ImageFacts(
        listed,
        reference,
        "label",
        architectures=listed.architectures or (target.docker_arch,),
        arm_system="tegra" if target.system == "tegra" else "sbsa",
        l4t=tuple(target.l4t.release) if target.l4t else None,
        cuda=target.cuda,
        distro=target.distro,
        release=target.release,
        gpu_code=labels.gpu_code,
        least_driver=labels.least_driver,
        packages=packages,
        stage=own_stage,
        builder=_is_builder(reference.name, _package(labels.stage)[1]),
        inferred=target.inferred,
    )


def _by_tag(
    listed: ListedImage, reference: Reference, tag: ImageTag, own_stage: bool
) -> ImageFacts:
    docker_arch = tag.docker_arch
    version = version_of(tag.version)
    # a suffix that says what kind of image it is names no link of a chain
    builder = tag.suffix == "builder"
    facts = ImageFacts(
        listed,
        reference,
        "tag",
        architectures=listed.architectures or ((docker_arch,) if docker_arch else ()),
        arm_system=_arm_system(tag),
        l4t=tag.l4t,
        cuda=tag.cuda,
        distro=tag.distro,
        release=tag.release,
        gpu_code=tuple(map(GpuCode, tag.gpu_architectures)) if tag.gpu_architectures else None,
        packages=((fold(reference.name), version),),
        stage=own_stage or (tag.is_stage and not builder),
        builder=builder or _is_builder(reference.name, version),
        for_jetson=tag.l4t is not None and "sbsa" not in tag.machine,
        other_maker=_other_maker(tag),
    )
    return _filled_in(facts)


def _other_maker(tag: ImageTag) -> str:
    """Empty where the tag names L4T or CUDA: ``cpu`` is then part of a version or a name."""
    if tag.l4t is not None or tag.cuda is not None:
        return ""
    words = f"{tag.version}-{tag.suffix}".lower().split("-")
    return next((word for word in words if _OTHER_MAKER.fullmatch(word)), "")


def _filled_in(facts: ImageFacts) -> ImageFacts:
    """CUDA and Ubuntu of the L4T release, where the tag does not say them."""
    if facts.l4t is None or (facts.cuda and facts.release):
        return facts
    try:
        release = find_l4t(Version(".".join(map(str, facts.l4t)))).release
    except TargetError:
        return facts
    return replace(
        facts,
        cuda=facts.cuda or release.cuda,
        distro=facts.distro or "ubuntu",
        release=facts.release or release.ubuntu,
        inferred=True,
    )


def _arm_system(tag: ImageTag) -> Literal["tegra", "sbsa"]:
    """``sbsa`` where the tag says so or L4T is 38 or newer; without L4T there is no Tegra image."""
    if "sbsa" in tag.machine:
        return "sbsa"
    if tag.l4t is not None:
        return "tegra" if tag.l4t[0] < 38 else "sbsa"
    return "tegra" if "tegra" in tag.machine else "sbsa"


def _package(reference: str) -> tuple[str, str]:
    name, _, version = reference.partition(":")
    return fold(name), version


def _is_builder(name: str, version: str) -> bool:
    """Images that hold what is needed to compile a package: ``…-builder`` by name or version."""
    return "builder" in (*fold(name).split("-")[-1:], *version.split("-"))
