# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the numbers that the program must reproduce for shapes-resnet.onnx, from PyTorch's autograd in float64.

    tests/data/shapes_dump train 128 1 > shapes_train.bin
    tests/data/shapes_dump test 100 1 > shapes_test.bin
    python3 tests/score/make_example_reference.py examples/shapes-resnet.onnx shapes_train.bin shapes_test.bin \\
        tests/score/data

No test runs this: PyTorch, onnx and NumPy are needed only when the network is another one. The network is evaluated
from the file, by the benchmark's peer (tests/bench/peer.py).

example_readings.csv has log PROscore of the same channels with its readings: the coordinate beside h, beside the part
of u that h lets through, and beside the rest; each a parameter of its own.

example_scores.csv has a row per convolution and output channel: what the criteria need and what they give, for the
mean cross-entropy over the first 128 training images, BatchNorm in evaluation mode. example_logits.csv has a row per
image: the network's outputs for the first 100 test images.

The extra coordinate D of PROscore is put into the network as the paper says: h(u) + D*u - D_fixed*u, where h is the
ReLU behind a BatchNorm, or the identity where a residual addition follows.
"""
import csv
import os
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
from peer import Network  # noqa: E402

IMAGES, BATCH, LOGITS = 128, 64, 100
GAMMAS = (1, 0.1, 0.01, 0.001)
READING_GAMMA = 0.3
ALL = ("published", "masked", "tail", "free", "unsigned", "opposite", "reversed", "coordinate")
READINGS = {"bn": ALL, "channel": ALL, "affine": ("published", "free"), "filter": ("free", "tail")}


def read_records(path, count):
    """Images (N,3,32,32) in float64 with normalisation "half" and labels (N,) from a file of 3073-byte records."""
    raw = np.fromfile(path, np.uint8, count=count * 3073).reshape(-1, 3073)
    pixels = torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).copy()).double()
    return (pixels / 255 - 0.5) / 0.5, torch.from_numpy(raw[:, 0].astype(np.int64))


def load(path, images):
    """The network of the file, in float64."""
    return Network(path, images[:1].float()).double().eval()


class Probe:
    """A step in the place of a BatchNorm's: behind it a gate z = 1, then h with D beside it. Autograd gives the
    gradients of z and D."""

    def __init__(self, batch_norm, h, scale, shift):
        self.batch_norm, self.h, self.scale, self.shift = batch_norm, h, scale, shift
        self.z = nn.Parameter(torch.ones_like(scale))
        self.D = nn.Parameter(torch.ones_like(scale))
        self.active = nn.Parameter(torch.ones_like(scale))
        self.inactive = nn.Parameter(torch.ones_like(scale))

    def __call__(self, *arguments, a):
        self.u = self.batch_norm(*arguments, a=a)
        self.u.retain_grad()
        gated = self.u * self.z[:, None, None]
        through = self.h(gated)
        return through + beside(self.D, gated) + beside(self.active, through) + beside(self.inactive, gated - through)

    def zero_grad(self):
        self.z.grad = self.D.grad = self.active.grad = self.inactive.grad = None


def beside(coordinate, x):
    """Adds nothing, and gives the coordinate a gradient."""
    return (coordinate - coordinate.detach())[:, None, None] * x


def identity(x, *, a=None):
    return x


def layer_name(parameter):
    return parameter.rsplit(".", 1)[0]


def insert_probes(net):
    """[(convolution's name, BatchNorm's name, convolution's weight, probe)] in the network's order."""
    def parameter(name):
        return getattr(net, net.names[name])

    steps, probes = net.steps, []
    makers = {output: (names, op) for _, names, output, _, op in steps}
    for i, (function, names, output, attributes, op) in enumerate(steps):
        if op != "BatchNormalization":
            continue
        readers = [j for j, step in enumerate(steps) if output in step[1]]
        relu_follows = [steps[j][4] for j in readers] == ["Relu"]
        if relu_follows:
            steps[readers[0]] = (identity, *steps[readers[0]][1:])
        probe = Probe(function, F.relu if relu_follows else identity, parameter(names[1]), parameter(names[2]))
        steps[i] = (probe, names, output, attributes, op)
        (_, weight, *_), maker = makers[names[0]]
        if maker != "Conv":
            sys.exit(f"{output}: no convolution before it")
        probes.append((layer_name(weight), layer_name(names[1]), parameter(weight), probe))
    return probes


def gather(net, probes, x, y):
    """Gradients of the mean loss per probe, and the two Taylor sums that depend on images or batches."""
    keys = ("weight", "scale", "shift", "D", "active", "inactive", "z", "per_batch", "per_image")
    sums = [dict.fromkeys(keys, 0) for _ in probes]
    loss_sum, batches = 0.0, 0
    for xb, yb in zip(x.split(BATCH), y.split(BATCH)):
        net.zero_grad()
        for _, _, _, probe in probes:
            probe.zero_grad()
        loss = F.cross_entropy(net(xb), yb, reduction="sum")
        loss.backward()
        loss_sum += loss.item()
        batches += 1
        for total, (_, _, weight, probe) in zip(sums, probes):
            u_delta = (probe.u * probe.u.grad).detach().sum((2, 3))  # the branch of D adds nothing to u's gradient
            for key, parameter in (("weight", weight), ("scale", probe.scale), ("shift", probe.shift), ("D", probe.D),
                                   ("active", probe.active), ("inactive", probe.inactive), ("z", probe.z)):
                total[key] = total[key] + parameter.grad / len(x)
            total["per_batch"] = total["per_batch"] + (probe.z.grad / len(xb)) ** 2
            total["per_image"] = total["per_image"] + (u_delta ** 2).sum(0) / len(x)
    for total in sums:
        total["per_batch"] = total["per_batch"] / batches
    return sums, loss_sum / len(x)


def pro_score(point, gradient, extra, extra_gradient, gamma):
    return (point - gamma * gradient).norm(dim=1) / (extra - gamma * extra_gradient).abs()


def columns(weight, probe, total):
    """Name to values, one per channel."""
    w, gw = weight.detach().flatten(1), total["weight"].flatten(1)
    scale, shift = probe.scale.detach(), probe.shift.detach()
    norm = w.norm(dim=1)
    result = {
        "l1": w.abs().sum(1), "l2": norm, "bn_scale": scale, "bn_shift": shift,
        "geometric_median": torch.cdist(w, w, compute_mode="donot_use_mm_for_euclid_dist").sum(1),
        "grad_bn_scale": total["scale"], "grad_bn_shift": total["shift"],
        "grad_D": total["D"], "grad_gate": total["z"],
        "w_dot_gradw": (w * gw).sum(1), "w_dot_gradw_abs": (w * gw).abs().sum(1), "norm_gradw": gw.norm(dim=1),
        "taylor_gate_per_batch": total["per_batch"], "taylor_gate_per_image": total["per_image"],
    }
    for gamma in GAMMAS:
        result[f"proscore_bn_{gamma}"] = pro_score(scale[:, None], total["scale"][:, None], scale.abs(), total["D"],
                                                   gamma)
    for gamma in GAMMAS:
        result[f"proscore_filter_{gamma}"] = pro_score(w, gw, norm, total["D"], gamma)
    return result


def readings(weight, probe, total):
    """The same of log PROscore with every reading, at READING_GAMMA: "target:reading"."""
    w, gw = weight.detach().flatten(1), total["weight"].flatten(1)
    affine = torch.stack([probe.scale.detach(), probe.shift.detach()], 1)
    g_affine = torch.stack([total["scale"], total["shift"]], 1)
    targets = {
        "bn": (affine[:, :1], g_affine[:, :1]), "affine": (affine, g_affine), "filter": (w, gw),
        "channel": (torch.cat([w, affine], 1), torch.cat([gw, g_affine], 1)),
    }
    result = {}
    for target, names in READINGS.items():
        f, g = targets[target]
        length = f.norm(dim=1)

        def log_score(point, gradient, extra, extra_gradient):
            return pro_score(point, gradient, extra, extra_gradient, READING_GAMMA).log()

        published = log_score(f, g, length, total["D"])
        values = {
            "published": published, "unsigned": published.abs(), "reversed": -published,
            "masked": log_score(f, g, length, total["active"]),
            "tail": log_score(f, 0 * g, length, total["inactive"]),
            "free": log_score(f / length[:, None], g * length[:, None], torch.ones_like(length), total["D"]),
            "opposite": log_score(f, g, length, -total["D"]),
            "coordinate": (1 - READING_GAMMA * total["D"]).abs().log().abs(),
        }
        result.update({f"{target}:{name}": values[name] for name in names})
    return result


def write_csv(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: make_example_reference.py MODEL.onnx TRAIN.bin TEST.bin FOLDER")
    torch.set_num_threads(1)
    model, train_path, test_path, folder = sys.argv[1:]
    x, _ = read_records(test_path, LOGITS)
    with torch.no_grad():
        logits = load(model, x)(x)
    write_csv(os.path.join(folder, "example_logits.csv"), [[f"{v:.17g}" for v in row] for row in logits.tolist()])
    x, y = read_records(train_path, IMAGES)
    net = load(model, x)
    probes = insert_probes(net)
    sums, mean_loss = gather(net, probes, x, y)
    for name, make in (("example_scores.csv", columns), ("example_readings.csv", readings)):
        rows = []
        for (conv_name, bn_name, weight, probe), total in zip(probes, sums):
            values = make(weight, probe, total)
            if not rows:
                rows.append(["conv", "bn", "channel", *values])
            for channel in range(len(weight)):
                rows.append([conv_name, bn_name, channel, *(f"{v[channel].item():.17g}" for v in values.values())])
        write_csv(os.path.join(folder, name), rows)
    print(f"{len(rows) - 1} channels, {IMAGES} images in batches of {BATCH}, mean loss {mean_loss:.17g}")


if __name__ == "__main__":
    main()
