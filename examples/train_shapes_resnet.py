# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the example network shapes-resnet.onnx on the program's own data set.

    make tests/data/shapes_dump
    tests/data/shapes_dump train 20000 1 > shapes_train.bin
    tests/data/shapes_dump test 2000 1 > shapes_test.bin
    python3 examples/train_shapes_resnet.py shapes_train.bin shapes_test.bin shapes-resnet.onnx

The network is a residual network as used for CIFAR (He et al. 2015, section 4.2): 14 layers, widths 16, 32, 64,
shortcuts without parameters (every second pixel, new channels zero). Needs PyTorch, onnx and NumPy.
"""
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

EPOCHS, BATCH, PEAK_RATE, WEIGHT_DECAY, SEED = 8, 128, 0.2, 5e-4, 1


class Shortcut(nn.Module):
    """Every second pixel; half of the new channels, all zero, on either side of the old ones."""

    def __init__(self, added):
        super().__init__()
        self.before, self.after = added // 2, added - added // 2

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if stride == 1 else Shortcut(outputs - inputs)
        self.relu2 = nn.ReLU()

    def forward(self, x):
        y = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.bn2(self.conv2(y)) + self.shortcut(x))


class ShapesResNet(nn.Module):
    def __init__(self, blocks=2, widths=(16, 32, 64), classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.relu1 = nn.ReLU()
        inputs = widths[0]
        for stage, width in enumerate(widths, 1):
            strides = [1 if stage == 1 else 2] + [1] * (blocks - 1)
            layers = []
            for stride in strides:
                layers.append(Block(inputs, width, stride))
                inputs = width
            setattr(self, f"layer{stage}", nn.Sequential(*layers))
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.relu1(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def read_records(path, dtype=torch.float32, count=-1):
    """Images (N,3,32,32) with normalisation "half" and labels (N,) from a file of 3073-byte records."""
    raw = np.fromfile(path, np.uint8, count=count if count < 0 else count * 3073).reshape(-1, 3073)
    pixels = torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).copy()).to(dtype)
    return (pixels / 255 - 0.5) / 0.5, torch.from_numpy(raw[:, 0].astype(np.int64))


def augment(x):
    """Turn and mirror a batch, and move it by up to two pixels: a shape stays what it is."""
    x = torch.rot90(x, int(torch.randint(4, ())), (2, 3))
    if torch.rand(()) < 0.5:
        x = x.flip(3)
    top, left = torch.randint(5, (2,)).tolist()
    return F.pad(x, (2, 2, 2, 2), mode="replicate")[:, :, top:top + 32, left:left + 32]


def accuracy(net, images, labels):
    net.eval()
    with torch.no_grad():
        right = sum((net(x).argmax(1) == y).sum().item() for x, y in zip(images.split(250), labels.split(250)))
    return right / len(labels)


def train(images, labels):
    torch.manual_seed(SEED)
    net = ShapesResNet().to(memory_format=torch.channels_last)
    steps = len(images) // BATCH
    optimizer = torch.optim.SGD(net.parameters(), PEAK_RATE, momentum=0.9, nesterov=True, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=EPOCHS * steps)
    start = time.time()
    for epoch in range(EPOCHS):
        net.train()
        total = 0.0
        order = torch.randperm(len(images))
        for step in range(steps):
            pick = order[step * BATCH:(step + 1) * BATCH]
            batch = augment(images[pick]).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(net(batch), labels[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}, {time.time() - start:.0f} s", flush=True)
    return net.eval()


def export(net, path):
    """BatchNorm stays a node of its own: constant folding would fold it into the convolutions."""
    torch.onnx.export(net.to(memory_format=torch.contiguous_format), torch.zeros(1, 3, 32, 32), path,
                      opset_version=13, input_names=["input"], output_names=["logits"],
                      dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}},
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: train_shapes_resnet.py TRAIN.bin TEST.bin OUT.onnx")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    images, labels = read_records(sys.argv[1])
    test_images, test_labels = read_records(sys.argv[2])
    net = train(images, labels)
    export(net, sys.argv[3])
    print(f"PyTorch {torch.__version__}, {sum(p.numel() for p in net.parameters())} parameters, "
          f"training accuracy {accuracy(net, images[:5000], labels[:5000]):.4f} (first 5,000), "
          f"test accuracy {accuracy(net, test_images, test_labels):.4f}")


if __name__ == "__main__":
    main()
