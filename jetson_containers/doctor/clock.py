"""Is the clock right? A Jetson without a battery starts in 1970, and no certificate is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

from jetson_containers.doctor.model import Check, Host, Verdict, error, info, ok
from jetson_containers.platform.read import L4T_RELEASE_FILE

#: seconds since 1970
NOW = "date -u +%s"
SYNCHRONISED = "timedatectl show --property=NTPSynchronized --value"
#: this check was written then, so a clock before it is wrong
WRITTEN = datetime(2026, 1, 1, tzinfo=timezone.utc)
_RELEASED = re.compile(r"DATE: \w{3} (\w{3}) +(\d{1,2}) [\d:]{8} \w+ (\d{4})")


def floor(host: Host) -> datetime:
    """A moment that is surely past: the L4T that runs was made then, or this check was."""
    match = _RELEASED.search(host.evidence.files.get(L4T_RELEASE_FILE, ""))
    if match is None:
        return WRITTEN
    try:
        made = datetime.strptime(" ".join(match.groups()), "%b %d %Y")
    except ValueError:
        return WRITTEN
    return max(WRITTEN, made.replace(tzinfo=timezone.utc))


def judge(host: Host) -> Iterator[Verdict]:
    said = (host.output(NOW) or "").strip()
    if not re.fullmatch(r"\d{1,11}", said):
        return
    now = datetime.fromtimestamp(int(said), tz=timezone.utc)
    mend = host.remedy(("timedatectl", "set-ntp", "true"))
    if now < floor(host):
        yield error(
            f"the clock says {now:%Y-%m-%d}, and it is later: no TLS certificate is valid "
            "for it, so nothing can be pulled or installed",
            mend,
        )
    elif (host.output(SYNCHRONISED) or "").strip() == "no":
        yield info(f"the clock says {now:%Y-%m-%d}, and nothing keeps it right", mend)
    else:
        yield ok(f"the clock says {now:%Y-%m-%d}")


CHECK = Check("clock", "the clock: certificates need it right", judge)
