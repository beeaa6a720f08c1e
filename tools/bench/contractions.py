# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The contractions of training steps, read from the compiler's own program, and programs that hold one layer's alone.

The phase `optimized` of a model lists its matrix products, convolutions and gradients as operations of the dialect nn.
"""
import math
import re
import subprocess
from dataclasses import dataclass

from workloads import WORKLOADS

OPERATION = re.compile(r"= nn\.(matmul|conv|conv_dx|conv_dw) %(\w+), %(?:\w+)(?: (\{.*?\}))? : "
                       r"tensor<([0-9x]+)xf32>, tensor<([0-9x]+)xf32> -> tensor<([0-9x]+)xf32>")

STATE = """  train.state @{name} : {type} {{role = #train.role<parameter>,
    init = #train.uniform<low = -1.0 : f64, high = 1.0 : f64, op = {op}>}}"""
PROGRAM = """train.program @kernel {{
{states}
  train.entry @train_step.b1(%unused: tensor<1xf32> {{train.input = "x"}})
      attributes {{kind = #train.entry_kind<train_step>, batch_size = 1 : i64}} {{
{body}
    train.return
  }}
}}
"""
SMALL_FLOPS = 1 << 20  # twice what the compiler joins to one dispatch


def tensor(shape):
    return f"tensor<{''.join(f'{size}x' for size in shape)}f32>"


@dataclass(frozen=True)
class Contraction:
    """As the dialect nn writes it: operation, attributes, dimensions of both operands and of the result."""

    kind: str
    attributes: str
    lhs: tuple
    rhs: tuple
    result: tuple

    def numbers(self, name):
        found = re.search(rf"{name} = array<i64: ([0-9, ]+)>", self.attributes)
        return [int(word) for word in found[1].split(",")]

    def product(self):
        """Batch, M, N, K and which operands are transposed."""
        transposed = [int(f"transpose_{side}" in self.attributes) for side in ("lhs", "rhs")]
        *batch, m, n = self.result
        return math.prod(batch), m, n, self.lhs[-2 if transposed[0] else -1], transposed

    def convolution(self):
        """Dimensions of input, weight and output, whichever of them is the result."""
        return {"conv": (self.lhs, self.rhs, self.result), "conv_dx": (self.result, self.rhs, self.lhs),
                "conv_dw": (self.rhs, self.result, self.lhs)}[self.kind]

    def flops(self):
        """A multiply-add counts twice; products with zeros around an image count."""
        if self.kind == "matmul":
            batch, m, n, k, _ = self.product()
            return 2 * batch * m * n * k
        _, weight, output = self.convolution()
        return 2 * math.prod(output) * math.prod(weight[1:])

    def line(self):
        """What kernels.cpp reads."""
        if self.kind == "matmul":
            batch, m, n, k, transposed = self.product()
            return " ".join(map(str, ["matmul", batch, m, n, k, *transposed]))
        (n, c, h, w), (o, _, kh, kw), _ = self.convolution()
        return " ".join(map(str, [self.kind, n, c, h, w, o, kh, kw, *self.numbers("strides"), *self.numbers("pads_low"),
                                  *self.numbers("pads_high")]))

    def layer(self):
        """The same for a convolution and its gradients, another one for every matrix product."""
        return self.line() if self.kind == "matmul" else (self.attributes, self.convolution())

    def title(self):
        if self.kind == "matmul":
            batch, m, n, k, (first, second) = self.product()
            text = f"{m}x{n}x{k}" + ", Aᵀ" * first + ", Bᵀ" * second
            return f"{batch} times {text}" if batch > 1 else text
        (n, c, h, w), (o, _, kh, kw), _ = self.convolution()
        step, pad = self.numbers("strides")[0], self.numbers("pads_low")[0]
        return f"{n}x{c}x{h}x{w}, {o} of {kh}x{kw}" + f", stride {step}" * (step > 1) + f", padding {pad}" * (pad > 0)


@dataclass
class Count:
    """Workload -> how often a contraction occurs in its step; of them, how often behind the gradient of a pooling."""

    steps: dict
    winners: int = 0


def of_step(text):
    """The contractions of a program's training step, with True for those of a pooling's gradient."""
    step = text[text.index("train.entry @train_step"):]
    step = step[:step.index("train.return")]
    pooled = set(re.findall(r"%(\w+) = nn\.max_pool_dx", step))
    for kind, first, attributes, *shapes in OPERATION.findall(step):
        contraction = Contraction(kind, attributes, *(tuple(map(int, shape.split("x"))) for shape in shapes))
        if kind != "matmul" and ("groups" in attributes or len(contraction.lhs) != 4 or max(contraction.numbers("dilations")) > 1):
            raise SystemExit(f"error: kernels.cpp has no word for nn.{kind} {attributes}")
        yield contraction, first in pooled
    if step.count("nn.matmul") + step.count("nn.conv") != len(OPERATION.findall(step)):
        raise SystemExit("error: a contraction of the step was not understood")


def of_workloads(ntc, names, folder):
    """Contraction -> Count, in the order of the steps."""
    found = {}
    for name in names:
        workload, model = WORKLOADS[name], folder / f"{name}.pb"
        subprocess.run([ntc, "new", *workload.new, "-o", model], check=True, capture_output=True)
        text = subprocess.run([ntc, "compile", model, "--batch-size", str(workload.batch), "--compile-to=optimized", "-o", "-"],
                              check=True, capture_output=True, text=True).stdout
        for contraction, pooled in of_step(text):
            count = found.setdefault(contraction, Count({}))
            count.steps[name] = count.steps.get(name, 0) + 1
            count.winners += pooled
    return found


def layers(found):
    """Lists of contractions that one program holds."""
    groups = {}
    for contraction in found:
        groups.setdefault(contraction.layer(), []).append(contraction)
    return list(groups.values())


class Step:
    """The lines of a program. Activations come from an elementwise operation and go to a reduction: what enters or leaves a step
    is row-major, what stays in it has the layout that the compiler chooses, for an activation and its gradient the same. A weight
    enters, and its gradient leaves, as in a step."""

    def __init__(self):
        self.states, self.lines = {}, []

    def state(self, name, shape):
        self.states[name] = shape
        self.lines.append(f"%{name} = train.read @{name} : {tensor(shape)}")

    def activation(self, name, shape):
        self.state(f"{name}_state", shape)
        self.lines.append(f'%{name} = nn.relu %{name}_state : {tensor(shape)} loc("prepare")')

    def assign(self, name, shape):
        self.states[f"{name}_result"] = shape
        self.lines.append(f"train.assign @{name}_result, %{name} : {tensor(shape)}")

    def use(self, name, shape, kin):
        """Multiplies with `kin` and sums."""
        axes = ", ".join(map(str, range(len(shape))))
        self.lines += [f'%{name}_product = nn.mul %{name}, %{kin} : {tensor(shape)} loc("use")',
                       f'%{name}_sum = nn.reduce_sum %{name}_product {{axes = array<i64: {axes}>}} '
                       f': {tensor(shape)} -> tensor<f32> loc("use")']
        self.assign(f"{name}_sum", ())

    def contract(self, contraction, lhs, rhs):
        """The result is named, and located, as its kind."""
        kind, types = contraction.kind, [tensor(shape) for shape in (contraction.lhs, contraction.rhs, contraction.result)]
        self.lines.append(f'%{kind} = nn.{kind} %{lhs}, %{rhs} {contraction.attributes} : {types[0]}, {types[1]} -> {types[2]} '
                          f'loc("{kind}")')

    def text(self):
        states = "\n".join(STATE.format(name=name, type=tensor(shape), op=op)
                           for op, (name, shape) in enumerate(self.states.items()))
        return PROGRAM.format(states=states, body="\n".join("    " + line for line in self.lines))


def product_program(contraction):
    """The right operand is a weight, unless the left one is transposed: then the result is a weight's gradient."""
    step, is_gradient = Step(), "transpose_lhs" in contraction.attributes
    # What is small would be computed in one dispatch with all around it.
    is_small = contraction.flops() < SMALL_FLOPS
    (step.state if is_small else step.activation)("a", contraction.lhs)
    (step.activation if is_gradient and not is_small else step.state)("b", contraction.rhs)
    step.contract(contraction, "a", "b")
    if is_gradient or is_small:
        step.assign("matmul", contraction.result)
    else:
        step.activation("kin", contraction.result)
        step.use("matmul", contraction.result, "kin")
    return step.text()


def convolution_program(layer):
    """A convolution and those of its gradients that `layer` has."""
    step, (x, w, y) = Step(), layer[0].convolution()
    step.activation("x", x)
    step.state("w", w)
    step.activation("dy", y)
    for contraction in layer:
        step.contract(contraction, *{"conv": ("x", "w"), "conv_dx": ("dy", "w"), "conv_dw": ("dy", "x")}[contraction.kind])
        if contraction.kind == "conv_dw":
            step.assign("conv_dw", w)
        else:
            step.use(contraction.kind, contraction.result, "dy" if contraction.kind == "conv" else "x")
    return step.text()


def program(layer):
    """A training step in the phase `optimized` that holds the contractions of one layer."""
    return product_program(layer[0]) if layer[0].kind == "matmul" else convolution_program(layer)
