"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("cuda.bindings.driver")
assert version("cuda-python").partition("+")[0] == expected, version("cuda-python")
print("cuda-python", expected)
