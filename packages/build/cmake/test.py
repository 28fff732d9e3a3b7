"""The pinned version is installed and imports."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("cmake")
assert version("cmake").partition("+")[0] == expected, version("cmake")
subprocess.run(["cmake", "--version"], check=True)
print("cmake", expected)
