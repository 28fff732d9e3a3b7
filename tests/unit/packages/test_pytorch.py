"""The ecosystem's setting for the version that ``pytorch`` means."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.package.loader import load_catalogue
from jetson_containers.platform.named import named_target

PACKAGES = Path(__file__).parents[3] / "packages"


@pytest.mark.parametrize(
    ("setting", "version"), [("", "2.14.1"), ("2.13", "2.13.0"), ("2.11.0", "2.11.0")]
)
def test_the_setting_chooses_what_the_bare_name_means(setting: str, version: str) -> None:
    settings = {"PYTORCH_VERSION": setting} if setting else {}
    catalogue = load_catalogue(
        named_target("x86-cu130"), [PACKAGES], settings=settings, own_root=PACKAGES
    )
    default = catalogue.default("torch")
    assert default is not None and default.version == version


def test_a_version_that_is_not_defined_is_told() -> None:
    catalogue = load_catalogue(
        named_target("x86-cu130"), [PACKAGES], settings={"PYTORCH_VERSION": "9"}, own_root=PACKAGES
    )
    told = [item.message for item in catalogue.findings if item.severity == "error"]
    assert any("PYTORCH_VERSION=9 is none of" in message for message in told)
