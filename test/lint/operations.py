# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every operation of `nn`, against the places that must know it: derivative, interpreter, round trip, gradient test.

usage: operations.py (reads the sources; an operation without a derivative says "No gradient" in its description)
"""
import re

import lint

DEFINITION = re.compile(r"^def Nn_(\w+Op)\s*:\s*(.*?)(?=^def |^class |^#endif|\Z)", re.M | re.S)
RULE = re.compile(r"\b(?:unary|binary|zero|rule|ruleFor)<(?:\w+::)*(\w+Op)\b")


def operations(files):
    """{class: (path, mnemonic, definition)} of the dialect."""
    found = {}
    for path, text in files.items():
        if path.startswith("dialects/nn/") and path.endswith(".td"):
            for name, body in DEFINITION.findall(text):
                mnemonic = re.search(r'<"(\w+)"', body)
                if mnemonic:
                    found[name] = (path, "nn." + mnemonic.group(1), body)
    return found


def text_of(files, folder, suffix):
    return "\n".join(text for path, text in files.items() if path.startswith(folder) and path.endswith(suffix))


def problems(files):
    known = operations(files)
    rules = set(RULE.findall(text_of(files, "compiler/autodiff/", ".cpp")))
    interpreter = set(re.findall(r"\b(\w+Op)\b", text_of(files, "codegen/reference/", ".cpp")))
    round_trip = text_of(files, "test/lit/dialects/nn/", "round-trip.mlir")
    cases = text_of(files, "test/unit/compiler/autodiff/", ".cpp")
    found = [f"compiler/autodiff: a rule for {name}, which the dialect does not define" for name in sorted(rules - set(known))]
    for name, (path, mnemonic, body) in known.items():
        short = mnemonic.removeprefix("nn.")
        without = re.search(r"\bno gradient\b|none: the result is", body, re.I)
        if bool(without) == (name in rules):
            found.append(f"{path}:1: {mnemonic} " + (
                "says that it has no gradient and has a rule in compiler/autodiff" if without else
                "has no rule in compiler/autodiff, and its description does not say 'No gradient'"))
        if name not in interpreter:
            found.append(f"{path}:1: {mnemonic} has no meaning in codegen/reference")
        if not re.search(rf"{re.escape(mnemonic)}\b", round_trip):
            found.append(f"{path}:1: {mnemonic} is missing in test/lit/dialects/nn/round-trip.mlir")
        if name in rules and not re.search(rf'nn\.{short}\b|"{short}"', cases):
            found.append(f"{path}:1: {mnemonic} has a rule and no gradient check in test/unit/compiler/autodiff")
    return found


CLEAN = {
    "dialects/nn/A.td": 'def Nn_AbsOp : Nn_UnaryOp<"abs", "x">;\n'
                        'def Nn_NotOp : Nn_UnaryOp<"not", "none: the result is boolean">;\n',
    "compiler/autodiff/A.cpp": "unary<AbsOp>(context, f);\n",
    "codegen/reference/A.cpp": ".Case([](nn::AbsOp) {}).Case([](nn::NotOp) {})\n",
    "test/lit/dialects/nn/round-trip.mlir": "nn.abs nn.not\n",
    "test/unit/compiler/autodiff/A.cpp": '{"abs", kAny}\n',
}
EXP = CLEAN["dialects/nn/A.td"] + 'def Nn_ExpOp : Nn_UnaryOp<"exp", "e^x">;\n'
lint.main(problems, CLEAN, [
    ({"dialects/nn/A.td": EXP}, "nn.exp has no rule"),
    ({"dialects/nn/A.td": EXP}, "nn.exp has no meaning"),
    ({"dialects/nn/A.td": EXP}, "nn.exp is missing in test/lit"),
    ({"test/unit/compiler/autodiff/A.cpp": ""}, "nn.abs has a rule and no gradient check"),
    ({"compiler/autodiff/A.cpp": "unary<AbsOp>(f);\nzero<NotOp>(f);\n"}, "nn.not says that it has no gradient and has"),
    ({"compiler/autodiff/A.cpp": "unary<AbsOp>(f);\nzero<TanOp>(f);\n"}, "a rule for TanOp"),
])
