# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of JPEG pictures as ImageNet has them, to measure reading with: 500x375 pixels, quality 90, in folders of classes.

pictures.py FOLDER COUNT CLASSES"""
import os
import sys

import numpy
from PIL import Image


def picture(state):
    """Blotches of several sizes with edges and grain: about as many bytes as a photograph takes."""
    total = numpy.zeros((375, 500, 3))
    for cell in (4, 16, 64):
        coarse = state.randint(0, 256, (375 // cell + 2, 500 // cell + 2, 3)).astype(numpy.uint8)
        total += numpy.asarray(Image.fromarray(coarse).resize((500, 375), Image.BICUBIC), float) * cell ** 0.5
    total = total / (2 + 4 + 8) + state.normal(0, 3, total.shape)
    return Image.fromarray(total.clip(0, 255).astype(numpy.uint8))


def main():
    folder, count, classes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    state = numpy.random.RandomState(1)
    for index in range(count):
        place = os.path.join(folder, "val", f"n{index % classes:08d}")
        os.makedirs(place, exist_ok=True)
        picture(state).save(os.path.join(place, f"{index:06d}.JPEG"), quality=90)


main()
