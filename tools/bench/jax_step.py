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
    "cifar_lenet": {"c1": (5, 3, 6), "c2": (5, 6, 16), "fc1": (400, 120), "fc2": (120, 84), "fc3": (84, 10)},
}


def initial(np, layers):
    """U(-1, 1) / sqrt(fan in), as PyTorch's layers; kernels HWIO."""
    rng, params = np.random.default_rng(1), {}
    for name, sizes in layers.items():
        shape = sizes if len(sizes) == 2 else (sizes[0], *sizes)
        bound = np.prod(shape[:-1]) ** -0.5
        params[name + ".w"] = rng.uniform(-bound, bound, shape).astype(np.float32)
        params[name + ".b"] = rng.uniform(-bound, bound, shape[-1:]).astype(np.float32)
    return params


def make_loss(jax, name):
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

    def loss(p, key, x, y):
        out = network(p, key, x)
        if name == "linreg":
            return jnp.square(out - y).mean()
        return jnp.mean(jax.nn.logsumexp(out, -1) - jnp.take_along_axis(out, y[:, None], -1)[:, 0])

    return loss


def make_update(jax, workload):
    """(init, update): init(params) -> slots, update(params, slots, grads) -> (params, slots)."""
    jnp, tree = jax.numpy, jax.tree.map
    kind, settings = workload.optimizer
    lr, momentum = settings["lr"], settings.get("momentum")

    def zeros(params):
        return tree(jnp.zeros_like, params)

    def sgd(params, slots, grads):
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
        params = jax.device_put(initial(np, LAYERS[args.workload]))
        count = sum(p.size for p in params.values())
        loss, (init, update) = make_loss(jax, args.workload), make_update(jax, workload)

        def whole(carry, batch):
            params, slots, key = carry
            key, sub = jax.random.split(key)
            value, grads = jax.value_and_grad(loss)(params, sub, **batch)
            params, slots = update(params, slots, grads)
            return (params, slots, key), value

        jitted = jax.jit(whole, donate_argnums=0)
        carry = [(params, init(params), jax.random.key(0, impl="rbg"))]

        def step(i):
            carry[0], value = jitted(carry[0], data[i % len(data)])
            return value

        return step, count

    measure.run(args.workload, jax.__version__, build, args.seconds)


if __name__ == "__main__":
    main()
