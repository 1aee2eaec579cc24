#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks with several outputs, with weights by seed, and what PyTorch says of them in double precision.

    outputs_peer.py make FOLDER OPSET [NAME...]
    outputs_peer.py check FOLDER NAME LOSS SCORES

make writes for each network NAME.onnx, NAME.npz (4 images, labels 0 to 3), for each output k NAME.k.npy (double), and
for LOSS in sum, l2 NAME.LOSS.npz: the mean loss, and of each convolution what the criterion taylor:weight comes to, the
sum of |weight * gradient| over a filter. check compares a file of lines "LAYER CHANNEL SCORE" with that.
"""
import sys

import numpy as np


def check(folder, name, kind, path):
    expected = np.load("%s/%s.%s.npz" % (folder, name, kind))
    worst, count = 0, 0
    largest = max(np.abs(expected[layer]).max() for layer in expected if layer != "loss")
    for line in open(path):
        layer, channel, score = line.split()
        if layer == "loss":
            value = float(expected["loss"])
        elif layer in expected:
            value = expected[layer][int(channel)]
        else:
            continue
        scale = max(np.abs(expected[layer]).max(), 1e-9 * largest) if layer != "loss" else abs(value)
        worst, count = max(worst, abs(float(score) - value) / scale), count + 1
    print("%s %s: %d numbers, at most %.1e off" % (name, kind, count, worst))
    return 0 if worst < 1e-6 and count > 20 else 1


if sys.argv[1] == "check":  # which needs no PyTorch
    sys.exit(check(*sys.argv[2:6]))

import torch  # noqa: E402
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402


class Conv(nn.Module):
    """Convolution, BatchNorm, SiLU."""

    def __init__(self, c1, c2, k=1, s=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, k // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(c2)

    def forward(self, x):
        return F.silu(self.bn(self.conv(x)))


class Halves(nn.Module):
    """The split block of YOLOv8: one half goes through bottlenecks, all parts are joined."""

    def __init__(self, c1, c2, n=1):
        super().__init__()
        self.c = c2 // 2
        self.cv1 = Conv(c1, 2 * self.c)
        self.cv2 = Conv((2 + n) * self.c, c2)
        self.m = nn.ModuleList(nn.Sequential(Conv(self.c, self.c, 3), Conv(self.c, self.c, 3)) for _ in range(n))

    def forward(self, x):
        y = list(self.cv1(x).chunk(2, 1))
        for m in self.m:
            y.append(y[-1] + m(y[-1]))
        return self.cv2(torch.cat(y, 1))


class Pyramid(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.cv1 = Conv(c, c // 2)
        self.cv2 = Conv(2 * c, c)

    def forward(self, x):
        y = [self.cv1(x)]
        for _ in range(3):
            y.append(F.max_pool2d(y[-1], 5, 1, 2))
        return self.cv2(torch.cat(y, 1))


class Body(nn.Module):
    """Features at strides 8 and 16, the coarse ones brought up and joined with the fine."""

    def __init__(self, w=8):
        super().__init__()
        self.c1, self.c2 = Conv(3, w, 3, 2), Conv(w, 2 * w, 3, 2)
        self.b2 = Halves(2 * w, 2 * w)
        self.c3, self.b3 = Conv(2 * w, 4 * w, 3, 2), Halves(4 * w, 4 * w, 2)
        self.c4, self.b4 = Conv(4 * w, 8 * w, 3, 2), Pyramid(8 * w)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.join = Halves(12 * w, 4 * w)

    def forward(self, x):
        fine = self.b3(self.c3(self.b2(self.c2(self.c1(x)))))
        coarse = self.b4(self.c4(fine))
        return self.join(torch.cat([self.up(coarse), fine], 1)), coarse


def centres(h, w, stride):
    y, x = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij")
    return torch.stack((x, y), 0).reshape(1, 2, -1), torch.full((1, 1, h * w), float(stride))


class Detector8(nn.Module):
    """As YOLOv8: distances as a distribution over bins, one output batch x (4 + classes) x places."""

    def __init__(self, size=64, classes=5, bins=8, raw=False):
        super().__init__()
        self.body, self.bins, self.classes, self.raw = Body(), bins, classes, raw
        self.box = nn.ModuleList(nn.Sequential(Conv(c, 16, 3), nn.Conv2d(16, 4 * bins, 1)) for c in (32, 64))
        self.cls = nn.ModuleList(nn.Sequential(Conv(c, 16, 3), nn.Conv2d(16, classes, 1)) for c in (32, 64))
        self.dfl = nn.Conv2d(bins, 1, 1, bias=False)
        self.dfl.weight.data[:] = torch.arange(bins).float().reshape(1, bins, 1, 1)
        parts = [centres(size // s, size // s, s) for s in (8, 16)]
        self.register_buffer("places", torch.cat([p[0] for p in parts], 2))
        self.register_buffer("strides", torch.cat([p[1] for p in parts], 2))

    def forward(self, x):
        features = self.body(x)
        heads = [torch.cat((b(f), c(f)), 1) for f, b, c in zip(features, self.box, self.cls)]
        if self.raw:
            return tuple(heads)
        n = x.shape[0]
        rows = torch.cat([h.reshape(n, 4 * self.bins + self.classes, -1) for h in heads], 2)
        box, cls = rows.split((4 * self.bins, self.classes), 1)
        box = self.dfl(box.reshape(n, 4, self.bins, -1).transpose(2, 1).softmax(1)).reshape(n, 4, -1)
        low, high = box.chunk(2, 1)
        a, b = self.places - low, self.places + high
        return torch.cat((torch.cat(((a + b) / 2, b - a), 1) * self.strides, cls.sigmoid()), 1)


class Detector5(nn.Module):
    """As YOLOv5: anchors, decoded, a list of places as the first output and the raw maps beside it."""

    def __init__(self, size=64, classes=5):
        super().__init__()
        self.body, self.no = Body(), classes + 5
        self.m = nn.ModuleList(nn.Conv2d(c, 3 * self.no, 1) for c in (32, 64))
        self.strides = (8, 16)
        for i, s in enumerate(self.strides):
            n = size // s
            y, x = torch.meshgrid(torch.arange(n).float(), torch.arange(n).float(), indexing="ij")
            self.register_buffer("grid%d" % i, torch.stack((x, y), 2).expand(1, 3, n, n, 2) - 0.5)
            self.register_buffer("anchor%d" % i, (torch.rand(3, 2) * 20 + 8).reshape(1, 3, 1, 1, 2))

    def forward(self, x):
        maps, lists = [], []
        for i, f in enumerate(self.body(x)):
            y = self.m[i](f)
            n, _, h, w = y.shape
            y = y.reshape(n, 3, self.no, h, w).permute(0, 1, 3, 4, 2)
            maps.append(y)
            xy, wh, conf = y.sigmoid().split((2, 2, self.no - 4), 4)
            xy = (xy * 2 + getattr(self, "grid%d" % i)) * self.strides[i]
            wh = (wh * 2) ** 2 * getattr(self, "anchor%d" % i)
            lists.append(torch.cat((xy, wh, conf), 4).reshape(n, -1, self.no))
        return (torch.cat(lists, 1), *maps)


def block(c1, c2, s=1):
    """Depthwise and pointwise, as small face detectors are made of."""
    return nn.Sequential(nn.Conv2d(c1, c1, 3, s, 1, groups=c1, bias=False), nn.BatchNorm2d(c1), nn.ReLU(),
                         nn.Conv2d(c1, c2, 1, bias=False), nn.BatchNorm2d(c2), nn.ReLU())


class FaceLists(nn.Module):
    """As UltraFace: scores after a softmax and boxes, lists over two maps."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), block(8, 16, 2),
                                  block(16, 32, 2))
        self.next = block(32, 48, 2)
        self.scores = nn.ModuleList((block(32, 6), nn.Conv2d(48, 4, 3, 1, 1)))
        self.boxes = nn.ModuleList((block(32, 12), nn.Conv2d(48, 8, 3, 1, 1)))

    def forward(self, x):
        maps = [self.stem(x)]
        maps.append(self.next(maps[0]))
        flat = lambda heads, k: torch.cat(
            [h(m).permute(0, 2, 3, 1).contiguous().view(x.shape[0], -1, k) for h, m in zip(heads, maps)], 1)
        return F.softmax(flat(self.scores, 2), 2), flat(self.boxes, 4)


