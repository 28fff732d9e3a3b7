"""sglang is the pinned version, imports, and its server shows its options.

test.py VERSION
"""

import subprocess
import sys
from importlib.metadata import version

import sglang

expected = sys.argv[1]
assert version("sglang") == expected, version("sglang")
assert sglang.__version__ == expected, sglang.__version__
shown = subprocess.run(
    [sys.executable, "-m", "sglang.launch_server", "--help"],
    capture_output=True,
    text=True,
    check=False,
)
assert shown.returncode == 0, shown.stderr
assert "--model-path" in shown.stdout, shown.stdout
print("sglang", expected)
