#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes photos/: JPEG files of the size of photographs and, in photos.golden, the SHA-256 of what Pillow decodes of each, for
PhotosTest.cpp. Needs Pillow.

    python3 make_photos.py photos

A line of photos.golden has the file's name, the mode, C H W, and the digest of the pixels in that order; after "64", that of the
picture as torchvision's Resize(64) makes it of the RGB pixels. Pillow uses libjpeg-turbo, whose decoder is the same bit for bit on
every machine.
"""
import hashlib
import io
import pathlib
import sys

import numpy
from PIL import Image


def scene(height, width):
    """A sky, hills, a sun with a sharp edge, and grain: low and high frequencies in every part."""
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    hills = height * (0.55 + 0.12 * numpy.sin(x / 61) + 0.05 * numpy.sin(x / 17))
    sky = numpy.stack([90 + y / 3, 140 + y / 4, 230 - y / 6])
    ground = numpy.stack([60 + 40 * numpy.sin(x / 9) * numpy.sin(y / 7), 120 - y / 5 + 25 * numpy.sin(x / 3), 50 + 0 * x])
    out = numpy.where(y < hills, sky, ground)
    sun = (x - width * 0.7) ** 2 + (y - height * 0.2) ** 2 < (height / 9) ** 2
    out = numpy.where(sun, numpy.array([250, 220, 60])[:, None, None], out)
    out += numpy.random.default_rng(5).normal(0, 4, (1, height, width))
    return Image.fromarray(out.clip(0, 255).astype(numpy.uint8).transpose(1, 2, 0))


def planes(image):
    return numpy.atleast_3d(numpy.asarray(image)).transpose(2, 0, 1)


def line(*words, image):
    values = planes(image)
    return " ".join(map(str, (*words, *values.shape, hashlib.sha256(values.tobytes()).hexdigest())))


def main():
    folder = pathlib.Path(sys.argv[1])
    photo, odd = scene(375, 500), scene(373, 499)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, which torchvision's loader does not
    files = {
        "420.jpg": (photo, {"quality": 60, "subsampling": 2}),
        "422.jpg": (photo, {"quality": 50, "subsampling": 1}),
        "444.jpg": (photo, {"quality": 50, "subsampling": 0}),
        "odd.jpg": (odd, {"quality": 50, "subsampling": 2}),
        "progressive.jpg": (photo, {"quality": 60, "subsampling": 2, "progressive": True}),
        "restarts.jpg": (photo, {"quality": 40, "subsampling": 2, "restart_marker_rows": 1}),
        "turned.jpg": (photo, {"quality": 30, "subsampling": 2, "exif": exif}),
        "gray.jpg": (photo.convert("L"), {"quality": 60}),
    }
    lines = []
    for name, (image, options) in files.items():
        file = io.BytesIO()
        image.save(file, "JPEG", **options)
        (folder / name).write_bytes(file.getvalue())
        for mode in ("RGB", "L"):
            lines.append(line(name, mode, image=Image.open(file).convert(mode)))
        decoded = Image.open(file).convert("RGB")
        short = min(decoded.size)
        size = tuple(int(64 * side / short) for side in decoded.size)
        lines.append(line(name, 64, image=decoded.resize(size, Image.Resampling.BILINEAR)))
    file = io.BytesIO()
    photo.resize((125, 94)).convert("CMYK").save(file, "JPEG", quality=50)
    (folder / "cmyk.jpg").write_bytes(file.getvalue())
    (folder / "photos.golden").write_text("\n".join(lines) + "\n")


main()
