# SPDX-License-Identifier: GPL-3.0-or-later
"""Scoring ResNet-50 over a folder of JPEG pictures, beside PyTorch with a DataLoader.

reading.py PROGRAM [COUNT [PIECES]]     COUNT pictures (2000) in PIECES (4), which all take in turn

Both read, scale, crop and normalise the same files in the same order and take the gradients that Taylor's criterion and
PROscore need, in two threads. PyTorch is measured as a researcher writes it, with every parameter's gradient, and with
convolution weights frozen; its DataLoader has two workers. Printed are images per second, the ratios and the most memory
that each process held."""
import csv
import glob
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = WORKERS = 2
BATCH = 32
MODES = {"full": "as written", "tuned": "tuned"}


class Pictures:
    """Torchvision's steps for evaluation, over a list of files."""

    def __init__(self, path):
        from torchvision import transforms
        with open(path, newline="") as file:
            self.rows = list(csv.reader(file))
        self.prepare = transforms.Compose([
            transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        from PIL import Image
        path, label = self.rows[index]
        return self.prepare(Image.open(path).convert("RGB")), int(label)


def serve(model, pieces, mode):
    """The peer's process: a pass over each piece that standard input names."""
    import torch
    from torch.utils.data import DataLoader
    import peer
    torch.set_num_threads(THREADS)
    torch.manual_seed(peer.SEED)
    net = peer.Peer(model, (torch.randn(2 * BATCH, 3, 224, 224), torch.randint(0, 1000, (2 * BATCH,))), mode, BATCH)
    channels_last = net.batches[0][0].is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    for line in sys.stdin:
        for x, y in DataLoader(Pictures(pieces[int(line)]) if line.strip() else [], batch_size=BATCH, num_workers=WORKERS):
            net.step(x.contiguous(memory_format=layout), y)
        print("ready", flush=True)


def peak_megabytes(process):
    with open(f"/proc/{process.pid}/status") as file:
        return int(re.search(r"VmHWM:\s*(\d+)", file.read()).group(1)) / 1024


class Process:
    """One that answers a line with the word ready."""

    def __init__(self, arguments):
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        """Seconds that it takes."""
        start = time.perf_counter()
        print(line, file=self.process.stdin, flush=True)
        for answer in self.process.stdout:
            if answer.rstrip() == "ready":
                return time.perf_counter() - start
        sys.exit(f"{self.process.args[0]}: no answer")


def write_pieces(folder, count, pieces):
    subprocess.run([sys.executable, f"{HERE}/pictures.py", folder, str(count), "1000"], check=True)
    files = sorted(glob.glob(f"{folder}/val/*/*"), key=os.path.basename)
    names = [f"{folder}/piece{i}.csv" for i in range(pieces)]
    for i, name in enumerate(names):
        with open(name, "w") as file:
            for k in range(i * count // pieces, (i + 1) * count // pieces):
                print(f"{files[k]},{k % 1000}", file=file)
    return names


def main(program, count=2000, pieces=4):
    count, pieces = int(count), int(pieces)
    with tempfile.TemporaryDirectory() as folder:
        names = write_pieces(folder, count, pieces)
        model = f"{folder}/resnet50.onnx"
        subprocess.run([sys.executable, f"{HERE}/peer.py", "export", "resnet50", model], check=True)
        ours = Process([program, "-n", "-q", "--threads", str(THREADS), "-f", "-"])
        ours.ask(f"load {model}; echo ready")
        peers = {mode: Process([sys.executable, __file__, "serve", model, mode, *names]) for mode in MODES}
        for peer in peers.values():
            peer.ask("")
        times = {name: [] for name in ["ours", *MODES]}
        for i, name in enumerate(names):
            ours.ask(f"data csv {name} normalize=imagenet; echo ready")
            times["ours"].append(ours.ask("score taylor proscore samples=all order=first; echo ready"))
            for mode, peer in peers.items():
                times[mode].append(peer.ask(i))
        for name, process in {"ours": ours, **peers}.items():
            ratio = statistics.median(t / o for t, o in zip(times[name], times["ours"]))
            print(f"{MODES.get(name, 'this program'):12}  {count / pieces / statistics.median(times[name]):6.2f} images/s"
                  f"  {ratio:5.2f} times as long  {peak_megabytes(process.process):6.0f} MB")
        for process in [ours, *peers.values()]:
            process.process.kill()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], sys.argv[4:], sys.argv[3])
    else:
        main(*sys.argv[1:])
