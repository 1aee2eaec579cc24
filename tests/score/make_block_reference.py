# SPDX-License-Identifier: GPL-3.0-or-later
"""Write small networks whose layers are no plain chain of convolutions, and what PyTorch's autograd in float64 says of
them: for block_test.c.

    tests/data/shapes_dump train 8 1 > shapes_train.bin
    python3 tests/score/make_block_reference.py shapes_train.bin tests/score/data

No test runs this. For each network NAME it writes block_NAME.onnx and block_NAME.csv: a row per channel of every layer
that is no output layer, for the mean cross-entropy over the images. Gradients with respect to activations are added up
over all positions of an image, and over all calls of a layer that is called several times.
"""
import csv
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

IMAGES = 8
COLUMNS = ["l1", "geometric_median", "grad_gate", "grad_D", "w_dot_gradw", "w_dot_gradw_abs", "norm_gradw",
           "taylor_gate_per_image", "activation", "proscore_filter_1", "proscore_filter_0.01"]


class Norm(nn.LayerNorm):
    """Written out, so that the file has no operator of a new opset."""

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + self.eps) * self.weight + self.bias


class ConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, stride=4)
        self.dw = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.norm, self.pw1, self.pw2 = Norm(8), nn.Linear(8, 12), nn.Linear(12, 8)
        self.gamma = nn.Parameter(torch.rand(8, 1, 1) + 0.5)
        self.last = nn.Conv2d(8, 6, 3, stride=2)
        self.fc = nn.Linear(6, 10)

    def forward(self, x, see):
        x = see("stem", self.stem, x)
        y = self.norm(see("dw", self.dw, x).permute(0, 2, 3, 1))
        y = see("pw2", self.pw2, see("pw1", self.pw1, y, F.gelu)).permute(0, 3, 1, 2)
        x = x + y * self.gamma
        return self.fc(see("last", self.last, x, F.relu).mean((2, 3)))


class Attention(nn.Module):
    """Two heads; `see` gets the layers' names."""

    def __init__(self, width):
        super().__init__()
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, see):
        _, tokens, width = x.shape
        q, k, v = see("attention.qkv", self.qkv, x).reshape(-1, tokens, 3, 2, width // 2).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(2, 3) * (width // 2) ** -0.5, -1)
        return see("attention.out", self.out, (weights @ v).transpose(1, 2).reshape(-1, tokens, width))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 8, stride=8)
        self.position = nn.Parameter(torch.randn(1, 16, 8) * 0.3)
        self.norm1, self.attention, self.norm2 = Norm(8), Attention(8), Norm(8)
        self.up, self.down = nn.Linear(8, 14), nn.Linear(14, 8)
        self.fc = nn.Linear(8, 10)

    def forward(self, x, see):
        x = see("stem", self.stem, x).flatten(2).transpose(1, 2) + self.position
        x = x + self.attention(self.norm1(x), see)
        x = x + see("down", self.down, see("up", self.up, self.norm2(x), F.gelu))
        return self.fc(x.mean(1))


class Turned(nn.Module):
    """Tokens before images, as PyTorch's own attention has them, and the two in one dimension."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 8, stride=8)
        self.up, self.down, self.flat = nn.Linear(8, 14), nn.Linear(14, 8), nn.Linear(8, 6)
        self.fc = nn.Linear(6, 10)

    def forward(self, x, see):
        x = see("stem", self.stem, x, F.relu).flatten(2).permute(2, 0, 1)
        x = x + see("down", self.down, see("up", self.up, x, F.relu))
        x = see("flat", self.flat, x.reshape(-1, 8), F.relu).reshape(16, -1, 6)
        return self.fc(x.mean(0))


class Shared(nn.Module):
    """A convolution that is called twice, one behind the other, and one that two branches have in other sizes."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.rec = nn.Conv2d(8, 8, 3, padding=1)
        self.narrow, self.wide = nn.Conv2d(8, 6, 3, stride=2), nn.Conv2d(8, 6, 5, stride=4)
        self.head = nn.Conv2d(6, 7, 3)
        self.fc = nn.Linear(7, 10)

    def forward(self, x, see):
        x = see("stem", self.stem, x, F.relu)
        x = see("rec", self.rec, see("rec", self.rec, x, F.relu), F.relu)
        narrow, wide = see("narrow", self.narrow, x), see("wide", self.wide, x)
        heads = [see("head", self.head, y, F.relu).mean((2, 3)) for y in (narrow, wide)]
        return self.fc(heads[0] + heads[1])


