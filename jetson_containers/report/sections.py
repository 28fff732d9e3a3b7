"""What a README says of one package, section by section, as lines of Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import PurePosixPath

from jetson_containers.errors import BuilderError
from jetson_containers.image.tag import tag_for
from jetson_containers.package.keys import DEFAULT_REQUIRES
from jetson_containers.package.model import Package
from jetson_containers.platform.target import Target
from jetson_containers.report.facts import Entry, Sight, where
from jetson_containers.report.markdown import Place, code, codes, row, table_head

#: kinds of machine, as columns: what they are called, and which targets they hold
FAMILIES: Sequence[tuple[str, Callable[[Target], bool]]] = (
    ("Jetson, JetPack 4 to 6", lambda target: target.system == "tegra"),
    ("Jetson, JetPack 7", lambda target: target.system == "sbsa" and target.l4t is not None),
    ("Arm server", lambda target: target.system == "sbsa" and target.l4t is None),
    ("x86_64", lambda target: target.system == "x86_64"),
)
_TEST_FILE = re.compile(r"(?:^|[\s/])([\w.-]+\.(?:py|sh))(?=\s|$)")


def sections(
    entry: Entry,
    here: PurePosixPath,
    targets: Sequence[Target],
    places: dict[str, Place],
    level: int,
) -> list[str]:
    """The lines for ``entry`` in the README of ``here``; ``level`` is that of its headings."""
    head = "#" * level
    parts: list[tuple[str, list[str]]] = [
        ("", _notes(entry)),
        ("", _facts(entry)),
        (f"{head} Versions", _versions(entry, targets)),
        (f"{head} Depends on", _needs(entry, here, places)),
        (f"{head} Needed by", _users(entry, here, places)),
        (f"{head} Sources", _sources(entry)),
        (f"{head} Tests", _tests(entry)),
        (f"{head} Images", _images(entry, targets)),
        (f"{head} Build and run", _commands(entry)),
    ]
    lines: list[str] = []
    for title, body in parts:
        if body:
            lines += ["", *([title, ""] if title else []), *body]
    return lines


def _notes(entry: Entry) -> list[str]:
    """The package's own words; the name of a Markdown file becomes a link to it."""
    texts = entry.stated(
        lambda sight: filter(None, [sight.package.notes.strip(), sight.package.docs.strip()])
    )
    lines: list[str] = []
    for text, cells in texts.items():
        place = where(cells, entry.cells, code)
        shown = f"[{text}]({text})" if re.fullmatch(r"\S+\.md", text) else text
        shown = f"{shown} ({place})" if place else shown
        lines += [*([""] if lines else []), *(line.rstrip() for line in shown.splitlines())]
    return lines


def _facts(entry: Entry) -> list[str]:
    """What is one line each: group, other names, what it requires, secrets, conflicts."""
    package = entry.newest
    lines = [f"- group: {package.group}"] if package and package.group else []
    aliases = sorted(
        {alias for sight in entry.sights for alias in sight.package.aliases if ":" not in alias}
        - {entry.name}
    )
    if aliases:
        lines.append(f"- also called: {', '.join(map(code, aliases))}")
    rows: tuple[tuple[str, Callable[[Package], str]], ...] = (
        ("requires", lambda package: ", ".join(_requires(package))),
        ("conflicts with", lambda package: ", ".join(map(str, package.conflicts))),
        ("build secrets", lambda package: ", ".join(package.secrets)),
        ("build device", lambda package: package.buildkit_device or ""),
    )
    for word, said in rows:
        for text, cells in entry.stated(partial(_said, said)).items():
            place = where(cells, entry.cells, code)
            lines.append(f"- {word}: {codes(text)}{f' ({place})' if place else ''}")
    refused = {cell for cells in entry.refused.values() for cell in cells}
    every = (*entry.cells, *sorted(refused))
    for text, cells in entry.refused.items():
        bare = [target for version, target in every if not version and (version, target) in cells]
        place = where(cells, every, code) or "everywhere"
        if bare and any(entry.versions):
            named = frozenset(cell for cell in cells if cell[0])
            places = [where(named, every, code), f"on {', '.join(map(code, bare))}"]
            place = "; ".join(filter(None, places))
        why = f"requires {codes(text)}" if text else "defined for other targets only"
        lines.append(f"- left out: {place} ({why})")
    return lines


def _said(said: Callable[[Package], str], sight: Sight) -> Iterable[str]:
    return filter(None, [said(sight.package)])


def _requires(package: Package) -> tuple[str, ...]:
    """What it requires of a target; the loader's own default says nothing about the package."""
    return () if package.requires == (DEFAULT_REQUIRES,) else package.requires


