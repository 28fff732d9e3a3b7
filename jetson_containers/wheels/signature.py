"""Signatures over the index of an entry, by OpenSSH.

``ssh-keygen -Y`` signs and verifies files with the keys that people have already; git signs commits
in the same way. Source: ssh-keygen(1), SIGNATURES and ALLOWED SIGNERS (OpenSSH 8.2).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jetson_containers.errors import BuilderError, Location, UsageError

#: what a signature is good for: one over anything else does not count here
NAMESPACE = "wheels@jetson-containers"
_SIGNER = "wheels"


def sign(content: bytes, key: Path) -> bytes:
    """A signature over ``content`` by a private key without a passphrase, or one in an agent.

    Raises :class:`UsageError`.
    """
    with tempfile.TemporaryDirectory(prefix="jetson-sign-") as folder:
        file = Path(folder) / "index"
        file.write_bytes(content)
        done = _ssh_keygen(["-Y", "sign", "-n", NAMESPACE, "-f", str(key), str(file)])
        if done.returncode:
            raise UsageError(
                f"the key cannot sign: {_said(done)}",
                where=Location(str(key)),
                hint="ssh-keygen -t ed25519 -N '' -f FILE makes one",
            )
        return file.with_name("index.sig").read_bytes()


def trusted(content: bytes, signature: bytes | None, keys: Sequence[Path]) -> bool:
    """Whether one of the public ``keys`` signed ``content``. Raises :class:`UsageError`."""
    if signature is None:
        return False
    with tempfile.TemporaryDirectory(prefix="jetson-verify-") as folder:
        allowed, signed = Path(folder) / "allowed", Path(folder) / "index.sig"
        lines = [f'{_SIGNER} namespaces="{NAMESPACE}" {public_key(key)}\n' for key in keys]
        allowed.write_text("".join(lines), encoding="utf-8")
        signed.write_bytes(signature)
        done = _ssh_keygen(
            [
                *("-Y", "verify", "-n", NAMESPACE, "-f", str(allowed)),
                *("-I", _SIGNER, "-s", str(signed)),
            ],
            content,
        )
    return done.returncode == 0


def public_key(path: Path) -> str:
    """Kind and key of a file of one public key (``ssh-ed25519 AAAA…``).

    Raises :class:`UsageError` for anything else, a private key too.
    """
    try:
        words = path.read_text(encoding="utf-8", errors="replace").split()
    except OSError as error:
        raise UsageError(
            f"the key cannot be read: {error.strerror}", where=Location(str(path))
        ) from None
    if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
        raise UsageError(
            "this is no public key of OpenSSH",
            where=Location(str(path)),
            hint="name the file that ends in .pub",
        )
    return " ".join(words[:2])


def _ssh_keygen(
    words: Sequence[str], content: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise UsageError(
            "ssh-keygen is not here: wheels are signed and verified with it",
            hint="install OpenSSH's client (openssh-client)",
        )
    try:
        return subprocess.run(
            [program, *words], input=content or b"", capture_output=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        raise BuilderError("ssh-keygen does not answer") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"
