# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a small network and the scores of all that goes with its channels, by definitions of several programs, from
PyTorch's autograd in float64: for group_score_test.c.

    tests/data/shapes_dump train 8 1 > shapes_train.bin
    python3 tests/prune/make_group_reference.py shapes_train.bin tests/prune/data

No test runs this, and it needs no library for pruning: members of the four groups are listed below by hand, in the order
in which a walk back from the output meets them. The network has a shortcut with a convolution, a depthwise convolution
with a BatchNorm, and a linear layer that reads four columns of each channel behind a flatten. group.csv has a row per
criterion, root and channel, group_gone.csv what goes at ratio 0.3.
"""
import csv
import itertools
import os
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

IMAGES = 8


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 6, 3, stride=4, bias=False), nn.BatchNorm2d(6)
        self.first, self.bn2 = nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
        self.second, self.bn3 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.down, self.bn4 = nn.Conv2d(6, 8, 1, stride=2, bias=False), nn.BatchNorm2d(8)
        self.depth, self.bn5 = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.BatchNorm2d(8)
        self.fc1, self.fc2 = nn.Linear(32, 7), nn.Linear(7, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.second(F.relu(self.bn2(self.first(x)))))
        x = F.relu(y + self.bn4(self.down(x)))
        x = F.max_pool2d(F.relu(self.bn5(self.depth(x))), 2)
        return self.fc2(F.relu(self.fc1(torch.flatten(x, 1))))


# root: its members; of a BatchNorm the scale, "/" stands before what only reads the channel
GROUPS = {
    "fc1": ["fc1", "/fc2"],
    "down": ["down", "second", "bn4", "bn3", "bn5", "/fc1"],
    "conv1": ["conv1", "bn1", "/first", "/down"],
    "first": ["first", "bn2", "/second"],
}


def slices(net, member, channels):
    """Weights and gradients of one member, (channels, columns of a channel, elements)."""
    weight = getattr(net, member.lstrip("/")).weight
    both = []
    for t in (weight.detach(), weight.grad):
        t = t.transpose(0, 1) if member[0] == "/" else t
        both.append(t.reshape(channels, t.shape[0] // channels, -1))
    return both


def distances(points):
    return (points[:, None] - points[None]).pow(2).sum(-1).sqrt().sum(1)


ELEMENTS = {
    "magnitude-p1": lambda w, g: w.abs().sum(-1),
    "magnitude-p2": lambda w, g: w.pow(2).sum(-1),
    "taylor": lambda w, g: (w * g).abs().sum(-1),
    "taylor-multivariable": lambda w, g: (w * g).sum(-1).abs(),
    "fpgm": lambda w, g: distances(w.pow(2).flatten(0, 1)).reshape(w.shape[:2]),
}


def reduce(parts, how):
    """parts: (channels, columns of a channel) for each member; columns are added, but for a maximum the last counts."""
    members = torch.stack([p[:, -1] if how == "max" else p.sum(1) for p in parts])
    return {"mean": members.mean(0), "sum": members.sum(0), "max": members.max(0).values, "first": members[0]}[how]


def normalise(scores, how):
    if how == "lamp":
        out = torch.empty_like(scores)
        for i, s in enumerate(scores):
            out[i] = s / scores[scores >= s].sum()
        return out
    return {"none": scores, "mean": scores / scores.mean(), "max": scores / scores.max(),
            "sum": scores / scores.sum()}[how]


def torch_pruning(net, root, channels):
    for (name, of), how, by in itertools.product(ELEMENTS.items(), ("mean", "sum", "max", "first"),
                                                 ("none", "mean", "max", "sum")):
        members = [m for m in GROUPS[root] if not (m.startswith("bn") and name[0] != "m")]
        parts = [of(*slices(net, m, channels)) for m in members]
        yield f"{name}-{how}-{by}", normalise(reduce(parts, how), by)
    squares = [ELEMENTS["magnitude-p2"](*slices(net, m, channels)) for m in GROUPS[root]]
    yield "lamp-mean-lamp", normalise(reduce(squares, "mean"), "lamp")
    scales = [slices(net, m, channels)[0].abs().sum(-1) for m in GROUPS[root] if m.startswith("bn")]
    if scales:
        yield "bn-mean-none", reduce(scales, "mean")


def others(net, root, channels):
    """What the project's own definitions make of all members, and what adds up over makers alone."""
    def whole(member):
        w, g = slices(net, member, channels)
        return w.flatten(1), g.flatten(1)
    order = [name for name, _ in net.named_modules()]
    makers = sorted([m for m in GROUPS[root] if m[0] not in "/b"], key=order.index)
    everyone = makers + [m for m in GROUPS[root] if m[0] in "/b"]
    lengths = [whole(m)[0].pow(2).sum(1).sqrt()[:, None] for m in everyone]
    products = [(whole(m)[0] * whole(m)[1]).abs().sum(1)[:, None] for m in everyone]
    yield "paper-l2-mean-none", reduce(lengths, "mean")
    yield "paper-l2-first-sum", normalise(reduce(lengths, "first"), "sum")
    yield "paper-taylor-sum-none", reduce(products, "sum")
    yield "nni-l2-sum-none", sum(whole(m)[0].norm(dim=1) for m in makers)
    yield "nni-taylor-sum-none", sum((whole(m)[0] * whole(m)[1]).pow(2).sum(1) for m in makers)
    yield "nni-fpgm-sum-none", sum(distances(whole(m)[0]) for m in makers)


def main(images, out):
    torch.manual_seed(7)
    net = Net()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.5, 1.5)
            m.weight.data.uniform_(-1.5, 1.5)
            m.bias.data.normal_(0, 0.1)
    net.eval()
    torch.onnx.export(net, torch.randn(1, 3, 32, 32), os.path.join(out, "group.onnx"), opset_version=13,
                      input_names=["input"], output_names=["output"],
                      dynamic_axes={"input": {0: "N"}, "output": {0: "N"}},
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    net = net.double()
    raw = np.fromfile(images, np.uint8).reshape(-1, 1 + 3 * 32 * 32)[:IMAGES]
    x = (torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).astype(np.float64)) / 255 - 0.5) / 0.5
    F.cross_entropy(net(x), torch.from_numpy(raw[:, 0].astype(np.int64))).backward()
    with open(os.path.join(out, "group.csv"), "w", newline="") as scores, \
            open(os.path.join(out, "group_gone.csv"), "w", newline="") as gone:
        scores, gone = csv.writer(scores, lineterminator="\n"), csv.writer(gone, lineterminator="\n")
        scores.writerow(["criterion", "root", "channel", "score"])
        gone.writerow(["criterion", "root", "gone_at_0.3"])
        for root in GROUPS:
            channels = len(getattr(net, root).weight)
            for name, values in itertools.chain(torch_pruning(net, root, channels), others(net, root, channels)):
                scores.writerows([name, root, c, f"{v:.9g}"] for c, v in enumerate(values.tolist()))
                n = channels - int(channels * 0.7)
                gone.writerow([name, root, " ".join(map(str, sorted(torch.argsort(values)[:n].tolist())))])


main(*sys.argv[1:])
