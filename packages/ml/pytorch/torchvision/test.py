"""The pinned version is installed and imports."""

import sys
from importlib.metadata import version

import torch
import torchvision

expected = sys.argv[1]
assert version("torchvision").partition("+")[0] == expected, version("torchvision")
assert torchvision.ops.nms(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([1.0]), 0.5).tolist() == [0]
print("torchvision", expected)
