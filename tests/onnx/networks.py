# SPDX-License-Identifier: GPL-3.0-or-later
"""Small networks of every kind that vision papers use, made by a seed and exported as PyTorch does.

    networks.py OUTDIR [NAME...]    writes NAME-OPSET[-static].onnx for every export in EXPORTS

What comes of Torchvision is the real architecture, most of it narrower and on small images; the others are
written here after their papers, as short as they can be with every operator that exporters make of them.
"""
import sys
import warnings

import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.models.vision_transformer import VisionTransformer

CLASSES = 10


def conv(inputs, outputs, size=3, stride=1, groups=1, activation=nn.ReLU):
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
                         nn.BatchNorm2d(outputs), activation())


class Mlp(nn.Sequential):
    def __init__(self, width, hidden):
        super().__init__(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))


class Mixer(nn.Module):
    """MLP-Mixer (arXiv 2105.01601): one layer over tokens, one over channels."""

    class Layer(nn.Module):
        def __init__(self, tokens, width):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.tokens, self.channels = Mlp(tokens, 24), Mlp(width, 48)

        def forward(self, x):
            x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
            return x + self.channels(self.norm2(x))

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 8, 8)
        self.layers = nn.Sequential(self.Layer(16, 24), self.Layer(16, 24))
        self.norm, self.head = nn.LayerNorm(24), nn.Linear(24, CLASSES)

    def forward(self, x):
        x = self.stem(x).flatten(2).transpose(1, 2)
        return self.head(self.norm(self.layers(x)).mean(1))


