"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("vllm")
assert version("vllm").partition("+")[0] == expected, version("vllm")
print("vllm", expected)
