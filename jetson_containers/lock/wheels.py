"""Distributions of an image, resolved by uv for the target's platform; nothing is downloaded."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import canonicalize_name, parse_wheel_filename

from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.lock.model import distribution
from jetson_containers.lock.outside import Distributions
from jetson_containers.lock.platform import lock_platform, wheel_tags
from jetson_containers.lock.wanted import Install, name_of
from jetson_containers.platform.target import Target

#: seconds for one resolution
_PATIENCE = 600
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\S+)")
#: an entry of pylock.toml (PEP 751). Python 3.10 has no TOML parser, and uv writes one form.
_FILE = re.compile(
    r'\{[^{}]*(?:url|path) = "([^"]+)"[^{}]*hashes = \{[^{}]*sha256 = "([0-9a-f]{64})"'
)
_YANKED = re.compile(r"`?([\w.-]+==[^\s`]+)`? is yanked")
_NETWORK = re.compile(
    r"failed to fetch|error sending request|dns error|timed out|connection refused"
    r"|could not connect|client error \(connect\)|request failed after",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Uv:
    """uv's resolver, for one target. ``env`` is its environment: it says where the index is."""

    program: str
    target: Target
    env: Mapping[str, str] = field(default_factory=dict)

    def distributions(self, installs: Sequence[Install], bounds: str) -> Distributions:
        """As :meth:`~.outside.Outside.distributions`."""
        files: dict[tuple[str, str], tuple[str, str]] = {}
        unknown: dict[str, str] = {}
        sources: dict[str, str] = {}
        for index, pins in _by_index(installs).items():
            try:
                files |= self._files(pins, ("--no-config", "--default-index", index))
            except UnreachableError:
                unknown |= dict.fromkeys(pins, "the index that holds it could not be reached")
            else:
                sources |= {name_of(pin): index for pin in pins}
        for pin in (pin for install in installs if install.builds for pin in install.default):
            try:
                self._files([pin], ())
            except UnreachableError:
                raise
            except BuilderError:
                unknown[pin] = "it comes as source, and only its build tells what it needs"
        resolved, needs = self._resolve(installs, bounds, sources, unknown)
        default = [pin for pin in resolved if name_of(pin) not in sources]
        files |= self._files(default, ())
        return Distributions(files, needs, unknown)

    def newest(self, name: str) -> str:
        """The newest version of a distribution that the target can install."""
        with tempfile.TemporaryDirectory(prefix="jetson-lock-") as folder:
            wishes = Path(folder, "wishes.in")
            wishes.write_text(f"{name}\n", encoding="utf-8")
            out = self._run(["--no-deps", "--no-header", "--no-annotate", str(wishes)], folder)
        for line in out.splitlines():
            match = _PIN.match(line)
            if match and canonicalize_name(match[1]) == canonicalize_name(name):
                return match[2]
        raise BuilderError(f"no index holds {name}", hint="correct the name in the definition")

    def held_files(
        self, files: Iterable[str], index: str
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """As :meth:`~.outside.Outside.held_files`; versions that are gone have no file."""
        pins = sorted({"==".join(distribution(file)) for file in files})
        wanted = set(files)
        yanked: list[str] = []
        options = ("--no-config", "--default-index", index) if index else ()
        try:
            found = self._listed(pins, options, yanked)
        except UnreachableError:
            raise
        except BuilderError:
            found = {}
            for pin in pins:
                try:
                    found |= self._listed([pin], options, yanked)
                except UnreachableError:
                    raise
                except BuilderError:
                    continue
        return {name: found[name] for name in found if name in wanted}, tuple(sorted(set(yanked)))

    def _files(
        self, pins: Sequence[str], options: Sequence[str]
    ) -> dict[tuple[str, str], tuple[str, str]]:
        """The one file of each pin that the target installs: the wheel whose tags fit best."""
        tags = wheel_tags(lock_platform(self.target), self.target.python.release[:2])
        rank = {tag: number for number, tag in enumerate(tags)}
        best: dict[tuple[str, str], tuple[int, str, str]] = {}
        for file, digest in self._listed(pins, options, []).items():
            key = distribution(file)
            places = [rank[tag] for tag in parse_wheel_filename(file)[3] if tag in rank]
            if places and (key not in best or (min(places), file) < best[key][:2]):
                best[key] = (min(places), file, digest)
        return {key: (file, digest) for key, (_, file, digest) in best.items()}

    def _listed(
        self, pins: Sequence[str], options: Sequence[str], yanked: list[str]
    ) -> dict[str, str]:
        """Every file that the index has for the pins on this platform, with its sha256."""
        if not pins:
            return {}
        with tempfile.TemporaryDirectory(prefix="jetson-lock-") as folder:
            wishes = Path(folder, "wishes.in")
            wishes.write_text("\n".join(pins) + "\n", encoding="utf-8")
            out = self._run(
                ["--no-deps", "--format", "pylock.toml", *options, str(wishes)], folder, yanked
            )
        found = _FILE.findall(out)
        names = (unquote(address.partition("#")[0]).rpartition("/")[2] for address, _ in found)
        return {
            name: digest
            for name, (_, digest) in zip(names, found, strict=True)
            if name.endswith(".whl")
        }

    def _resolve(
        self,
        installs: Sequence[Install],
        bounds: str,
        sources: Mapping[str, str],
        unknown: Mapping[str, str],
    ) -> tuple[list[str], dict[str, frozenset[str]]]:
        """All pins of an image together: each distribution with its version, and who needs whom.

        What no index could be asked for is left out together with what it needs.
        """
        default = [pin for item in installs for pin in item.default if pin not in unknown]
        reached = [pin for item in installs for _, pin in item.elsewhere if pin not in unknown]
        absent = [
            *(name_of(pin) for pin in unknown),
            *(name for install in installs for name in install.without),
        ]
        swaps = [
            *(pin for item in installs for pin in item.instead if name_of(pin) not in absent),
            *(f"{name}; sys_platform == 'never'" for name in dict.fromkeys(absent)),
        ]
        with tempfile.TemporaryDirectory(prefix="jetson-lock-") as folder:
            project = Path(folder, "pyproject.toml")
            project.write_text(_project((*reached, *default), sources), encoding="utf-8")
            Path(folder, "bounds.txt").write_text(bounds, encoding="utf-8")
            Path(folder, "swaps.txt").write_text("\n".join(swaps) + "\n", encoding="utf-8")
            options = ["--constraint", "bounds.txt", "--override", "swaps.txt", "--no-header"]
            out = self._run([*options, "--annotation-style", "line", "pyproject.toml"], folder)
        pins: list[str] = []
        needs: dict[str, set[str]] = {}
        for line in out.splitlines():
            match = _PIN.match(line)
            if match is None:
                continue
            name = canonicalize_name(match[1])
            pins.append(f"{name}=={match[2]}")
            for parent in line.partition("# via ")[2].split(","):
                needs.setdefault(canonicalize_name(parent.strip()), set()).add(name)
        return pins, {name: frozenset(found) for name, found in needs.items()}

    def _run(self, words: Sequence[str], folder: str, yanked: list[str] | None = None) -> str:
        argv = [self.program, "pip", "compile", "--no-progress", "--color", "never"]
        # nothing is built, so the target's Python need not be here
        argv += ["--no-python-downloads"]
        argv += ["--python-platform", lock_platform(self.target)]
        argv += ["--python-version", str(self.target.python), "--only-binary", ":all:", *words]
        try:
            done = subprocess.run(
                argv,
                cwd=folder,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnreachableError(
                f"uv did not resolve within {_PATIENCE} s", hint="look at the network"
            ) from None
        if done.returncode:
            raise self._fault(done.stderr)
        if yanked is not None:
            yanked += [name.rstrip(".") for name in _YANKED.findall(done.stderr)]
        return done.stdout

    def _fault(self, text: str) -> BuilderError:
        """uv's words without addresses: those of this machine's index concern nobody else."""
        plain = re.sub(r"\b\w+://[^\s`'\"()]+", "…", text).strip()
        shown = "\n".join(f"  | {line}" for line in plain.splitlines()[:20])
        if _NETWORK.search(text.partition("error: ")[2]):
            return UnreachableError(
                "the index of distributions could not be asked",
                hint=f"look at the network, and at what uv is configured to use:\n{shown}",
            )
        return BuilderError(
            f"the pins do not resolve for {self.target.name}:\n{shown}",
            hint="change the pins of the packages named",
        )


def _by_index(installs: Sequence[Install]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for install in installs:
        for index, pin in install.elsewhere:
            found.setdefault(index, []).append(pin)
    return found


def _project(pins: Sequence[str], sources: Mapping[str, str]) -> str:
    """A project that depends on the pins, each from its index: the only way to tell uv that."""
    distinct = dict.fromkeys(sources.values())
    indexes = {address: f"index-{number}" for number, address in enumerate(distinct)}
    lines = ["[project]", 'name = "image"', 'version = "0"', f"dependencies = {_array(pins)}"]
    if sources:
        lines.append("[tool.uv.sources]")
        lines += [f'{name} = {{ index = "{indexes[item]}" }}' for name, item in sources.items()]
    for address, name in indexes.items():
        lines += ["[[tool.uv.index]]", f'name = "{name}"', f'url = "{address}"', "explicit = true"]
    return "\n".join(lines) + "\n"


def _array(texts: Sequence[str]) -> str:
    return "[" + ", ".join('"' + text.replace('"', "'") + '"' for text in texts) + "]"
