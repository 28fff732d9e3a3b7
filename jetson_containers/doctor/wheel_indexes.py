"""Do the wheel indexes of the target answer, and do they hold what is expected of them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.version import InvalidVersion, Version

from jetson_containers.doctor.model import Check, Host, Verdict, WheelIndex, info, ok, warning


def question(index: str, distribution: str) -> str:
    """Under which name the answer of an index is recorded; see :mod:`.outside`."""
    return f"wheel-index {index} {distribution}".rstrip()


def questions(index: WheelIndex) -> tuple[str, ...]:
    """The distributions that an index is asked for: those that it should hold, or only itself."""
    return tuple(sorted(index.holds)) or ("",)


def judge(host: Host) -> Iterator[Verdict]:
    unasked = []
    for index in host.indexes:
        said = {name: host.output(question(index.name, name)) for name in questions(index)}
        answers = {name: text for name, text in said.items() if text}
        if answers:
            yield _of(index, answers)
        else:
            unasked.append(index.name)
    if unasked:
        yield info(f"wheel indexes that were not asked: {', '.join(unasked)}")


def _of(index: WheelIndex, answers: Mapping[str, str]) -> Verdict:
    place = index.url or "the installer's default index"
    silent = [name for name, text in answers.items() if text.startswith("unreachable")]
    if silent:
        return warning(
            f"the wheel index {index.name} ({place}) could not be reached: packages whose wheels "
            "it holds cannot be built now"
        )
    absent = [
        f"{name} {version}"
        for name, text in answers.items()
        for version in index.holds.get(name, ())
        if not _holds(text, version)
    ]
    if absent:
        return warning(
            f"the wheel index {index.name} ({place}) has no more {', '.join(absent)}: packages "
            "that pin these cannot be built"
        )
    if any(text.startswith("absent") for text in answers.values()):
        return warning(f"the wheel index {index.name} is not there any more: {place}")
    count = sum(len(index.holds.get(name, ())) for name in answers)
    held = f" and holds the {count} versions that are pinned" if count else ""
    return ok(f"the wheel index {index.name} answers{held}")


def _holds(answer: str, version: str) -> bool:
    """Whether ``version`` is in an answer; a local part (``+cu130``) that was not asked is none."""
    wanted = Version(version)
    for word in answer.split()[1:]:
        try:
            found = Version(word)
        except InvalidVersion:
            continue
        if found == wanted or (wanted.local is None and Version(found.public) == wanted):
            return True
    return False


CHECK = Check("wheel-indexes", "whether the wheel indexes answer, and hold what is pinned", judge)
