# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The training steps that are compared: one row per workload, for ntc and for every peer.

No framework code. `params` counts trained scalars: a side whose count differs measures something else and fails.
`multiply_adds` are those of convolutions and linear layers on one sample, forward: of the whole model and of the first layer,
which needs no gradient of its input.
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
    multiply_adds: tuple

    def flops(self):
        """Floating-point operations of a step's products: forward, and twice that backward."""
        total, first = self.multiply_adds
        return 2 * self.batch * (3 * total - first)


WORKLOADS = {
    "linreg": Workload(
        "linear regression 5-1, mean squared error", ("linear", "--input", "5", "--output", "1"), 20,
        {"x": ((20, 5), "normal"), "y": ((20, 1), "normal")}, ("sgd", {"lr": 1e-3}), 6, (5, 5)),
    "mlp_adam": Workload(
        "784-128-10, ReLU, cross-entropy", ("mlp",), 32,
        {"x": ((32, 784), "uniform"), "y": ((32,), 10)}, ("adam", {"lr": 1e-3}), 101_770,
        (101_632, 100_352)),
    "mlp_sgd": Workload(
        "784-512-512-10, ReLU, cross-entropy", ("mlp", "--hidden", "512,512", "--optimizer", "sgd,lr=1e-3"), 64,
        {"x": ((64, 784), "uniform"), "y": ((64,), 10)}, ("sgd", {"lr": 1e-3}), 669_706,
        (668_672, 401_408)),
    "mnist_cnn": Workload(
        "PyTorch's MNIST example: two convolutions, pooling, dropout, two linear layers", ("cnn",), 64,
        {"x": ((64, 1, 28, 28), "normal"), "y": ((64,), 10)}, ("adadelta", {"lr": 1.0}), 1_199_882,
        (11_992_448, 194_688)),
    "cifar_lenet": Workload(
        "the net of PyTorch's CIFAR-10 tutorial", ("lenet",), 4,
        {"x": ((4, 3, 32, 32), "normal"), "y": ((4,), 10)}, ("sgd", {"lr": 1e-3, "momentum": 0.9}), 62_006,
        (651_720, 352_800)),
    "vae": Workload(
        "PyTorch's VAE example: 784-400-(20, 20)-400-784, binary cross-entropy and KL divergence summed", ("vae",), 128,
        {"x": ((128, 784), "uniform")}, ("adam", {"lr": 1e-3}), 652_824, (651_200, 313_600)),
    "resnet18_cifar": Workload(
        "ResNet-18 on 32x32 images: 3x3 stem, no pooling behind it", ("resnet18",), 32,
        {"x": ((32, 3, 32, 32), "normal"), "y": ((32,), 10)},
        ("sgd", {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4}), 11_173_962, (555_422_720, 1_769_472)),
}
# Measured by tools/bench/precision only: layers so wide that their products are all that counts.
ALL = WORKLOADS | {
    "mlp_wide": Workload(
        "784-2048-2048-10, ReLU, cross-entropy", ("mlp", "--hidden", "2048,2048", "--optimizer", "sgd,lr=1e-3"), 64,
        {"x": ((64, 784), "uniform"), "y": ((64,), 10)}, ("sgd", {"lr": 1e-3}), 5_824_522,
        (5_820_416, 1_605_632)),
}