class FaceMaps(nn.Module):
    """As YuNet: for each of two strides class, objectness, box and key points, each a list."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), block(8, 16, 2), block(16, 32, 2))
        self.next = nn.Sequential(nn.MaxPool2d(2), block(32, 32))
        self.share = nn.ModuleList((block(32, 32), block(32, 32)))
        self.heads = nn.ModuleList(nn.ModuleList(nn.Sequential(nn.Conv2d(32, k, 1), nn.Conv2d(k, k, 3, 1, 1, groups=k))
                                                 for k in (1, 1, 4, 10)) for _ in range(2))

    def forward(self, x):
        fine = self.stem(x)
        coarse = self.next(fine)
        fine = fine + F.interpolate(coarse, scale_factor=2.0, mode="nearest")
        maps = [s(m) for s, m in zip(self.share, (fine, coarse))]
        out = []
        for k in range(4):
            for i in range(2):
                y = self.heads[i][k](maps[i]).permute(0, 2, 3, 1).reshape(x.shape[0], -1, (1, 1, 4, 10)[k])
                out.append(y.sigmoid() if k < 2 else y)
        return tuple(out)


class Auxiliary(nn.Module):
    """A classifier with two heads to learn with, as GoogLeNet has."""

    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(3, 12, 3, 2, 1, bias=False), nn.BatchNorm2d(12), nn.ReLU())
        self.b = nn.Sequential(nn.Conv2d(12, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.c = nn.Sequential(nn.Conv2d(16, 24, 3, 2, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU())
        self.aux1 = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Conv2d(12, 8, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 10))
        self.aux2 = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Conv2d(16, 8, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 10))
        self.fc = nn.Linear(24, 10)

    def forward(self, x):
        a = self.a(x)
        b = self.b(a)
        return self.fc(self.c(b).mean((2, 3))), self.aux2(b), self.aux1(a)


class Segments(nn.Module):
    """A segmentation network with an auxiliary head of the same size, as DeepLab has."""

    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(3, 12, 3, 2, 1, bias=False), nn.BatchNorm2d(12), nn.ReLU())
        self.b = nn.Sequential(nn.Conv2d(12, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.out, self.aux = nn.Conv2d(16, 4, 1), nn.Conv2d(12, 4, 1)

    def forward(self, x):
        a = self.a(x)
        up = lambda y: F.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False)
        return up(self.out(self.b(a))), up(self.aux(a))


NETWORKS = {
    "yolov8": lambda: (Detector8(), 64, ["output0"]),
    "yolov8raw": lambda: (Detector8(raw=True), 64, ["p3", "p4"]),
    "yolov5": lambda: (Detector5(), 64, ["output", "map3", "map4"]),
    "ultraface": lambda: (FaceLists(), 64, ["scores", "boxes"]),
    "yunet": lambda: (FaceMaps(), 64, ["%s_%d" % (n, s) for n in ("cls", "obj", "bbox", "kps") for s in (8, 16)]),
    "auxiliary": lambda: (Auxiliary(), 32, ["logits", "aux2", "aux1"]),
    "segments": lambda: (Segments(), 32, ["out", "aux"]),
}


def seeded(name):
    torch.manual_seed(sorted(NETWORKS).index(name) + 11)
    net, size, outputs = NETWORKS[name]()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.2)
            m.running_var.uniform_(0.5, 1.5)
            m.weight.data.uniform_(0.5, 1.5)
            m.bias.data.normal_(0, 0.2)
    return net.eval(), size, outputs


def tuple_of(y):
    return y if isinstance(y, tuple) else (y,)


def losses(outputs):
    rows = torch.cat([y.reshape(y.shape[0], -1) for y in outputs], 1)
    return {"sum": rows.sum(1), "l2": (rows * rows).sum(1) / 2}


def numbers(net, images, kept):
    for kind in ("sum", "l2"):
        net.zero_grad()
        loss = losses(tuple_of(net(images))[:kept])[kind].mean()
        loss.backward()
        yield kind, float(loss), {k[: -len(".weight")]: (p * p.grad).abs().sum((1, 2, 3)).detach().numpy()
                                  for k, p in net.named_parameters() if p.grad is not None and p.dim() == 4}


def make(folder, opset, names):
    for name in names or sorted(NETWORKS):
        net, size, outputs = seeded(name)
        images = torch.randn(4, 3, size, size)
        path = "%s/%s" % (folder, name)
        torch.onnx.export(net, images[:1], path + ".onnx", opset_version=opset, input_names=["images"],
                          output_names=outputs, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                          dynamic_axes={n: {0: "batch"} for n in ["images"] + outputs})
        np.savez(path + ".npz", images=images.numpy(), labels=np.arange(4))
        net = net.double()
        images = images.double()
        with torch.no_grad():
            for k, y in enumerate(tuple_of(net(images))):
                np.save("%s.%d.npy" % (path, k), y.numpy())
        kept = 1 if name in ("auxiliary", "segments") else len(outputs)
        for kind, loss, scores in numbers(net, images, kept):
            np.savez("%s.%s.npz" % (path, kind), loss=loss, **scores)


if __name__ == "__main__":
    make(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
