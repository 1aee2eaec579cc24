# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the numbers that the program must reproduce for shapes-resnet.onnx, from PyTorch's autograd in float64.

    tests/data/shapes_dump train 128 1 > shapes_train.bin
    tests/data/shapes_dump test 100 1 > shapes_test.bin
    python3 examples/make_example_reference.py examples/shapes-resnet.onnx shapes_train.bin shapes_test.bin tests/data

example_scores.csv has a row per convolution and output channel: what the criteria need and what they give, for the
mean cross-entropy over the first 128 training images, BatchNorm in evaluation mode. example_logits.csv has a row per
image: the network's outputs for the first 100 test images.

The extra coordinate D of PROscore is put into the network as the paper says: h(u) + D*u - D_fixed*u, where h is the
ReLU behind a BatchNorm, or the identity where a residual addition follows.
"""
import csv
import os
import sys

import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import numpy_helper

from train_shapes_resnet import ShapesResNet, read_records

IMAGES, BATCH, LOGITS = 128, 64, 100
GAMMAS = (1, 0.1, 0.01, 0.001)


class Probe(nn.Module):
    """BatchNorm, then a gate z = 1, then h with D beside it: autograd gives the gradients of z and D."""

    def __init__(self, bn, h):
        super().__init__()
        self.bn, self.h = bn, h
        self.z = nn.Parameter(torch.ones_like(bn.weight))
        self.D = nn.Parameter(torch.ones_like(bn.weight))

    def forward(self, x):
        self.u = self.bn(x)
        self.u.retain_grad()
        gated = self.u * self.z[:, None, None]
        return self.h(gated) + (self.D - self.D.detach())[:, None, None] * gated


def load(path):
    """The network of the file, in float64. Parameters have the same names there and here."""
    graph = onnx.load(path).graph
    weights = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    epsilons = {attribute.f for node in graph.node if node.op_type == "BatchNormalization"
                for attribute in node.attribute if attribute.name == "epsilon"}
    net = ShapesResNet()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            (module.eps,) = epsilons  # 1e-5 as the file has it: rounded to float32
    state = {name: weights.get(name, value) for name, value in net.state_dict().items()}
    missing = [name for name, _ in net.named_parameters() if name not in weights]
    if missing:
        sys.exit(f"{path}: no parameter {missing[0]}")
    net.load_state_dict(state)
    return net.double().eval()


def insert_probes(net):
    """[(convolution's name, BatchNorm's name, convolution, probe)] in the network's order."""
    probes = []
    for path, module in list(net.named_modules()):
        for number in (1, 2):
            bn = getattr(module, f"bn{number}", None)
            if not isinstance(bn, nn.BatchNorm2d):
                continue
            relu_follows = number == 1
            probe = Probe(bn, nn.ReLU() if relu_follows else nn.Identity())
            setattr(module, f"bn{number}", probe)
            if relu_follows:
                module.relu1 = nn.Identity()
            dot = path + "." if path else ""
            probes.append((f"{dot}conv{number}", f"{dot}bn{number}", getattr(module, f"conv{number}"), probe))
    return probes


def gather(net, probes, x, y):
    """Gradients of the mean loss per probe, and the two Taylor sums that depend on images or batches."""
    keys = ("weight", "scale", "shift", "D", "z", "per_batch", "per_image")
    sums = [dict.fromkeys(keys, 0) for _ in probes]
    loss_sum, batches = 0.0, 0
    for xb, yb in zip(x.split(BATCH), y.split(BATCH)):
        net.zero_grad()
        loss = F.cross_entropy(net(xb), yb, reduction="sum")
        loss.backward()
        loss_sum += loss.item()
        batches += 1
        for total, (_, _, conv, probe) in zip(sums, probes):
            u_delta = (probe.u * probe.u.grad).detach().sum((2, 3))  # the branch of D adds nothing to u's gradient
            for key, parameter in (("weight", conv.weight), ("scale", probe.bn.weight), ("shift", probe.bn.bias),
                                   ("D", probe.D), ("z", probe.z)):
                total[key] = total[key] + parameter.grad / len(x)
            total["per_batch"] = total["per_batch"] + (probe.z.grad / len(xb)) ** 2
            total["per_image"] = total["per_image"] + (u_delta ** 2).sum(0) / len(x)
    for total in sums:
        total["per_batch"] = total["per_batch"] / batches
    return sums, loss_sum / len(x)


def pro_score(point, gradient, extra, extra_gradient, gamma):
    return (point - gamma * gradient).norm(dim=1) / (extra - gamma * extra_gradient).abs()


def columns(conv, probe, total):
    """Name to values, one per channel."""
    w, gw = conv.weight.detach().flatten(1), total["weight"].flatten(1)
    scale, shift = probe.bn.weight.detach(), probe.bn.bias.detach()
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


def write_csv(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: make_example_reference.py MODEL.onnx TRAIN.bin TEST.bin FOLDER")
    torch.set_num_threads(1)
    model, train_path, test_path, folder = sys.argv[1:]
    x, _ = read_records(test_path, torch.float64, LOGITS)
    with torch.no_grad():
        logits = load(model)(x)
    write_csv(os.path.join(folder, "example_logits.csv"), [[f"{v:.17g}" for v in row] for row in logits.tolist()])
    net = load(model)
    probes = insert_probes(net)
    x, y = read_records(train_path, torch.float64, IMAGES)
    sums, mean_loss = gather(net, probes, x, y)
    rows = []
    for (conv_name, bn_name, conv, probe), total in zip(probes, sums):
        values = columns(conv, probe, total)
        if not rows:
            rows.append(["conv", "bn", "channel", *values])
        for channel in range(conv.out_channels):
            rows.append([conv_name, bn_name, channel, *(f"{v[channel].item():.17g}" for v in values.values())])
    write_csv(os.path.join(folder, "example_scores.csv"), rows)
    print(f"{len(rows) - 1} channels, {IMAGES} images in batches of {BATCH}, mean loss {mean_loss:.17g}")


if __name__ == "__main__":
    main()
