"""The pinned version is installed and imports."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("ninja")
assert version("ninja").partition("+")[0] == expected, version("ninja")
subprocess.run(["ninja", "--version"], check=True)
print("ninja", expected)
