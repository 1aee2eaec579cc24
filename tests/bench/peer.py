# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer of the benchmark: PyTorch on the same ONNX file and the same images.

    peer.py check                                      exit status 0 when everything it needs is installed
    peer.py export NAME FILE.onnx                      a network with random weights
    peer.py serve FILE.onnx IMAGES MODE BATCH THREADS  answers requests on standard input (worker.h)

MODE is one of
    forward   the network in eval mode under no_grad
    fused     the same traced, frozen and optimised for inference
    full      loss.backward() as a researcher writes it: every parameter requires its gradient, hooks on the
              BatchNorm outputs collect the gate gradients of Taylor's criterion
    tuned     the same with convolution and linear weights frozen: only BatchNorm's. A network without any BatchNorm
              needs the gradients of weights and biases: there the criteria look at whole filters
    gates     what Taylor's criterion needs and no more: as tuned, but without any BatchNorm only biases require
              gradients, and hooks on the outputs of convolutions and linear layers collect those of gates
    double    tuned, in double
    training  steps of SGD: BatchNorm in training mode, every parameter learns
forward, tuned, gates, double and training take the memory layout, contiguous or channels_last, that is faster here.

The network is evaluated from the file itself: weights, operators and order are those that the measured program
reads. What does not depend on the images (exporters' chains of Shape, Gather, Concat ...) is computed once.
"""
import sys
import time
import warnings

import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import numpy_helper

SEED = 20261
RATE, MOMENTUM, DECAY = 1e-4, 0.9, 5e-4  # as in learner.c


# --- the network ------------------------------------------------------------------------------------------------

def pads_of(attributes, rank=2):
    """Begin and end of each spatial axis."""
    pads = attributes.get("pads", [0] * 2 * rank)
    return list(zip(pads[:rank], pads[rank:]))


def padded(x, attributes, value):
    """x and the symmetric padding that is left for the operator to do."""
    pairs = pads_of(attributes)
    if all(a == b for a, b in pairs):
        return x, [a for a, _ in pairs]
    flat = [p for pair in reversed(pairs) for p in pair]
    return F.pad(x, flat, value=value), [0, 0]


def conv(x, weight, bias=None, *, a):
    x, padding = padded(x, a, 0.0)
    return F.conv2d(x, weight, bias, a.get("strides", [1, 1]), padding, a.get("dilations", [1, 1]),
                    a.get("group", 1))


def batch_norm(x, scale, shift, mean, var, *, a):
    # ONNX's momentum is what stays of the running statistics, PyTorch's what is new.
    return F.batch_norm(x, mean, var, scale, shift, a.get("trains", False), 1 - a.get("momentum", 0.9),
                        a.get("epsilon", 1e-5))


def max_pool(x, *, a):
    x, padding = padded(x, a, float("-inf"))
    return F.max_pool2d(x, a["kernel_shape"], a.get("strides", [1, 1]), padding,
                        a.get("dilations", [1, 1]), bool(a.get("ceil_mode", 0)))


def average_pool(x, *, a):
    x, padding = padded(x, a, 0.0)
    return F.avg_pool2d(x, a["kernel_shape"], a.get("strides", [1, 1]), padding, bool(a.get("ceil_mode", 0)),
                        bool(a.get("count_include_pad", 0)))


def gemm(x, weight, bias=None, *, a):
    x = x.t() if a.get("transA", 0) else x
    weight = weight if a.get("transB", 0) else weight.t()
    y = F.linear(x, weight * a.get("alpha", 1.0) if a.get("alpha", 1.0) != 1 else weight)
    return y if bias is None else y + a.get("beta", 1.0) * bias


def clip(x, low=None, high=None, *, a):
    low = a.get("min") if low is None else float(low)
    high = a.get("max") if high is None else float(high)
    return F.relu6(x) if (low, high) == (0.0, 6.0) else torch.clamp(x, low, high)


def axes_of(axes, a):
    return a.get("axes") if axes is None else [int(i) for i in axes]


def reduce_mean(x, axes=None, *, a):
    return x.mean(axes_of(axes, a), keepdim=bool(a.get("keepdims", 1)))


def pad(x, pads, value=None, *, a):
    pads = [int(p) for p in pads]
    half = len(pads) // 2
    flat = [p for i in reversed(range(half)) for p in (pads[i], pads[half + i])]
    return F.pad(x, flat, a.get("mode", b"constant").decode(), 0.0 if value is None else float(value))


def slice_(x, starts, ends, axes=None, steps=None, *, a):
    axes = range(len(starts)) if axes is None else axes
    for k, axis in enumerate(axes):
        axis, step = int(axis) % x.dim(), 1 if steps is None else int(steps[k])
        first, end, count = int(starts[k]), int(ends[k]), x.shape[axis]
        if step < 0:  # exporters turn lists of pads around with it; PyTorch's slices cannot
            picked = range(count)[slice(first, None if end < -count else end, step)]
            x = x.index_select(axis, torch.tensor(list(picked), dtype=torch.long))
        else:
            x = x[(slice(None),) * axis + (slice(first, min(end, count), step),)]
    return x


def reshape(x, shape, *, a):
    return x.reshape([x.shape[i] if s == 0 else int(s) for i, s in enumerate(shape)])


def gather(x, indices, *, a):
    axis = a.get("axis", 0)
    flat = torch.index_select(x, axis, indices.reshape(-1).long() % x.shape[axis])
    return flat.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1:]))


def unsqueeze(x, axes=None, *, a):
    for axis in sorted(axes_of(axes, a)):
        x = x.unsqueeze(axis)
    return x


def squeeze(x, axes=None, *, a):
    for axis in sorted(axes_of(axes, a), reverse=True):
        x = x.squeeze(axis)
    return x


def cast(x, *, a):
    to = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 11: torch.float64}
    return x.to(to[a["to"]])


def layer_norm(x, scale, shift=None, *, a):
    axis = a.get("axis", -1) % x.dim()
    return F.layer_norm(x, x.shape[axis:], scale, shift, a.get("epsilon", 1e-5))


def expand(x, shape, *, a):
    return x.expand(torch.broadcast_shapes(x.shape, [int(s) for s in shape]))


OPERATORS = {
    "Conv": conv, "BatchNormalization": batch_norm, "MaxPool": max_pool, "AveragePool": average_pool,
    "Gemm": gemm, "Clip": clip, "ReduceMean": reduce_mean, "Pad": pad, "Slice": slice_, "Reshape": reshape,
    "Gather": gather, "Unsqueeze": unsqueeze, "Squeeze": squeeze, "Cast": cast,
    "Relu": lambda x, *, a: F.relu(x),
    "LayerNormalization": layer_norm, "Expand": expand,
    "Erf": lambda x, *, a: torch.erf(x),
    "Gelu": lambda x, *, a: F.gelu(x, approximate=a.get("approximate", b"none").decode()),
    "Softmax": lambda x, *, a: F.softmax(x, a.get("axis", -1)),
    "Sqrt": lambda x, *, a: torch.sqrt(x),
    "Pow": lambda x, y, *, a: x ** y,
    "Equal": lambda x, y, *, a: x == y,
    "Where": lambda c, x, y, *, a: torch.where(c, x, y),
    "Sigmoid": lambda x, *, a: torch.sigmoid(x),
    "Add": lambda x, y, *, a: x + y,
    "Sub": lambda x, y, *, a: x - y,
    "Mul": lambda x, y, *, a: x * y,
    "Div": lambda x, y, *, a: x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="floor"),
    "MatMul": lambda x, y, *, a: x @ y,
    "Concat": lambda *x, a: torch.cat(x, a["axis"]),
    "Transpose": lambda x, *, a: x.permute(a["perm"]),
    "Identity": lambda x, *, a: x,
    "Flatten": lambda x, *, a: x.flatten(a.get("axis", 1)),
    "GlobalAveragePool": lambda x, *, a: x.mean((2, 3), keepdim=True),
    "Shape": lambda x, *, a: torch.tensor(x.shape),
    "Constant": lambda *, a: a["value"],
    "ConstantOfShape": lambda s, *, a: torch.full([int(i) for i in s], float(a["value"]) if "value" in a else 0.0)
    .to(a["value"].dtype if "value" in a else torch.float32),
}


def attributes_of(node):
    result = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        result[attribute.name] = (torch.from_numpy(numpy_helper.to_array(value).copy())
                                  if isinstance(value, onnx.TensorProto) else value)
    return result


def linear(x, weight, bias, *, a):
    return F.linear(x, weight.t(), bias)


def joined(steps, trained, constants):
    """Steps as a researcher would have written them: MatMul and Add of a bias are a linear layer, and the five
    nodes of a written-out GELU are one."""
    readers = {}
    for _, names, _, _, _ in steps:
        for name in names:
            readers[name] = readers.get(name, 0) + 1
    number = {n: float(t) for n, t in constants.items() if t.numel() == 1 and t.is_floating_point()}
    makers, gone = {step[2]: step for step in steps}, set()
    result = []
    for step in steps:
        function, names, output, attributes, op = step
        if op == "Add":
            for product, bias in (names, names[::-1]):
                made = makers.get(product)
                if (made and made[4] == "MatMul" and made[1][1] in constants and readers[product] == 1 and
                        bias in constants and constants[bias].dim() == 1):
                    gone.add(product)
                    trained[bias] = "bias"
                    step = (linear, [*made[1], bias], output, {}, "Linear")
                    break
        elif op == "Mul" and 0.5 in (number.get(n) for n in names):
            times = makers.get(names[0] if names[1] in number else names[1])
            if times and times[4] == "Mul":
                for x, plus in (times[1], times[1][::-1]):
                    chain = [times[2], plus]
                    for kind in ("Add", "Erf", "Div"):
                        made = makers.get(chain[-1])
                        if not made or made[4] != kind:
                            break
                        chain.append(made[1][0] if made[1][0] not in constants else made[1][1])
                    if len(chain) == 5 and chain[-1] == x and all(readers[c] == 1 for c in chain[:-1]):
                        gone.update(chain[:-1])
                        step = (OPERATORS["Gelu"], [x], output, {}, "Gelu")
                        break
        result.append(step)
    return [step for step in result if step[2] not in gone]


class Network(nn.Module):
    """A file's graph, folded for one batch shape. Values are numbered; steps are (function, inputs, output)."""

    def __init__(self, path, sample):
        super().__init__()
        graph = onnx.load(path).graph
        constants = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
        inputs = [i.name for i in graph.input if i.name not in constants]
        self.input, self.output = inputs[0], graph.output[0].name
        values, self.steps, trained = dict(constants), [], {}
        values[self.input] = sample
        moving = {self.input}
        with torch.no_grad():
            for node in graph.node:
                attributes = attributes_of(node)
                function = OPERATORS[node.op_type]
                names = [n if n else None for n in node.input]
                result = function(*[None if n is None else values[n] for n in names], a=attributes)
                values[node.output[0]] = result
                if node.op_type == "Shape" or not any(n in moving for n in names):
                    constants[node.output[0]] = result
                    continue
                moving.add(node.output[0])
                self.steps.append((function, names, node.output[0], attributes, node.op_type))
                kinds = {"Conv": ("weight", "bias"), "Gemm": ("weight", "bias"), "MatMul": ("weight",),
                         "BatchNormalization": ("scale", "shift")}.get(node.op_type, ())
                trained.update({n: kind for n, kind in zip(names[1:], kinds) if n in constants})
        self.steps = joined(self.steps, trained, constants)
        self.names = {name: f"v{i}" for i, name in enumerate(constants)}
        self.kinds = {}
        for name, tensor in constants.items():
            if name in trained:
                self.register_parameter(self.names[name], nn.Parameter(tensor.clone()))
                self.kinds[self.names[name]] = trained[name]
            else:
                self.register_buffer(self.names[name], tensor.clone())  # tracing refuses shared memory
        self.gates, self.probed = {}, ()

    def forward(self, x):
        values = {self.input: x}
        for function, names, output, attributes, op in self.steps:
            arguments = [None if n is None else values[n] if n in values else getattr(self, self.names[n])
                         for n in names]
            y = function(*arguments, a=attributes)
            if op in self.probed and y.requires_grad:
                self.gate(output, y)
            values[output] = y
        return values[self.output]

    def gate(self, name, u):
        kept = u.detach()
        others = [d for d in range(u.dim()) if d != (1 if u.dim() == 4 else u.dim() - 1)]

        def backward(gradient):
            self.gates[name] = self.gates.get(name, 0) + (gradient * kept).sum(others)
        u.register_hook(backward)


# --- measuring --------------------------------------------------------------------------------------------------

def read_images(path, count=None):
    """Normalised images and labels of a file whose name ends with .CxHxWxCLASSES (images.h)."""
    c, h, w, classes = (int(n) for n in path.rsplit(".", 1)[1].split("x"))
    raw = np.fromfile(path, np.uint8).reshape(-1, 2 + c * h * w)[:count]
    labels = raw[:, 0].astype(np.int64) + 256 * raw[:, 1].astype(np.int64)
    x = torch.from_numpy(raw[:, 2:].reshape(-1, c, h, w).astype(np.float32)) / 255
    return (x - 0.5) / 0.5, torch.from_numpy(labels % classes)


class Peer:
    def __init__(self, path, images, mode, batch):
        """images: normalised, with their labels."""
        self.mode, self.batch = mode, batch
        x, y = images
        repeat = -(-batch // len(x))
        x, y = torch.cat([x] * repeat), torch.cat([y] * repeat)
        self.batches = [(x[i:i + batch], y[i:i + batch]) for i in range(0, len(x) - batch + 1, batch)]
        self.net = Network(path, self.batches[0][0]).eval()
        if mode == "double":
            self.net.double()
            self.batches = [(x.double(), y) for x, y in self.batches]
        tuned = mode in ("tuned", "gates", "double")
        affine = any(kind == "scale" for kind in self.net.kinds.values())
        if affine and (mode == "full" or tuned):
            self.net.probed = ("BatchNormalization",)
        elif mode == "gates":
            self.net.probed = ("Conv", "Gemm", "Linear")
        wanted = ("scale", "shift") if affine else ("bias",) if mode == "gates" else ("weight", "bias")
        for name, parameter in self.net.named_parameters():
            parameter.requires_grad_(mode in ("full", "training") or tuned and self.net.kinds[name] in wanted)
        if mode == "fused":
            with torch.no_grad():
                # Clip's bounds are constants of the network: nothing is lost when the trace takes them as such.
                warnings.simplefilter("ignore", torch.jit.TracerWarning)
                self.net = torch.jit.optimize_for_inference(
                    torch.jit.freeze(torch.jit.trace(self.net, self.batches[0][0], check_trace=False)))
        if mode == "training":
            self.begin_training()
        self.run(2 * batch)
        if mode in ("forward", "training") or tuned:
            self.choose_layout()

    def begin_training(self):
        self.optimizer = torch.optim.SGD(self.net.parameters(), RATE, MOMENTUM, weight_decay=DECAY)
        self.first_loss = None
        for _, _, _, attributes, op in self.net.steps:
            if op == "BatchNormalization":
                attributes["trains"] = True

    def learn(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        if self.first_loss is None:
            self.first_loss = loss.item()

    def step(self, x, y):
        if self.mode == "training":
            return self.learn(x, y)
        if self.mode in ("forward", "fused"):
            with torch.no_grad():
                return self.net(x)
        F.cross_entropy(self.net(x), y).backward()

    def run(self, count):
        start = time.perf_counter()
        if self.mode not in ("forward", "fused", "training"):
            self.net.zero_grad()
            self.net.gates.clear()
        for i in range(max(1, count // self.batch)):
            self.step(*self.batches[i % len(self.batches)])
        return time.perf_counter() - start

    def choose_layout(self):
        plain, count = self.batches, 2 * self.batch
        contiguous = min(self.run(count) for _ in range(2))
        self.set_layout(torch.channels_last)
        self.batches = [(x.contiguous(memory_format=torch.channels_last), y) for x, y in plain]
        self.run(count)
        if min(self.run(count) for _ in range(2)) > contiguous:
            self.set_layout(torch.contiguous_format)
            self.batches = plain

    def set_layout(self, layout):
        self.net = self.net.to(memory_format=layout)
        if self.mode == "training":
            self.optimizer.state.clear()  # what it keeps of a parameter is laid out like that

    def logits(self, count):
        x = torch.cat([x for x, _ in self.batches[:-(-count // self.batch)]])[:self.batch]
        with torch.no_grad():
            return self.net(x)[:count].flatten().tolist()


def serve(path, images, mode, batch, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(SEED)
    peer = Peer(path, read_images(images), mode, batch)
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        if not words or words[0] == "quit":
            break
        count = int(words[1])
        if words[0] == "logits":
            numbers = peer.logits(count)
        else:
            numbers = [peer.first_loss if words[0] == "loss" else peer.run(count)]
        print(*(f"{n:.9g}" for n in numbers), flush=True)


# --- networks to measure with -----------------------------------------------------------------------------------

class CifarBlock(nn.Module):
    """Two 3x3 convolutions; where the width doubles, the shortcut takes every second pixel and pads channels with
    zeros (option A of He et al. 2016)."""

    def __init__(self, before, width, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.stride, self.more = stride, width - before

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.more:
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.more // 2, self.more // 2))
        return F.relu(x + y)


def cifar_resnet(depth):
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    before = 16
    for width in (16, 32, 64):
        for i in range((depth - 2) // 6):
            layers.append(CifarBlock(before, width, 2 if i == 0 and width > 16 else 1))
            before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def cifar_vgg19():
    """VGG-19 with BatchNorm as it is used on CIFAR-100: one linear layer."""
    layers, before = [], 3
    for width, convolutions in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)):
        for _ in range(convolutions):
            layers += [nn.Conv2d(before, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 100))


def export(name, path):
    import torchvision
    torch.manual_seed(SEED)
    own = {"resnet20": lambda: cifar_resnet(20), "resnet56": lambda: cifar_resnet(56), "vgg19_bn": cifar_vgg19}
    size = 32 if name in own else 224
    net = own[name]() if name in own else getattr(torchvision.models, name)(weights=None)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):  # as after training, not as before it
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    for module in net.modules():
        if isinstance(module, nn.Linear) and not module.weight.any():  # a head of zeros has no gradient behind it
            module.weight.data.normal_(0, 0.02)
    normalised = any(isinstance(module, nn.BatchNorm2d) for module in net.modules())
    kept = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False} if normalised else {}
    torch.onnx.export(net.eval(), torch.randn(1, 3, size, size), path, opset_version=13 if normalised else 17,
                      input_names=["input"], output_names=["output"],
                      dynamic_axes={"input": {0: "N"}, "output": {0: "N"}}, **kept)


def main(arguments):
    if arguments[:1] == ["check"]:
        import torchvision  # noqa: F401
    elif arguments[:1] == ["export"] and len(arguments) == 3:
        export(*arguments[1:])
    elif arguments[:1] == ["serve"] and len(arguments) == 6:
        serve(*arguments[1:4], int(arguments[4]), int(arguments[5]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
