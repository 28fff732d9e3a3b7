"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("genai_bench")
assert version("genai-bench").partition("+")[0] == expected, version("genai-bench")
print("genai-bench", expected)
