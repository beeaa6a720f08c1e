# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Initial values and batches that both sides of the conformance tests compute instead of storing them.

The C++ twin is Formulas.cpp. Every number is a counter-based random word (runtime/base/Philox.h) turned into a
dyadic fraction that f32 holds exactly, so that f32 and f64 runs of every framework start from the same values.
"""

import numpy as np

CLASSES = 10
WEIGHTS_SEED, BATCH_SEED, PATTERN_SEED = 1, 2, 3
FIRST_RANDOM_OP = 1_000_000  # number of the first random operation of a step; the initial draws have those below
SLOPES = (1.0, -2.0, 0.5, 0.25, 3.0)  # of the line that linear regression looks for


def philox4x32(counter, key):
    """Philox4x32-10 on arrays: four words and two words of uint32 to four words."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k = [np.uint64(word) for word in key]
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    for _ in range(10):
        product0 = np.uint64(0xD2511F53) * c[0]
        product1 = np.uint64(0xCD9E8D57) * c[2]
        c = [(product1 >> shift) ^ c[1] ^ k[0], product1 & low, (product0 >> shift) ^ c[3] ^ k[1], product0 & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return c


def words(seed, step, op, count):
    """The random words of elements 0 to count - 1, as uint64."""
    e = np.arange(count, dtype=np.uint64)
    block = (e // np.uint64(64)) * np.uint64(16) + e % np.uint64(16)
    ones = np.ones_like(block)
    four = philox4x32([block, ones * np.uint64(op), ones * np.uint64(step & 0xFFFFFFFF), ones * np.uint64(step >> 32)],
                      [seed & 0xFFFFFFFF, seed >> 32])
    return np.choose(((e // np.uint64(16)) % np.uint64(4)).astype(np.int64), four)


def uniform(seed, step, op, count):
    """Multiples of 2^-23 in [0, 1), f64."""
    return (words(seed, step, op, count) >> np.uint64(9)).astype(np.float64) * 2.0 ** -23


def normal(seed, step, op, count):
    """The numbers of RandomNormalLike in a step: Box and Muller's transform of those of `op` and `op` + 1, f64."""
    u, v = ((words(seed, step, each, count) >> np.uint64(8)).astype(np.float64) * 2.0 ** -24 for each in (op, op + 1))
    return np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * np.pi * v)


def initial(name, shape, index):
    """f32 values of the state `name`, the index-th in the order of the names' bytes."""
    count = int(np.prod(shape, dtype=np.int64))
    if name.endswith("running_mean"):
        return np.zeros(shape, np.float32)
    if name.endswith("running_var"):
        return np.ones(shape, np.float32)
    center, exponent = 0.0, -3
    if len(shape) > 1:  # a weight: U(-b, b) with b the power of two at or below 1 / sqrt(fan in)
        half = 0
        while 4 ** half < count // shape[0]:
            half += 1
        exponent = 1 - half
    elif name.startswith("bn") and name.endswith("weight"):
        center, exponent = 1.0, 0
    values = center + (uniform(WEIGHTS_SEED, 0, index, count) - 0.5) * 2.0 ** exponent
    return values.astype(np.float32).reshape(shape)


def initial_states(shapes):
    """Name to f32 array for every state of {name: shape}."""
    return {name: initial(name, shapes[name], index) for index, name in enumerate(sorted(shapes))}


def classification(step, batch, sample):
    """Images that are half noise and half their class's pattern; every eighth label, on average, is arbitrary.

    Returns (batch, *sample) f32 and (batch) i64.
    """
    size = int(np.prod(sample))
    label_words = words(BATCH_SEED, step, 1, batch)
    classes = (label_words % np.uint64(CLASSES)).astype(np.int64)
    arbitrary = (label_words >> np.uint64(8)) % np.uint64(8) == 0
    other = ((label_words >> np.uint64(16)) % np.uint64(CLASSES)).astype(np.int64)
    patterns = np.stack([uniform(PATTERN_SEED, 0, c, size) for c in range(CLASSES)])
    x = 0.5 * uniform(BATCH_SEED, step, 0, batch * size).reshape(batch, size) + 0.5 * patterns[classes]
    return x.astype(np.float32).reshape(batch, *sample), np.where(arbitrary, other, classes)


def regression(step, batch):
    """Points near a plane: (batch, 5) and (batch, 1), f32."""
    x = 4.0 * (uniform(BATCH_SEED, step, 0, batch * len(SLOPES)).reshape(batch, len(SLOPES)) - 0.5)
    y = 0.25 * (uniform(BATCH_SEED, step, 1, batch) - 0.5)
    for j, slope in enumerate(SLOPES):
        y = y + slope * x[:, j]  # exact in f64, so the order is free
    return x.astype(np.float32), y.astype(np.float32).reshape(batch, 1)


def subset(count, most):
    """Row-major indices of the elements that are stored of a tensor with `count` elements."""
    if count <= most:
        return np.arange(count)
    stride = count // most
    k = np.arange(most)
    return k * stride + k % stride
