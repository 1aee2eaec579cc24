# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of PyTorch with random weights, and what they answer: the other side of torch_test.c.

    torch_networks.py FOLDER [NAME...]

Writes FOLDER/NAME.pth, an image (NAME.input) and the logits that it gets (NAME.logits), both as raw float64, computed
in double. FOLDER/list has a line for each: name, architecture, height and width of the image, and how far PyTorch's
float is from its double, relative to the largest logit. Without names all networks but the large ones are written; "large" stands for these. Ends with status 77 where there is no PyTorch.
"""
import re
import sys

try:
    import torch
    import torchvision
    from torch import nn
    from torchvision.models import resnet
except ImportError:
    sys.exit(77)


class CifarBlock(nn.Module):
    def __init__(self, before, width, stride, bottleneck, option, shortcut):
        super().__init__()
        after = 4 * width if bottleneck else width
        if bottleneck:
            shapes = [(before, width, 1, 1), (width, width, 3, stride), (width, after, 1, 1)]
        else:
            shapes = [(before, width, 3, stride), (width, width, 3, 1)]
        self.count, self.shortcut_name, self.option, self.more = len(shapes), shortcut, option, after - before
        for i, (first, second, kernel, step) in enumerate(shapes, 1):
            setattr(self, f"conv{i}", nn.Conv2d(first, second, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(second))
        self.changes = stride > 1 or before != after
        if self.changes and option == "B":
            layers = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
            setattr(self, shortcut, layers)

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = torch.relu(y) if i < self.count else y
        if self.changes and self.option == "B":
            x = getattr(self, self.shortcut_name)(x)
        elif self.changes:
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more // 2))
        return torch.relu(x + y)


class CifarResNet(nn.Module):
    def __init__(self, width, blocks, bottleneck=False, option="B", shortcut="shortcut", linear="linear", classes=10):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.linear_name, self.stages, before = linear, len(blocks), width
        for stage, count in enumerate(blocks):
            layers = []
            for i in range(count):
                stride = 2 if stage and not i else 1
                layers.append(CifarBlock(before, width << stage, stride, bottleneck, option, shortcut))
                before = (4 if bottleneck else 1) * width << stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        setattr(self, linear, nn.Linear(before, classes))

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return getattr(self, self.linear_name)(x.mean((2, 3)))


def narrow(by, block, blocks, classes=7, **options):
    """One of Torchvision's ResNets with a fraction of the channels."""
    width = 64 // by

    class Narrow(resnet.ResNet):
        def _make_layer(self, block, planes, *rest, **more):
            self.inplanes = width if planes == 64 else self.inplanes
            return super()._make_layer(block, planes // by, *rest, **more)

    network = Narrow(block, blocks, **options)
    network.conv1, network.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
    network.fc = nn.Linear(512 // by * block.expansion, classes)
    return network


def divide(network, by, head):
    """All channels of a network are fewer, but for those of the images and of the layers `head`."""
    def fewer(channels):
        return max(1, channels // by) if channels > 3 else channels

    for path, module in list(network.named_modules()):
        parent, _, name = path.rpartition(".")
        if isinstance(module, nn.Conv2d):
            after = module.out_channels if path in head else fewer(module.out_channels)
            replacement = nn.Conv2d(
                fewer(module.in_channels), after, module.kernel_size, module.stride, module.padding, module.dilation,
                fewer(module.groups), module.bias is not None)
        elif isinstance(module, nn.BatchNorm2d):
            replacement = nn.BatchNorm2d(fewer(module.num_features), module.eps)
        elif isinstance(module, nn.Linear):
            after = module.out_features if path in head else fewer(module.out_features)
            replacement = nn.Linear(fewer(module.in_features), after, module.bias is not None)
        else:
            continue
        setattr(network.get_submodule(parent), name, replacement)
    return network


class Vgg(nn.Module):
    """Any of the customs of writing a VGG network, `by` times narrower than usual."""

    def __init__(self, counts, normalised, custom, by=8, classes=10):
        super().__init__()
        self.custom, stages, before = custom, [], 3
        for width, count in zip((64, 128, 256, 512, 512), counts):
            layers = []
            for _ in range(count):
                layers.append(nn.Conv2d(before, width // by, 3, padding=1, bias=custom != "slim"))
                layers += [nn.BatchNorm2d(width // by)] if normalised else []
                layers.append(nn.ReLU())
                before = width // by
            stages.append(layers)
        if custom == "blocks":
            for i, layers in enumerate(stages):
                setattr(self, f"block{i}", nn.Sequential(*layers))
        else:
            poolings = 4 if custom == "slim" else 5
            layers = [one for i, stage in enumerate(stages) for one in stage + [nn.MaxPool2d(2)] * (i < poolings)]
            setattr(self, "feature" if custom == "slim" else "features", nn.Sequential(*layers))
        if custom in ("torchvision", "mlp"):
            hidden, cells = (512 // by, 1) if custom == "mlp" else (4096 // by, 49)
            self.classifier = nn.Sequential(
                nn.Linear(before * cells, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, hidden), nn.ReLU(),
                nn.Dropout(), nn.Linear(hidden, classes))
        else:
            self.classifier = nn.Linear(before, classes)

    def forward(self, x):
        if self.custom == "blocks":
            for i in range(5):
                x = getattr(self, f"block{i}")(x)
                x = nn.functional.max_pool2d(x, 2) if i < 3 else x
            return self.classifier(x.mean((2, 3)))
        x = self.feature(x) if self.custom == "slim" else self.features(x)
        x = nn.functional.avg_pool2d(x, 2) if self.custom == "slim" else x
        return self.classifier(x.flatten(1))


def small_mobilenet(**options):
    """MobileNetV2 for images of 32x32 pixels."""
    network = torchvision.models.mobilenet_v2(weights=None, **options)
    network.features[0][0].stride = network.features[2].conv[1][0].stride = (1, 1)
    network.features[2].use_res_connect = network.features[2].conv[0][0].in_channels == network.features[2].out_channels
    return network


class ShortcutBlock(nn.Module):
    def __init__(self, before, expansion, after, stride):
        super().__init__()
        width = expansion * before
        self.stride = stride
        self.conv1, self.bn1 = nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, groups=width, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, after, 1, bias=False), nn.BatchNorm2d(after)
        self.shortcut = nn.Sequential()
        if stride == 1 and before != after:
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(torch.relu(self.bn2(self.conv2(y)))))
        return y + self.shortcut(x) if self.stride == 1 else y


class ShortcutMobileNet(nn.Module):
    def __init__(self, by):
        super().__init__()
        stages = [(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
                  (6, 320, 1, 1)]
        before, layers = 32 // by, []
        self.conv1, self.bn1 = nn.Conv2d(3, before, 3, padding=1, bias=False), nn.BatchNorm2d(before)
        for expansion, width, count, stride in stages:
            for i in range(count):
                layers.append(ShortcutBlock(before, expansion, width // by, 1 if i else stride))
                before = width // by
        self.layers = nn.Sequential(*layers)
        self.conv2, self.bn2 = nn.Conv2d(before, 1280 // by, 1, bias=False), nn.BatchNorm2d(1280 // by)
        self.linear = nn.Linear(1280 // by, 10)

    def forward(self, x):
        x = self.layers(torch.relu(self.bn1(self.conv1(x))))
        return self.linear(torch.relu(self.bn2(self.conv2(x))).mean((2, 3)))


class TransformingGoogLeNet(torchvision.models.GoogLeNet):
    """Gets images that are normalised to -1..1, makes them as for ImageNet, and transforms them back."""

    def forward(self, x):
        mean, deviation = (torch.tensor(row, dtype=x.dtype)[:, None, None]
                           for row in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
        return super().forward(((x + 1) / 2 - mean) / deviation)


# --- other names of the same parameters ---


def old_densenet(state):
    return {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", name): value for name, value in state.items()}


def timm_vgg(state):
    names = {"classifier.0": "pre_logits.fc1", "classifier.3": "pre_logits.fc2", "classifier.6": "head.fc"}
    renamed = {}
    for name, value in state.items():
        layer, _, part = name.rpartition(".")
        if layer in ("classifier.0", "classifier.3") and part == "weight":
            side = 7 if layer == "classifier.0" else 1
            value = value.reshape(len(value), -1, side, side)
        renamed[f"{names.get(layer, layer)}.{part}"] = value
    return renamed


def timm_blocks(counts, head="conv_head bn2"):
    """Inverted residuals, of which timm's stages have so many: layers in their order, block by block."""
    places = [f"blocks.{stage}.{i}." for stage, count in enumerate(counts) for i in range(count)]
    ends = {"features.0.0": "conv_stem", "features.0.1": "bn1", "classifier.1": "classifier", "classifier.3": "classifier"}

    def rename(state):
        blocks, names = {}, {}
        for layer in dict.fromkeys(name.rpartition(".")[0] for name in state):
            block = re.match(r"(features[.0-9]*)\.(conv|block)\.", layer)
            if block:
                blocks.setdefault(block[1], []).append(layer)
            elif layer in ends:
                names[layer] = ends[layer]
            else:
                names[layer] = head.split()[int(layer[-1])]
        for place, layers in zip(places, blocks.values()):
            squeeze = ["se.conv_reduce", "se.conv_expand"] * any(layer.endswith("fc1") for layer in layers)
            kinds = ["conv_pw", "bn1", "conv_dw", "bn2", *squeeze, "conv_pwl", "bn3"]
            if len(layers) < len(kinds):
                kinds = ["conv_dw", "bn1", *squeeze, "conv_pw", "bn2"]
            names.update((layer, place + kind) for layer, kind in zip(layers, kinds, strict=True))
        return {f"{names[layer]}.{part}": value
                for (layer, _, part), value in ((name.rpartition("."), value) for name, value in state.items())}
    return rename


def timm_mobilenet_v3(counts):
    rename = timm_blocks(counts, head=f"blocks.{len(counts)}.0.conv blocks.{len(counts)}.0.bn1")

    def with_head(state):
        hidden = {name: value for name, value in state.items() if name.startswith("classifier.0.")}
        renamed = rename({name: value for name, value in state.items() if name not in hidden})
        renamed["conv_head.weight"] = hidden["classifier.0.weight"][:, :, None, None]
        renamed["conv_head.bias"] = hidden["classifier.0.bias"]
        return renamed
    return with_head


def set_epsilon(network, epsilon):
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = epsilon
    return network


def cifar(depth, option, **options):
    return CifarResNet(16, [(depth - 2) // 6] * 3, option=option, **options)


def vision(name, **options):
    return getattr(torchvision.models, name)(weights=None, **options)


def pixels(name, classes=19, **options):
    make = getattr(torchvision.models.segmentation, name)
    return make(weights=None, weights_backbone=None, num_classes=classes, **options)


# name: architecture, height, width, what makes it, and what renames its parameters
NETWORKS = {
    "cifar20a": ("cifar-resnet20", 32, 32, lambda: cifar(20, "A")),
    "cifar20b": ("cifar-resnet20b", 32, 32, lambda: cifar(20, "B", classes=100)),
    "cifar32d": ("cifar-resnet32b", 32, 32, lambda: cifar(32, "B", shortcut="downsample", linear="fc")),
    "cifar44f": ("cifar-resnet44", 32, 32, lambda: cifar(44, "A", linear="fc")),
    "wide18": ("cifar-resnet18", 32, 32, lambda: CifarResNet(8, [2, 2, 2, 2])),
    "wide50": ("cifar-resnet50", 32, 32, lambda: CifarResNet(8, [3, 4, 6, 3], True)),
    "narrow18": ("resnet18", 64, 64, lambda: narrow(8, resnet.BasicBlock, [2, 2, 2, 2])),
    "narrow34": ("resnet34", 64, 96, lambda: narrow(8, resnet.BasicBlock, [3, 4, 6, 3])),
    "narrow50": ("resnet50", 64, 64, lambda: narrow(8, resnet.Bottleneck, [3, 4, 6, 3])),
    "narrow101": ("resnet101", 64, 64, lambda: narrow(8, resnet.Bottleneck, [3, 4, 23, 3])),
    "narrownext": (
        "resnext50", 64, 64,
        lambda: narrow(4, resnet.Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4)),
    "vgg11": ("vgg11", 224, 224, lambda: Vgg((1, 1, 2, 2, 2), False, "torchvision", 16)),
    "vgg13_bn_timm": ("vgg13-bn-timm", 224, 224, lambda: Vgg((2, 2, 2, 2, 2), True, "torchvision", 16), timm_vgg),
    "vgg11_one": ("cifar-vgg11-bn", 32, 32, lambda: Vgg((1, 1, 2, 2, 2), True, "one")),
    "vgg16_mlp": ("cifar-vgg16-bn-mlp", 32, 32, lambda: Vgg((2, 2, 3, 3, 3), True, "mlp", classes=100)),
    "vgg19_slim": ("cifar-vgg19-bn-slim", 32, 32, lambda: Vgg((2, 2, 4, 4, 4), True, "slim", classes=100)),
    "vgg13_blocks": ("cifar-vgg13-bn-blocks", 32, 32, lambda: Vgg((2, 2, 2, 2, 2), True, "blocks")),
    "mobile2": ("mobilenet-v2", 64, 96, lambda: divide(vision("mobilenet_v2"), 4, ["classifier.1"])),
    "mobile2_timm": (
        "mobilenet-v2", 64, 64, lambda: divide(vision("mobilenet_v2"), 8, ["classifier.1"]),
        timm_blocks((1, 2, 3, 4, 3, 3, 1))),
    "mobile2_quarter": ("mobilenet-v2-x0.25", 64, 64, lambda: vision("mobilenet_v2", width_mult=0.25)),
    "mobile2_tenth": ("mobilenet-v2-x0.1", 64, 64, lambda: vision("mobilenet_v2", width_mult=0.1)),
    "mobile2_cifar_third": (
        "cifar-mobilenet-v2-x0.35", 32, 32, lambda: small_mobilenet(width_mult=0.35, num_classes=10)),
    "mobile2_cifar_quarter": (
        "cifar-mobilenet-v2-x0.25", 32, 32, lambda: small_mobilenet(width_mult=0.25, num_classes=10)),
    "mobile2_cifar": ("cifar-mobilenet-v2", 32, 32, lambda: small_mobilenet(width_mult=0.5, num_classes=10)),
    "mobile2_shortcut": ("cifar-mobilenet-v2s", 32, 32, lambda: ShortcutMobileNet(4)),
    "mobile3": ("mobilenet-v3-large", 64, 64, lambda: divide(vision("mobilenet_v3_large"), 4, ["classifier.3"])),
    "mobile3_timm": (
        "mobilenet-v3-small-timm", 64, 64,
        lambda: set_epsilon(divide(vision("mobilenet_v3_small"), 4, ["classifier.3"]), 1e-5),
        timm_mobilenet_v3((1, 2, 3, 2, 3))),
    "efficient0": ("efficientnet-b0", 64, 64, lambda: divide(vision("efficientnet_b0"), 4, ["classifier.1"])),
    "efficient1_timm": (
        "efficientnet-b1", 64, 64, lambda: divide(vision("efficientnet_b1"), 8, ["classifier.1"]),
        timm_blocks((2, 3, 3, 4, 4, 5, 2))),
    "efficient2s": ("efficientnet-v2-s", 64, 64, lambda: divide(vision("efficientnet_v2_s"), 8, ["classifier.1"])),
    "dense121": ("densenet121", 64, 64, lambda: divide(vision("densenet121"), 8, ["classifier"])),
    "dense121_old": ("densenet121", 32, 32, lambda: divide(vision("densenet121"), 16, ["classifier"]), old_densenet),
    "squeeze10": ("squeezenet1.0", 64, 64, lambda: divide(vision("squeezenet1_0"), 4, ["classifier.1"])),
    "squeeze11": ("squeezenet1.1", 64, 64, lambda: divide(vision("squeezenet1_1"), 4, ["classifier.1"])),
    "google": (
        "googlenet", 64, 64,
        lambda: divide(vision("googlenet", init_weights=False), 8, ["fc", "aux1.fc2", "aux2.fc2"])),
    "google_transform": (
        "googlenet", 64, 64,
        lambda: divide(
            TransformingGoogLeNet(5, aux_logits=False, transform_input=True, init_weights=False), 16, ["fc"])),
    "deeplab50": (
        "deeplabv3-resnet50", 41, 49,
        lambda: divide(pixels("deeplabv3_resnet50", aux_loss=True), 16, ["classifier.4", "aux_classifier.4"])),
    "deeplab_mobile": (
        "deeplabv3-mobilenet-v3", 65, 65, lambda: divide(pixels("deeplabv3_mobilenet_v3_large"), 8, ["classifier.4"])),
    "fcn50": ("fcn-resnet50", 33, 33, lambda: divide(pixels("fcn_resnet50", 2), 16, ["classifier.4"])),
}
LARGE = {
    "resnet18": ("resnet18", 224, 224, lambda: vision("resnet18")),
    "resnet34": ("resnet34", 224, 224, lambda: vision("resnet34")),
    "resnet50": ("resnet50", 224, 224, lambda: vision("resnet50")),
    "resnet101": ("resnet101", 224, 224, lambda: vision("resnet101")),
    "resnet152": ("resnet152", 224, 224, lambda: vision("resnet152")),
    "wide_resnet50_2": ("wide-resnet50", 224, 224, lambda: vision("wide_resnet50_2")),
    "wide_resnet101_2": ("wide-resnet101", 224, 224, lambda: vision("wide_resnet101_2")),
    "resnext50_32x4d": ("resnext50", 224, 224, lambda: vision("resnext50_32x4d")),
    "resnext101_32x8d": ("resnext101", 224, 224, lambda: vision("resnext101_32x8d")),
    "cifar110b": ("cifar-resnet110b", 32, 32, lambda: cifar(110, "B")),
    "cifar56a": ("cifar-resnet56", 32, 32, lambda: cifar(56, "A")),
    "cifar_wide34": ("cifar-resnet34", 32, 32, lambda: CifarResNet(64, [3, 4, 6, 3])),
    "cifar_wide101": ("cifar-resnet101", 32, 32, lambda: CifarResNet(64, [3, 4, 23, 3], True)),
    "cifar_wide152": ("cifar-resnet152", 32, 32, lambda: CifarResNet(64, [3, 8, 36, 3], True)),
    "mobile2_140": ("mobilenet-v2", 224, 224, lambda: vision("mobilenet_v2", width_mult=1.4)),
    "mobile2_cifar100": ("cifar100-mobilenet-v2", 32, 32, lambda: small_mobilenet(num_classes=100)),
    "mobile3_large_timm": (
        "mobilenet-v3-large-timm", 224, 224, lambda: set_epsilon(vision("mobilenet_v3_large"), 1e-5),
        timm_mobilenet_v3((1, 2, 3, 4, 2, 3))),
    "efficientnet_b5_timm": (
        "efficientnet-b5-timm", 96, 96, lambda: set_epsilon(vision("efficientnet_b5"), 1e-5),
        timm_blocks((3, 5, 5, 7, 7, 9, 3))),
    "googlenet": ("googlenet", 224, 224, lambda: vision("googlenet", init_weights=False)),
    "deeplabv3_resnet50": ("deeplabv3-resnet50", 129, 129, lambda: pixels("deeplabv3_resnet50", aux_loss=True)),
    "deeplabv3_resnet101": ("deeplabv3-resnet101", 129, 129, lambda: pixels("deeplabv3_resnet101", 21)),
    "deeplabv3_mobilenet": ("deeplabv3-mobilenet-v3", 129, 193, lambda: pixels("deeplabv3_mobilenet_v3_large")),
    "fcn_resnet50": ("fcn-resnet50", 129, 129, lambda: pixels("fcn_resnet50", aux_loss=True)),
    "fcn_resnet101": ("fcn-resnet101", 129, 129, lambda: pixels("fcn_resnet101", 21)),
}
for depth in (11, 13, 16, 19):
    for suffix in ("", "_bn"):
        LARGE[f"vgg{depth}{suffix}"] = (
            f"vgg{depth}{suffix.replace('_', '-')}", 224, 224,
            lambda depth=depth, suffix=suffix: vision(f"vgg{depth}{suffix}", init_weights=False))
for name, size in [("mobilenet_v2", 224), ("mobilenet_v3_large", 224), ("mobilenet_v3_small", 224),
                   ("densenet121", 224), ("densenet161", 224), ("densenet169", 224), ("densenet201", 224),
                   ("squeezenet1_0", 224), ("squeezenet1_1", 224), ("efficientnet_b0", 224), ("efficientnet_b1", 240),
                   ("efficientnet_b2", 288), ("efficientnet_b3", 300), ("efficientnet_b4", 380),
                   ("efficientnet_b5", 456), ("efficientnet_v2_s", 384),
                   ("efficientnet_v2_m", 480), ("efficientnet_v2_l", 480), ("efficientnet_b6", 528), ("efficientnet_b7", 600)]:
    LARGE[name] = (re.sub("(?<=net1)-", ".", name.replace("_", "-")), size, size, lambda name=name: vision(name))


def settle(network, height, width):
    """As if it had been trained: statistics are about those of images, scales and shifts numbers of their own."""
    layers = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in network.modules() if not layers else ():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
    for layer in layers:
        nn.init.uniform_(layer.weight, 0.5, 1.5)
        nn.init.normal_(layer.bias, 0, 0.1)
        layer.momentum = 1
    with torch.no_grad():
        for block in network.modules():
            if getattr(block, "use_res_connect", False):  # long chains of them would make much of every rounding
                [layer for layer in block.modules() if layer in layers][-1].weight *= 0.1
        network.train()(torch.randn(4, 3, height, width))
        for layer in layers:
            layer.running_mean += 0.1 * torch.randn_like(layer.running_mean) * layer.running_var.sqrt()
            layer.running_var *= 0.5 + torch.rand_like(layer.running_var)
    return network.eval()


def logits(network, image):
    with torch.no_grad():
        answer = network(image)
    return answer["out"] if isinstance(answer, dict) else answer


def write(folder, name, architecture, height, width, make, rename=dict):
    torch.manual_seed(sum(name.encode()))
    network = settle(make(), height, width)
    torch.save(rename(network.state_dict()), f"{folder}/{name}.pth")
    image = torch.randn(1, 3, height, width, dtype=torch.float64)
    rounded = []  # by both of PyTorch's kinds of convolutions, for one alone may be lucky on some machine
    for enabled in (True, False):
        with torch.backends.mkldnn.flags(enabled=enabled):
            rounded.append(logits(network, image.float()))
    answer, other = logits(network.double(), image), logits(network, image.flip(3) / 2)
    largest = answer.abs().max()
    if (answer - other).abs().max() < 0.01 * largest:
        sys.exit(f"{name} answers the same to all images")
    image.numpy().tofile(f"{folder}/{name}.input")
    answer.contiguous().numpy().tofile(f"{folder}/{name}.logits")
    peer = max((result - answer).abs().max() / largest for result in rounded)
    return f"{name} {architecture} {height} {width} {peer}\n"


def main():
    folder, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    names = list(LARGE) if names == ["large"] else names
    every = {**NETWORKS, **LARGE}
    with open(f"{folder}/list", "w") as lines:
        lines.writelines(write(folder, name, *every[name]) for name in names)


if __name__ == "__main__":
    main()
