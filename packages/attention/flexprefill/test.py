"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("flex_prefill")
assert version("flex_prefill").partition("+")[0] == expected, version("flex_prefill")
print("flex_prefill", expected)
