#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an ONNX file with PyTorch in double, node by node: what the program's own answers are compared with.

    execute.py MODEL IMAGES [OUTPUT]     logits of raw float32 images, one line of numbers per image
    execute.py MODEL --random COUNT SEED SIZE [OUTPUT]

It shares nothing with the program: shapes, attributes and arithmetic follow the ONNX operator texts alone.
A fixed batch in the file is kept: images are run as many at a time as the file says.
"""
import math
import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


def tensor(array):
    value = torch.from_numpy(np.array(array))
    return value.double() if value.is_floating_point() else value


def integers(value):
    return [int(i) for i in value.reshape(-1).tolist()]


class Node:
    """A node's attributes with defaults."""

    def __init__(self, node, opset):
        self.node, self.opset = node, opset
        self.given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}

    def get(self, name, default=None):
        value = self.given.get(name, default)
        return value.decode() if isinstance(value, bytes) else value


def same_pads(node, size, kernel, stride, dilation):
    """Pads of auto_pad as [begin..., end...]."""
    mode, rank = node.get("auto_pad", "NOTSET"), len(kernel)
    if mode in ("NOTSET", ""):
        return list(node.get("pads", [0] * 2 * rank))
    begin, end = [0] * rank, [0] * rank
    if mode.startswith("SAME"):
        for i in range(rank):
            out = -(-size[i] // stride[i])
            total = max(0, (out - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 - size[i])
            small, large = total // 2, total - total // 2
            begin[i], end[i] = (small, large) if mode == "SAME_UPPER" else (large, small)
    return begin + end


def pad_last(x, pads, value=0.0):
    """Pad the last axes by [begin..., end...]."""
    rank = len(pads) // 2
    flat = []
    for i in reversed(range(rank)):
        flat += [pads[i], pads[rank + i]]
    return F.pad(x, flat, value=value)


def geometry(node, kernel):
    rank = len(kernel)
    return list(node.get("strides", [1] * rank)), list(node.get("dilations", [1] * rank))


def conv(node, x, w, b=None):
    kernel = list(w.shape[2:])
    stride, dilation = geometry(node, kernel)
    x = pad_last(x, same_pads(node, x.shape[2:], kernel, stride, dilation))
    run = (F.conv1d, F.conv2d, F.conv3d)[len(kernel) - 1]
    return run(x, w, b, stride, 0, dilation, node.get("group", 1))


def conv_transpose(node, x, w, b=None):
    kernel = list(w.shape[2:])
    rank = len(kernel)
    stride, dilation = geometry(node, kernel)
    extra = list(node.get("output_padding", [0] * rank))
    run = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    full = run(x, w, b, stride, 0, extra, node.get("group", 1), dilation)
    pads, shape = list(node.get("pads", [0] * 2 * rank)), node.get("output_shape")
    mode = node.get("auto_pad", "NOTSET")
    if shape is not None or mode.startswith("SAME"):
        wanted = list(shape)[-rank:] if shape is not None else [x.shape[2 + i] * stride[i] for i in range(rank)]
        total = [full.shape[2 + i] - wanted[i] for i in range(rank)]
        upper = mode == "SAME_UPPER"
        half = [t // 2 if upper else t - t // 2 for t in total]
        pads = half + [t - h for t, h in zip(total, half)]
    return pad_last(full, [-p for p in pads])


def pool_windows(node, x, value):
    kernel = list(node.get("kernel_shape"))
    stride, dilation = geometry(node, kernel)
    pads, size = same_pads(node, x.shape[2:], kernel, stride, dilation), list(x.shape[2:])
    rank, more = len(kernel), []
    for i in range(rank):
        span = (kernel[i] - 1) * dilation[i] + 1
        room = size[i] + pads[i] + pads[rank + i] - span
        out = (-(-room // stride[i]) if node.get("ceil_mode", 0) else room // stride[i]) + 1
        if node.get("ceil_mode", 0) and (out - 1) * stride[i] >= size[i] + pads[i]:
            out -= 1
        more.append(max(0, (out - 1) * stride[i] + span - size[i] - pads[i] - pads[rank + i]))
    padded = pad_last(x, pads, value)
    padded = pad_last(padded, [0] * rank + more, value)
    for i in range(rank):
        padded = padded.unfold(2 + i, (kernel[i] - 1) * dilation[i] + 1, stride[i])
        padded = padded[..., ::dilation[i]]
    return padded, pads, more


def max_pool(node, x):
    windows, _, _ = pool_windows(node, x, -math.inf)
    return windows.flatten(x.dim()).amax(-1)


def average_pool(node, x):
    windows, pads, more = pool_windows(node, x, 0.0)
    inside = torch.ones_like(x)
    if node.get("count_include_pad", 0):
        rank = len(pads) // 2
        inside = pad_last(inside, pads, 1.0)
        node = Node(node.node, node.opset)
        node.given["pads"] = [0] * 2 * rank
        node.given.pop("auto_pad", None)
        counted, _, _ = pool_windows(node, inside, 0.0)
    else:
        counted, _, _ = pool_windows(node, inside, 0.0)
    return windows.flatten(x.dim()).sum(-1) / counted.flatten(x.dim()).sum(-1)


def batch_norm(node, x, scale, shift, mean, var):
    view = [1, -1] + [1] * (x.dim() - 2)
    scale, shift, mean, var = (p.reshape(view) for p in (scale, shift, mean, var))
    return (x - mean) / torch.sqrt(var + node.get("epsilon", 1e-5)) * scale + shift


def normalise(x, axes, epsilon):
    mean = x.mean(axes, keepdim=True)
    var = ((x - mean) ** 2).mean(axes, keepdim=True)
    return (x - mean) / torch.sqrt(var + epsilon)


def layer_norm(node, x, scale, shift=None):
    axis = node.get("axis", -1) % x.dim()
    y = normalise(x, list(range(axis, x.dim())), node.get("epsilon", 1e-5)) * scale
    return y if shift is None else y + shift


def rms_norm(node, x, scale):
    axis = node.get("axis", -1) % x.dim()
    square = (x * x).mean(list(range(axis, x.dim())), keepdim=True)
    return x / torch.sqrt(square + node.get("epsilon", 1e-5)) * scale


def instance_norm(node, x, scale, shift):
    view = [1, -1] + [1] * (x.dim() - 2)
    y = normalise(x, list(range(2, x.dim())), node.get("epsilon", 1e-5))
    return y * scale.reshape(view) + shift.reshape(view)


def group_norm(node, x, scale, shift):
    groups = node.get("num_groups")
    y = normalise(x.reshape(x.shape[0], groups, -1), [2], node.get("epsilon", 1e-5)).reshape(x.shape)
    if scale.numel() != x.shape[1]:
        scale, shift = (p.repeat_interleave(x.shape[1] // groups) for p in (scale, shift))
    view = [1, -1] + [1] * (x.dim() - 2)
    return y * scale.reshape(view) + shift.reshape(view)


def gemm(node, a, b, c=None):
    a = a.t() if node.get("transA", 0) else a
    b = b.t() if node.get("transB", 0) else b
    y = node.get("alpha", 1.0) * (a @ b)
    return y if c is None else y + node.get("beta", 1.0) * c


def reshape(node, x, target):
    target = integers(target)
    if not node.get("allowzero", 0):
        target = [x.shape[i] if d == 0 else d for i, d in enumerate(target)]
    return x.reshape(target)


def axes_of(node, given, name="axes"):
    if given is not None:
        return integers(given)
    value = node.get(name)
    return None if value is None else list(value)


def squeeze(node, x, axes=None):
    axes = axes_of(node, axes)
    axes = [i for i, d in enumerate(x.shape) if d == 1] if axes is None else [a % x.dim() for a in axes]
    return x.reshape([d for i, d in enumerate(x.shape) if i not in axes])


def unsqueeze(node, x, axes=None):
    axes = axes_of(node, axes)
    rank = x.dim() + len(axes)
    for axis in sorted(a % rank for a in axes):
        x = x.unsqueeze(axis)
    return x


def take_slice(node, x, starts=None, ends=None, axes=None, steps=None):
    starts = integers(starts) if starts is not None else list(node.get("starts"))
    ends = integers(ends) if ends is not None else list(node.get("ends"))
    axes = axes_of(node, axes) or list(range(len(starts)))
    steps = integers(steps) if steps is not None else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps):
        index = range(x.shape[axis])[start:end:step] if step > 0 else None
        if index is None:
            size = x.shape[axis]
            start = min(size - 1, start + size if start < 0 else start)
            end = max(-1, end + size if -size <= end < 0 else end)
            index = range(start, end, step)
        x = x.index_select(axis % x.dim(), torch.tensor(list(index), dtype=torch.long))
    return x


def split(node, x, sizes=None):
    axis = node.get("axis", 0) % x.dim()
    count = len(node.node.output)
    sizes = axes_of(node, sizes, "split")
    if sizes is None:
        part = -(-x.shape[axis] // count)
        sizes = [min(part, x.shape[axis] - i * part) for i in range(count)]
    return torch.split(x, sizes, axis)


def gather(node, x, index):
    axis = node.get("axis", 0) % x.dim()
    flat = index.reshape(-1)
    flat = torch.where(flat < 0, flat + x.shape[axis], flat)
    y = x.index_select(axis, flat)
    return y.reshape(list(x.shape[:axis]) + list(index.shape) + list(x.shape[axis + 1:]))


def pad(node, x, pads=None, value=None, axes=None):
    pads = integers(pads) if pads is not None else list(node.get("pads"))
    rank = x.dim()
    if axes is not None:
        full = [0] * 2 * rank
        for i, axis in enumerate(integers(axes)):
            full[axis % rank], full[rank + axis % rank] = pads[i], pads[len(pads) // 2 + i]
        pads = full
    mode = node.get("mode", "constant")
    if mode == "constant":
        fill = float(value) if value is not None else node.get("value", 0.0)
        return pad_last(x, pads, fill)
    for axis in range(rank):
        size = x.shape[axis]
        places = torch.arange(-pads[axis], size + pads[rank + axis])
        if mode == "edge":
            places = places.clamp(0, size - 1)
        elif mode == "wrap":
            places = places % size
        else:
            period = max(1, 2 * (size - 1))
            places = places % period
            places = torch.where(places >= size, period - places, places)
        x = x.index_select(axis, places)
    return x


def clip(node, x, low=None, high=None):
    low = float(low) if low is not None else node.get("min", -math.inf)
    high = float(high) if high is not None else node.get("max", math.inf)
    return x.clamp(low, high)


def reducer(function):
    def run(node, x, axes=None):
        axes = axes_of(node, axes)
        if axes is None or len(axes) == 0:
            if node.get("noop_with_empty_axes", 0):
                return x
            axes = list(range(x.dim()))
        return function(x, [a % x.dim() for a in axes], bool(node.get("keepdims", 1)))
    return run


def product_over(x, axes, keep):
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def soft(function):
    def run(node, x):
        if node.opset >= 13:
            return function(x, node.get("axis", -1))
        axis = node.get("axis", 1) % x.dim()
        return function(x.flatten(axis), axis).reshape(x.shape)
    return run


def depth_to_space(node, x):
    size = node.get("blocksize")
    n, c, h, w = x.shape
    if node.get("mode", "DCR") == "DCR":
        y = x.reshape(n, size, size, c // size ** 2, h, w).permute(0, 3, 4, 1, 5, 2)
    else:
        y = x.reshape(n, c // size ** 2, size, size, h, w).permute(0, 1, 4, 2, 5, 3)
    return y.reshape(n, c // size ** 2, h * size, w * size)


def space_to_depth(node, x):
    size = node.get("blocksize")
    n, c, h, w = x.shape
    y = x.reshape(n, c, h // size, size, w // size, size).permute(0, 3, 5, 1, 2, 4)
    return y.reshape(n, c * size ** 2, h // size, w // size)


def source_places(node, size, out, scale):
    """Where the elements of a resized axis come from, by coordinate_transformation_mode."""
    i = torch.arange(out, dtype=torch.double)
    mode = node.get("coordinate_transformation_mode", "half_pixel")
    if node.opset < 11 or mode == "asymmetric":
        return i / scale
    if mode == "align_corners":
        return i * (size - 1) / (out - 1) if out > 1 else i * 0
    if mode == "pytorch_half_pixel" and out == 1:
        return i * 0
    return (i + 0.5) / scale - 0.5


def nearest(node, places):
    mode = node.get("nearest_mode", "round_prefer_floor") if node.opset >= 11 else "floor"
    return {"round_prefer_floor": lambda p: torch.ceil(p - 0.5), "round_prefer_ceil": lambda p: torch.floor(p + 0.5),
            "floor": torch.floor, "ceil": torch.ceil}[mode](places)


def axis_weights(node, size, out, scale):
    """out x size matrix that makes a resized axis."""
    places, mode = source_places(node, size, out, scale), node.get("mode", "nearest")
    matrix, rows = torch.zeros(out, size, dtype=torch.double), torch.arange(out)
    if mode == "nearest":
        matrix[rows, nearest(node, places).clamp(0, size - 1).long()] = 1
        return matrix
    base = torch.floor(places)
    t, a = places - base, node.get("cubic_coeff_a", -0.75)

    def cubic(d):
        d = d.abs()
        near = (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
        far = a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a
        return torch.where(d <= 1, near, torch.where(d < 2, far, d * 0))
    for k in (0, 1) if mode == "linear" else (-1, 0, 1, 2):
        weight = (1 - (t - k).abs()) if mode == "linear" else cubic(t - k)
        place = base + k
        if node.get("exclude_outside", 0):
            weight = torch.where((place < 0) | (place >= size), weight * 0, weight)
        matrix.index_put_((rows, place.clamp(0, size - 1).long()), weight, accumulate=True)
    return matrix / matrix.sum(1, keepdim=True) if node.get("exclude_outside", 0) else matrix


def resize(node, x, *operands):
    if len(operands) == 1:
        roi, scales, sizes = None, operands[0], None
    else:
        roi, scales, sizes = (list(operands) + [None, None, None])[:3]
    if node.node.op_type == "Upsample" and scales is None:
        scales = torch.tensor(node.get("scales"))
    axes = [a % x.dim() for a in node.get("axes", list(range(x.dim())))]
    if sizes is not None and sizes.numel():
        outs = dict(zip(axes, integers(sizes)))
        factor = {a: outs[a] / x.shape[a] for a in axes}
    else:
        factor = dict(zip(axes, [float(s) for s in scales.reshape(-1)]))
        outs = {a: int(math.floor(x.shape[a] * factor[a] + 1e-6)) for a in axes}
    for axis in axes:
        if outs[axis] != x.shape[axis] or factor[axis] != 1:
            matrix = axis_weights(node, x.shape[axis], outs[axis], factor[axis])
            x = torch.tensordot(x, matrix, ([axis], [1])).movedim(-1, axis)
    return x


def lrn(node, x):
    size, square = node.get("size"), x * x
    left = (size - 1) // 2
    padded = F.pad(square, [0, 0] * (x.dim() - 2) + [left, size - 1 - left])
    total = padded.unfold(1, size, 1).sum(-1)
    return x / (node.get("bias", 1.0) + node.get("alpha", 1e-4) / size * total) ** node.get("beta", 0.75)


def grid_sample(node, x, grid):
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(node.get("mode", "bilinear"), node.get("mode", "bilinear"))
    return F.grid_sample(x, grid, mode, node.get("padding_mode", "zeros"), bool(node.get("align_corners", 0)))


def cumsum(node, x, axis):
    axis = int(axis)
    y = x.flip(axis) if node.get("reverse", 0) else x
    total = y.cumsum(axis)
    total = total - y if node.get("exclusive", 0) else total
    return total.flip(axis) if node.get("reverse", 0) else total


def top_k(node, x, k=None):
    count = int(k) if k is not None else node.get("k")
    values, index = torch.topk(x, count, node.get("axis", -1), bool(node.get("largest", 1)))
    return values, index


def expand(node, x, shape):
    return x * torch.ones(integers(shape), dtype=x.dtype)


def arg(function):
    def run(node, x):
        return function(x, node.get("axis", 0), bool(node.get("keepdims", 1)))
    return run


def gather_nd(node, x, index):
    batch = node.get("batch_dims", 0)
    if batch:
        return torch.stack([gather_nd_at(a, i) for a, i in zip(x, index)])
    return gather_nd_at(x, index)


def gather_nd_at(x, index):
    flat = index.reshape(-1, index.shape[-1])
    return torch.stack([x[tuple(i.tolist())] for i in flat]).reshape(list(index.shape[:-1]) + list(x.shape[index.shape[-1]:]))


def scatter_nd(node, x, index, updates):
    y = x.clone()
    flat, parts = index.reshape(-1, index.shape[-1]), updates.reshape([-1] + list(updates.shape[index.dim() - 1:]))
    for i, part in zip(flat, parts):
        y[tuple(i.tolist())] = part
    return y


def constant(node):
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if name in node.given:
            value = node.given[name]
            return tensor(numpy_helper.to_array(value) if name == "value" else np.array(value))
    raise ValueError("Constant without a value")


def constant_of_shape(node, shape):
    value = node.given.get("value")
    fill = tensor(numpy_helper.to_array(value)) if value is not None else torch.zeros(1, dtype=torch.double)
    return fill.reshape(-1)[0].expand(integers(shape)).clone()


def cast(node, x):
    to = node.get("to")
    return x.double() if to in (1, 10, 11, 16) else x != 0 if to == 9 else torch.trunc(x).long() if x.is_floating_point() else x.long()


def gelu(node, x):
    return F.gelu(x, approximate=node.get("approximate", "none"))


def quotient(a, b):
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def modulo(node, a, b):
    return torch.fmod(a, b) if node.get("fmod", 0) else a - torch.floor(a.double() / b.double()).to(a.dtype) * b


def dequantise(node, x, scale, zero=None):
    if scale.dim() == 1 and scale.numel() > 1:
        view = [1] * x.dim()
        view[node.get("axis", 1) % x.dim()] = -1
        scale, zero = scale.reshape(view), None if zero is None else zero.reshape(view)
    return (x.double() - (0 if zero is None else zero.double())) * scale


def fold(function):
    def run(node, *operands):
        total = operands[0]
        for other in operands[1:]:
            total = function(total, other)
        return total
    return run


def each(function):
    return lambda node, *operands: function(*operands)


OPERATORS = {
    "Conv": conv, "ConvTranspose": conv_transpose, "Gemm": gemm, "MatMul": each(torch.matmul), "MaxPool": max_pool,
    "AveragePool": average_pool, "BatchNormalization": batch_norm, "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm, "InstanceNormalization": instance_norm, "GroupNormalization": group_norm,
    "GlobalAveragePool": each(lambda x: x.mean(list(range(2, x.dim())), keepdim=True)),
    "GlobalMaxPool": each(lambda x: x.amax(list(range(2, x.dim())), keepdim=True)),
    "Relu": each(torch.relu), "Sigmoid": each(torch.sigmoid), "Tanh": each(torch.tanh), "Erf": each(torch.erf),
    "Exp": each(torch.exp), "Log": each(torch.log), "Sqrt": each(torch.sqrt), "Abs": each(torch.abs),
    "Neg": each(torch.neg), "Floor": each(torch.floor), "Ceil": each(torch.ceil), "Round": each(torch.round),
    "Sign": each(torch.sign), "Sin": each(torch.sin), "Cos": each(torch.cos), "Reciprocal": each(lambda x: 1 / x),
    "Softplus": each(F.softplus), "Softsign": each(F.softsign), "Mish": each(F.mish), "HardSwish": each(F.hardswish),
    "Swish": lambda n, x: x * torch.sigmoid(n.get("alpha", 1.0) * x), "Gelu": gelu, "Clip": clip,
    "LeakyRelu": lambda n, x: F.leaky_relu(x, n.get("alpha", 0.01)),
    "Elu": lambda n, x: F.elu(x, n.get("alpha", 1.0)), "Celu": lambda n, x: F.celu(x, n.get("alpha", 1.0)),
    "Selu": lambda n, x: n.get("gamma", 1.05070102214813232421875) * torch.where(
        x > 0, x, n.get("alpha", 1.67326319217681884765625) * (torch.exp(x) - 1)),
    "HardSigmoid": lambda n, x: (n.get("alpha", 0.2) * x + n.get("beta", 0.5)).clamp(0, 1),
    "ThresholdedRelu": lambda n, x: torch.where(x > n.get("alpha", 1.0), x, x * 0),
    "PRelu": each(lambda x, s: torch.where(x < 0, x * s, x)),
    "Add": each(torch.add), "Sub": each(torch.sub), "Mul": each(torch.mul), "Div": each(quotient),
    "Pow": each(lambda a, b: torch.pow(a, b)), "Max": fold(torch.maximum), "Min": fold(torch.minimum),
    "Sum": fold(torch.add), "Mean": lambda n, *o: fold(torch.add)(n, *o) / len(o), "Mod": modulo,
    "Equal": each(torch.eq), "Greater": each(torch.gt), "GreaterOrEqual": each(torch.ge), "Less": each(torch.lt),
    "LessOrEqual": each(torch.le), "Not": each(torch.logical_not), "And": each(torch.logical_and),
    "Or": each(torch.logical_or), "Where": each(lambda c, a, b: torch.where(c.bool(), a, b)),
    "Reshape": reshape, "Flatten": lambda n, x: x.reshape(math.prod(x.shape[:n.get("axis", 1)]), -1),
    "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Identity": each(lambda x: x), "Dropout": lambda n, x, *rest: x,
    "Transpose": lambda n, x: x.permute(n.get("perm", list(reversed(range(x.dim()))))),
    "Concat": lambda n, *o: torch.cat(o, n.get("axis", 1)), "Split": split, "Slice": take_slice, "Gather": gather,
    "Pad": pad, "Expand": expand, "Tile": each(lambda x, r: x.repeat(integers(r))), "Resize": resize, "Upsample": resize,
    "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth, "LRN": lrn, "GridSample": grid_sample,
    "CumSum": cumsum, "TopK": top_k, "ArgMax": arg(torch.argmax), "ArgMin": arg(torch.argmin),
    "Einsum": lambda n, *o: torch.einsum(n.get("equation"), *o), "GatherND": gather_nd, "ScatterND": scatter_nd,
    "GatherElements": lambda n, x, i: torch.gather(x, n.get("axis", 0), i),
    "Trilu": lambda n, x, k=None: (torch.triu if n.get("upper", 1) else torch.tril)(x, int(k) if k is not None else 0),
    "Shape": lambda n, x: torch.tensor(list(x.shape)[n.get("start", 0):n.get("end")]),
    "Size": each(lambda x: torch.tensor(x.numel())), "Constant": constant, "ConstantOfShape": constant_of_shape,
    "Range": each(lambda a, b, s: torch.arange(a.item(), b.item(), s.item(), dtype=a.dtype)), "Cast": cast,
    "DequantizeLinear": dequantise,
    "LpNormalization": lambda n, x: x / torch.linalg.vector_norm(x, n.get("p", 2), n.get("axis", -1), keepdim=True),
    "ReduceMean": reducer(lambda x, a, k: x.mean(a, keepdim=k)), "ReduceSum": reducer(lambda x, a, k: x.sum(a, keepdim=k)),
    "ReduceMax": reducer(lambda x, a, k: x.amax(a, keepdim=k)), "ReduceMin": reducer(lambda x, a, k: x.amin(a, keepdim=k)),
    "ReduceL1": reducer(lambda x, a, k: x.abs().sum(a, keepdim=k)), "ReduceProd": reducer(product_over),
    "ReduceL2": reducer(lambda x, a, k: (x * x).sum(a, keepdim=k).sqrt()),
    "ReduceSumSquare": reducer(lambda x, a, k: (x * x).sum(a, keepdim=k)),
    "ReduceLogSumExp": reducer(lambda x, a, k: torch.logsumexp(x, a, keepdim=k)),
    "Softmax": soft(lambda x, a: torch.softmax(x, a)), "LogSoftmax": soft(lambda x, a: torch.log_softmax(x, a)),
}


def run(model, images):
    """All outputs of the graph for a batch of images."""
    graph = model.graph
    opset = max([o.version for o in model.opset_import if o.domain in ("", "ai.onnx")] or [1])
    values = {i.name: tensor(numpy_helper.to_array(i)) for i in graph.initializer}
    values.update({i.name: images for i in graph.input if i.name not in values})
    for node in graph.node:
        if node.op_type not in OPERATORS:
            raise SystemExit(f"execute.py: operator {node.op_type} is unknown")
        operands = [values[name] if name else None for name in node.input]
        result = OPERATORS[node.op_type](Node(node, opset), *operands)
        results = result if isinstance(result, (tuple, list)) else [result]
        values.update({name: value for name, value in zip(node.output, results) if name})
    return [values[o.name].double() for o in graph.output]


def input_shape(model):
    constants = {i.name for i in model.graph.initializer}
    given = [i for i in model.graph.input if i.name not in constants][0]
    return [d.dim_value for d in given.type.tensor_type.shape.dim]


def execute(path, images):
    """Outputs for images (N x ..., any real type), run as many at a time as the file's batch says."""
    model = onnx.load(path)
    images = torch.as_tensor(images).double()
    step = input_shape(model)[0] or len(images)
    with torch.no_grad():
        parts = [run(model, images[i:i + step]) for i in range(0, len(images), step)]
    return [torch.cat(outputs) for outputs in zip(*parts)]


def main():
    path, arguments = sys.argv[1], sys.argv[2:]
    shape = input_shape(onnx.load(path))[1:]
    if arguments[0] == "--random":
        count, seed, size = (int(a) for a in arguments[1:4])
        generator = torch.Generator().manual_seed(seed)
        images = torch.randn([count] + [d or size for d in shape], generator=generator)
        images.numpy().astype("<f4").tofile(arguments[4]) if len(arguments) > 4 else None
    else:
        images = torch.from_numpy(np.fromfile(arguments[0], "<f4").reshape([-1] + shape))
    for output in execute(path, images):
        for row in output.reshape(len(output), -1).tolist():
            print(" ".join(f"{number:.12g}" for number in row))


if __name__ == "__main__":
    main()
