"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("flash_attn")
assert version("flash-attn-4").partition("+")[0] == expected, version("flash-attn-4")
print("flash-attn-4", expected)