class Seen:
    """What comes out of every call of a layer: u, h(u), and a gate and PROscore's D in between."""

    def __init__(self):
        self.calls = {}

    def __call__(self, name, layer, x, activation=None):
        u = layer(x)
        u.retain_grad()
        h = activation(u) if activation else u
        h = h.clone()
        h.retain_grad()
        self.calls.setdefault(name, (layer, []))[1].append((u, h))
        return h


def plain(name, layer, x, activation=None):
    u = layer(x)
    return activation(u) if activation else u


def per_image(layer, tensor, images):
    """Channels' sums over all positions of an image, (images, channels), wherever the images are."""
    if isinstance(layer, nn.Conv2d):
        return tensor.sum((2, 3))
    if tensor.dim() > 2 and tensor.shape[0] == images:
        return tensor.sum(tuple(range(1, tensor.dim() - 1)))
    return tensor.reshape(-1, images, tensor.shape[-1]).sum(0)


def proscore(w, g, lift, gamma):
    return (w - gamma * g).norm(dim=1) / (w.norm(dim=1) - gamma * lift).abs()


def rows_of(name, layer, calls, images):
    gate = sum(per_image(layer, u * u.grad, images) for u, _ in calls).detach()
    lift = sum(per_image(layer, u * h.grad, images) for u, h in calls).detach().mean(0)
    activation = sum(per_image(layer, h, images) for _, h in calls).detach().mean(0)
    w, g = layer.weight.detach().flatten(1), layer.weight.grad.flatten(1) / images
    values = [w.abs().sum(1), torch.cdist(w, w, compute_mode="donot_use_mm_for_euclid_dist").sum(1), gate.mean(0), lift,
              (w * g).sum(1), (w * g).abs().sum(1), g.norm(dim=1), (gate ** 2).mean(0), activation,
              proscore(w, g, lift, 1), proscore(w, g, lift, 0.01)]
    for channel, row in enumerate(torch.stack(values, 1).tolist()):
        yield [name, "", channel, *(f"{value:.17g}" for value in row)]


def write(folder, name, network, x, y):
    class Exported(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, x):
            return self.network(x, plain)

    torch.onnx.export(Exported(), x[:2].float(), f"{folder}/block_{name}.onnx", opset_version=13, input_names=["input"],
                      output_names=["output"], dynamic_axes={"input": {0: "N"}, "output": {0: "N"}})
    seen = Seen()
    loss = F.cross_entropy(network.double()(x, seen), y, reduction="sum")
    loss.backward()
    with open(f"{folder}/block_{name}.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["conv", "bn", "channel", *COLUMNS])
        for layer, (module, calls) in seen.calls.items():
            table.writerows(rows_of("network." + layer, module, calls, len(x)))
    print(f"{name}: mean loss {loss.item() / len(x):.17g}")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: make_block_reference.py TRAIN.bin FOLDER")
    torch.set_num_threads(1)
    raw = np.fromfile(sys.argv[1], np.uint8, count=IMAGES * 3073).reshape(-1, 3073)
    x = (torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).copy()).double() / 255 - 0.5) / 0.5
    y = torch.from_numpy(raw[:, 0].astype(np.int64))
    networks = {"convnext": ConvNeXt, "transformer": Transformer, "turned": Turned, "shared": Shared}
    for seed, (name, make) in enumerate(networks.items()):
        torch.manual_seed(seed)
        write(sys.argv[2], name, make(), x, y)


if __name__ == "__main__":
    main()
