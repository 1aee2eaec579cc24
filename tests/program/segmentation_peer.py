# SPDX-License-Identifier: GPL-3.0-or-later
"""A small network that classifies pixels, and what PyTorch says of it in double precision.

    segmentation_peer.py ROOT NETWORK.onnx EXPECTED.csv

ROOT is a set in the layout of Cityscapes. Writes the network with random weights, and a line for each number: the mean
loss over the images, mIoU, and for each filter of the layers c1 to c4 the Taylor score (gate) and the logarithm of
PROscore (target bn, gamma 0.01). Gradients are those of autograd, with PROscore's coordinate D written into the graph.
"""
import csv
import glob
import sys

import numpy
import torch
import torch.nn.functional as functional
from PIL import Image

CLASSES, GAMMA = 19, 0.01
EVALUATED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)


class Probe(torch.nn.Module):
    """ReLU, with a gate of one in front and D * x - stop(D) * x beside it."""

    def __init__(self, channels):
        super().__init__()
        self.lift = torch.nn.Parameter(torch.ones(channels))
        self.probing = False

    def forward(self, u):
        if not self.probing:
            return torch.relu(u)
        self.u = u
        u.retain_grad()
        lift = self.lift.view(1, -1, 1, 1)
        return torch.relu(u) + lift * u - lift.detach() * u


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        conv, norm = torch.nn.Conv2d, torch.nn.BatchNorm2d
        self.c1, self.b1, self.p1 = conv(3, 8, 3, 2, 1, bias=False), norm(8), Probe(8)
        self.c2, self.b2, self.p2 = conv(8, 12, 3, 1, 1, bias=False), norm(12), Probe(12)
        self.c3, self.b3, self.p3 = conv(12, 12, 3, 1, 2, dilation=2, bias=False), norm(12), Probe(12)
        self.c4, self.b4, self.p4 = torch.nn.ConvTranspose2d(12, 10, 4, 2, 1, bias=False), norm(10), Probe(10)
        self.head, self.top = conv(12, CLASSES, 1), conv(18, CLASSES, 3)

    def forward(self, x):
        skip = self.p1(self.b1(self.c1(x)))
        y = self.p2(self.b2(self.c2(skip)))
        y = y + self.p3(self.b3(self.c3(y)))
        skip = functional.interpolate(skip, size=x.shape[2:], mode="bicubic", align_corners=False)
        fine = torch.cat([self.p4(self.b4(self.c4(y))), skip], 1)
        rough = functional.interpolate(self.head(y), size=x.shape[2:], mode="bilinear", align_corners=False)
        return rough + self.top(functional.pad(fine, (1, 1, 1, 1), mode="reflect"))


def make_network(path):
    torch.manual_seed(5)
    network = Network()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    network.eval()
    torch.onnx.export(network, torch.zeros(1, 3, 48, 64), path, opset_version=13, input_names=["image"],
                      output_names=["scores"], dynamic_axes={"image": {0: "N"}, "scores": {0: "N"}},
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    return network.double()


def images(root):
    ids = numpy.full(256, 255)
    ids[list(EVALUATED)] = range(CLASSES)
    for name in sorted(glob.glob(root + "/leftImg8bit/val/*/*.png")):
        pixels = numpy.array(Image.open(name)).astype(float) / 255
        pixels = (pixels - numpy.array([.485, .456, .406])) / numpy.array([.229, .224, .225])
        labels = name.replace("/leftImg8bit/", "/gtFine/").replace("_leftImg8bit", "_gtFine_labelIds")
        yield (torch.tensor(pixels.transpose(2, 0, 1)[None]),
               torch.tensor(ids[numpy.array(Image.open(labels))][None]).long())


network = make_network(sys.argv[2])
parts = [(getattr(network, "b%d" % i), getattr(network, "p%d" % i)) for i in (1, 2, 3, 4)]
for _, probe in parts:
    probe.probing = True
gates = [0 for _ in parts]
scales, lifts = [0 for _ in parts], [0 for _ in parts]
confusion = numpy.zeros((CLASSES, CLASSES), int)
total = count = 0
for image, labels in images(sys.argv[1]):
    network.zero_grad()
    output = network(image)
    loss = functional.cross_entropy(output, labels, ignore_index=255)
    loss.backward()
    total, count = total + loss.item(), count + 1
    known = labels != 255
    numpy.add.at(confusion, (labels[known].numpy(), output.argmax(1)[known].numpy()), 1)
    for i, (norm, probe) in enumerate(parts):
        gates[i] = gates[i] + ((probe.u * probe.u.grad).sum((2, 3)) ** 2).sum(0).detach()
        scales[i] = scales[i] + norm.weight.grad.clone()
        lifts[i] = lifts[i] + probe.lift.grad.clone()
union = confusion.sum(0) + confusion.sum(1) - numpy.diag(confusion)
with open(sys.argv[3], "w", newline="") as out:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["loss", 0, repr(total / count)])
    rows.writerow(["miou", 0, repr((numpy.diag(confusion)[union > 0] / union[union > 0]).mean())])
    for i, (norm, _) in enumerate(parts):
        scale = norm.weight.detach()
        moved = scale - GAMMA * scales[i] / count
        score = torch.log(moved.abs()) - torch.log((scale.abs() - GAMMA * lifts[i] / count).abs())
        for name, values in (("taylor", gates[i] / count), ("proscore", score)):
            for channel, value in enumerate(values.tolist()):
                rows.writerow(["c%d-%s" % (i + 1, name), channel, repr(value)])
