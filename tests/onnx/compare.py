# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks through the program and through execute.py, in double: TAP, four cases a file.

    compare.py PROGRAM FILE...

Loaded, the network gives the same outputs; pruned, masked and smaller network give the same; the smaller one's
file gives them when somebody else runs it.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

import execute

LINES = ["set precision=double", "forward x.npy > whole.npz", "prune l1 0.3", "forward x.npy > masked.npz", "apply",
         "forward x.npy > small.npz", "save small.onnx"]


class Tap:
    def __init__(self):
        self.count = 0

    def ok(self, right, text, detail=""):
        self.count += 1
        print(f"{'ok' if right else 'not ok'} {self.count} - {text}", flush=True)
        if not right and detail:
            print(f"# {detail}", flush=True)


def distance(some, others):
    """Of outputs by name: the largest difference over an output's largest number; infinite for other shapes.

    The program may have left out heads that train alone: the outputs that it has are compared."""
    far = 0.0
    for name, a in some.items():
        b = others[name] if name in others else next(iter(others.values()))
        a, b = (np.asarray(i, float).reshape(-1) for i in (a, b))
        far = max(far, np.abs(a - b).max() / max(np.abs(b).max(), 1e-30) if a.shape == b.shape else float("inf"))
    return far


def arrays(path):
    with np.load(path) as file:
        return dict(file)


def outputs(path, images):
    return dict(zip([o.name for o in execute.onnx.load(path).graph.output], execute.execute(path, images)))


def images_for(path):
    shape = execute.input_shape(execute.onnx.load(path))[1:]
    return torch.randn([3] + [size or 32 for size in shape], generator=torch.Generator().manual_seed(3)).numpy()


def compare(tap, program, path):
    name, path = os.path.basename(path), os.path.abspath(path)
    with tempfile.TemporaryDirectory() as folder:
        images = images_for(path)
        np.save(folder + "/x.npy", images)
        arguments = [program, "-n", "-e", f"load '{path}'"]
        for line in LINES:
            arguments += ["-e", line]
        done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=300)
        tap.ok(done.returncode == 0, f"{name}: loaded, pruned and saved", done.stderr.strip().replace("\n", " ")[:300])
        if done.returncode:
            return
        whole, masked, small = (arrays(f"{folder}/{k}.npz") for k in ("whole", "masked", "small"))
        for text, a, b in (("loaded", whole, outputs(path, images)), ("masked and smaller", masked, small),
                           ("saved", small, outputs(folder + "/small.onnx", images))):
            far = distance(a, b)
            tap.ok(far < 1e-8, f"{name}: {text}, the same outputs", f"{far:g} apart")


if __name__ == "__main__":
    TAP = Tap()
    for FILE in sys.argv[2:]:
        compare(TAP, sys.argv[1], FILE)
    print(f"1..{TAP.count}")
