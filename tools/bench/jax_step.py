# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step in JAX on the CPU: a single jit, parameters and slots donated, images NHWC, the `rbg` generator.

The 2x2 maximum is taken by reshape, which on a CPU is faster than a reduction window; it shares a tie's gradient.
"""

import os

import measure
from workloads import WORKLOADS

LAYERS = {  # name -> (linear: inputs, outputs) or (convolution: kernel, inputs, outputs)
    "linreg": {"fc": (5, 1)},
    "mlp_adam": {"fc1": (784, 128), "fc2": (128, 10)},
    "mlp_sgd": {"fc1": (784, 512), "fc2": (512, 512), "fc3": (512, 10)},
    "mnist_cnn": {"c1": (3, 1, 32), "c2": (3, 32, 64), "fc1": (9216, 128), "fc2": (128, 10)},
    "vae": {"fc1": (784, 400), "fc21": (400, 20), "fc22": (400, 20), "fc3": (20, 400), "fc4": (400, 784)},
    "resnet18_cifar": {},  # filled below
    "cifar_lenet": {"c1": (5, 3, 6), "c2": (5, 6, 16), "fc1": (400, 120), "fc2": (120, 84), "fc3": (84, 10)},
}
BLOCKS = [(f"l{i}{j}", cin if j == 0 else cout, cout, 2 if cin != cout and j == 0 else 1)
          for i, (cin, cout) in enumerate(((64, 64), (64, 128), (128, 256), (256, 512))) for j in (0, 1)]


def resnet_layers():
    """Convolutions without bias, each with a normalization; the last layer is linear."""
    layers = {"stem": (3, 3, 64)}
    for name, cin, cout, _ in BLOCKS:
        layers |= {name + "a": (3, cin, cout), name + "b": (3, cout, cout)}
        if cin != cout:
            layers[name + "d"] = (1, cin, cout)
    return layers | {"fc": (512, 10)}


LAYERS["resnet18_cifar"] = resnet_layers()


def initial(np, workload):
    """U(-1, 1) / sqrt(fan in), as PyTorch's layers; kernels HWIO. With normalization: (weight, bias) instead of a bias."""
    rng, params = np.random.default_rng(1), {}
    for name, sizes in LAYERS[workload].items():
        shape = sizes if len(sizes) == 2 else (sizes[0], *sizes)
        bound = np.prod(shape[:-1]) ** -0.5
        params[name + ".w"] = rng.uniform(-bound, bound, shape).astype(np.float32)
        params[name + ".b"] = rng.uniform(-bound, bound, shape[-1:]).astype(np.float32)
        if workload == "resnet18_cifar" and len(sizes) == 3:
            params[name + ".g"], params[name + ".b"] = np.ones(shape[-1:], np.float32), np.zeros(shape[-1:], np.float32)
    return params


def initial_statistics(np, workload):
    """Running mean and variance of every normalization."""
    return {name: (np.zeros(sizes[-1], np.float32), np.ones(sizes[-1], np.float32))
            for name, sizes in LAYERS[workload].items() if workload == "resnet18_cifar" and len(sizes) == 3}


def make_resnet_loss(jax):
    jnp, relu = jax.numpy, jax.nn.relu

    def loss(p, statistics, key, x, y):
        updated = {}

        def layer(name, x, stride=1):
            pad = p[name + ".w"].shape[0] // 2
            x = jax.lax.conv_general_dilated(x, p[name + ".w"], (stride, stride), [(pad, pad)] * 2,
                                             dimension_numbers=("NHWC", "HWIO", "NHWC"))
            mean, count = x.mean((0, 1, 2)), x.size // x.shape[-1]
            variance = jnp.square(x - mean).mean((0, 1, 2))
            updated[name] = (0.9 * statistics[name][0] + 0.1 * mean,
                             0.9 * statistics[name][1] + 0.1 * variance * count / (count - 1))
            return (x - mean) * (jax.lax.rsqrt(variance + 1e-5) * p[name + ".g"]) + p[name + ".b"]

        x = relu(layer("stem", x))
        for name, cin, cout, stride in BLOCKS:
            identity = layer(name + "d", x, stride) if cin != cout else x
            x = relu(layer(name + "b", relu(layer(name + "a", x, stride))) + identity)
        out = x.mean((1, 2)) @ p["fc.w"] + p["fc.b"]
        return jnp.mean(jax.nn.logsumexp(out, -1) - jnp.take_along_axis(out, y[:, None], -1)[:, 0]), updated

    return loss


def make_vae_loss(jax):
    jnp, relu = jax.numpy, jax.nn.relu

    def linear(p, layer, x):
        return x @ p[layer + ".w"] + p[layer + ".b"]

    def loss(p, statistics, key, x):
        hidden = relu(linear(p, "fc1", x))
        mean, logvar = linear(p, "fc21", hidden), linear(p, "fc22", hidden)
        z = mean + jnp.exp(0.5 * logvar) * jax.random.normal(key, mean.shape)
        out = jax.nn.sigmoid(linear(p, "fc4", relu(linear(p, "fc3", z))))
        bce = -(x * jnp.maximum(jnp.log(out), -100) + (1 - x) * jnp.maximum(jnp.log(1 - out), -100)).sum()
        return bce - 0.5 * (1 + logvar - jnp.square(mean) - jnp.exp(logvar)).sum(), statistics

    return loss


