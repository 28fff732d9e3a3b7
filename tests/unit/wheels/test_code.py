"""GPU code in files: what is shown to the dumper, and what its words mean."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from jetson_containers.wheels.code import CodeNotRead, cuobjdump, gpu_code, no_dumper, read_list
from tests.unit.wheels.entries import code

ELF = b"\x7fELF"

#: as cuobjdump 13.0 prints it; the last line without an end
LISTED = """\
ELF file    1: libadd.1.sm_87.cubin
ELF file    2: libadd.2.sm_110.cubin
ELF file    3: k.3.sm_90a.cubin
PTX file    1: libadd.1.sm_110.ptx
PTX file    2: k.sm_90a.ptx"""


def by_content(file: Path):
    """Stands for the dumper: an ELF file here says itself what it holds."""
    return code(file.read_bytes().removeprefix(ELF).decode())


def wheel(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarball(path: Path, **members: bytes) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_the_list_of_the_dumper_is_read():
    assert read_list(LISTED) == code("sm_87 sm_110 sm_90a compute_110 compute_90a")


@pytest.mark.parametrize(("make", "name"), [(wheel, "a.whl"), (tarball, "a.tar.gz")])
def test_every_elf_file_of_an_archive_is_looked_at(tmp_path, make, name):
    path = make(
        tmp_path / name, one=ELF + b"sm_87", two=ELF + b"sm_87 compute_90", text=b"sm_100"
    )
    assert gpu_code(path, by_content) == code("sm_87 compute_90")


def test_a_bare_object_and_plain_data(tmp_path):
    (tmp_path / "x.so").write_bytes(ELF + b"sm_87")
    (tmp_path / "data").write_bytes(b"sm_87")
    assert gpu_code(tmp_path / "x.so", by_content) == code("sm_87")
    assert gpu_code(tmp_path / "data", by_content) == ()


def test_what_cannot_be_opened_is_not_known(tmp_path):
    broken = wheel(tmp_path / "a.whl", one=ELF + b"sm_87" * 100)
    content = bytearray(broken.read_bytes())
    content[60:80] = b"\0" * 20
    broken.write_bytes(content)
    with pytest.raises(CodeNotRead, match=r"a\.whl cannot be opened"):
        gpu_code(broken, by_content)
    (tmp_path / "a.tar.zst").write_bytes(b"")
    with pytest.raises(CodeNotRead, match=r"a\.tar\.zst cannot be opened here"):
        gpu_code(tmp_path / "a.tar.zst", by_content)


def test_without_a_dumper_only_what_has_no_elf_file_is_known(tmp_path):
    none = no_dumper("it is not here")
    assert gpu_code(wheel(tmp_path / "pure.whl", text=b"x"), none) == ()
    with pytest.raises(CodeNotRead, match="it is not here"):
        gpu_code(wheel(tmp_path / "a.whl", one=ELF), none)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("printf 'ELF file    1: x.sm_87.cubin'; echo 'No PTX file found' >&2", "sm_87"),
        ("echo \"info    : File 'x' does not contain device code\" >&2; exit 255", ""),
        ("echo fatal >&2; exit 1", None),
        ("exit 0", None),
    ],
)
def test_what_the_dumper_answers(tmp_path, script, told):
    program = tmp_path / "cuobjdump"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    if told is not None:
        assert cuobjdump(program)(tmp_path) == code(told)
        return
    with pytest.raises(CodeNotRead, match="says"):
        cuobjdump(program)(tmp_path)


def test_a_dumper_that_is_not_there():
    with pytest.raises(CodeNotRead, match="does not answer"):
        cuobjdump(Path("/nonexistent/cuobjdump"))(Path("x"))
