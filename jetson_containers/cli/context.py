"""What every verb needs from the command line and the environment, as one value."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.errors import UsageError, raise_all
from jetson_containers.platform.settings import SETTING_NAMES, target_from_settings
from jetson_containers.platform.target import Target

if TYPE_CHECKING:
    from jetson_containers.package.catalogue import Catalogue
    from jetson_containers.package.loader import Trees
    from jetson_containers.platform.evidence import Evidence
    from jetson_containers.platform.facts import HostFacts

#: settings of the ecosystem that configs may read, handed in explicitly
SETTINGS = (
    "PYTORCH_VERSION",
    "TENSORFLOW_VERSION",
    "ROS_DISTRO",
    "CUDA_PACKAGES",
    "INDEX_HOST",
    "FORCE_BUILD",
    "CUDNN_VERSION",
    "TENSORRT_VERSION",
    *SETTING_NAMES,
)


def add_target_options(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """``--target`` and what overrides its parts; ``several`` makes it a list of words."""
    group = parser.add_argument_group("target (default: this machine's)")
    help_ = "a named target; `targets` lists them"
    if several:
        help_ += "; several: separated by commas, or given again"
        group.add_argument(
            "--target", metavar="NAMES", action="append", type=target_words, help=help_
        )
    else:
        group.add_argument("--target", metavar="NAME", type=target_words, help=help_)
    group.add_argument("--cuda", metavar="VERSION", help="CUDA toolkit, as 12.9 or cu129")
    group.add_argument("--python", metavar="VERSION", help="Python, as 3.12")
    group.add_argument("--ubuntu", metavar="RELEASE", help="Ubuntu release, as 24.04")
    group.add_argument("--distro", metavar="ID:RELEASE", help="distribution, as debian:12")
    group.add_argument("--arch", metavar="ARCH", help="x86_64 or aarch64")
    group.add_argument("--facts", metavar="FILE", help="recorded evidence in place of the machine")


def target_words(text: str) -> str:
    """What stands after ``--target``, which is no name when a variable was empty."""
    if not text.strip(" ,"):
        raise argparse.ArgumentTypeError("no target was named; `targets` lists them")
    return text


def target_is_named(args: argparse.Namespace) -> bool:
    """Whether an option of :func:`add_target_options` says something."""
    words = (args.target, args.cuda, args.python, args.ubuntu, args.distro, args.arch, args.facts)
    return any(words)


def add_package_options(parser: argparse.ArgumentParser) -> None:
    """Where packages are searched."""
    group = parser.add_argument_group("packages")
    group.add_argument(
        "--package-dirs",
        metavar="DIRS",
        default="",
        help="more directories to search for packages, separated by commas, colons or semicolons",
    )
    group.add_argument(
        "--only-dirs", action="store_true", help="search the --package-dirs alone"
    )


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Options of every verb."""
    parser.add_argument("--verbose", action="store_true", help="more words, and tracebacks")
    parser.add_argument(
        "--log-level",
        default="",
        metavar="LEVEL",
        help="`debug` is --verbose; other levels of the ecosystem are accepted",
    )


