"""torch is the pinned version, built for the target's CUDA, and computes.

test.py VERSION CUDA
"""

import sys

import torch

expected, cuda = sys.argv[1:]
assert torch.__version__.partition("+")[0] == expected, torch.__version__
assert torch.version.cuda == cuda, torch.version.cuda
assert torch.ones(2, 3).matmul(torch.ones(3, 2)).sum().item() == 12
if torch.cuda.is_available():
    assert torch.ones(4, device="cuda").sum().item() == 4
print("torch", torch.__version__, "for CUDA", torch.version.cuda)
