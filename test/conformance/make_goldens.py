# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains small networks in PyTorch and stores what the replay in TrainingTest.cpp compares with.

    python3 -m venv VENV && VENV/bin/pip install torch numpy
    VENV/bin/python test/conformance/make_goldens.py [--python VENV/bin/python] [--out test/conformance/goldens]

One safetensors file per case. Its metadata names the model, the optimizer in ntc's short form, what the recipe has beside it
(a TrainSpec in text form), the batch size and the number of steps; its tensors are
  losses.f64, losses.f32       PyTorch's losses of every batch
  param.NAME                   f64 values after the last step, all of them or the subset that `formulas.subset` picks
  norm.NAME                    f64 2-norm of the whole tensor
  distance.params              largest distance of PyTorch's f32 run from its f64 run over the values of param.*
  gradient.NAME                f64 gradient of the first step (gradient cases only)
  gradient_distance.NAME       largest distance of PyTorch's f32 gradient from it
"""

import argparse
import json
import os
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
STORED = 512  # elements of a tensor of the models in PARTLY
PARTLY = ("mlp", "vae")

CASES = {  # name -> (model, optimizer in ntc's short form, batch, steps)
    "linear_sgd": ("linear", "sgd,lr=1e-3", 20, 200),
    "mlp_sgd": ("mlp", "sgd,lr=0.01,momentum=0.9,weight_decay=5e-4", 32, 200),
    "mlp_adam": ("mlp", "adam,lr=1e-3", 32, 200),
    "mlp_adamw": ("mlp", "adamw,lr=1e-3,weight_decay=0.01", 32, 200),
    "cnn_adadelta": ("cnn", "adadelta,lr=1.0", 16, 200),
    "cnn_adam": ("cnn", "adam,lr=1e-3", 16, 200),
    "cnn_gradient": ("cnn", "sgd,lr=0.01,momentum=0.9", 16, 1),
    "residual_sgd": ("residual", "sgd,lr=0.01,momentum=0.9,weight_decay=5e-4", 16, 20),
    "residual_gradient": ("residual", "sgd,lr=0.01,momentum=0.9", 16, 1),
    "vae_adam": ("vae", "adam,lr=1e-3", 32, 200),
}


GROUPS = """optimizer { groups { name: "head" patterns: "fc2.*" lr_factor: 0.1 hyperparameters { key: "weight_decay" value: 0 } }
                        groups { name: "bias" patterns: "*.bias" hyperparameters { key: "lr" value: 0.02 } } }"""
PENALTIES = """penalties { patterns: "*.weight" l1: 1e-4 } penalties { patterns: "fc1.*" l1: 1e-5 l2: 1e-3 }"""

RECIPES = {  # case -> what its recipe has beside loss and optimizer; `Extras` does the same with PyTorch
    "mlp_groups": GROUPS,
    "mlp_clip": "clip { max_norm: 0.5 clip_value: 0.01 }",
    "mlp_clip_value": "clip { clip_value: 0.002 }",
    "mlp_penalty": PENALTIES,
    "mlp_accumulate": "clip { max_norm: 0.5 } accumulate: 4",
    "cnn_accumulate": "accumulate: 2",
    "mlp_accumulate_sum": 'loss { reduction: "sum" } penalties { patterns: "*.weight" l2: 0.02 } accumulate: 4',
    "mlp_accumulate_ignored": "loss { ignore_index: 3 } accumulate: 4",
    "mlp_ema": 'average { name: "ema" decay: 0.95 start: 10 }',
    "cnn_swa": 'average { name: "swa" every: 5 }',
}
EPOCH = 8  # steps of an epoch of the cases that unfreeze
UNFREEZE = {  # case -> epoch -> the layers that are trained from then on; the others are from the start
    "mlp_unfreeze": {1: ["fc1.bias", "fc2.bias"], 3: ["fc1.weight"]},
    "cnn_unfreeze": {1: ["conv2.weight", "bn2.weight", "bn2.bias"], 2: ["conv1.weight", "bn1.weight", "bn1.bias"]},
    "mlp_unfreeze_accumulate": {2: ["fc1.weight", "fc1.bias"]},
}
RECIPES |= {
    "mlp_unfreeze": """frozen: "fc1.*" unfreeze { patterns: "fc1.weight" epoch: 3 } unfreeze { patterns: "*.bias" epoch: 1 }
                       optimizer { groups { name: "bias" patterns: "fc1.bias" lr_factor: 0.5 } } clip { max_norm: 0.5 }""",
    "cnn_unfreeze": """unfreeze { patterns: "*2.*" epoch: 1 } unfreeze { patterns: "/(conv|bn).\\\\..*/" epoch: 2 }""",
    "mlp_unfreeze_accumulate": """unfreeze { patterns: "fc1.*" epoch: 2 } accumulate: 2""",
}
STATISTICS = 4  # batches of update_bn
CASES |= {
    "mlp_unfreeze": ("mlp", "adam,lr=1e-3,weight_decay=1e-3", 32, 100),
    "cnn_unfreeze": ("cnn", "sgd,lr=0.01,momentum=0.9,weight_decay=5e-4", 16, 20),
    "mlp_unfreeze_accumulate": ("mlp", "adam,lr=1e-3", 16, 60),
    "mlp_groups": ("mlp", "sgd,lr=0.05,momentum=0.9,weight_decay=1e-3", 32, 100),
    "mlp_clip": ("mlp", "sgd,lr=0.05,momentum=0.9", 32, 100),
    "mlp_clip_value": ("mlp", "adam,lr=1e-3", 32, 100),
    "mlp_penalty": ("mlp", "sgd,lr=0.05,momentum=0.9", 32, 100),
    "mlp_accumulate": ("mlp", "adam,lr=1e-3", 8, 100),
    "cnn_accumulate": ("cnn", "sgd,lr=0.01,momentum=0.9", 16, 20),
    "mlp_accumulate_sum": ("mlp", "sgd,lr=1e-3,momentum=0.9", 8, 50),
    "mlp_accumulate_ignored": ("mlp", "sgd,lr=0.05,momentum=0.9", 1, 50),
    "mlp_ema": ("mlp", "adam,lr=1e-3", 32, 100),
    "cnn_swa": ("cnn", "sgd,lr=0.01,momentum=0.9", 16, 20),
}


class Extras:
    """What RECIPES says, as a PyTorch script writes it."""

    def __init__(self, name):
        self.name = name

    def parameters(self, net, lr):
        if self.name == "mlp_unfreeze":
            return [{"params": [net.fc1.bias], "lr": 0.5 * lr}, {"params": [net.fc1.weight, *net.fc2.parameters()]}]
        if self.name != "mlp_groups":
            return net.parameters()
        return [{"params": net.fc2.parameters(), "lr": 0.1 * lr, "weight_decay": 0.0},
                {"params": [net.fc1.bias], "lr": 0.02}, {"params": [net.fc1.weight]}]

    def thaw(self, net, epoch):
        """Freezes before the first epoch what a later one trains, and thaws what this one begins to train."""
        parameters = dict(net.named_parameters())
        for first, names in UNFREEZE.get(self.name, {}).items():
            for name in names:
                parameters[name].requires_grad_(epoch >= first)

    def accumulate(self):
        return {"mlp_unfreeze_accumulate": 2,
                "mlp_accumulate": 4, "cnn_accumulate": 2, "mlp_accumulate_sum": 4, "mlp_accumulate_ignored": 4}.get(self.name, 1)

    def sums(self):
        """Whether the losses of the batches of a step are sums, joined as those of one batch would be."""
        return self.name in ("mlp_accumulate_sum", "mlp_accumulate_ignored")

    def criterion(self, torch):
        ignored = 3 if self.name == "mlp_accumulate_ignored" else -100
        return torch.nn.CrossEntropyLoss(reduction="sum" if self.sums() else "mean", ignore_index=ignored)

    def average(self, net):
        """The averaged model, and whether it is updated after a step (from 0)."""
        from torch.optim import swa_utils
        if self.name == "mlp_ema":
            ema = swa_utils.AveragedModel(net, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.95))
            return ema, lambda step: step >= 10
        if self.name == "cnn_swa":
            return swa_utils.AveragedModel(net), lambda step: step % 5 == 4
        return None, lambda step: False

    def penalty(self, net):
        if self.name == "mlp_accumulate_sum":
            return 0.02 * (net.fc1.weight.pow(2).sum() + net.fc2.weight.pow(2).sum())
        if self.name != "mlp_penalty":
            return 0.0
        absolute = 1e-4 * (net.fc1.weight.abs().sum() + net.fc2.weight.abs().sum())
        first = list(net.fc1.parameters())
        return absolute + sum(1e-5 * p.abs().sum() + 1e-3 * p.pow(2).sum() for p in first)

    def clip(self, torch, net):
        if self.name == "mlp_clip":
            torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            torch.nn.utils.clip_grad_value_(net.parameters(), 0.01)
        elif self.name in ("mlp_accumulate", "mlp_unfreeze"):
            torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        elif self.name == "mlp_clip_value":
            torch.nn.utils.clip_grad_value_(net.parameters(), 0.002)


def write_safetensors(path, tensors, metadata):
    """Tensors are f64 numpy arrays; the bytes depend on nothing else."""
    header, data = {"__metadata__": metadata}, b""
    for name in sorted(tensors):
        array = tensors[name]
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.astype("<f8").tobytes()
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def build(torch, model):
    from torch import nn
    from collections import OrderedDict as Layers
    if model == "linear":
        return nn.Sequential(Layers(linear=nn.Linear(5, 1)))
    if model == "vae":
        return vae(torch)
    if model == "residual":
        return residual(torch)
    if model == "mlp":
        return nn.Sequential(Layers(fc1=nn.Linear(784, 128), relu=nn.ReLU(), fc2=nn.Linear(128, 10)))
    return nn.Sequential(Layers(
        conv1=nn.Conv2d(1, 8, 3, bias=False), bn1=nn.BatchNorm2d(8), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(8, 16, 3, bias=False), bn2=nn.BatchNorm2d(16), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(), fc=nn.Linear(400, 10)))


def residual(torch):
    """A stem and two residual blocks, the second with a downsample branch, and global average pooling."""
    from torch import nn

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = ((1, 8, 3, 2), (8, 8, 3, 1), (8, 8, 3, 1), (8, 16, 3, 2), (16, 16, 3, 1), (8, 16, 1, 2))
            for i, (cin, cout, kernel, stride) in enumerate(sizes):
                setattr(self, f"conv{i}", nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False))
                setattr(self, f"bn{i}", nn.BatchNorm2d(cout))
            self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(16, 10)

        def forward(self, x):
            def layer(i, x):
                return getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x))
            x = torch.relu(layer(0, x))
            x = torch.relu(layer(2, torch.relu(layer(1, x))) + x)
            x = torch.relu(layer(4, torch.relu(layer(3, x))) + layer(5, x))
            return self.fc(torch.flatten(self.pool(x), 1))

    return Residual()


def vae(torch):
    """784-64-(8, 8)-64-784; forward takes the noise and returns reconstruction, mean and logarithm of the variance."""
    from torch import nn

    class Vae(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc21, self.fc22 = nn.Linear(784, 64), nn.Linear(64, 8), nn.Linear(64, 8)
            self.fc3, self.fc4 = nn.Linear(8, 64), nn.Linear(64, 784)

        def forward(self, x, noise):
            hidden = torch.relu(self.fc1(x))
            mean, logvar = self.fc21(hidden), self.fc22(hidden)
            z = mean + torch.exp(0.5 * logvar) * noise
            return torch.sigmoid(self.fc4(torch.relu(self.fc3(z)))), mean, logvar

    return Vae()


def vae_loss(torch, net, x, step, dtype):
    """Summed as in PyTorch's example, and divided by the batch as ntc reports sums."""
    import formulas
    noise = torch.from_numpy(formulas.normal(0, step, formulas.FIRST_RANDOM_OP, 8 * len(x))).to(dtype).reshape(-1, 8)
    reconstruction, mean, logvar = net(x, noise)
    bce = torch.nn.functional.binary_cross_entropy(reconstruction, x, reduction="sum")
    return bce - 0.5 * torch.sum(1 + logvar - mean.pow(2) - logvar.exp())


