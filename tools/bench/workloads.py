# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The training steps that are compared: one row per workload, for ntc and for every peer.

No framework code. `params` counts trained scalars: a side whose count differs measures something else and fails.
"""

from dataclasses import dataclass

BATCHES = 8  # distinct synthetic batches that a run cycles through


@dataclass(frozen=True)
class Workload:
    """inputs: tensor -> (shape with the batch, "normal" | "uniform" | number of classes); images are NCHW."""

    model: str
    new: tuple  # arguments of `ntc new`
    batch: int
    inputs: dict
    optimizer: tuple  # name and settings
    params: int


WORKLOADS = {
    "linreg": Workload(
        "linear regression 5-1, mean squared error", ("linear", "--input", "5", "--output", "1"), 20,
        {"x": ((20, 5), "normal"), "y": ((20, 1), "normal")}, ("sgd", {"lr": 1e-3}), 6),
    "mlp_adam": Workload(
        "784-128-10, ReLU, cross-entropy", ("mlp",), 32,
        {"x": ((32, 784), "uniform"), "y": ((32,), 10)}, ("adam", {"lr": 1e-3}), 101_770),
    "mlp_sgd": Workload(
        "784-512-512-10, ReLU, cross-entropy", ("mlp", "--hidden", "512,512", "--optimizer", "sgd,lr=1e-3"), 64,
        {"x": ((64, 784), "uniform"), "y": ((64,), 10)}, ("sgd", {"lr": 1e-3}), 669_706),
    "mnist_cnn": Workload(
        "PyTorch's MNIST example: two convolutions, pooling, dropout, two linear layers", ("cnn",), 64,
        {"x": ((64, 1, 28, 28), "normal"), "y": ((64,), 10)}, ("adadelta", {"lr": 1.0}), 1_199_882),
    "cifar_lenet": Workload(
        "the net of PyTorch's CIFAR-10 tutorial", ("lenet",), 4,
        {"x": ((4, 3, 32, 32), "normal"), "y": ((4,), 10)}, ("sgd", {"lr": 1e-3, "momentum": 0.9}), 62_006),
}
