# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Steps PyTorch's optimizers and stores what OptimizerFunctionsTest.cpp compares with.

    VENV/bin/python test/conformance/make_optimizers.py [--out test/conformance/goldens/optimizers.safetensors]

One tensor per case, named by the optimizer's short form: the f64 value of one parameter, which begins at 0.7, after each of 200
steps with the gradients of `gradient`.
"""
import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
STEPS = 200


def gradient(step):
    """Of changing sign and size; exact in binary, the same in OptimizerFunctionsTest.cpp."""
    return ((step * 37) % 23 - 11) / 8 * 2.0 ** -(step % 7 * 2)


class Lion:
    """Algorithm 2 of Chen et al. 2023 (arXiv:2302.06675); PyTorch has none."""

    def __init__(self, parameters, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        self.parameter, self.lr, self.betas, self.decay, self.average = parameters[0], lr, betas, weight_decay, 0.0

    def step(self):
        (first, second), g = self.betas, self.parameter.grad
        direction = (first * self.average + (1 - first) * g).sign()
        self.parameter.data.mul_(1 - self.lr * self.decay).sub_(self.lr * direction)
        self.average = second * self.average + (1 - second) * g


def cases(o):
    return {
        "sgd,lr=0.1,momentum=0.9,weight_decay=0.01,nesterov": lambda p: o.SGD(p, 0.1, 0.9, weight_decay=0.01, nesterov=True),
        "sgd,lr=0.1,momentum=0.9,dampening=0.3": lambda p: o.SGD(p, 0.1, 0.9, dampening=0.3),
        "adam,lr=0.01": lambda p: o.Adam(p, 0.01),
        "adam,lr=0.01,betas=0.8:0.95,eps=1e-3,weight_decay=0.1": lambda p: o.Adam(p, 0.01, (0.8, 0.95), 1e-3, 0.1),
        "adamw,lr=0.01": lambda p: o.AdamW(p, 0.01),
        "adadelta,lr=0.5,rho=0.8,weight_decay=0.1": lambda p: o.Adadelta(p, 0.5, 0.8, weight_decay=0.1),
        "rmsprop": lambda p: o.RMSprop(p),
        "rmsprop,lr=0.02,alpha=0.9,eps=1e-4,momentum=0.8,weight_decay=0.05": lambda p: o.RMSprop(
            p, 0.02, 0.9, 1e-4, 0.05, momentum=0.8),
        "adagrad": lambda p: o.Adagrad(p),
        "adagrad,lr=0.1,lr_decay=0.01,eps=1e-6,weight_decay=0.05": lambda p: o.Adagrad(p, 0.1, 0.01, 0.05, eps=1e-6),
        "adamax": lambda p: o.Adamax(p),
        "adamax,lr=0.01,betas=0.8:0.95,eps=1e-4,weight_decay=0.05": lambda p: o.Adamax(p, 0.01, (0.8, 0.95), 1e-4, 0.05),
        "radam": lambda p: o.RAdam(p),
        "radam,lr=0.02,betas=0.8:0.95,eps=1e-4,weight_decay=0.05": lambda p: o.RAdam(p, 0.02, (0.8, 0.95), 1e-4, 0.05),
        "radam,lr=0.02,betas=0.9:0.5": lambda p: o.RAdam(p, 0.02, (0.9, 0.5)),
        "nadam": lambda p: o.NAdam(p),
        "nadam,lr=0.02,betas=0.8:0.95,eps=1e-4,weight_decay=0.05,momentum_decay=0.01": lambda p: o.NAdam(
            p, 0.02, (0.8, 0.95), 1e-4, 0.05, 0.01),
        "lion": lambda p: Lion(p),
        "lion,lr=0.01,betas=0.8:0.95,weight_decay=0.1": lambda p: Lion(p, 0.01, (0.8, 0.95), 0.1),
    }


def main():
    import numpy
    import torch
    from make_goldens import write_safetensors
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "goldens" / "optimizers.safetensors")
    options = parser.parse_args()
    torch.set_default_dtype(torch.float64)  # NAdam keeps the product of its momenta in it
    tables = {}
    for text, make in cases(torch.optim).items():
        parameter = torch.tensor([0.7], dtype=torch.float64, requires_grad=True)
        optimizer, values = make([parameter]), []
        for step in range(STEPS):
            parameter.grad = torch.tensor([gradient(step)], dtype=torch.float64)
            optimizer.step()
            values.append(parameter.item())
        tables[text] = numpy.array(values)
    write_safetensors(options.out, tables, {"torch": torch.__version__})
    print(f"{options.out}: {len(tables)} cases")


if __name__ == "__main__":
    main()