class Attention(nn.Module):
    """q, k and v in one projection, as timm writes it for DeiT."""

    def __init__(self, width, heads, bias=True):
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=bias), nn.Linear(width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        x = (q * self.scale @ k.transpose(-2, -1)).softmax(-1) @ v
        return self.proj(x.transpose(1, 2).reshape(n, t, c))


class Separate(nn.Module):
    """q, k and v in projections of their own, split by chunks of heads."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))

    def part(self, x):
        return x.view(x.shape[0], -1, self.heads, x.shape[2] // self.heads).transpose(1, 2)

    def forward(self, x):
        q, k, v = self.part(self.q(x)), self.part(self.k(x)), self.part(self.v(x))
        x = torch.softmax(q @ k.transpose(2, 3) / q.shape[-1] ** 0.5, -1) @ v
        return self.o(x.transpose(1, 2).flatten(2))


class Encoder(nn.Module):
    def __init__(self, width, attention):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.mlp = attention, Mlp(width, 2 * width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Deit(nn.Module):
    """DeiT (arXiv 2012.12877): class and distillation tokens, the mean of two heads."""

    def __init__(self, attention=Attention):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 8, 8)
        self.cls, self.dist = (nn.Parameter(torch.randn(1, 1, 24)) for _ in range(2))
        self.pos = nn.Parameter(torch.randn(1, 18, 24))
        self.layers = nn.Sequential(Encoder(24, attention(24, 4)), Encoder(24, attention(24, 4)))
        self.norm = nn.LayerNorm(24)
        self.head, self.head_dist = nn.Linear(24, CLASSES), nn.Linear(24, CLASSES)

    def forward(self, x):
        n = x.shape[0]
        x = self.stem(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(n, -1, -1), self.dist.expand(n, -1, -1), x], 1) + self.pos
        x = self.norm(self.layers(x))
        return (self.head(x[:, 0]) + self.head_dist(x[:, 1])) / 2


class Sequence(nn.Module):
    """nn.TransformerEncoder with tokens first."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 8, 8)
        layer = nn.TransformerEncoderLayer(24, 4, 48, 0.0, "gelu", batch_first=False)
        self.encoder, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(24, CLASSES)

    def forward(self, x):
        return self.head(self.encoder(self.stem(x).flatten(2).permute(2, 0, 1)).mean(0))


class MobileVit(nn.Module):
    """A MobileViT block (arXiv 2110.02178): patches unfolded, a transformer over them, folded again."""

    def __init__(self):
        super().__init__()
        self.stem, self.local = conv(3, 16, stride=2, activation=nn.SiLU), conv(16, 16, activation=nn.SiLU)
        self.into, self.layer = nn.Conv2d(16, 24, 1, bias=False), Encoder(24, Attention(24, 2))
        self.out, self.fuse = conv(24, 16, 1, activation=nn.SiLU), conv(32, 16, activation=nn.SiLU)
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x):
        x = self.stem(x)
        y = self.into(self.local(x))
        n, c, h, w = y.shape
        y = y.reshape(n * c * h // 2, 2, w // 2, 2).transpose(1, 2).reshape(n, c, h * w // 4, 4)
        y = self.layer(y.transpose(1, 3).reshape(n * 4, h * w // 4, c))
        y = y.view(n, 4, h * w // 4, c).transpose(1, 3).reshape(n * c * h // 2, w // 2, 2, 2)
        y = self.out(y.transpose(1, 2).reshape(n, c, h, w))
        return self.head(self.fuse(torch.cat([x, y], 1)).mean((2, 3)))


class Unet(nn.Module):
    """U-Net: transposed convolution and bilinear upsampling beside skips, reflected borders."""

    def __init__(self, pixels):
        super().__init__()
        self.pixels = pixels
        self.first, self.down, self.deep = conv(3, 12), conv(12, 20, stride=2), conv(20, 24, stride=2)
        self.up1, self.norm1 = nn.ConvTranspose2d(24, 16, 2, 2), nn.BatchNorm2d(16)
        self.mid, self.up2 = conv(36, 14), nn.ConvTranspose2d(14, 10, 3, 2, 1, 1, groups=2)
        self.last = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(22, 12, 3), nn.GroupNorm(3, 12), nn.ReLU())
        self.head = nn.Conv2d(12, CLASSES, 1)

    def forward(self, x):
        a = self.first(x)
        b = self.down(a)
        c = F.relu(self.norm1(self.up1(self.deep(b))))
        c = self.mid(torch.cat([b, c], 1))
        c = self.up2(c) + F.interpolate(c[:, :10], scale_factor=2, mode="bilinear", align_corners=False)
        y = self.head(self.last(torch.cat([a, c], 1)))
        return y if self.pixels else y.mean((2, 3))


class Cbam(nn.Module):
    """CBAM (arXiv 1807.06521): one MLP over two poolings, then a map from mean and maximum over channels."""

    def __init__(self):
        super().__init__()
        self.first, self.second = conv(3, 16), conv(16, 16)
        self.mlp = nn.Sequential(nn.Conv2d(16, 6, 1), nn.ReLU(), nn.Conv2d(6, 16, 1))
        self.map, self.last, self.head = nn.Conv2d(2, 1, 7, padding=3), conv(16, 12), nn.Linear(12, CLASSES)

    def forward(self, x):
        x = self.second(self.first(x))
        x = x * torch.sigmoid(self.mlp(F.adaptive_avg_pool2d(x, 1)) + self.mlp(F.adaptive_max_pool2d(x, 1)))
        x = x * torch.sigmoid(self.map(torch.cat([x.mean(1, True), x.max(1, True)[0]], 1)))
        return self.head(self.last(x).mean((2, 3)))


class C2f(nn.Module):
    """YOLOv8's block: halves of one convolution, of which one goes through bottlenecks."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.half = outputs // 2
        self.cv1, self.cv2 = (conv(i, o, 1, activation=nn.SiLU) for i, o in ((inputs, outputs), (3 * self.half, outputs)))
        self.m = nn.Sequential(conv(self.half, self.half, activation=nn.SiLU), conv(self.half, self.half, activation=nn.SiLU))

    def forward(self, x):
        y = list(self.cv1(x).chunk(2, 1))
        y.append(y[-1] + self.m(y[-1]))
        return self.cv2(torch.cat(y, 1))


class Yolo(nn.Module):
    """A detector as YOLOv8 exports it: two scales, distances as expectations, boxes decoded on constant grids."""

    def __init__(self, raw):
        super().__init__()
        self.raw, self.bins, self.classes = raw, 4, 3
        self.stem, self.b1, self.d1 = conv(3, 12, stride=2, activation=nn.SiLU), C2f(12, 12), conv(12, 16, stride=2, activation=nn.SiLU)
        self.b2, self.d2, self.b3 = C2f(16, 16), conv(16, 20, stride=2, activation=nn.SiLU), C2f(20, 20)
        self.sppf1, self.sppf2 = conv(20, 10, 1, activation=nn.SiLU), conv(40, 20, 1, activation=nn.SiLU)
        self.n1 = C2f(36, 16)
        self.box = nn.ModuleList(nn.Sequential(conv(c, 12, activation=nn.SiLU), nn.Conv2d(12, 16, 1)) for c in (16, 20))
        self.cls = nn.ModuleList(nn.Sequential(conv(c, 12, activation=nn.SiLU), nn.Conv2d(12, 3, 1)) for c in (16, 20))

    def decode(self, maps):
        flat = torch.cat([m.flatten(2) for m in maps], 2)
        box, cls = flat.split([4 * self.bins, self.classes], 1)
        n, _, a = box.shape
        box = box.view(n, 4, self.bins, a).transpose(2, 1).softmax(1)
        distance = (box * torch.arange(self.bins, dtype=box.dtype).view(1, -1, 1, 1)).sum(1)
        grid, stride = [], []
        for m, s in zip(maps, (4, 8)):
            h, w = m.shape[2:]
            y, x = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij")
            grid.append(torch.stack((x, y)).view(2, -1))
            stride.append(torch.full((1, h * w), float(s)))
        grid, stride = torch.cat(grid, 1).to(box), torch.cat(stride, 1).to(box)
        low, high = distance.chunk(2, 1)
        low, high = grid - low, grid + high
        return torch.cat([(low + high) / 2 * stride, (high - low) * stride, cls.sigmoid()], 1)

    def forward(self, x):
        a = self.b2(self.d1(self.b1(self.stem(x))))
        b = self.sppf1(self.b3(self.d2(a)))
        pools = [b]
        for _ in range(3):
            pools.append(F.max_pool2d(pools[-1], 5, 1, 2))
        b = self.sppf2(torch.cat(pools, 1))
        a = self.n1(torch.cat([a, F.interpolate(b, scale_factor=2.0, mode="nearest")], 1))
        maps = [torch.cat([box(m), cls(m)], 1) for box, cls, m in zip(self.box, self.cls, (a, b))]
        return tuple(maps) if self.raw else self.decode(maps)


class Face(nn.Module):
    """A face detector in the manner of UltraFace and YuNet: depthwise convolutions, heads per scale, rows of anchors."""

    def __init__(self):
        super().__init__()
        def unit(i, o, stride=1):
            return nn.Sequential(conv(i, i, 3, stride, i), conv(i, o, 1))
        self.stem, self.b1, self.b2 = conv(3, 8, stride=2), unit(8, 16, 2), unit(16, 16)
        self.b3 = unit(16, 24, 2)
        self.score = nn.ModuleList([nn.Conv2d(16, 6, 3, padding=1), nn.Conv2d(24, 4, 3, padding=1)])
        self.place = nn.ModuleList([nn.Conv2d(16, 12, 3, padding=1), nn.Conv2d(24, 8, 3, padding=1)])

    def forward(self, x):
        a = self.b2(self.b1(self.stem(x)))
        b = self.b3(a)
        rows = [[h(m).permute(0, 2, 3, 1).contiguous().view(m.shape[0], -1, k) for h, m in zip(heads, (a, b))]
                for heads, k in ((self.score, 2), (self.place, 4))]
        return torch.cat(rows[0], 1).softmax(2), torch.cat(rows[1], 1)


class Normed(nn.Module):
    """A residual network with GroupNorm, InstanceNorm and weights used twice."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 12, 3, padding=1), nn.GroupNorm(4, 12)
        self.twice, self.inst = nn.Conv2d(12, 12, 3, padding=1, bias=False), nn.InstanceNorm2d(12, affine=True)
        self.down, self.head = nn.Conv2d(12, 16, 2, 2), nn.Linear(16, CLASSES)

    def forward(self, x):
        x = F.elu(self.norm(self.stem(x)))
        x = x + F.softplus(self.inst(self.twice(x)))
        x = x + F.mish(self.inst(self.twice(x)))
        return self.head(F.selu(self.down(x)).mean((2, 3)))


class TwoHeads(nn.Module):
    """A classifier with an auxiliary head, as GoogLeNet trains."""

    def __init__(self):
        super().__init__()
        self.first, self.second = conv(3, 12, stride=2), conv(12, 16, stride=2)
        self.aux, self.head = nn.Linear(12, CLASSES), nn.Linear(16, CLASSES)

    def forward(self, x):
        x = self.first(x)
        return self.head(self.second(x).mean((2, 3))), self.aux(x.mean((2, 3)))


NETWORKS = {
    "vit": lambda: VisionTransformer(32, 8, 2, 4, 24, 48, num_classes=CLASSES),
    "swin": lambda: SwinTransformer([2, 2], 12, [2, 2], [2, 4], [2, 2], num_classes=CLASSES, stochastic_depth_prob=0.0),
    "convnext": lambda: ConvNeXt([CNBlockConfig(16, 24, 1), CNBlockConfig(24, None, 1)], num_classes=CLASSES),
    "mixer": Mixer, "deit": Deit, "deit-separate": lambda: Deit(Separate), "sequence": Sequence,
    "mobilevit": MobileVit, "unet": lambda: Unet(False), "unet-pixels": lambda: Unet(True), "cbam": Cbam,
    "yolo": lambda: Yolo(False), "yolo-raw": lambda: Yolo(True), "face": Face, "normed": Normed, "two-heads": TwoHeads,
    "efficientnet": lambda: models.efficientnet_b0(num_classes=CLASSES), "regnet": lambda: models.regnet_y_400mf(num_classes=CLASSES),
    "mobilenet-v3": lambda: models.mobilenet_v3_small(num_classes=CLASSES),
    "shufflenet": lambda: models.shufflenet_v2_x0_5(num_classes=CLASSES),
}
SIZE = {"efficientnet": 64, "regnet": 64, "mobilenet-v3": 64, "shufflenet": 64}
EXPORTS = [(name, opset, static) for name in NETWORKS for opset, static in
           ((13, False), (17, True)) + (((11, True), (17, False)) if name not in SIZE else ())
           if not (opset == 11 and name in ("swin",))]


def network(name):
    """In evaluation mode, with nothing that is zero or one by default left so."""
    torch.manual_seed(len(name) * 31 + ord(name[0]))
    net = NETWORKS[name]().eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1), module.running_var.uniform_(0.5, 1.5)
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d)):
            module.weight.data.uniform_(0.5, 1.5), module.bias.data.normal_(0, 0.1)
    for parameter in net.parameters():
        if not parameter.detach().any():
            parameter.data.normal_(0, 0.05)
    return net


def export(name, opset, static, folder):
    net, size = network(name), SIZE.get(name, 32)
    images = torch.randn(1, 3, size, size)
    with torch.no_grad():
        outputs = net(images)
    names = [f"output{i}" for i in range(len(outputs))] if isinstance(outputs, tuple) else ["output"]
    axes = {} if static else {n: {0: "N"} for n in ["input"] + names}
    path = f"{folder}/{name}-{opset}{'-static' if static else ''}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, images, path, opset_version=opset, input_names=["input"], output_names=names, dynamic_axes=axes)
    return path


if __name__ == "__main__":
    for name, opset, static in EXPORTS:
        if not sys.argv[2:] or name in sys.argv[2:]:
            try:
                print(export(name, opset, static, sys.argv[1]))
            except Exception as failure:  # an exporter that cannot is no fault of the network's
                print(f"# {name} {opset}: {type(failure).__name__}: {str(failure)[:200]}")
