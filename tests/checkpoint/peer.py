#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch's side of checkpoint_test.

peer.py make FOLDER                     files of torch.save, each with a text of what is in it
peer.py types FOLDER FILE               a file of the test's must load, with the types it was written in
peer.py equal FOLDER FILE               FOLDER/resnet56.pth must hold what FILE's state_dict does
peer.py equal-safetensors FOLDER FILE   the same of FOLDER/resnet56.safetensors, read by what its format says

Exit status 77 where PyTorch is not installed."""
import json
import os
import struct
import sys

try:
    import torch
except ImportError:
    sys.exit(77)

CODES = {torch.float32: 1, torch.uint8: 2, torch.int8: 3, torch.int16: 5, torch.int32: 6, torch.int64: 7,
         torch.bool: 9, torch.float16: 10, torch.float64: 11, torch.bfloat16: 16}


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 2, bias=False)
        self.register_buffer("kept", torch.arange(3.0))
        self.register_buffer("passing", torch.zeros(5), persistent=False)

    def forward(self, x):
        return self.fc(x)


def network():
    """Small, with a module in a module, one that is None, and a buffer that is not saved."""
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), Inner())
    return net


def types():
    base = torch.linspace(-2, 2, 48).reshape(6, 8)
    tied = torch.nn.Parameter(torch.tensor([0.5, -0.25]))
    return {"float": torch.linspace(0, 1, 12).reshape(3, 4), "half": torch.tensor([0.1, 65504, 1e-7]).half(),
            "bfloat16": torch.tensor([0.1, 3e38, -1.0]).bfloat16(), "double": torch.tensor([0.1]).double(),
            "long": torch.arange(6).reshape(2, 3), "int": torch.arange(5, dtype=torch.int32),
            "short": torch.arange(-3, 3, dtype=torch.int16), "char": torch.arange(-2, 3, dtype=torch.int8),
            "byte": torch.tensor([255, 1], dtype=torch.uint8), "bool": torch.tensor([True, False]),
            "scalar": torch.tensor(3.5), "empty": torch.zeros(0, 4), "turned": base.t(), "cut": base[1:5, ::2],
            "spread": base[:3, :1].expand(3, 7), "tied": tied, "again": tied}


def summary(state):
    lines = []
    for name, tensor in state.items():
        flat = tensor.detach().reshape(-1).double()
        weighted = float((flat * (torch.arange(flat.numel()) % 17 + 1).double()).sum())
        shape = "x".join(str(n) for n in tensor.shape) or "scalar"
        lines.append("%s %d %s %.6f\n" % (name, CODES[tensor.dtype], shape, weighted + 1e-9))
    return "".join(lines)


def make(folder):
    torch.manual_seed(1)
    net = network()
    state = net.state_dict()
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    nested = {"epoch": 3, "state_dict": {"model." + k: v for k, v in state.items()},
              "optimizer_states": [optimizer.state_dict()], "hyper_parameters": {"lr": 0.1}}
    old = {"_use_new_zipfile_serialization": False}
    for name, thing, inside, how in (
            ("zip", state, state, {}), ("legacy", state, state, old), ("protocol4", state, state, {"pickle_protocol": 4}),
            ("module", net, state, {}), ("module-legacy", net, state, old), ("nested", nested, state, {}),
            ("types", types(), types(), {}), ("types-legacy", types(), types(), old), ("script", None, state, {})):
        path = os.path.join(folder, name + ".pt")
        if thing is None:
            torch.jit.script(net).save(path)
            inside = torch.jit.load(path).state_dict()  # it knows no buffers that are not saved
        else:
            torch.save(thing, path, **how)
        with open(os.path.join(folder, name + ".txt"), "w", encoding="utf-8") as out:
            out.write(summary(inside))


def load(path):
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except TypeError:  # before PyTorch 1.13
        return torch.load(path, map_location="cpu")


def check_types(path):
    state = load(path)
    found = [CODES[tensor.dtype] for tensor in state.values()]
    assert found == [1, 11, 10, 16, 7, 6, 5, 3, 2, 9, 1, 7, 2, 1, 1], found
    assert state["x.tied"].data_ptr() == state["x.layer0.w"].data_ptr()
    assert torch.equal(state["x.layer13.w"], (torch.arange(39.0) / 3).reshape(3, 13))
    assert bool((state["x.layer8.w"] == 1).all()) and state["x.layer10.w"].shape == (0, 10)


def safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    assert header.pop("__metadata__") == {"format": "pt"} and length % 8 == 0
    state = {}
    for name, about in header.items():
        begin, end = about["data_offsets"]
        kind = {"F32": torch.float32, "I64": torch.int64}[about["dtype"]]
        state[name] = torch.frombuffer(bytearray(data[8 + length + begin:8 + length + end]), dtype=kind).reshape(about["shape"])
    return state


def check_equal(state, path):
    expected = torch.load(path, map_location="cpu")["state_dict"]
    assert list(state) == list(expected)
    for name, tensor in expected.items():
        assert state[name].dtype == tensor.dtype and torch.equal(state[name], tensor), name


def main(command, folder, file):
    if command == "make":
        make(folder)
    elif command == "types":
        check_types(file)
    elif command == "equal":
        check_equal(load(os.path.join(folder, "resnet56.pth")), file)
    else:
        check_equal(safetensors(os.path.join(folder, "resnet56.safetensors")), file)


main(*sys.argv[1:4])
