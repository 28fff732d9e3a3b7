"""The secrets that build steps are handed: the machine's own, and those of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jetson_containers.cli.context import Context
from jetson_containers.errors import UsageError

#: where distributions keep the CA bundle of the machine
CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def secret_files(context: Context) -> dict[str, Path]:
    """Secret ids and the files that hold them; what ``--secret`` names wins."""
    found = machine_secrets(context.environ)
    for text in context.args.secret:
        parts = secret_parts(text)
        path = Path(parts.get("src") or parts.get("source") or "")
        if not parts.get("id") or not path.is_file():
            raise UsageError(
                f"--secret {text} names no readable file", hint="write --secret id=ID,src=FILE"
            )
        found[parts["id"]] = path.absolute()
    return found


def machine_secrets(environ: Mapping[str, str]) -> dict[str, Path]:
    """The machine's CA bundle, and the user's credentials for indexes."""
    found: dict[str, Path] = {}
    wanted = (environ.get("SSL_CERT_FILE", ""), *CA_BUNDLES)
    bundle = next((Path(item) for item in wanted if item and Path(item).is_file()), None)
    if bundle:
        found["ca-bundle"] = bundle
    netrc = Path(environ.get("NETRC") or Path(environ.get("HOME") or "/root") / ".netrc")
    if netrc.is_file():
        found["netrc"] = netrc
    return found


def secret_parts(text: str) -> dict[str, str]:
    """``id=ID,src=FILE`` or ``id=ID,env=NAME`` as a mapping."""
    return dict(part.partition("=")[::2] for part in text.split(","))
