"""Signatures by OpenSSH's own program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from jetson_containers.errors import UsageError
from jetson_containers.wheels.signature import sign, trusted

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed"
)


@pytest.fixture
def key(tmp_path: Path):
    def make(name: str) -> Path:
        path = tmp_path / name
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"of {name}", "-f", str(path)]
        subprocess.run(argv, check=True)
        return path

    return make


def public(path: Path) -> Path:
    return path.with_suffix(".pub")


def test_a_signature_counts_for_its_content_and_its_key(key):
    own, other = key("own"), key("other")
    made = sign(b"index", own)
    assert trusted(b"index", made, [public(own)])
    assert trusted(b"index", made, [public(other), public(own)])
    assert not trusted(b"index", made, [public(other)])
    assert not trusted(b"indey", made, [public(own)])
    assert not trusted(b"index", made.replace(b"A", b"B", 1), [public(own)])
    assert not trusted(b"index", b"", [public(own)])
    assert not trusted(b"index", None, [public(own)])


def test_a_signature_for_another_purpose_does_not_count(key, tmp_path):
    own = key("own")
    (tmp_path / "index").write_bytes(b"index")
    argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(own), str(tmp_path / "index")]
    subprocess.run(argv, check=True, stderr=subprocess.DEVNULL)
    assert not trusted(b"index", (tmp_path / "index.sig").read_bytes(), [public(own)])


def test_what_is_no_key_is_refused(key, tmp_path):
    own = key("own")
    made = sign(b"index", own)
    with pytest.raises(UsageError, match="no public key"):
        trusted(b"index", made, [own])
    with pytest.raises(UsageError, match="cannot be read"):
        trusted(b"index", made, [tmp_path / "none.pub"])
    with pytest.raises(UsageError, match="cannot sign"):
        sign(b"index", tmp_path / "none")
