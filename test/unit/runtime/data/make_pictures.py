#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes pictures.golden: small PNG and JPEG files and what Pillow decodes of them, for ReadImageTest.cpp. Needs Pillow.

    python3 make_pictures.py > pictures.golden

Each case has a line with the name, the mode and the file's bytes in hexadecimal digits, and a line with C H W and the pixels.
Pillow uses libjpeg-turbo, whose decoder is the same bit for bit on every machine.
"""
import io

import numpy
from PIL import Image


def pixels(height, width, channels):
    c, y, x = numpy.meshgrid(range(channels), range(height), range(width), indexing="ij")
    values = 128 + 90 * numpy.sin(0.7 * x + c) * numpy.cos(0.5 * y - c) + 20 * ((x // 3 + y // 2) % 2)
    return values.clip(0, 255).astype(numpy.uint8).transpose(1, 2, 0).squeeze()


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def main():
    colour = Image.fromarray(pixels(17, 21, 3))
    gray = Image.fromarray(pixels(17, 21, 1))
    alpha = Image.fromarray(pixels(9, 7, 4), "RGBA")
    deep = Image.fromarray((pixels(6, 5, 1).astype(numpy.uint16) * 257))
    files = {
        "rgb.png": encoded(colour, "PNG"),
        "gray.png": encoded(gray, "PNG"),
        "palette.png": encoded(colour.quantize(9), "PNG"),
        "bits.png": encoded(gray.convert("1"), "PNG"),
        "alpha.png": encoded(alpha, "PNG"),
        "deep.png": encoded(deep, "PNG"),
        "420.jpg": encoded(colour, "JPEG", quality=80),
        "444.jpg": encoded(colour, "JPEG", quality=95, subsampling=0),
        "422.jpg": encoded(colour, "JPEG", quality=60, subsampling=1),
        "progressive.jpg": encoded(colour, "JPEG", quality=70, progressive=True),
        "gray.jpg": encoded(gray, "JPEG", quality=85),
    }
    for name, content in files.items():
        for mode in ("RGB", "L"):
            if name == "deep.png":
                expected = Image.fromarray((numpy.asarray(Image.open(io.BytesIO(content))) >> 8).astype(numpy.uint8)).convert(mode)
            else:
                expected = Image.open(io.BytesIO(content)).convert(mode)
            values = numpy.atleast_3d(numpy.asarray(expected)).transpose(2, 0, 1)
            print(name, mode, content.hex())
            print(*values.shape, values.tobytes().hex())


main()