def make_optimizer(torch, text, extras, net):
    name, *settings = text.split(",")
    values = {key: float(value) for key, value in (setting.split("=") for setting in settings)}
    parameters = extras.parameters(net, values["lr"])
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
             "adadelta": torch.optim.Adadelta}
    return kinds[name](parameters, **values)


def batch_of(model, step, batch):
    import formulas
    if model == "linear":
        return formulas.regression(step, batch)
    return formulas.classification(step, batch, (784,) if model in PARTLY else (1, 28, 28))


def train(torch, case, dtype, extras):
    """Returns the losses, the final states and the first step's gradients, all as f64 numpy arrays."""
    import formulas
    import numpy as np
    model, optimizer_text, batch, steps = case
    net = build(torch, model)
    shapes = {k: tuple(v.shape) for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    values = formulas.initial_states(shapes)
    net.load_state_dict({k: torch.from_numpy(v) for k, v in values.items()}, strict=False)
    net = net.to(dtype).train()
    optimizer = make_optimizer(torch, optimizer_text, extras, net)
    criterion = torch.nn.MSELoss() if model == "linear" else extras.criterion(torch)
    losses, gradients = [], {}
    averaged, is_due = extras.average(net)
    joined = extras.accumulate()
    for step in range(steps * joined):
        x, y = (torch.from_numpy(array) for array in batch_of(model, step, batch))
        y = y.to(dtype) if y.is_floating_point() else y
        if step % joined == 0:
            optimizer.zero_grad()
            extras.thaw(net, step // joined // EPOCH)
        loss = vae_loss(torch, net, x.to(dtype), step, dtype) if model == "vae" else criterion(net(x.to(dtype)), y)
        updates = (step + 1) % joined == 0
        if extras.sums():  # as one batch: the penalty once, a mean's division by all that counts at the end
            (loss + extras.penalty(net) if updates else loss).backward()
            counted = int((y != criterion.ignore_index).sum())
            total = counted if step % joined == 0 else total + counted
            for p in net.parameters() if updates and criterion.ignore_index >= 0 else ():
                p.grad /= total
        else:
            ((loss + extras.penalty(net)) / joined).backward()
        if step == 0:
            gradients = {k: p.grad.double().numpy().copy() for k, p in net.named_parameters() if p.grad is not None}
        if updates:
            extras.clip(torch, net)
            optimizer.step()
        if is_due(step):
            averaged.update_parameters(net)
        losses.append(loss.item() / (batch if model == "vae" else max(counted, 1) if extras.sums() else 1))
    if averaged:
        batches = [torch.from_numpy(batch_of(model, step, batch)[0]).to(dtype) for step in range(STATISTICS)]
        torch.optim.swa_utils.update_bn(batches, averaged)
        net = averaged.module
    states = {k: v.double().numpy() for k, v in net.state_dict().items() if k in shapes}
    return np.array(losses), states, gradients


def golden(torch, name):
    import formulas
    import numpy as np
    case = CASES[name]
    losses64, states64, gradients64 = train(torch, case, torch.float64, Extras(name))
    losses32, states32, gradients32 = train(torch, case, torch.float32, Extras(name))
    tensors = {"losses.f64": losses64, "losses.f32": losses32}
    distance = 0.0
    for key, value in states64.items():
        picked = formulas.subset(value.size, STORED if case[0] in PARTLY else value.size)
        tensors["param." + key] = value.reshape(-1)[picked]
        tensors["norm." + key] = np.array(np.sqrt(np.sum(value * value)))
        distance = max(distance, np.abs(value - states32[key]).reshape(-1)[picked].max())
    tensors["distance.params"] = np.array(distance)
    if name.endswith("gradient"):
        for key, value in gradients64.items():
            tensors["gradient." + key] = value.reshape(-1)
            tensors["gradient_distance." + key] = np.array(np.abs(value - gradients32[key]).max())
    metadata = {"model": case[0], "optimizer": case[1], "batch": str(case[2]), "steps": str(case[3]),
                "torch": torch.__version__}
    if name in RECIPES:
        metadata["recipe"] = " ".join(RECIPES[name].split())
    return tensors, metadata


def main():
    parser = argparse.ArgumentParser(description="Writes the golden files of the conformance tests.")
    parser.add_argument("--python", help="interpreter with PyTorch, when this one has none")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "goldens")
    parser.add_argument("--only", default="", help="comma-separated cases")
    args = parser.parse_args()
    if args.python and os.path.abspath(args.python) != os.path.abspath(sys.executable):
        rest = ["--out", str(args.out)] + (["--only", args.only] if args.only else [])
        os.execv(args.python, [args.python, str(pathlib.Path(__file__).resolve()), *rest])
    import torch
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.only.split(",") if args.only else CASES:
        tensors, metadata = golden(torch, name)
        write_safetensors(args.out / f"{name}.safetensors", tensors, metadata)
        losses = tensors["losses.f64"]
        print(f"{name}: loss {losses[0]:.6f} -> {losses[-1]:.6f}, f32 at most "
              f"{abs(tensors['losses.f32'] - losses).max():.2e} away", flush=True)


if __name__ == "__main__":
    main()
