# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading event files without TensorBoard: records with their checksums, messages decoded by protoc."""
import pathlib
import re
import struct
import subprocess

SCHEMA = pathlib.Path(__file__).with_name("event.proto")
TOKEN = re.compile(r'\s*(?:(\w+)\s*\{|(\w+):\s*("(?:[^"\\]|\\.)*"|[^\s"{}]+)|(\}))')
ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def crc32c(data):
    """Castagnoli's CRC, bit by bit through a table that is made here."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def checked(data, stored, what):
    crc = crc32c(data)
    if struct.unpack("<I", stored)[0] != ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF:
        raise ValueError(f"the checksum of {what} is wrong")
    return data


def records(data):
    """The contents of the records of an event file. Raises ValueError where one is cut off or its checksum differs."""
    found, at = [], 0
    while at < len(data):
        length = struct.unpack("<Q", checked(data[at:at + 8], data[at + 8:at + 12].ljust(4, b"\0"), f"the length at {at}"))[0]
        if at + 16 + length > len(data):
            raise ValueError(f"the record at {at} is cut off")
        content = data[at + 12:at + 12 + length]
        found.append(checked(content, data[at + 12 + length:at + 16 + length], f"the record at {at}"))
        at += 16 + length
    return found


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def scalar(text):
    """A value of protobuf's text format: bytes of a string, a truth, a number."""
    if text[0] == '"':
        raw = text[1:-1].encode()
        return ESCAPE.sub(lambda m: bytes([int(m[1], 8)]) if m[1].isdigit() else LETTERS.get(m[1], m[1]), raw)
    return text == "true" if text in ("true", "false") else float(text)


def message(tokens):
    """Field -> list of its values, up to the brace that ends the message."""
    out = {}
    for opened, name, value, closed in tokens:
        if closed:
            return out
        if (opened or name).isdigit():
            raise ValueError(f"a field {opened or name} that {SCHEMA.name} does not know")
        out.setdefault(opened or name, []).append(message(tokens) if opened else scalar(value))
    return out


def decode(kind, data):
    """A message of event.proto as nested dictionaries of lists. Raises ValueError for unknown fields."""
    ended = subprocess.run(["protoc", f"--proto_path={SCHEMA.parent}", f"--decode=ntc.{kind}", SCHEMA.name], input=data,
                           capture_output=True, check=False)
    if ended.returncode != 0:
        raise ValueError(f"protoc cannot decode a {kind}: {ended.stderr.decode()}")
    text = ended.stdout.decode()
    tokens = [match.groups() for match in TOKEN.finditer(text)]
    if "".join(TOKEN.split(text)[::5]).strip():
        raise ValueError(f"a text that is not understood: {text[:200]}")
    return message(iter(tokens))


def events(path):
    """The events of a file."""
    return decode("File", b"".join(b"\x0a" + varint(len(each)) + each for each in records(path.read_bytes())))["event"]


def values(path):
    """(step, tag, value) of every value of every summary, in their order."""
    return [(int(event.get("step", [0])[0]), value["tag"][0].decode(), value)
            for event in events(path) for summary in event.get("summary", []) for value in summary["value"]]
