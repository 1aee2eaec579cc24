# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch's side of building.sh: he.pth and pytorch.pth are weights of a ResNet-20 for CIFAR, mobilenet.pth those of
Torchvision's MobileNetV2. They have PyTorch's parameters, distributed as torch.nn.init does."""
import pathlib
import sys

import torch
import torchvision

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "architecture"))
from torch_networks import CifarResNet  # noqa: E402


def compare(path, network, he):
    """All names and shapes; each convolution's and linear layer's moments and reach beside those of one drawn here."""
    loaded = torch.load(path)
    count = sum(tensor.numel() for name, tensor in loaded.items() if "running" not in name)
    assert count == sum(p.numel() for p in network.parameters()), count
    own = {name: tensor for name, tensor in network.state_dict().items() if "num_batches" not in name}
    assert list(own) == list(loaded), set(own) ^ set(loaded)
    modules = dict(network.named_modules())
    for name, tensor in loaded.items():
        place, _, leaf = name.rpartition(".")
        module, drawn = modules[place], own[name]
        assert tensor.shape == drawn.shape and tensor.dtype == torch.float32, name
        if isinstance(module, torch.nn.BatchNorm2d):
            assert torch.equal(tensor, drawn), name
            continue
        if isinstance(module, torch.nn.Conv2d) and leaf == "weight" and he:
            torch.nn.init.kaiming_normal_(drawn, mode="fan_out", nonlinearity="relu")
        size, spread = tensor.numel(), drawn.std().item()
        slack = 8 * spread / size ** 0.5  # two draws, each with its own error
        assert abs(tensor.mean() - drawn.mean()) < slack, (name, tensor.mean(), drawn.mean())
        assert abs(tensor.std() - spread) < slack, (name, tensor.std(), spread)
        if size > 500 and not (he and isinstance(module, torch.nn.Conv2d)):
            assert abs(tensor.abs().max() / drawn.abs().max() - 1) < 0.03, name


torch.manual_seed(1)
with torch.no_grad():
    compare("he.pth", CifarResNet(16, [3, 3, 3], option="A"), True)
    compare("pytorch.pth", CifarResNet(16, [3, 3, 3], option="A"), False)
    mobilenet = torchvision.models.mobilenet_v2(num_classes=7)
    for layer in mobilenet.classifier[1:]:
        layer.reset_parameters()  # it draws its own linear layer in another way
    compare("mobilenet.pth", mobilenet, True)
print("equal")
