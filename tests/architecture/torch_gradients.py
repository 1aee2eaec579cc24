# SPDX-License-Identifier: GPL-3.0-or-later
"""What PyTorch's autograd, in double, says of the channels of some networks on one image: for gradient_test.c.

    torch_gradients.py FOLDER NAME...

NAME is one of torch_networks.py. Writes FOLDER/NAME.pth, the image as bytes (NAME.pixels), its label, or one for every
pixel, as int64 (NAME.label, -1: none), the logits (NAME.logits), and NAME.csv: a row per channel of every convolution and
linear layer but the last. FOLDER/list has a line for each: name, classes, height and width of the image, whether
pixels have labels, and the loss. Ends with status 77 where there is no PyTorch.
"""
import csv
import sys

from torch_networks import LARGE, NETWORKS, nn, settle, torch

COLUMNS = [
    "grad_bn_scale", "grad_bn_shift", "grad_D", "grad_gate", "w_dot_gradw", "w_dot_gradw_abs", "norm_gradw",
    "taylor_gate_per_image", "proscore_filter_1", "proscore_filter_0.01", "proscore_bn_1", "proscore_bn_0.01",
]
WEIGHTED = (nn.Conv2d, nn.Linear)
ELEMENTWISE = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU)


class Watch:
    """Which tensors go into and come out of every layer; what reads these gets copies, as some add in place."""

    def __init__(self, network):
        self.calls, self.made, self.copies = [], {}, []
        for name, module in network.named_modules():
            if isinstance(module, ELEMENTWISE):
                module.inplace = False
            if isinstance(module, WEIGHTED + ELEMENTWISE + (nn.BatchNorm2d,)):
                module.register_forward_hook(
                    lambda module, inputs, output, name=name: self.see(name, module, inputs[0], output))

    def see(self, name, module, before, after):
        after.retain_grad()
        copy = after.clone()
        source = self.made.get(id(before)) if before._version == 0 else None  # nothing was added to it
        self.calls.append((name, module, source, after))
        self.made[id(copy)] = after
        self.copies.append(copy)  # alive: its id is its own
        return copy

    def behind(self, tensor, kinds):
        """The first layer of these kinds that reads the tensor: its name, itself, what it makes."""
        found = [(name, module, after) for name, module, source, after in self.calls
                 if source is tensor and isinstance(module, kinds)]
        return found[0] if found else ("", None, tensor)


def proscore(parameter, gradient, lift, gamma):
    parameter, gradient = parameter.flatten(1), gradient.flatten(1)
    return (parameter - gamma * gradient).norm(dim=1) / (parameter.norm(dim=1) - gamma * lift).abs()


def rows_of(watch, name, layer, made):
    norm_name, norm, normed = watch.behind(made, nn.BatchNorm2d)
    _, _, activated = watch.behind(normed, ELEMENTWISE)
    places = [i for i in range(normed.dim()) if i != 1]
    lift = (activated.grad * normed).sum(places)
    gate = (normed.grad * normed).sum(places)
    weight, gradient = layer.weight, layer.weight.grad
    product = (weight * gradient).flatten(1)
    nothing = torch.zeros_like(lift)
    scale, scale_gradient = (norm.weight[:, None], norm.weight.grad[:, None]) if norm else (nothing[:, None],) * 2
    columns = [
        scale_gradient[:, 0], normed.grad.sum(places), lift, gate, product.sum(1), product.abs().sum(1),
        gradient.flatten(1).norm(dim=1), gate ** 2, proscore(weight, gradient, lift, 1),
        proscore(weight, gradient, lift, 0.01),
        *[proscore(scale, scale_gradient, lift, gamma) if norm else nothing for gamma in (1, 0.01)],
    ]
    for channel, values in enumerate(torch.stack(columns, 1).tolist()):
        yield [name, norm_name, channel] + [f"{value:.17g}" for value in values]


def write(folder, name):
    _, height, width, make, *_ = {**LARGE, **NETWORKS}[name]
    torch.manual_seed(sum(name.encode()))
    network = settle(make(), height, width)
    torch.save(network.state_dict(), f"{folder}/{name}.pth")
    pixels = torch.randint(0, 256, (3, height, width), dtype=torch.uint8)
    watch = Watch(network.double())
    logits = network((pixels[None].double() / 255 - 0.5) / 0.5)
    is_map = isinstance(logits, dict)
    logits = logits["out"] if is_map else logits
    classes = logits.shape[1]
    label = torch.randint(-1, classes, (1, height, width)) if is_map else torch.randint(0, classes, (1,))
    loss = nn.functional.cross_entropy(logits, label, ignore_index=-1)
    loss.backward()
    pixels.numpy().tofile(f"{folder}/{name}.pixels")
    label.numpy().astype("<i8").tofile(f"{folder}/{name}.label")
    with open(f"{folder}/{name}.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["conv", "bn", "channel"] + COLUMNS)
        used = [call for call in watch.calls if isinstance(call[1], WEIGHTED) and call[1].weight.grad is not None]
        for layer, module, _, made in used[:-1]:
            table.writerows(rows_of(watch, layer, module, made))
    return f"{name} {classes} {height} {width} {int(is_map)} {loss.item():.17g}\n"


def main():
    with open(f"{sys.argv[1]}/list", "w") as lines:
        lines.writelines(write(sys.argv[1], name) for name in sys.argv[2:])


if __name__ == "__main__":
    main()