def make_loss(jax, name):
    """loss(params, running statistics, key, **batch) -> (scalar, new statistics)."""
    if name == "vae":
        return make_vae_loss(jax)
    if name == "resnet18_cifar":
        return make_resnet_loss(jax)
    jnp, relu = jax.numpy, jax.nn.relu

    def linear(p, layer, x):
        return x @ p[layer + ".w"] + p[layer + ".b"]

    def conv(p, layer, x):
        y = jax.lax.conv_general_dilated(x, p[layer + ".w"], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + p[layer + ".b"]

    def pool(x):
        n, h, w, c = x.shape
        return x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))

    def dropout(key, x, rate):
        return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0.0)

    def network(p, key, x):
        if name == "mnist_cnn":
            key1, key2 = jax.random.split(key)
            x = pool(relu(conv(p, "c2", relu(conv(p, "c1", x)))))
            x = dropout(key1, x, 0.25).reshape(x.shape[0], -1)
            return linear(p, "fc2", dropout(key2, relu(linear(p, "fc1", x)), 0.5))
        if name == "cifar_lenet":
            x = pool(relu(conv(p, "c2", pool(relu(conv(p, "c1", x))))))
            x = x.reshape(x.shape[0], -1)
        layers = [layer for layer in LAYERS[name] if layer.startswith("fc")]
        for layer in layers[:-1]:
            x = relu(linear(p, layer, x))
        return linear(p, layers[-1], x)

    def loss(p, statistics, key, x, y):
        out = network(p, key, x)
        if name == "linreg":
            return jnp.square(out - y).mean(), statistics
        return jnp.mean(jax.nn.logsumexp(out, -1) - jnp.take_along_axis(out, y[:, None], -1)[:, 0]), statistics

    return loss


def make_update(jax, workload):
    """(init, update): init(params) -> slots, update(params, slots, grads) -> (params, slots)."""
    jnp, tree = jax.numpy, jax.tree.map
    kind, settings = workload.optimizer
    lr, momentum, decay = settings["lr"], settings.get("momentum"), settings.get("weight_decay")

    def zeros(params):
        return tree(jnp.zeros_like, params)

    def sgd(params, slots, grads):
        if decay:
            grads = tree(lambda p, g: g + decay * p, params, grads)
        if momentum:
            grads = slots = tree(lambda m, g: momentum * m + g, slots, grads)
        return tree(lambda p, g: p - lr * g, params, grads), slots

    def adam(params, slots, grads):
        first, second, t = slots
        t = t + 1
        first = tree(lambda m, g: 0.9 * m + (1 - 0.9) * g, first, grads)
        second = tree(lambda v, g: 0.999 * v + (1 - 0.999) * g * g, second, grads)
        scale, root = lr / (1 - 0.9 ** t), jnp.sqrt(1 - 0.999 ** t)
        new = tree(lambda p, m, v: p - scale * m / (jnp.sqrt(v) / root + 1e-8), params, first, second)
        return new, (first, second, t)

    def adadelta(params, slots, grads):
        square, delta = slots
        square = tree(lambda s, g: 0.9 * s + (1 - 0.9) * g * g, square, grads)
        change = tree(lambda g, d, s: g * jnp.sqrt(d + 1e-6) / jnp.sqrt(s + 1e-6), grads, delta, square)
        delta = tree(lambda d, c: 0.9 * d + (1 - 0.9) * c * c, delta, change)
        return tree(lambda p, c: p - lr * c, params, change), (square, delta)

    return {
        "sgd": (zeros if momentum else lambda params: {}, sgd),
        "adam": (lambda params: (zeros(params), zeros(params), jnp.zeros(())), adam),
        "adadelta": (lambda params: (zeros(params), zeros(params)), adadelta),
    }[kind]


def main():
    args = measure.arguments(("jit",))
    os.environ["JAX_PLATFORMS"] = "cpu"
    if args.threads == 1:  # pinning already sizes the pool; the flag keeps Eigen's work in the calling thread too
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    import numpy as np
    workload = WORKLOADS[args.workload]
    host = [{k: v.transpose(0, 2, 3, 1).copy() if v.ndim == 4 else v for k, v in batch.items()}
            for batch in measure.batches(workload, "int32")]

    def build():
        data = [jax.device_put(batch) for batch in host]
        params, statistics = jax.device_put((initial(np, args.workload), initial_statistics(np, args.workload)))
        count = sum(p.size for p in params.values())
        loss, (init, update) = make_loss(jax, args.workload), make_update(jax, workload)

        def whole(carry, batch):
            params, slots, statistics, key = carry
            key, sub = jax.random.split(key)
            (value, statistics), grads = jax.value_and_grad(loss, has_aux=True)(params, statistics, sub, **batch)
            params, slots = update(params, slots, grads)
            return (params, slots, statistics, key), value

        jitted = jax.jit(whole, donate_argnums=0)
        carry = [(params, init(params), statistics, jax.random.key(0, impl="rbg"))]

        def step(i):
            carry[0], value = jitted(carry[0], data[i % len(data)])
            return value

        return step, count

    measure.run(args.workload, jax.__version__, build, args.seconds)


if __name__ == "__main__":
    main()
