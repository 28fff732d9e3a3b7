"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("cutlass")
assert version("nvidia-cutlass-dsl").partition("+")[0] == expected, version("nvidia-cutlass-dsl")
print("nvidia-cutlass-dsl", expected)
