"""The machine's own apt sources, read as values, and sources derived from them.

No mirror is named in this project: whichever one the machine uses serves for everything that is
fetched from its distribution.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

#: option of the one-line form -> field of the deb822 form (sources.list(5))
_OPTION_FIELDS = {
    "arch": "Architectures",
    "lang": "Languages",
    "target": "Targets",
    "signed-by": "Signed-By",
    "trusted": "Trusted",
    "check-valid-until": "Check-Valid-Until",
    "check-date": "Check-Date",
    "allow-insecure": "Allow-Insecure",
    "allow-weak": "Allow-Weak",
    "by-hash": "By-Hash",
    "pdiffs": "PDiffs",
}
_LISTED = ("types", "uris", "suites", "components", "enabled")


@dataclass(frozen=True, slots=True)
class AptSource:
    """One entry of binary packages: every URI serves every suite with every component.

    ``options`` are the other deb822 fields, verbatim (a ``Signed-By`` may be a whole key).
    """

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()

    def render(self) -> str:
        """The deb822 stanza. Law: ``parse_deb822(s.render()) == (s,)``."""
        fields = [
            ("Types", "deb"),
            ("URIs", " ".join(self.uris)),
            ("Suites", " ".join(self.suites)),
            ("Components", " ".join(self.components)),
            *self.options,
        ]
        return "".join(f"{name}: {value}\n" for name, value in fields if value)

    def without_credentials(self) -> AptSource:
        """The same entry with no user name or password in its URIs."""
        return replace(self, uris=tuple(_strip_userinfo(uri) for uri in self.uris))


def read_sources(etc_apt: Path) -> tuple[AptSource, ...]:
    """Every enabled entry under ``etc_apt`` (``/etc/apt``), in apt's own order."""
    found: list[AptSource] = []
    files = [etc_apt / "sources.list"]
    folder = etc_apt / "sources.list.d"
    if folder.is_dir():
        files += sorted(folder.iterdir())
    for path in files:
        if not path.is_file() or path.suffix not in (".list", ".sources"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        parse = parse_deb822 if path.suffix == ".sources" else parse_one_line
        found.extend(parse(text))
    return tuple(found)


def parse_one_line(text: str) -> tuple[AptSource, ...]:
    """Entries of the form ``deb [option=value ...] URI SUITE COMPONENT...``; others are skipped."""
    found = []
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        match = re.match(r"deb\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<rest>\S.*)$", line)
        if not match:
            continue
        uri, *rest = match["rest"].split()
        if not rest:
            continue
        options = []
        for word in shlex.split(match["options"] or ""):
            name, _, value = word.partition("=")
            if name.lower() in _OPTION_FIELDS:
                options.append((_OPTION_FIELDS[name.lower()], value.replace(",", " ")))
        found.append(AptSource((uri,), (rest[0],), tuple(rest[1:]), tuple(options)))
    return tuple(found)


def parse_deb822(text: str) -> tuple[AptSource, ...]:
    """Entries of the ``.sources`` form; disabled ones and those without ``deb`` are skipped."""
    found = []
    for stanza in _stanzas(text):
        fields = {name.lower(): value for name, value in stanza}
        if "deb" not in fields.get("types", "").split():
            continue
        if fields.get("enabled", "yes").strip().lower() in ("no", "false", "0"):
            continue
        uris, suites = fields.get("uris", "").split(), fields.get("suites", "").split()
        if not uris or not suites:
            continue
        options = tuple((name, value) for name, value in stanza if name.lower() not in _LISTED)
        components = tuple(fields.get("components", "").split())
        found.append(AptSource(tuple(uris), tuple(suites), components, options))
    return tuple(found)


def _stanzas(text: str) -> Iterator[list[tuple[str, str]]]:
    fields: list[tuple[str, str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields = []
        elif line[0].isspace() and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value}\n{line}" if value else f"\n{line}")
        elif ":" in line:
            name, _, value = line.partition(":")
            fields.append((name.strip(), value.strip()))


def for_release(
    sources: Iterable[AptSource], codename: str, wanted: str | None = None
) -> tuple[AptSource, ...]:
    """The entries that serve the distribution release ``codename``, turned to ``wanted``.

    Only the archive itself and its ``-updates`` and ``-security`` suites are taken: entries of
    third parties carry other suite names, or bring in what nobody asked for. Options that tie an
    entry to some architectures are dropped. With ``wanted``, each suite is renamed
    (``bookworm-security`` to ``trixie-security``); without, nothing is renamed. Empty if the
    machine has no archive entry for ``codename``.
    """
    own = {codename: "", f"{codename}-updates": "-updates", f"{codename}-security": "-security"}
    found = []
    for source in sources:
        suites = tuple(
            f"{wanted or codename}{own[suite]}" for suite in source.suites if suite in own
        )
        components = tuple(c for c in source.components if c in ("main", "universe"))
        uris = tuple(uri for uri in source.uris if not uri.startswith("cdrom:"))
        if not suites or not components or not uris:
            continue
        options = tuple(item for item in source.options if item[0].lower() != "architectures")
        found.append(AptSource(uris, suites, components, options))
    archive = any((wanted or codename) in source.suites for source in found)
    return tuple(found) if archive else ()


def _strip_userinfo(uri: str) -> str:
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
