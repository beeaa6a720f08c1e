# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step in PyTorch on the CPU, in the fastest form that was found for each workload.

eager    fused optimizers where there is a CPU kernel (SGD, Adam); convolution nets in channels_last
compile  forward, gradient and a written-out update as one graph: faster than a compiled module with an eager optimizer,
         but not what a user's script has (optimizer.step() breaks the graph)

--precision bf16 computes the forward pass under torch.autocast, and so the backward pass in the precisions that it chose.
"""

import measure
from workloads import ALL

CHANNELS_LAST = ("mnist_cnn", "cifar_lenet", "resnet18_cifar")


def build_vae(nn):
    class Vae(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc21, self.fc22 = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
            self.fc3, self.fc4 = nn.Linear(20, 400), nn.Linear(400, 784)

        def forward(self, x):
            hidden = self.fc1(x).relu()
            mean, logvar = self.fc21(hidden), self.fc22(hidden)
            z = mean + (0.5 * logvar).exp() * mean.new_empty(mean.shape).normal_()
            return self.fc4(self.fc3(z).relu()).sigmoid(), mean, logvar

    return Vae()


def build_resnet18(nn):
    class Block(nn.Module):
        def __init__(self, cin, cout, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
            self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
            self.downsample = nn.Identity() if cin == cout else nn.Sequential(
                nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

        def forward(self, x):
            y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
            return (y + self.downsample(x)).relu()

    layers, cin = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()], 64
    for cout in (64, 128, 256, 512):
        layers += [Block(cin, cout, 1 if cin == cout else 2), Block(cout, cout, 1)]
        cin = cout
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def build_model(nn, name):
    if name == "vae":
        return build_vae(nn)
    if name == "resnet18_cifar":
        return build_resnet18(nn)
    if name == "linreg":
        return nn.Linear(5, 1)
    if name == "mlp_adam":
        return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    if name in ("mlp_sgd", "mlp_wide"):
        width = 512 if name == "mlp_sgd" else 2048
        return nn.Sequential(nn.Linear(784, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))
    if name == "mnist_cnn":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
            nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def make_loss(functional, name, model):
    """loss(**batch) of the model's outputs."""
    def vae(x):
        reconstruction, mean, logvar = model(x)
        bce = functional.binary_cross_entropy(reconstruction, x, reduction="sum")
        return bce - 0.5 * (1 + logvar - mean.pow(2) - logvar.exp()).sum()

    if name == "vae":
        return vae
    criterion = functional.mse_loss if name == "linreg" else functional.cross_entropy
    return lambda x, y: criterion(model(x), y)


def make_autocast(torch, loss_of):
    """`loss_of` with its contractions in bf16."""
    def cast(**batch):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return loss_of(**batch)

    return cast


def make_update(torch, workload, params):
    """update(grads) on plain tensors, to be traced. Bias corrections are running powers, so no step count is baked in."""
    kind, settings = workload.optimizer
    lr, momentum, decay = settings["lr"], settings.get("momentum"), settings.get("weight_decay")
    first = [torch.zeros_like(p) for p in params]
    second = [torch.zeros_like(p) for p in params]
    power1, power2 = torch.ones(()), torch.ones(())

    def sgd(grads):
        for p, g, m in zip(params, grads, first):
            g = g + decay * p if decay else g
            p.sub_(lr * (m.mul_(momentum).add_(g) if momentum else g))

    def adam(grads):
        power1.mul_(0.9)
        power2.mul_(0.999)
        scale, root = lr / (1 - power1), (1 - power2).sqrt()
        for p, g, m, v in zip(params, grads, first, second):
            m.mul_(0.9).add_(g, alpha=1 - 0.9)
            v.mul_(0.999).add_(g * g, alpha=1 - 0.999)
            p.sub_(scale * m / (v.sqrt() / root + 1e-8))

    def adadelta(grads):
        for p, g, square, delta in zip(params, grads, first, second):
            square.mul_(0.9).add_(g * g, alpha=1 - 0.9)
            change = g * (delta + 1e-6).sqrt() / (square + 1e-6).sqrt()
            delta.mul_(0.9).add_(change * change, alpha=1 - 0.9)
            p.sub_(lr * change)

    return {"sgd": sgd, "adam": adam, "adadelta": adadelta}[kind]


def eager_step(torch, workload, model, loss_of):
    kind, settings = workload.optimizer
    if kind == "adadelta":  # has no fused kernel
        optimizer = torch.optim.Adadelta(model.parameters(), **settings)
    else:
        optimizer = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[kind](model.parameters(), fused=True, **settings)

    def step(**batch):
        optimizer.zero_grad()
        loss = loss_of(**batch)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def compiled_step(torch, workload, model, loss_of):
    torch._dynamo.config.trace_autograd_ops = True
    params = list(model.parameters())
    update = make_update(torch, workload, params)

    @torch.compile(fullgraph=True, dynamic=False)
    def step(**batch):
        loss = loss_of(**batch)
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            update(grads)
        return loss.detach()

    return step


def main():
    args = measure.arguments(("eager", "compile"))
    import torch
    torch.set_num_threads(args.threads)
    workload = ALL[args.workload]
    layout = torch.channels_last if args.workload in CHANNELS_LAST else torch.contiguous_format

    def laid_out(array):
        tensor = torch.from_numpy(array)
        return tensor.contiguous(memory_format=layout) if tensor.ndim == 4 else tensor

    data = [{k: laid_out(v) for k, v in batch.items()} for batch in measure.batches(workload, "int64")]

    def build():
        torch.manual_seed(0)
        model = build_model(torch.nn, args.workload).to(memory_format=layout)
        loss_of = make_loss(torch.nn.functional, args.workload, model)
        loss_of = make_autocast(torch, loss_of) if args.precision == "bf16" else loss_of
        make = compiled_step if args.mode == "compile" else eager_step
        step = make(torch, workload, model, loss_of)
        return lambda i: step(**data[i % len(data)]), sum(p.numel() for p in model.parameters())

    measure.run(args.workload, torch.__version__, build, args.seconds)


if __name__ == "__main__":
    main()
