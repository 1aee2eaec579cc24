# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks, one batch each, and what PyTorch makes of them in double: the gradients of the mean loss with respect to
every parameter in training mode, running statistics after the pass, and parameters after ten steps of SGD.

    torch_training.py FOLDER [NAME]...

writes NAME.onnx, NAME.batch (images, labels), NAME.list (a line for each array: kind, name, elements) and NAME.numbers
(those arrays one after the other, double). Without PyTorch the exit status is 77.
"""
import os
import struct
import sys

try:
    import onnx
    import torch
    import torchvision
    from torch import nn
    import torch.nn.functional as F
except ImportError:
    sys.exit(77)

STEPS, MOMENTUM, DECAY = 10, 0.9, 5e-4


class Block(nn.Module):
    """ResNet's basic block for CIFAR, with a shortcut of zeros (He et al. 2016, option A)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.grown, self.stride = outputs - inputs, stride

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.grown:
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.grown // 2, self.grown - self.grown // 2))
        return F.relu(y + x)


def resnet20():
    layers, width = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for outputs in (16, 32, 64):
        for i in range(3):
            layers.append(Block(width, outputs, 2 if i == 0 and outputs > 16 else 1))
            width = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)), (3, 32, 32), 10


def mobilenet():
    return torchvision.models.mobilenet_v2(width_mult=0.5, num_classes=10), (3, 64, 64), 10


