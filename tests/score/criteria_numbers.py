# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare scores with PyTorch in float64, image by image, written as the papers have them.

    python3 criteria_numbers.py MODEL.onnx RECORDS NORMALIZATION IMAGES BATCH SCORES.csv

RECORDS are CIFAR-10's (a label, then 3x32x32 bytes), of which the first IMAGES are used; SCORES.csv has lines
criterion,layer,channel,score. Prints a line for each criterion: its name, how many scores, and the largest
difference over the layer's largest score. The network is evaluated from the file by the benchmark's peer.
"""
import csv
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
from peer import Network  # noqa: E402

NORMALIZATIONS = {"half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
                  "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))}


def read_records(path, count, normalization):
    raw = np.fromfile(path, np.uint8, count=count * 3073).reshape(-1, 3073)
    pixels = torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).copy()).double() / 255
    mean, std = (torch.tensor(v, dtype=torch.float64).view(1, 3, 1, 1) for v in NORMALIZATIONS[normalization])
    return (pixels - mean) / std, torch.from_numpy(raw[:, 0].astype(np.int64))


class Layer:
    """A convolution with its BatchNorm and the ReLU behind it; `maps` is what it gave last."""

    def __init__(self, net, step, norm):
        self.name = step[1][1].rsplit(".", 1)[0]
        self.weight = getattr(net, net.names[step[1][1]])
        self.scale, self.shift = (getattr(net, net.names[n]) for n in norm[1][1:3])
        self.relu = False
        self.maps = None
        self.sums = {}

    def add(self, criterion, value):
        self.sums[criterion] = self.sums.get(criterion, 0) + value


def find_layers(net):
    makers = {step[2]: step for step in net.steps}
    layers = []
    for i, norm in enumerate(net.steps):
        if norm[4] != "BatchNormalization" or makers[norm[1][0]][4] != "Conv":
            continue
        layer = Layer(net, makers[norm[1][0]], norm)
        readers = [j for j, step in enumerate(net.steps) if norm[2] in step[1]]
        layer.relu = [net.steps[j][4] for j in readers] == ["Relu"]
        watch(net, readers[0] if layer.relu else i, layer)
        layers.append(layer)
    return layers


def watch(net, index, layer):
    function, *rest = net.steps[index]

    def watched(*arguments, a):
        layer.maps = function(*arguments, a=a)
        return layer.maps
    net.steps[index] = (watched, *rest)


def dot(a, b):
    return (a * b).detach().flatten(1).sum(1)


def add_image(layer, images):
    """What the image's own gradients and maps add; the gradients of the parameters are those of its loss."""
    w, g = layer.weight, layer.weight.grad
    gate = (layer.scale * layer.scale.grad + layer.shift * layer.shift.grad).detach()
    layer.add("jacobian", (dot(w, g) ** 2 + gate ** 2) / images)
    layer.add("obd", dot(w ** 2, g ** 2) / 2 / images)
    maps = layer.maps.detach()[0]
    layer.add("fisher", gate ** 2 / 2 / images / maps[0].numel())
    layer.add("gradient", g.clone())
    layer.add("zeros", (maps == 0).double().mean((1, 2)) / images)
    layer.add("mean", maps.mean((1, 2)) / images)
    layer.add("squares", (maps ** 2).mean((1, 2)) / images)
    layer.add("hrank", torch.linalg.matrix_rank(maps, rtol=max(maps.shape[1:]) * 2.0 ** -23).double() / images)
    rows = maps.flatten(1)
    whole = torch.linalg.svdvals(rows).sum()
    without = []
    for i in range(len(rows)):
        keep = torch.ones(len(rows), 1, dtype=torch.float64)
        keep[i] = 0
        without.append(torch.linalg.svdvals(rows * keep).sum())
    layer.add("chip", (whole - torch.stack(without)) / images)


def from_weights(layer):
    rows = layer.weight.detach().flatten(1)
    length = rows.norm(dim=1)
    cosine = (rows / length[:, None]) @ (rows / length[:, None]).T
    lamp = torch.empty_like(length)
    for i, value in enumerate(length):
        lamp[i] = value ** 2 / (length[length >= value] ** 2).sum()
    return {"geomedian:cosine": (1 - cosine).sum(1),
            "whc": length * (length[None, :] * (1 - cosine.abs())).sum(1), "lamp": lamp,
            "sequential": torch.arange(len(length), dtype=torch.float64)}


def gather(net, layers, x, y, batch):
    for n in range(len(x)):
        net.zero_grad()
        F.cross_entropy(net(x[n:n + 1]), y[n:n + 1]).backward()
        for layer in layers:
            add_image(layer, len(x))
    batches = -(-len(x) // batch)
    for xb, yb in zip(x.split(batch), y.split(batch)):
        net.zero_grad()
        F.cross_entropy(net(xb), yb).backward()
        for layer in layers:
            gate = (layer.scale * layer.scale.grad + layer.shift * layer.shift.grad).detach()
            layer.add("jacobian:batch", (dot(layer.weight, layer.weight.grad) ** 2 + gate ** 2) / batches)


def scores_of(layers):
    """{criterion: {layer: scores}}"""
    result = {}
    whole = sum((layer.weight * layer.sums["gradient"]).abs().sum() for layer in layers).detach()
    for layer in layers:
        sums = layer.sums
        found = {name: sums[name] for name in ("jacobian", "jacobian:batch", "obd", "fisher", "hrank", "chip")}
        found["fisher:plain"] = sums["fisher"] * layer.maps[0, 0].numel()
        found["variance"] = sums["squares"] - sums["mean"] ** 2
        found["snip"] = (layer.weight * sums["gradient"]).abs().flatten(1).sum(1).detach() / whole
        if layer.relu:
            found["apoz"] = 1 - sums["zeros"]
        found.update(from_weights(layer))
        for name, values in found.items():
            result.setdefault(name, {})[layer.name] = values
    return result


def main():
    model, records, normalization, images, batch, path = sys.argv[1:]
    torch.manual_seed(0)
    x, y = read_records(records, int(images), normalization)
    net = Network(model, x[:1].float()).double().eval()
    layers = find_layers(net)
    gather(net, layers, x, y, int(batch))
    ours = {}
    with open(path, newline="") as file:
        for criterion, layer, channel, score in csv.reader(file):
            ours.setdefault(criterion, {}).setdefault(layer, {})[int(channel)] = float(score)
    expected = scores_of(layers)
    for criterion, of_layer in expected.items():
        mine, worst, count = ours.get(criterion, {}), 0.0, 0
        if sorted(mine) != sorted(of_layer):
            print(criterion, 0, f"has other layers: {sorted(mine)} and {sorted(of_layer)}")
            continue
        for layer, values in of_layer.items():
            got = torch.tensor([mine[layer][c] for c in range(len(values))], dtype=torch.float64)
            worst = max(worst, ((got - values).abs().max() / values.abs().max().clamp_min(1e-300)).item())
            count += len(values)
        print(criterion, count, f"{worst:.2e}")


if __name__ == "__main__":
    main()
