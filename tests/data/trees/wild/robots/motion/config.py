import copy
import os

from jetson_containers import LSB_RELEASE, log_warning

RELEASES = {"dawn": ("18.04", "20.04"), "noon": ("22.04", "24.04")}
PARTS = ("core", "desktop")

template, package = package, []

for release, systems in RELEASES.items():
    if LSB_RELEASE not in systems:
        log_warning(f"no motion {release} on {LSB_RELEASE}")
        continue
    for part in PARTS:
        pkg = copy.deepcopy(template)
        pkg["name"] = f"motion:{release}-{part}"
        pkg["build_args"] = {"MOTION_RELEASE": release}
        if release == os.environ.get("MOTION_RELEASE", "noon") and part == "core":
            pkg["alias"] = ["motion"]
        package.append(pkg)
        del pkg
