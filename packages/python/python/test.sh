#!/bin/sh
# test.sh VERSION
set -eu
python3 - "$1" <<'END'
import sys, sysconfig, pathlib

found = "%d.%d" % sys.version_info[:2]
assert found == sys.argv[1], "Python is %s, not %s" % (found, sys.argv[1])
assert sys.prefix == "/opt/venv", sys.prefix
header = pathlib.Path(sysconfig.get_path("include"), "Python.h")
assert header.is_file(), "%s is missing" % header
print("Python", sys.version.split()[0], "in", sys.prefix)
END
installer=$(command -v uv || command -v pip)
"$installer" --version
