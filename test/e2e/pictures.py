# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small data files that tests write: PNG pictures and tables, with Python's standard library only."""
import struct
import zlib


def png(height, width, pixel):
    """A PNG of RGB values pixel(y, x)."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes(value for x in range(width) for value in pixel(y, x)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def picture_folder(case, name, classes=("cat", "dog", "eel"), each=16):
    """A folder of classes: pictures of different sizes, bright in the class's own third of their rows."""
    for label, kind in enumerate(classes):
        for number in range(each):
            height, width = 18 + number % 3 * 3, 21 + number % 2 * 4

            def pixel(y, x, height=height, label=label, number=number):
                bright = y * len(classes) // height == label
                return (240 if bright else 20, (x * 9 + number * 5) % 256, 128)

            case.write(f"{name}/{kind}/{number:03}.png", png(height, width, pixel))
    return case.here / name
