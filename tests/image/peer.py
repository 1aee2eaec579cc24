# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures as Pillow and Torchvision have them, against image_dump: prints TAP without a plan, one case per picture.

peer.py FOLDER IMAGE_DUMP jpeg|no-jpeg"""
import io
import itertools
import os
import random
import subprocess
import sys

import numpy
from PIL import Image, ImageOps

RGB, GREY, VALUES = 0, 1, 2


def noise(height, width, channels, seed):
    """Smooth colours with an edge and some grain, so that every filter has something to do."""
    state = numpy.random.RandomState(seed)
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [127 + 100 * numpy.sin(x / (3 + c) + y / (7 - c)) + 20 * (x > width // 2) for c in range(channels)]
    picture = numpy.stack(planes, -1) + state.randint(-30, 30, (height, width, channels))
    return numpy.clip(picture, 0, 255).astype(numpy.uint8)


def save(folder, name, image, **options):
    path = os.path.join(folder, name)
    image.save(path, **options)
    return path


def pngs(folder):
    """One of each kind of PNG that Pillow writes."""
    colour = Image.fromarray(noise(37, 53, 3, 1))
    yield save(folder, "rgb.png", colour)
    yield save(folder, "one.png", colour.crop((0, 0, 1, 1)))
    yield save(folder, "column.png", colour.crop((0, 0, 1, 37)))
    yield save(folder, "grey.png", colour.convert("L"))
    yield save(folder, "bilevel.png", colour.convert("1"))
    alpha = colour.copy()
    alpha.putalpha(Image.fromarray(noise(37, 53, 1, 2)[:, :, 0]))
    yield save(folder, "rgba.png", alpha)
    yield save(folder, "grey-alpha.png", alpha.convert("LA"))
    for colours in (2, 4, 13, 200):
        yield save(folder, f"palette-{colours}.png", colour.quantize(colours))
    yield save(folder, "palette-clear.png", colour.quantize(9), transparency=3)
    yield save(folder, "grey-clear.png", colour.convert("L"), transparency=100)
    yield save(folder, "rgb-clear.png", colour, transparency=(1, 2, 3))
    wide = (noise(37, 53, 1, 3)[:, :, 0].astype(numpy.int32) * 7 - 300).clip(0, 65535)
    yield save(folder, "grey-16.png", Image.fromarray(wide))


def made_pngs(folder):
    """What Pillow does not write: 16 bits of each kind and interlaced, by hand."""
    import struct
    import zlib

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def write(name, width, height, depth, color, rows, interlace=0, palette=b""):
        path = os.path.join(folder, name)
        header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
        with open(path, "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette +
                       chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b""))
        return path

    random.seed(4)
    for name, color, channels in (("rgb-16", 2, 3), ("grey-alpha-16", 4, 2), ("rgba-16", 6, 4)):
        rows = [bytes(random.randrange(256) for _ in range(2 * channels * 19)) for _ in range(11)]
        yield write(f"{name}.png", 19, 11, 16, color, rows)
    for depth in (2, 4):
        rows = [bytes(random.randrange(256) for _ in range((19 * depth + 7) // 8)) for _ in range(11)]
        yield write(f"grey-{depth}.png", 19, 11, depth, 0, rows)
    picture = noise(21, 30, 3, 5)
    rows = []
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                           (0, 1, 1, 2)):
        rows += [row.tobytes() for row in picture[y0::dy, x0::dx]]
    yield write("interlaced.png", 30, 21, 8, 2, rows, interlace=1)


def jpegs(folder):
    colour = Image.fromarray(noise(61, 83, 3, 6))
    for sampling, name in ((0, "444"), (1, "422"), (2, "420")):
        yield save(folder, f"{name}.jpg", colour, quality=85, subsampling=sampling)
    yield save(folder, "progressive.jpg", colour, quality=75, progressive=True)
    yield save(folder, "grey.jpg", colour.convert("L"), quality=90)
    yield save(folder, "cmyk.jpg", Image.fromarray(noise(61, 83, 4, 7), "CMYK"), quality=90)
    yield save(folder, "one.jpg", colour.crop((0, 0, 1, 1)))
    yield save(folder, "large.jpg", Image.fromarray(noise(375, 500, 3, 8)), quality=92)
    yield save(folder, "tall.jpg", Image.fromarray(noise(500, 333, 3, 9)), quality=92)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield save(folder, f"turned-{orientation}.jpg", colour, quality=85, exif=exif)
    # YCCK: what Photoshop writes. Pillow writes CMYK only; a marker of Adobe's says that the channels are YCCK.
    with open(os.path.join(folder, "cmyk.jpg"), "rb") as file:
        data = file.read()
    at = data.index(b"Adobe")
    ycck = data[:at + 11] + b"\x02" + data[at + 12:]
    path = os.path.join(folder, "ycck.jpg")
    with open(path, "wb") as file:
        file.write(ycck)
    yield path


def expected(path, mode, upright, shorter, width, height, crop_width, crop_height, nearest):
    image = Image.open(path)
    if upright:
        image = ImageOps.exif_transpose(image)
    if mode != VALUES:
        image = image.convert("RGB" if mode == RGB else "L")
    filter = Image.NEAREST if nearest else Image.BILINEAR
    try:
        from torchvision import transforms
        how = transforms.InterpolationMode.NEAREST if nearest else transforms.InterpolationMode.BILINEAR
        if shorter:
            image = transforms.Resize(shorter, how)(image)
        if width:
            image = transforms.Resize((height, width), how)(image)
        if crop_width:
            image = transforms.CenterCrop((crop_height, crop_width))(image)
    except ImportError:
        if shorter or crop_width:
            return None
        if width:
            image = image.resize((width, height), filter)
    pixels = numpy.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def read(stream):
    line = stream.readline().decode()
    if line.startswith("refused"):
        return line.strip()
    width, height, channels = map(int, line.split())
    return numpy.frombuffer(stream.read(width * height * channels), numpy.uint8).reshape(height, width, channels)


def requests(folder, jpeg):
    plain = (0, 0, 0, 0, 0, 0)
    files = list(pngs(folder)) + list(made_pngs(folder)) + (list(jpegs(folder)) if jpeg else [])
    for path in files:
        yield (path, RGB, 0) + plain
        yield (path, GREY, 0) + plain
        yield (path, RGB, 1) + plain
    for name in ("palette-2.png", "palette-13.png", "palette-200.png", "grey.png"):
        yield (os.path.join(folder, name), VALUES, 0) + plain
        yield (os.path.join(folder, name), VALUES, 0, 0, 40, 91, 0, 0, 1)
    scaled = [os.path.join(folder, name) for name in ("rgb.png", "grey.png", "interlaced.png") +
              (("large.jpg", "tall.jpg", "420.jpg", "cmyk.jpg") if jpeg else ())]
    ways = [(256, 0, 0, 224, 224), (32, 0, 0, 32, 32), (17, 0, 0, 0, 0), (0, 31, 64, 0, 0), (0, 0, 0, 24, 33),
            (0, 0, 0, 101, 64), (0, 0, 0, 40, 150), (20, 0, 0, 27, 15), (0, 53, 11, 0, 0), (0, 9, 37, 0, 0)]
    for path, way in itertools.product(scaled, ways):
        yield (path, RGB, 0) + way + (0,)
    yield (scaled[0], GREY, 0, 25, 0, 0, 24, 24, 0)


def main():
    folder, dump, jpeg = sys.argv[1], sys.argv[2], sys.argv[3] == "jpeg"
    asked = list(requests(folder, jpeg))
    text = "".join(" ".join(map(str, request[1:])) + " " + request[0] + "\n" for request in asked)
    output = io.BytesIO(subprocess.run([dump], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout)
    for request in asked:
        got, want = read(output), expected(*request)
        name = " ".join([os.path.basename(request[0])] + [str(number) for number in request[1:]])
        if want is None:
            print(f"ok - {name} # SKIP no Torchvision")
        elif isinstance(got, str):
            print(f"not ok - {name}: {got}")
        elif got.shape != want.shape:
            print(f"not ok - {name}: {got.shape}, expected {want.shape}")
        else:
            differs = numpy.abs(got.astype(int) - want.astype(int)).max()
            print(f"{'ok' if differs == 0 else 'not ok'} - {name}: differs by {differs} at most")


main()
