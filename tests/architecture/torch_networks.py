# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of PyTorch with random weights, and what they answer: the other side of torch_test.c.

    torch_networks.py FOLDER [NAME...]

Writes FOLDER/NAME.pth, an image (NAME.input) and the logits that it gets (NAME.logits), both as raw float64, computed
in double. FOLDER/list has a line for each: name, architecture, height and width of the image. Without names all
networks but the large ones are written; "large" stands for these. Ends with status 77 where there is no PyTorch.
"""
import sys

try:
    import torch
    import torchvision
    from torch import nn
    from torchvision.models import resnet
except ImportError:
    sys.exit(77)


class CifarBlock(nn.Module):
    def __init__(self, before, width, stride, bottleneck, option, shortcut):
        super().__init__()
        after = 4 * width if bottleneck else width
        if bottleneck:
            shapes = [(before, width, 1, 1), (width, width, 3, stride), (width, after, 1, 1)]
        else:
            shapes = [(before, width, 3, stride), (width, width, 3, 1)]
        self.count, self.shortcut_name, self.option, self.more = len(shapes), shortcut, option, after - before
        for i, (first, second, kernel, step) in enumerate(shapes, 1):
            setattr(self, f"conv{i}", nn.Conv2d(first, second, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(second))
        self.changes = stride > 1 or before != after
        if self.changes and option == "B":
            layers = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
            setattr(self, shortcut, layers)

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = torch.relu(y) if i < self.count else y
        if self.changes and self.option == "B":
            x = getattr(self, self.shortcut_name)(x)
        elif self.changes:
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more // 2))
        return torch.relu(x + y)


class CifarResNet(nn.Module):
    def __init__(self, width, blocks, bottleneck=False, option="B", shortcut="shortcut", linear="linear", classes=10):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.linear_name, self.stages, before = linear, len(blocks), width
        for stage, count in enumerate(blocks):
            layers = []
            for i in range(count):
                stride = 2 if stage and not i else 1
                layers.append(CifarBlock(before, width << stage, stride, bottleneck, option, shortcut))
                before = (4 if bottleneck else 1) * width << stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        setattr(self, linear, nn.Linear(before, classes))

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return getattr(self, self.linear_name)(x.mean((2, 3)))


def narrow(by, block, blocks, classes=7, **options):
    """One of Torchvision's ResNets with a fraction of the channels."""
    width = 64 // by

    class Narrow(resnet.ResNet):
        def _make_layer(self, block, planes, *rest, **more):
            self.inplanes = width if planes == 64 else self.inplanes
            return super()._make_layer(block, planes // by, *rest, **more)

    network = Narrow(block, blocks, **options)
    network.conv1, network.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
    network.fc = nn.Linear(512 // by * block.expansion, classes)
    return network


def cifar(depth, option, **options):
    return CifarResNet(16, [(depth - 2) // 6] * 3, option=option, **options)


def vision(name):
    return getattr(torchvision.models, name)(weights=None)


# name: architecture, height, width, what makes it
NETWORKS = {
    "cifar20a": ("cifar-resnet20", 32, 32, lambda: cifar(20, "A")),
    "cifar20b": ("cifar-resnet20b", 32, 32, lambda: cifar(20, "B", classes=100)),
    "cifar32d": ("cifar-resnet32b", 32, 32, lambda: cifar(32, "B", shortcut="downsample", linear="fc")),
    "cifar44f": ("cifar-resnet44", 32, 32, lambda: cifar(44, "A", linear="fc")),
    "wide18": ("cifar-resnet18", 32, 32, lambda: CifarResNet(8, [2, 2, 2, 2])),
    "wide50": ("cifar-resnet50", 32, 32, lambda: CifarResNet(8, [3, 4, 6, 3], True)),
    "narrow18": ("resnet18", 64, 64, lambda: narrow(8, resnet.BasicBlock, [2, 2, 2, 2])),
    "narrow34": ("resnet34", 64, 96, lambda: narrow(8, resnet.BasicBlock, [3, 4, 6, 3])),
    "narrow50": ("resnet50", 64, 64, lambda: narrow(8, resnet.Bottleneck, [3, 4, 6, 3])),
    "narrow101": ("resnet101", 64, 64, lambda: narrow(8, resnet.Bottleneck, [3, 4, 23, 3])),
    "narrownext": (
        "resnext50", 64, 64,
        lambda: narrow(4, resnet.Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4)),
}
LARGE = {
    "resnet18": ("resnet18", 224, 224, lambda: vision("resnet18")),
    "resnet34": ("resnet34", 224, 224, lambda: vision("resnet34")),
    "resnet50": ("resnet50", 224, 224, lambda: vision("resnet50")),
    "resnet101": ("resnet101", 224, 224, lambda: vision("resnet101")),
    "resnet152": ("resnet152", 224, 224, lambda: vision("resnet152")),
    "wide_resnet50_2": ("wide-resnet50", 224, 224, lambda: vision("wide_resnet50_2")),
    "wide_resnet101_2": ("wide-resnet101", 224, 224, lambda: vision("wide_resnet101_2")),
    "resnext50_32x4d": ("resnext50", 224, 224, lambda: vision("resnext50_32x4d")),
    "resnext101_32x8d": ("resnext101", 224, 224, lambda: vision("resnext101_32x8d")),
    "cifar110b": ("cifar-resnet110b", 32, 32, lambda: cifar(110, "B")),
    "cifar56a": ("cifar-resnet56", 32, 32, lambda: cifar(56, "A")),
    "cifar_wide34": ("cifar-resnet34", 32, 32, lambda: CifarResNet(64, [3, 4, 6, 3])),
    "cifar_wide101": ("cifar-resnet101", 32, 32, lambda: CifarResNet(64, [3, 4, 23, 3], True)),
    "cifar_wide152": ("cifar-resnet152", 32, 32, lambda: CifarResNet(64, [3, 8, 36, 3], True)),
}


def settle(network):
    """As if it had been trained: every running statistic, scale and shift is a number of its own."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.0)
            nn.init.normal_(module.bias, 0, 0.1)
            nn.init.normal_(module.running_mean, 0, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


def write(folder, name, architecture, height, width, make):
    torch.manual_seed(sum(name.encode()))
    network = settle(make())
    torch.save(network.state_dict(), f"{folder}/{name}.pth")
    image = torch.randn(1, 3, height, width, dtype=torch.float64)
    with torch.no_grad():
        answer = network.double()(image)
    answer = answer["out"] if isinstance(answer, dict) else answer
    image.numpy().tofile(f"{folder}/{name}.input")
    answer.contiguous().numpy().tofile(f"{folder}/{name}.logits")
    return f"{name} {architecture} {height} {width}\n"


def main():
    folder, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    names = list(LARGE) if names == ["large"] else names
    every = {**NETWORKS, **LARGE}
    with open(f"{folder}/list", "w") as lines:
        lines.writelines(write(folder, name, *every[name]) for name in names)


main()
