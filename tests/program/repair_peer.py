# SPDX-License-Identifier: GPL-3.0-or-later
"""repair_peer.py make FOLDER: a network as PyTorch exports it, images and labels.
repair_peer.py check FOLDER: the weights in repaired.onnx are those that numpy.linalg.lstsq finds layer by layer."""
import sys

import numpy
import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional

STEPS = (("one", 1, 1, 1), ("two", 2, 1, 1), ("three", 1, 1, 2))  # name, stride, padding, groups


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.two = torch.nn.Conv2d(8, 8, 3, stride=2, padding=1, bias=False)
        self.norm = torch.nn.BatchNorm2d(8)
        self.three = torch.nn.Conv2d(8, 6, 3, padding=1, groups=2)
        self.four = torch.nn.Linear(6, 4)

    def forward(self, x):
        x = torch.relu(self.one(x))
        x = torch.relu(self.norm(self.two(x)))
        return self.four(torch.tanh(self.three(x)).mean((2, 3)))


def make(folder):
    torch.manual_seed(3)
    network = Network().eval()
    for name, tensor in network.norm.state_dict().items():
        if name in ("weight", "bias", "running_var"):
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    images = torch.randn(60, 3, 10, 10)
    numpy.savez(f"{folder}/images.npz", images=images.numpy(), labels=numpy.arange(60) % 4)
    torch.onnx.export(network, images[:1], f"{folder}/network.onnx", input_names=["image"], opset_version=13,
                      dynamic_axes={"image": {0: "N"}}, do_constant_folding=False,
                      training=torch.onnx.TrainingMode.PRESERVE)


def read(path):
    return {t.name: torch.tensor(numpy_helper.to_array(t).astype("f8")) for t in onnx.load(path).graph.initializer}


def layer(p, name, stride, padding, groups, x):
    return functional.conv2d(x, p[name + ".weight"], p.get(name + ".bias"), stride, padding, 1, groups)


def norm(p, y):
    return functional.batch_norm(y, p["norm.running_mean"], p["norm.running_var"], p["norm.weight"], p["norm.bias"])


def behind(name, p, y):
    return torch.tanh(y) if name == "three" else torch.relu(norm(p, y) if name == "two" else y)


def fit(x, y):
    """Weights and constant of y (rows, outputs) on x (rows, unknowns)."""
    x = numpy.hstack([x.numpy(), numpy.ones((len(x), 1))])
    return numpy.linalg.lstsq(x, y.numpy(), rcond=None)[0]


def kept(before, after):
    """Which of the rows of `before` are in `after`, which is a part of it along both first axes."""
    return [i for i in range(len(before)) if any(abs(before[i] - row).max() == 0 for row in after)]


def main(folder):
    then, pruned, now = (read(f"{folder}/{name}.onnx") for name in ("network", "pruned", "repaired"))
    images = torch.tensor(numpy.load(f"{folder}/images.npz")["images"].astype("f8"))
    x_then, x_now, worst = images, images, 0
    left = {"one": kept(then["one.weight"], pruned["one.weight"]),
            "two": kept(then["norm.running_var"], pruned["norm.running_var"]),
            "three": kept(then["three.bias"], pruned["three.bias"])}
    for name, stride, padding, groups in STEPS:
        y_then = layer(then, name, stride, padding, groups, x_then)
        target = y_then[:, left[name]]
        if name != "one":
            columns = functional.unfold(x_now, 3, padding=padding, stride=stride)
            n = columns.shape[1] // groups
            m = target.shape[1] // groups
            for g in range(groups):
                rows = columns[:, g * n:(g + 1) * n].transpose(1, 2).reshape(-1, n)
                found = fit(rows, target[:, g * m:(g + 1) * m].flatten(2).transpose(1, 2).reshape(-1, m))
                weight = now[name + ".weight"][g * m:(g + 1) * m].reshape(m, n).numpy()
                worst = max(worst, abs(found[:-1].T - weight).max())
                here = left[name][g * m:(g + 1) * m]
                constant = (now[name + ".bias"][g * m:(g + 1) * m] if name == "three"
                            else then["norm.running_mean"][here] - now["norm.running_mean"])
                worst = max(worst, abs(found[-1] - constant.numpy()).max())
        y_now = layer(now, name, stride, padding, groups, x_now)
        x_then, x_now = behind(name, then, y_then), behind(name, now, y_now)
    found = fit(x_now.mean((2, 3)), functional.linear(x_then.mean((2, 3)), then["four.weight"], then["four.bias"]))
    worst = max(worst, abs(found[:-1].T - now["four.weight"].numpy()).max(),
                abs(found[-1] - now["four.bias"].numpy()).max())
    print("channels left:", *(len(v) for v in left.values()), "largest difference:", worst)
    return 0 if worst < 2e-4 else 1


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    sys.exit(main(sys.argv[2]))
