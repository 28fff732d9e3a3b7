"""The pinned version is installed and imports."""

import sys
from importlib import import_module
from importlib.metadata import version

expected = sys.argv[1]
import_module("huggingface_hub")
assert version("huggingface_hub").partition("+")[0] == expected, version("huggingface_hub")
print("huggingface_hub", expected)
