# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a small U-Net and write the numbers that the program must reproduce for it, from PyTorch's autograd in float64.

    tests/data/shapes_dump train 16 1 > shapes_train.bin
    tests/data/shapes_dump test 100 1 > shapes_test.bin
    python3 tests/score/make_unet_reference.py shapes_train.bin shapes_test.bin tests/score/data

No test runs this: PyTorch is needed only when the network is another one. unet.onnx has transposed convolutions, one of
them in groups, with BatchNorms behind them, reflected borders, a bilinear and a bicubic Resize, squares of channels laid
out in space, and skip connections; its weights are drawn from a seed. The tables are like those of
make_example_reference.py.
"""
import os
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_example_reference as example  # noqa: E402

IMAGES, LOGITS = 16, 100


class Step(nn.Module):
    """A convolution of either kind, BatchNorm and ReLU; when it is probed, with a gate z and PROscore's D between."""

    def __init__(self, conv):
        super().__init__()
        self.conv, self.bn, self.probed = conv, nn.BatchNorm2d(conv.out_channels), False

    def probe(self):
        self.probed = True
        self.scale, self.shift = self.bn.weight, self.bn.bias
        self.z, self.D = (nn.Parameter(torch.ones_like(self.scale)) for _ in "zD")

    def forward(self, x):
        u = self.bn(self.conv(x))
        if not self.probed:
            return F.relu(u)
        self.u = u
        self.u.retain_grad()
        gated = u * self.z[:, None, None]
        return F.relu(gated) + (self.D - self.D.detach())[:, None, None] * gated


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Step(nn.Conv2d(3, 8, 3, bias=False))
        self.down = Step(nn.Conv2d(8, 12, 3, stride=2, padding=1))
        self.deep = Step(nn.Conv2d(12, 16, 3, stride=2, padding=1, bias=False))
        self.up = Step(nn.ConvTranspose2d(16, 12, 3, stride=2, padding=1, output_padding=1))
        self.join = Step(nn.Conv2d(24, 16, 3, padding=1, bias=False))
        self.top = Step(nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1, groups=2, bias=False))
        self.mix = Step(nn.Conv2d(16, 12, 1, bias=False))
        self.head = nn.Conv2d(15, 10, 1)

    def pixels(self, x):
        """A score of every class for every pixel."""
        stem = self.stem(F.pad(x, (1, 1, 1, 1), mode="reflect"))
        down = self.down(stem)
        deep = self.deep(down)
        join = self.join(torch.cat([self.up(deep), down], 1))
        top = self.top(join) + F.interpolate(stem[:, :, ::2, ::2], scale_factor=2, mode="bilinear")
        mix = self.mix(torch.cat([top, stem], 1))
        rough = F.interpolate(mix, size=(16, 16), mode="bicubic", align_corners=False)
        fine = F.pixel_shuffle(rough, 2)
        return self.head(torch.cat([mix, fine], 1))

    def forward(self, x):
        return self.pixels(x).mean((2, 3))


def settle(net, seed):
    """BatchNorms that do something, and logits that tell classes apart."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            if name.endswith("running_var"):
                value.uniform_(0.3, 1.5, generator=generator)
            elif name.endswith("bn.weight"):
                value.uniform_(0.5, 1.5, generator=generator)
            elif value.dim() == 1:
                value.normal_(0, 0.2, generator=generator)
            else:
                value.normal_(0, 1.2 / value[0].numel() ** 0.5, generator=generator)


def filters(conv, value):
    """The weight, or its gradient, with a row for each channel that the layer makes."""
    if not conv.transposed:
        return value
    inputs, outputs = value.shape[:2]
    parts = value.reshape(conv.groups, inputs // conv.groups, outputs, *value.shape[2:])
    return parts.transpose(1, 2).reshape(conv.groups * outputs, inputs // conv.groups, *value.shape[2:])


def export(net, path):
    axes = {"input": {0: "N"}, "output": {0: "N"}}
    torch.onnx.export(net, torch.zeros(1, 3, 32, 32), path, opset_version=13, input_names=["input"],
                      output_names=["output"], dynamic_axes=axes, training=torch.onnx.TrainingMode.PRESERVE)


def main(train, test, folder):
    net = UNet().eval()
    settle(net, 5)
    export(net, os.path.join(folder, "unet.onnx"))
    net.double()
    steps = [(name, module) for name, module in net.named_modules() if isinstance(module, Step)]
    with torch.no_grad():
        logits = net(example.read_records(test, LOGITS)[0])
    for _, step in steps:
        step.probe()
    example.write_csv(os.path.join(folder, "unet_logits.csv"), [[repr(v) for v in row] for row in logits.tolist()])
    probes = [(f"{name}.conv", f"{name}.bn", step.conv.weight, step) for name, step in steps]
    totals, loss = example.gather(net, probes, *example.read_records(train, IMAGES))
    rows = []
    for (conv, norm, weight, step), total in zip(probes, totals):
        total["weight"] = filters(step.conv, total["weight"])
        values = example.columns(filters(step.conv, weight), step, total)
        rows += [[conv, norm, c, *(repr(column[c].item()) for column in values.values())]
                 for c in range(len(step.scale))]
    example.write_csv(os.path.join(folder, "unet_scores.csv"), [["conv", "bn", "channel", *values], *rows])
    print(f"mean loss {loss!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
