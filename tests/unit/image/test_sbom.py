"""The SPDX document of an image: what is installed, and nothing that is not."""

from __future__ import annotations

import io
import json
import tarfile
from datetime import datetime, timezone

import pytest

from jetson_containers.engine.sbom import read_files
from jetson_containers.errors import BuilderError
from jetson_containers.image.sbom import (
    Software,
    os_release,
    purl,
    read_metadata,
    read_status,
    spdx_document,
)

STATUS = """\
Package: libc6
Status: install ok installed
Maintainer: GNU Libc Maintainers <x@example.org>
Architecture: amd64
Version: 2.36-9+deb12u8
Description: GNU C Library
 of many lines

Package: gone
Status: deinstall ok config-files
Version: 1
"""
METADATA = "Name: Some_Tool\nVersion: 1.0\nLicense-Expression: MIT\n\nName: x"
WHEN = datetime(2026, 1, 2, tzinfo=timezone.utc)
LIBC = Software("deb", "libc6", "2.36-9+deb12u8", "amd64", "GNU Libc Maintainers <x@example.org>")
TOOL = Software("pypi", "Some_Tool", "1.0", license="MIT")
DEBIAN = {"ID": "debian", "VERSION_ID": "12"}


def _archive(files: dict[str, str]) -> list[bytes]:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    whole = out.getvalue()
    return [whole[at : at + 700] for at in range(0, len(whole), 700)]


def test_what_dpkg_says_is_installed_is_and_what_was_removed_is_not():
    assert list(read_status(STATUS)) == [LIBC]


def test_the_header_of_metadata_counts_and_not_its_description():
    assert read_metadata(METADATA) == TOOL
    assert read_metadata("Version: 1\n") is None


def test_the_files_of_an_image_tell_what_is_installed_wherever_python_is():
    found = read_files(
        _archive(
            {
                "etc/os-release": 'ID="debian"\nVERSION_ID="12"\n',
                "var/lib/dpkg/status": STATUS,
                "opt/venv/lib/python3.12/site-packages/some_tool-1.0.dist-info/METADATA": METADATA,
                "usr/share/doc/METADATA": METADATA.replace("Some_Tool", "other"),
            }
        )
    )
    assert found.software == (LIBC, TOOL)
    assert found.system == DEBIAN


def test_images_with_a_status_file_for_each_package_are_read():
    found = read_files(
        _archive(
            {
                "var/lib/dpkg/status.d/libc6": STATUS.partition("\n\n")[0].replace(
                    "Status: install ok installed\n", ""
                ),
                "var/lib/dpkg/status.d/libc6.md5sums": "Package: sums\nVersion: 1\n",
            }
        )
    )
    assert [item.name for item in found.software] == ["libc6"]


def test_an_archive_that_ends_too_early_is_an_error():
    with pytest.raises(BuilderError):
        read_files([b"".join(_archive({"var/lib/dpkg/status": STATUS}))[:600]])


def test_package_urls():
    assert purl(LIBC, DEBIAN) == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u8?arch=amd64&distro=debian-12"
    assert purl(TOOL, DEBIAN) == "pkg:pypi/some-tool@1.0"


def test_the_document_describes_the_image_and_what_it_contains():
    document = spdx_document(
        "i:1", "sha256:" + "a" * 64, [TOOL, LIBC, TOOL], DEBIAN, program="p-1", created=WHEN
    )
    assert document["spdxVersion"] == "SPDX-2.3"
    made = {"created": "2026-01-02T00:00:00Z", "creators": ["Tool: p-1"]}
    assert document["creationInfo"] == made
    ids = [item["SPDXID"] for item in document["packages"]]
    assert len(set(ids)) == 3
    assert {one["relatedSpdxElement"] for one in document["relationships"]} == set(ids)
    assert document["packages"][2]["licenseDeclared"] == "MIT"


def test_equal_images_have_equal_documents_in_whatever_order_files_came():
    one, other = (
        json.dumps(
            spdx_document("i", "sha256:a", items, DEBIAN, program="p", created=WHEN)
        )
        for items in ([TOOL, LIBC], [LIBC, TOOL])
    )
    assert one == other


def test_os_release_is_read_with_and_without_quotes():
    assert os_release("ID=ubuntu\nVERSION_ID=\"24.04\"\n# x\n") == {
        "ID": "ubuntu",
        "VERSION_ID": "24.04",
    }
