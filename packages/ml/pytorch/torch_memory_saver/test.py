"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("torch_memory_saver")
assert version("torch-memory-saver").partition("+")[0] == expected, version("torch-memory-saver")
print("torch-memory-saver", expected)
