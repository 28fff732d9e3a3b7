"""Image tags: the grammar of what this program and the builders before it write.

A tag says ``[version-]platform[-suffix]``. The platform part is one of

* Jetson: ``r36.4.3-cu126-22.04``; what is missing (``r36.4``, ``r35.4.1``) follows from the L4T
  table; a machine may be said after the L4T (``r36.4.tegra-aarch64``, ``r38.4.arm64-sbsa``);
* servers and PCs: ``sbsa-cu130-24.04``, ``amd64-cu129-24.04``, ``amd64-cu130-debian12``;
* cloud: ``cuda-12.9``, ``cuda12.8`` or ``cu129``, the machine after it if at all
  (``cu129-amd64``), and ``gpu-py312-cu130-ubuntu24.04``.

After the first word, CUDA (``cu126``, ``cu12.6`` or ``cuda12.6``), distribution (``22.04``,
``debian12``), Python (``py312`` or ``cp312``) and GPU architectures (``sm72_87``) stand in any
order, each at most once; from the first other word on it is the suffix. The tag of a stage is the
first 16 hexadecimal digits of its fingerprint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import Version

from jetson_containers.errors import BuilderError
from jetson_containers.image.tag_text import DISTRO_IDS, tag_safe
from jetson_containers.platform.target import Target

#: the longest tag a registry takes (OCI distribution specification)
MAX_LENGTH = 128

_LEGAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_STAGE = re.compile(r"[0-9a-f]{16}")
_MACHINE = r"tegra-aarch64|arm64-sbsa|sbsa|amd64|x86_64|arm64|aarch64"
_CORE = re.compile(
    rf"(?:^|(?<=-))(?:r(?P<l4t>(?:2[89]|[3-9]\d)(?:\.\d{{1,3}}){{1,2}})"
    rf"(?:[.-](?P<of>{_MACHINE}))?|(?P<machine>{_MACHINE}))(?=-|$)"
)
_CLOUD = re.compile(
    r"(?:^|(?<=-))(?:cuda-?(?P<cuda>\d{1,2}\.\d{1,2})(?:\.\d{1,3})*"
    r"|(?P<gpu>gpu)|cu\d{3,4}|cu\d{1,2}\.\d{1,2}(?:\.\d{1,3})*)(?=-|$)"
)
_CUDA = re.compile(r"cu(\d{2})(\d{1,2})|cu(?:da)?(\d{1,2})\.(\d{1,2})(?:\.\d{1,3})*")
_PYTHON = re.compile(r"(?:py|cp)(\d)\.?(\d{1,2})")
_GPUS = re.compile(r"sm(\d{2,3}(?:_\d{2,3})*)")
_DISTRO = re.compile(
    rf"(?:ubuntu)?(?P<ubuntu>\d{{2}}\.\d{{2}})|(?P<id>{DISTRO_IDS})(?P<release>\d{{1,2}}(?:\.\d)?)"
)
_MAJOR_ALONE = re.compile(r"cu(?:da)?\d{1,2}")
_FACTS = (_CUDA, _PYTHON, _GPUS, _DISTRO)

#: after the platform: a date, NGC's mark of framework and Python (``pth2.0-py3``), a kind of image
_OF_A_RESULT = re.compile(
    r"\d+|(?:[a-z]+[\d.]+-)*py3(?:-igpu)?|(?:cudnn\d*-)?(?:runtime|devel|slim)"
)


class TagError(BuilderError):
    """A tag that cannot be read, or a value that no tag can say."""


@dataclass(frozen=True, slots=True)
class ImageTag:
    """What a tag says; what it does not say is empty or ``None``.

    ``version`` is everything before the platform, as it stands in the tag (``version_of`` reads
    it). ``l4t`` holds the parts that are given: ``(36, 4)`` is not ``(36, 4, 0)``. ``machine`` is
    the word for the machine (``amd64``, ``sbsa``, ``tegra-aarch64``), ``gpu`` in the cloud's long
    form, empty where L4T says it or nothing does. ``fingerprint`` is that of a stage, and then all
    there is.

    Law: ``parse_tag(format_tag(t)) == t``.
    """

    version: str = ""
    l4t: tuple[int, ...] | None = None
    machine: str = ""
    cuda: Version | None = None
    distro: str = ""
    release: str = ""
    python: Version | None = None
    gpu_architectures: tuple[int, ...] | None = None
    suffix: str = ""
    fingerprint: str = ""

    @property
    def docker_arch(self) -> str | None:
        """``arm64`` or ``amd64`` where the tag tells."""
        if self.machine in ("amd64", "x86_64"):
            return "amd64"
        return "arm64" if self.l4t or self.machine not in ("", "gpu") else None

    @property
    def is_stage(self) -> bool:
        """A stage of this program, or one of another builder's.

        Others append a package's name to a machine's platform for their stages
        (``r35.4.1-onnx``). A package's own postfix reads the same: an image's label decides before
        this does. A date, NGC's mark of Python, or a kind of image (``runtime``) is no such name.
        """
        on_machine = self.l4t is not None or self.machine not in ("", "gpu")
        extra = bool(self.suffix) and not _OF_A_RESULT.fullmatch(self.suffix)
        return bool(self.fingerprint) or (on_machine and extra)


def parse_tag(text: str) -> ImageTag:
    """Read a tag; raises :class:`TagError` when it says nothing of the platform."""
    if len(text) > MAX_LENGTH or not _LEGAL.fullmatch(text):
        if len(text) > MAX_LENGTH:
            what = f"{_short(text)!r} is not a tag: it has {len(text)} characters"
        else:
            what = f"{text!r} is not a tag"
        raise TagError(
            what,
            hint=f"a tag has 1 to {MAX_LENGTH} letters, digits, '_', '.' and '-', "
            "and starts with none of the last two",
        )
    if _STAGE.fullmatch(text):
        return ImageTag(fingerprint=text)
    core = _CORE.search(text) or _CLOUD.search(text)
    if core is None:
        raise TagError(
            f"tag {text!r} says nothing of the platform",
            hint="a readable tag names L4T (r36.4.3), a machine (amd64, sbsa) or CUDA (cu130)",
        )
    groups = core.groupdict()
    found: dict[re.Pattern[str], re.Match[str]] = {}
    if groups.get("cuda"):
        found[_CUDA] = core
    starts_with_fact = not any(groups.values())
    words = text[core.start() if starts_with_fact else core.end() :].strip("-").split("-")
    _take_facts(words, found)
    version = text[: core.start()].removesuffix("-")
    if core.re is _CORE and _CUDA not in found:
        version = _take_cuda(version, found)
    if _CUDA not in found and (groups.get("gpu") or any(map(_MAJOR_ALONE.fullmatch, words[:1]))):
        raise TagError(
            f"tag {text!r} does not tell which CUDA the image has",
            hint="a readable tag names major and minor version of CUDA (cu130)",
        )
    distro = found.get(_DISTRO)
    gpus = found.get(_GPUS)
    return ImageTag(
        version=version,
        l4t=tuple(map(int, groups["l4t"].split("."))) if groups.get("l4t") else None,
        machine=groups.get("machine") or groups.get("of") or groups.get("gpu") or "",
        cuda=_version(found.get(_CUDA)),
        distro=(distro["id"] or "ubuntu") if distro else "",
        release=(distro["release"] or distro["ubuntu"]) if distro else "",
        python=_version(found.get(_PYTHON)),
        gpu_architectures=tuple(map(int, gpus[1].split("_"))) if gpus else None,
        suffix="-".join(words),
    )


def _take_facts(words: list[str], found: dict[re.Pattern[str], re.Match[str]]) -> None:
    """Move the facts that ``words`` starts with to ``found``, each kind once."""
    while words:
        hit = next(
            ((p, m) for p in _FACTS if p not in found and (m := p.fullmatch(words[0]))), None
        )
        if hit is None:
            return
        found[hit[0]] = hit[1]
        del words[0]


def _take_cuda(version: str, found: dict[re.Pattern[str], re.Match[str]]) -> str:
    """``version`` without CUDA and the facts after it, where others write them before the machine.

    ``v0.5.4-cu129`` of ``v0.5.4-cu129-amd64``, ``cu130-nightly`` of ``cu130-nightly-aarch64``.
    """
    words = version.split("-")
    first = next((index for index, word in enumerate(words) if _CUDA.fullmatch(word)), None)
    if first is None:
        return version
    rest = words[first:]
    _take_facts(rest, found)
    return "-".join((*words[:first], *rest))


def _version(match: re.Match[str] | None) -> Version | None:
    if match is None:
        return None
    if match.re is _CLOUD:
        return Version(match["cuda"])
    major, minor = (group for group in match.groups() if group)
    return Version(f"{major}.{minor}")


def _shown(tag: ImageTag) -> str:
    """What a definition or a person chose of a tag: all else follows from the target."""
    words = (("fingerprint", tag.fingerprint), ("version", tag.version), ("suffix", tag.suffix))
    return " with ".join(f"the {name} {_short(text)!r}" for name, text in words if text) or "it"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def format_tag(tag: ImageTag) -> str:
    """Write a tag in canonical order.

    Raises :class:`TagError` for a value that no tag can say: one that would read back differently.
    """
    text = tag.fingerprint or "-".join(word for word in _words(tag) if word)
    try:
        same = parse_tag(text) == tag
    except TagError as error:
        raise TagError(f"no tag can say {_shown(tag)}: {error.what}", hint=error.hint) from error
    if not same:
        raise TagError(
            f"no tag can say {_shown(tag)}: {text!r} reads back as something else",
            hint="keep words of the platform (r36.4, amd64, cu130) out of version and suffix",
        )
    return text


def _words(tag: ImageTag) -> list[str]:
    cuda = f"cu{tag.cuda.major}{tag.cuda.minor}" if tag.cuda else ""
    distro = tag.release if tag.distro == "ubuntu" else f"{tag.distro}{tag.release}"
    cloud = not tag.l4t and tag.machine in ("", "gpu")
    if cloud and tag.distro == "ubuntu":
        distro = f"ubuntu{tag.release}"
    if cloud and tag.cuda and not tag.machine:
        cuda = f"cuda-{tag.cuda}"
    core = tag.machine
    if tag.l4t:
        core = "r" + ".".join(map(str, tag.l4t)) + (f".{tag.machine}" if tag.machine else "")
    python = f"py{tag.python.major}{tag.python.minor}" if tag.python else ""
    gpus = "sm" + "_".join(map(str, tag.gpu_architectures)) if tag.gpu_architectures else ""
    return [tag.version, core, cuda, distro, python, gpus, tag.suffix]


def tag_for(target: Target, version: str | None, *, prefix: str = "", postfix: str = "") -> str:
    """The tag of an image of ``version`` for ``target``.

    An unmarked tag means the distribution's own Python and every GPU architecture of the
    platform; a target that differs says so (``-py313``, ``-sm87``), so that two images that
    differ never share a tag. Raises :class:`TagError` when it gets too long.
    """
    from jetson_containers.platform.default import default_python, platform_architectures

    gpus = target.gpu_architectures
    parts = (tag_safe(part) for part in (prefix.strip("-"), version or "") if part)
    return format_tag(
        ImageTag(
            version="-".join(parts),
            l4t=tuple(target.l4t.release) if target.l4t else None,
            machine="" if target.l4t else ("amd64" if target.arch == "x86_64" else "sbsa"),
            cuda=target.cuda,
            distro=target.distro,
            release=target.release,
            python=target.python if target.python != default_python(target) else None,
            gpu_architectures=gpus if gpus != platform_architectures(target) else None,
            suffix=tag_safe(postfix.strip("-")) if postfix else "",
        )
    )
