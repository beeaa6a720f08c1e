# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writing ONNX files without a library: the few messages that tests of bad models need, in protobuf's wire format."""
import struct

FLOAT, INT64 = 1, 7


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def attribute(name, value):
    if isinstance(value, list):
        return block(1, name) + b"".join(number(8, each) for each in value) + number(20, 7)
    if isinstance(value, float):
        return block(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    return block(1, name) + number(3, value) + number(20, 2)


def node(op, inputs, outputs, name="", domain="", **attributes):
    return (b"".join(block(1, each) for each in inputs) + b"".join(block(2, each) for each in outputs) + block(3, name) +
            block(4, op) + b"".join(block(5, attribute(*each)) for each in attributes.items()) + block(7, domain))


def tensor(name, dims, values=None, dtype=FLOAT, raw=None):
    """Zeros where neither values nor raw bytes are given."""
    count = 1
    for size in dims:
        count *= size
    if raw is None:
        code = "f" if dtype == FLOAT else "q"
        values = [0] * count if values is None else values
        raw = struct.pack(f"<{len(values)}{code}", *values)
    return b"".join(number(1, size) for size in dims) + number(2, dtype) + block(8, name) + block(9, raw)


def value(name, dims, dtype=FLOAT):
    """A named value; a text among the dimensions is a symbol."""
    shape = b"".join(block(1, block(2, size) if isinstance(size, str) else number(1, size)) for size in dims)
    return block(1, name) + block(2, block(1, number(1, dtype) + block(2, shape)))


def model(nodes, inputs, outputs, initializers=(), opset=17):
    graph = (b"".join(block(1, each) for each in nodes) + block(2, "graph") +
             b"".join(block(5, each) for each in initializers) + b"".join(block(11, each) for each in inputs) +
             b"".join(block(12, each) for each in outputs))
    return number(1, 8) + block(2, "test") + block(7, graph) + block(8, block(1, "") + number(2, opset))


def linear(weight_dims=(2, 3), bias_dims=(2,), nodes=None):
    """x (batch, 3) to y (batch, 2) by one Gemm."""
    nodes = nodes or [node("Gemm", ["x", "fc.weight", "fc.bias"], ["y"], "/fc/Gemm", transB=1)]
    return model(nodes, [value("x", ["batch", 3])], [value("y", ["batch", 2])],
                 [tensor("fc.weight", weight_dims), tensor("fc.bias", bias_dims)])
