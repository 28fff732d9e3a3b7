"""What an image holds as an SPDX 2.3 document. Pure: texts of an image in, a document out.

Sources: spdx.github.io/spdx-spec/v2.3; dpkg's status file, deb-control(5); Python's core metadata;
package-url/purl-spec for ``deb`` and ``pypi``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.parser import HeaderParser
from typing import Any, Literal
from urllib.parse import quote

MEDIA_TYPE = "application/spdx+json"
_NO_ID = re.compile(r"[^A-Za-z0-9.-]+")
_NONE = "NOASSERTION"


@dataclass(frozen=True, slots=True, order=True)
class Software:
    """One package of the distribution (``deb``) or of Python (``pypi``) in an image."""

    kind: Literal["deb", "pypi"]
    name: str
    version: str
    arch: str = ""
    supplier: str = ""
    license: str = ""


def read_status(text: str) -> Iterator[Software]:
    """What a dpkg status file says is installed; entries of removed packages are not."""
    for paragraph in re.split(r"\n\s*\n", text):
        found = HeaderParser().parsestr(paragraph.strip("\n"))
        state = str(found.get("Status", "install ok installed")).split()
        if found.get("Package") and found.get("Version") and state[-1:] == ["installed"]:
            yield Software(
                "deb",
                found["Package"].strip(),
                found["Version"].strip(),
                str(found.get("Architecture", "")).strip(),
                str(found.get("Maintainer", "")).strip(),
            )


def read_metadata(text: str) -> Software | None:
    """What the ``METADATA`` of an installed distribution says; ``None`` for none of that kind."""
    found = HeaderParser().parsestr(text)
    if not found.get("Name") or not found.get("Version"):
        return None
    words = str(found.get("License-Expression", "")).strip()
    return Software("pypi", found["Name"].strip(), found["Version"].strip(), license=words)


def os_release(text: str) -> dict[str, str]:
    """``/etc/os-release`` as a mapping. Source: os-release(5)."""
    pairs = (line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def spdx_document(
    image: str,
    digest: str,
    software: Iterable[Software],
    system: Mapping[str, str],
    *,
    program: str,
    created: datetime,
) -> dict[str, Any]:
    """The document of an image: equal images, program and time are equal documents."""
    items = sorted(set(software))
    described = {
        "SPDXID": "SPDXRef-image",
        "name": image,
        "versionInfo": digest,
        "primaryPackagePurpose": "CONTAINER",
        **_plain(),
        "checksums": [
            {"algorithm": "SHA256", "checksumValue": digest.removeprefix("sha256:")}
        ],
    }
    packages = [_package(item, system) for item in items]
    text = "\n".join(str(item) for item in (image, digest, program, *items))
    unique = hashlib.sha256(text.encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": image,
        "documentNamespace": f"urn:jetson-containers:spdx:{unique}",
        "creationInfo": {
            "created": created.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: {program}"],
        },
        "packages": [described, *packages],
        "relationships": [
            _relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image"),
            *(_relation("SPDXRef-image", "CONTAINS", item["SPDXID"]) for item in packages),
        ],
    }


def _package(item: Software, system: Mapping[str, str]) -> dict[str, Any]:
    mark = hashlib.sha256(repr(item).encode()).hexdigest()[:8]
    found: dict[str, Any] = {
        "SPDXID": f"SPDXRef-{item.kind}-{_NO_ID.sub('-', item.name)}-{mark}",
        "name": item.name,
        "versionInfo": item.version,
        **_plain(item.license),
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl(item, system),
            }
        ],
    }
    if item.supplier:
        found["supplier"] = f"Organization: {item.supplier}"
    return found


def purl(item: Software, system: Mapping[str, str]) -> str:
    """The package URL of a package."""
    version = quote(item.version, safe="")
    if item.kind == "pypi":
        return f"pkg:pypi/{re.sub(r'[-_.]+', '-', item.name).lower()}@{version}"
    distro = system.get("ID", "debian")
    words = {"arch": item.arch, "distro": f"{distro}-{system.get('VERSION_ID', '')}".rstrip("-")}
    qualifiers = "&".join(f"{key}={quote(value, safe='')}" for key, value in words.items() if value)
    return f"pkg:deb/{distro}/{quote(item.name.lower(), safe='')}@{version}?{qualifiers}"


def _plain(license: str = "") -> dict[str, Any]:
    return {
        "downloadLocation": _NONE,
        "filesAnalyzed": False,
        "licenseConcluded": _NONE,
        "licenseDeclared": license or _NONE,
        "copyrightText": _NONE,
    }


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
