"""Which GPU code a file holds: every ELF file in it is shown to NVIDIA's dumper.

``cuobjdump`` reads what the compiler put into objects, also of another machine's architecture.
Source: CUDA Binary Utilities, ``cuobjdump --list-elf`` and ``--list-ptx``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from jetson_containers.errors import BuilderError
from jetson_containers.platform.gpu_code import GpuCode, parse_gpu_code

#: the GPU code in one ELF file; raises :class:`CodeNotRead`
Dump = Callable[[Path], tuple[GpuCode, ...]]

_ELF = b"\x7fELF"
#: archives that nothing here can open
_CLOSED = (".zst", ".deb", ".rpm", ".7z")
_LISTED = re.compile(r"^(ELF|PTX) file\s+\d+: .*?\.?(sm_\d+[af]?)\.(?:cubin|ptx)\s*$", re.MULTILINE)
_NONE = "does not contain device code"
#: seconds; a library of two gigabytes takes some
_PATIENCE = 300.0


class CodeNotRead(BuilderError):
    """Nobody can tell which GPU code a file holds."""


def gpu_code(path: Path, dump: Dump) -> tuple[GpuCode, ...]:
    """The GPU code in a file, or in the members of a wheel or tarball; sorted, each once.

    Raises :class:`CodeNotRead` for an archive that cannot be opened, and where ``dump`` does.
    """
    if path.name.lower().endswith(_CLOSED):
        raise CodeNotRead(f"{path.name} cannot be opened here")
    found: set[GpuCode] = set()
    try:
        for file in _elf_files(path):
            found.update(dump(file))
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as e:
        raise CodeNotRead(f"{path.name} cannot be opened: {e}") from None
    return tuple(sorted(found))


def _elf_files(path: Path) -> Iterator[Path]:
    """The ELF files in ``path``, one after the other; those of archives as passing copies."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    with archive.open(info) as member:
                        yield from _copied(member)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as tape:
            for item in tape:
                stream = tape.extractfile(item) if item.isreg() else None
                if stream is not None:
                    with stream:
                        yield from _copied(stream)
    else:
        with path.open("rb") as file:
            begin = file.read(len(_ELF))
        if begin == _ELF:
            yield path


def _copied(stream: IO[bytes]) -> Iterator[Path]:
    begin = stream.read(len(_ELF))
    if begin != _ELF:
        return
    with tempfile.NamedTemporaryFile(prefix="jetson-elf-") as copy:
        copy.write(begin)
        shutil.copyfileobj(stream, copy, 1 << 20)
        copy.flush()
        yield Path(copy.name)


def cuobjdump(program: Path) -> Dump:
    """The dumper as a function."""

    def dump(file: Path) -> tuple[GpuCode, ...]:
        argv = [str(program), "--list-elf", "--list-ptx", str(file)]
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CodeNotRead(f"{program} does not answer: {error}") from None
        found = read_list(done.stdout)
        said = f"{done.stdout}\n{done.stderr}".strip()
        if not found and _NONE not in said:
            raise CodeNotRead(f"{program} says {said[-200:] or 'nothing'!r}")
        return found

    return dump


def read_list(text: str) -> tuple[GpuCode, ...]:
    """What ``cuobjdump --list-elf --list-ptx`` printed, in its order.

    It names PTX after the SASS of the same number: ``x.1.sm_90a.ptx`` is ``compute_90a``.
    """
    found: list[GpuCode] = []
    for form, name in _LISTED.findall(text):
        found += parse_gpu_code(name if form == "ELF" else name.replace("sm_", "compute_"))
    return tuple(found)



def no_dumper(reason: str) -> Dump:
    """A dumper that can only say why there is none."""

    def dump(file: Path) -> tuple[GpuCode, ...]:
        raise CodeNotRead(reason)

    return dump
