"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("flashinfer")
assert version("flashinfer-python").partition("+")[0] == expected, version("flashinfer-python")
print("flashinfer-python", expected)
