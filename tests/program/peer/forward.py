# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch's side of forward.sh. `make`: a network with seeded weights as peer.onnx, inputs as peer-input.npy, and what
PyTorch gives for them in double, and networks that mix their inputs, with and without a dimension left of the batch;
`check`: the arrays that the program wrote beside them."""
import sys

import numpy as np
import torch
from torch import nn

torch.manual_seed(5)
network = nn.Sequential(nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Conv2d(6, 5, 3, groups=1), nn.Sigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                        nn.Linear(5, 4), nn.Softmax(1)).eval()


class Mixed(nn.Module):
    def __init__(self, keep):
        super().__init__()
        self.keep, self.convolution = keep, nn.Conv2d(2, 5, 1)

    def forward(self, x):
        return self.convolution(x).mean((0, 2, 3), keepdim=self.keep)


network[1].running_mean.uniform_(-1, 1)
network[1].running_var.uniform_(0.5, 2)

if sys.argv[1] == "make":
    inputs = torch.randn(7, 2, 9, 9)
    torch.onnx.export(network, inputs[:1], "peer.onnx", opset_version=13)
    for keep in False, True:
        torch.onnx.export(Mixed(keep), inputs, "mixed-%d.onnx" % keep, opset_version=13, input_names=["x"],
                          dynamic_axes={"x": {0: "batch"}})
    np.save("peer-input.npy", np.asfortranarray(inputs.numpy()))
    np.save("peer-output.npy", network.double()(inputs.double()).detach().numpy())
else:
    expected = np.load("peer-output.npy")
    for name, dtype, tolerance in (("peer-float.npy", np.float32, 1e-5), ("peer-double.npy", np.float64, 1e-6)):
        got = np.load(name)
        assert got.dtype == dtype and got.shape == expected.shape, (name, got.dtype, got.shape)
        assert np.abs(got - expected).max() < tolerance, (name, np.abs(got - expected).max())