class Segmenter(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torchvision.models.segmentation.deeplabv3_mobilenet_v3_large(
            weights=None, weights_backbone=None, num_classes=5)

    def forward(self, x):
        return self.net(x)["out"]


def deeplab():
    return Segmenter(), (3, 49, 49), 5


class Dense(nn.Module):
    """BatchNorm before the convolution, a bias, joined channels, and one convolution called twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 12, 5, 2, 2)
        self.norm = nn.BatchNorm2d(12)
        self.conv = nn.Conv2d(12, 12, 3, 1, 1, groups=3)
        self.twice = nn.Conv2d(24, 24, 1)
        self.hidden = nn.Linear(24 * 16, 20)
        self.line = nn.BatchNorm1d(20)
        self.slope = nn.PReLU(20)
        self.out = nn.Linear(20, 7)

    def forward(self, x):
        x = F.leaky_relu(self.first(x))
        x = torch.cat([x, self.conv(F.relu(self.norm(x)))], 1)
        x = torch.tanh(self.twice(torch.tanh(self.twice(x))))
        x = F.adaptive_avg_pool2d(x, 4).flatten(1)
        return self.out(self.slope(self.line(self.hidden(x))))


def dense():
    return Dense(), (3, 16, 16), 7


def convnext():
    """Norms over channels last, and the scale of every branch."""
    settings = [torchvision.models.convnext.CNBlockConfig(8, 12, 1), torchvision.models.convnext.CNBlockConfig(12, None, 2)]
    net = torchvision.models.ConvNeXt(settings, stochastic_depth_prob=0, layer_scale=0.5, num_classes=6)
    return net, (3, 32, 32), 6


class Norms(nn.Module):
    """GroupNorm as it is exported, InstanceNorm, and a norm written out, of one positions' channels."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 12, 3, 1, 1)
        self.group = nn.GroupNorm(3, 12)
        self.second = nn.Conv2d(12, 8, 3, 2, 1)
        self.instance = nn.InstanceNorm2d(8, affine=True)
        self.third = nn.Conv2d(8, 10, 1, bias=False)
        self.root = nn.Parameter(torch.ones(10, 1, 1))
        self.out = nn.Linear(10, 5)

    def forward(self, x):
        x = F.relu(self.group(self.first(x)))
        x = F.relu(self.instance(self.second(x)))
        x = self.third(x)
        x = x / (x.pow(2).mean(1, keepdim=True) + 0.01).sqrt() * self.root
        return self.out(torch.tanh(x).mean((2, 3)))


def norms():
    return Norms(), (3, 12, 12), 5


# Batch, learning rate. Steps that are too large for so few images are chaotic: any rounding grows tenfold in each.
NETWORKS = {"resnet20": (resnet20, 10, 0.003), "mobilenet": (mobilenet, 12, 0.0001), "deeplab": (deeplab, 4, 0.001),
            "dense": (dense, 9, 0.05), "convnext": (convnext, 6, 0.01), "norms": (norms, 7, 0.02)}
OPSETS = {"convnext": 17}


class Writer:
    def __init__(self, folder, name):
        self.lines, self.numbers = [], []
        self.path = os.path.join(folder, name)

    def add(self, kind, name, tensor):
        self.lines.append(f"{kind} {name} {tensor.numel()}\n")
        self.numbers.append(tensor.detach().double().flatten().numpy().copy())

    def close(self):
        with open(self.path + ".list", "w") as file:
            file.writelines(self.lines)
        with open(self.path + ".numbers", "wb") as file:
            for array in self.numbers:
                file.write(array.tobytes())


def in_file(path, named):
    """Names and tensors of parameters, and of what the file makes of them: turned round, or with more axes."""
    named = dict(named)
    yield from named.items()
    for node in onnx.load(path).graph.node:
        if node.input and node.input[0] in named and node.op_type in ("Transpose", "Unsqueeze"):
            tensor = named[node.input[0]]
            yield node.output[0], tensor.t() if node.op_type == "Transpose" else tensor


def loss_of(net, images, labels):
    output = net(images)
    if output.dim() == 2:
        return F.cross_entropy(output, labels)
    return torch.stack([F.cross_entropy(output[n:n + 1], labels[n:n + 1]) for n in range(len(images))]).mean()


def write(folder, name):
    torch.manual_seed(7)
    make, batch, rate = NETWORKS[name]
    net, shape, classes = make()
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
            module.eps = struct.unpack("f", struct.pack("f", module.eps))[0]  # what the file has
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
        if isinstance(module, (nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d)):
            module.eps = struct.unpack("f", struct.pack("f", module.eps))[0]
    for parameter in net.parameters():
        if parameter.numel() > 1 and parameter.min() == parameter.max():
            parameter.data.uniform_(0.5, 1.5)
    path = os.path.join(folder, name + ".onnx")
    torch.onnx.export(net.eval(), torch.randn(2, *shape), path, opset_version=OPSETS.get(name, 13),
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                      input_names=["input"], output_names=["output"],
                      dynamic_axes={"input": {0: "N"}, "output": {0: "N"}})
    net = net.double().train()
    images = torch.randn(batch, *shape).double()
    labels = torch.randint(0, classes, (batch,) if name != "deeplab" else (batch, *shape[1:]))
    with open(os.path.join(folder, name + ".batch"), "wb") as file:
        file.write(images.numpy().tobytes())
        file.write(labels.double().numpy().tobytes())
    writer = Writer(folder, name)
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=MOMENTUM, nesterov=True, weight_decay=DECAY)
    writer.add("rate", "rate", torch.tensor(rate))
    writer.add("count", "count", torch.tensor(sum(parameter.numel() for parameter in net.parameters())))
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(net, images, labels)
        loss.backward()
        if step == 0:
            writer.add("loss", "loss", loss)
            for parameter, tensor in in_file(path, ((name, tensor.grad) for name, tensor in net.named_parameters())):
                writer.add("gradient", parameter, tensor)
            for buffer, tensor in net.named_buffers():
                if "running" in buffer:
                    writer.add("running", buffer, tensor)
        optimizer.step()
    writer.add("loss", "last", loss)
    for parameter, tensor in in_file(path, net.named_parameters()):
        writer.add("stepped", parameter, tensor)
    writer.close()


if __name__ == "__main__":
    torch.set_num_threads(1)
    for chosen in sys.argv[2:] or NETWORKS:
        write(sys.argv[1], chosen)
