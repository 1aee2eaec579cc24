# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch's side of saving.sh. `make`: networks with seeded weights; `check`: what the program wrote of them."""
import importlib
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, ".")


class Padded(nn.Module):
    """Shortcut of option A: every second pixel, zeros on both sides."""

    def __init__(self, planes):
        super().__init__()
        self.planes = planes

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.planes // 4, self.planes // 4))


class Block(nn.Module):
    def __init__(self, inputs, planes):
        super().__init__()
        stride = 1 if inputs == planes else 2
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential() if stride == 1 else Padded(planes)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class Residual(nn.Module):
    """ResNet-20 for CIFAR, in the names of its best known implementation."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16), Block(16, 16), Block(16, 16))
        self.layer2 = nn.Sequential(Block(16, 32), Block(32, 32), Block(32, 32))
        self.layer3 = nn.Sequential(Block(32, 64), Block(64, 64), Block(64, 64))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def plain():
    """Groups, depthwise filters, transposed convolutions of all kinds, a flattened map before a linear layer."""
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.LeakyReLU(),
                         nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
                         nn.Conv2d(8, 12, 1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1, groups=3), nn.ReLU(),
                         nn.ConvTranspose2d(12, 10, 2, 2), nn.ReLU(), nn.ConvTranspose2d(10, 10, 3, 1, 1, groups=10),
                         nn.ConvTranspose2d(10, 8, 3, 1, 1, groups=2, bias=False), nn.ReLU(),
                         nn.MaxPool2d(4), nn.Flatten(), nn.Linear(8 * 4 * 4, 9), nn.ReLU(), nn.Linear(9, 4))


class Shuffled(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 6, 1)
        self.linear = nn.Linear(6, 4)

    def forward(self, x):
        x = self.first(x)
        x = x.view(-1, 2, 4, 8, 8).transpose(1, 2).reshape(-1, 8, 8, 8)
        return self.linear(F.relu(self.last(x)).mean((2, 3)))


def seeded(make):
    torch.manual_seed(11)
    model = make()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            module.num_batches_tracked.fill_(7)
    return model.eval()


def export(model, name):
    torch.onnx.export(model, torch.randn(1, 3, 8, 8), name, opset_version=13, do_constant_folding=False,
                      training=torch.onnx.TrainingMode.PRESERVE)


def equal(state, saved):
    assert list(state) == list(saved), (list(state)[:5], list(saved)[:5])
    for name in state:
        assert state[name].dtype == saved[name].dtype and torch.equal(state[name], saved[name]), name


def check():
    whole = seeded(Residual)
    program = importlib.import_module("prune_residual")
    model = seeded(Residual)
    assert program.prune(model) is model
    program.check(model)
    saved = torch.load("residual.pth")
    equal(model.state_dict(), saved)
    assert list(torch.load("again.pth", weights_only=True)) == ["module." + name for name in saved]
    assert int(saved["bn1.num_batches_tracked"]) == 7
    prefixed = torch.load("residual.pt")
    equal({"module." + name: saved[name] for name in saved}, prefixed)
    assert model.layer2[0].conv1.weight.shape[0] == model.layer2[0].conv1.out_channels < 32
    assert model.conv1.weight.shape[0] < 16  # the stream
    again = seeded(Residual)
    program.prune(again)
    again.load_state_dict(saved)
    for refused in (lambda: program.prune(model), lambda: program.check(whole), lambda: program.prune(nn.Linear(2, 2)),
                    lambda: program.check(model, -1)):
        try:
            refused()
        except ValueError:
            continue
        raise AssertionError("not refused")
    with torch.no_grad():
        again.linear.bias[3] += 1
    try:
        program.check(again)
    except ValueError as error:
        assert "outputs differ" in str(error)
    parallel = nn.DataParallel(seeded(Residual))
    program.prune(parallel)
    program.check(parallel.module)
    model.train()
    model(torch.randn(2, 3, 32, 32)).sum().backward()
    assert model.conv1.weight.grad.shape == model.conv1.weight.shape

    program = importlib.import_module("prune_plain")
    model = program.prune(seeded(plain))
    program.check(model)
    state, saved = model.state_dict(), torch.load("plain.pth")
    equal({name: state[name] for name in saved}, saved)
    assert len(saved) == len(state) - 2  # an ONNX file has no counters of batches
    assert model[3].groups == model[3].in_channels == model[3].weight.shape[0] < 8
    assert model[8].groups == 3 and model[8].weight.shape[1] * 3 == model[8].in_channels
    assert model[10].in_channels == model[10].weight.shape[0] < 12 and model[10].out_channels == model[12].groups < 10
    assert model[17].in_features == model[17].weight.shape[1] < 8 * 4 * 4


if sys.argv[1] == "make":
    state = seeded(Residual).state_dict()
    torch.save({"epoch": 3, "state_dict": {"module." + name: state[name] for name in state}}, "residual.th")
    numpy.save("images.npy", torch.randn(3, 3, 32, 32).numpy())
    export(seeded(plain), "plain.onnx")
    export(seeded(Shuffled), "shuffled.onnx")
else:
    check()