@dataclass
class Context:
    """The command line, the environment, and what follows from them."""

    args: argparse.Namespace
    environ: Mapping[str, str]

    @classmethod
    def of(cls, args: argparse.Namespace) -> Context:
        return cls(args, dict(os.environ))

    @classmethod
    def each_target(cls, args: argparse.Namespace) -> tuple[Context, ...]:
        """One context for each of several targets, in the order in which they were named."""
        words = (word.strip() for text in args.target or () for word in text.split(","))
        names: list[str | None] = list(dict.fromkeys(word for word in words if word))
        return tuple(
            cls.of(argparse.Namespace(**{**vars(args), "target": name}))
            for name in names or [None]
        )

    @property
    def verbose(self) -> bool:
        """Whether output of steps and all warnings are shown."""
        return bool(self.args.verbose or self.args.log_level.lower() == "debug")

    @cached_property
    def root(self) -> Path:
        """The project's checkout (the directory above the program's own)."""
        return Path(__file__).resolve().parent.parent.parent

    @cached_property
    def program(self) -> str:
        """How this user starts the program: installed on PATH, or from the checkout."""
        import shutil

        installed = shutil.which("jetson-containers", path=self.environ.get("PATH"))
        launcher = self.root / "jetson-containers"
        if installed or not launcher.is_file():
            return "jetson-containers"
        return "./jetson-containers" if Path.cwd() == self.root else str(launcher)

    @cached_property
    def cache(self) -> Path:
        """This user's cache directory for the program."""
        from jetson_containers.engine.locate import default_cache_dir

        return default_cache_dir(self.environ)

    @cached_property
    def target(self) -> Target:
        """The named target or this machine's, with what the options and environment change."""
        from jetson_containers.platform.derive import Overrides, derive
        from jetson_containers.platform.named import named_target

        args = self.args
        named = named_target(args.target) if args.target else self.host_target
        settings = {
            name: self.environ[name] for name in SETTING_NAMES if self.environ.get(name)
        }
        if settings and not args.target:
            named = target_from_settings(named, settings)
        if args.ubuntu and args.distro:
            raise UsageError("--ubuntu and --distro exclude each other", hint="give one of them")
        wanted = Overrides(
            cuda=args.cuda,
            python=args.python,
            distro=args.distro or (f"ubuntu:{args.ubuntu}" if args.ubuntu else None),
            arch=args.arch,
        )
        return derive(named, wanted) if wanted != Overrides() else named

    @cached_property
    def host_target(self) -> Target:
        """The target of this machine, or of the recorded ``--facts``."""
        from jetson_containers.platform.host import target_for

        return target_for(self.host_facts)

    @cached_property
    def host_facts(self) -> HostFacts:
        """What this machine, or the recorded evidence, says of itself."""
        from jetson_containers.platform.host import derive_facts

        return derive_facts(self.evidence)

    @cached_property
    def evidence(self) -> Evidence:
        """The raw texts that facts are read from: recorded, or gathered here."""
        from jetson_containers.cli.host import read_evidence
        from jetson_containers.platform.probe import gather

        return read_evidence(self.args.facts) if self.args.facts else gather()

    @cached_property
    def search_dirs(self) -> tuple[Path, ...]:
        """Where packages are searched, the project's own tree first."""
        words = [word for word in re.split(r"[,;:]", self.args.package_dirs) if word]
        extra = [Path(word).expanduser().absolute() for word in words]
        plain = [Path(str(path).rstrip("*")) for path in extra]
        raise_all(
            UsageError(
                f"the package directory {path} "
                + ("is no directory" if path.exists() else "does not exist"),
                hint="correct --package-dirs",
            )
            for path in plain
            if not path.is_dir()
        )
        if self.args.only_dirs:
            if not extra:
                raise UsageError(
                    "--only-dirs needs --package-dirs", hint="name the directories to search"
                )
            return tuple(extra)
        return (self.own_packages, *extra)

    @cached_property
    def own_packages(self) -> Path:
        """The project's own tree."""
        return self.root / "packages"

    @cached_property
    def settings(self) -> dict[str, str]:
        """The settings of the ecosystem that the environment holds."""
        return {name: self.environ[name] for name in SETTINGS if self.environ.get(name)}

    @cached_property
    def trees(self) -> Trees:
        """The search directories with all that decides what they define, kept on disk."""
        from jetson_containers.package.loader import Trees

        return Trees(
            self.search_dirs,
            self.settings,
            own_root=self.own_packages,
            cache=self.cache / "catalogues",
        )

    def catalogue_for(
        self, target: Target, answers: Mapping[str, str] | None = None
    ) -> Catalogue:
        """The packages of the search directories for a target.

        ``answers`` are for what definitions ask the network: by default what the lock recorded,
        where the command line names one.
        """
        if answers is None and getattr(self.args, "locked", None) is not None:
            from jetson_containers.cli.locking import recorded_answers

            answers = recorded_answers(self, target)
        trees = replace(self.trees, answers=answers) if answers else self.trees
        return trees.catalogue(target)

    def catalogues_for(
        self, targets: Sequence[Target], *, patient: bool = True
    ) -> Iterator[Catalogue]:
        """The packages for each target, one after the other; what is new is shared by processes.

        Without patience, a directory that ran out of time for one is faulty for the others too.
        """
        from jetson_containers.package.several import load_catalogues

        return load_catalogues(targets, self.trees, patient=patient)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The packages for the target; findings that concern the own tree are errors."""
        return self.catalogue_for(self.target)


def warn(text: str) -> None:
    """A warning, on stderr."""
    say(f"warning: {text}")


def say(text: str) -> None:
    """A remark, on stderr."""
    from jetson_containers.cli.words import seen_from_here

    print(seen_from_here(text), file=sys.stderr)