def _versions(entry: Entry, targets: Sequence[Target]) -> list[str]:
    """Version by kind of machine; in bold where the bare name means it."""
    default = {sight.cell for sight in entry.sights if sight.package.is_default}
    held = set(entry.cells)
    families = [
        (title, [target.name for target in targets if belongs(target)])
        for title, belongs in FAMILIES
    ]
    shown = [(title, names) for title, names in families if names]
    lines = table_head("version", *(title for title, _ in shown))
    for version in entry.versions:
        cells = []
        for _, names in shown:
            there = [name for name in names if (version, name) in held]
            bold = [name for name in there if (version, name) in default]
            if there == names and bold in ([], names):
                cells.append("**all**" if bold else "all")
            else:
                words = [f"**{name}**" if name in bold else name for name in there]
                cells.append(", ".join(words) or "-")
        lines.append(row(version or "-", *cells))
    if any(entry.versions):
        lines += ["", f"Bold: the version that `{entry.name}` means there."]
    return lines


def _needs(entry: Entry, here: PurePosixPath, places: dict[str, Place]) -> list[str]:
    lines = []
    for name, texts in entry.needs.items():
        wishes = []
        for text, cells in texts.items():
            place = where(cells, entry.cells, code)
            if text != name or place:
                wishes.append(f"{code(text)}{f' ({place})' if place else ''}")
        lines.append(_item(name, wishes, here, places))
    return lines


def _users(entry: Entry, here: PurePosixPath, places: dict[str, Place]) -> list[str]:
    return [
        _item(user, [code(text) for text in sorted(texts - {entry.name})], here, places)
        for user, texts in entry.users.items()
    ]


def _item(
    name: str, words: Iterable[str], here: PurePosixPath, places: dict[str, Place]
) -> str:
    place = places.get(name)
    shown = place.link(name, here) if place else f"{name} (not in this tree)"
    text = "; ".join(words)
    return f"- {shown}{f': {text}' if text else ''}"


def _sources(entry: Entry) -> list[str]:
    facts = entry.stated(lambda sight: sight.package.sources)
    if not facts:
        return []
    lines = table_head("source", "pinned to", "from", "for")
    for source, cells in facts.items():
        origin = source.index or source.kind
        place = where(cells, entry.cells, code)
        name = source.location if "://" in source.location else code(source.location)
        lines.append(row(name, source.version or "-", origin, place or "all"))
    return lines


def _tests(entry: Entry) -> list[str]:
    def tests(sight: Sight) -> Iterable[str]:
        for text in sight.package.tests:
            names = _TEST_FILE.findall(text)
            yield f"[{names[0]}]({names[0]})" if names else code(text)

    return [
        f"- {text}{f' ({place})' if (place := where(cells, entry.cells, code)) else ''}"
        for text, cells in entry.stated(tests).items()
    ]


def _images(entry: Entry, targets: Sequence[Target]) -> list[str]:
    """The reference that a build of the bare name gets on each target."""
    made = {
        sight.target.name: _reference(sight)
        for sight in entry.sights
        if sight.package.is_default and _makes_image(sight.package)
    }
    lines = [row(item.name, code(made[item.name])) for item in targets if item.name in made]
    return [*table_head("target", "image"), *lines] if lines else []


def _reference(sight: Sight) -> str:
    package = sight.package
    try:
        tag = tag_for(
            sight.target, package.version, prefix=package.prefix, postfix=package.postfix
        )
    except BuilderError:
        return f"{package.name}: no tag can say this version"
    return f"{package.name}:{tag}"


def _makes_image(package: Package) -> bool:
    """A package without a Dockerfile and without dependencies only gives files away."""
    return package.dockerfile is not None or bool(package.depends)


def _commands(entry: Entry) -> list[str]:
    makers = [sight for sight in entry.sights if _makes_image(sight.package)]
    if not entry.sights:
        return []
    if not makers:
        return [
            "There is no image of it: builds of other packages take its files with "
            f"`RUN --mount=type=bind,from={entry.name}`."
        ]
    default = next((item for item in makers if item.package.is_default), makers[0])
    here = {item.package.version for item in makers if item.target == default.target}
    others = [item for item in makers if item.package.version in here - {default.package.version}]
    lines = [f"./build.sh {entry.name}", f"./build.sh {entry.name} --target {default.target.name}"]
    if others:
        lines.append(f"./build.sh {others[0].package.reference} --target {default.target.name}")
    return ["```sh", *lines, f"jetson-containers run $(autotag {entry.name})", "```"]
