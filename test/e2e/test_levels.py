#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every level of optimization and every optimization left out trains the same; most to the same bits."""
import pathlib
import re
import tempfile

from support import Case, main
from probe import PROBE

# What only moves computations and memory about: passes, and choices within kernels.
EXACT = ("join-dispatches", "merge-small-dispatches", "read-padded", "update-in-place", "reuse-slots", "pipeline-updates")
EXACT_CHOICES = ("tile-registers", "merge-rows", "skip-borders", "pack-panels", "fold-lanes", "widen-reductions", "unroll-windows",
                 "collapse-loops", "hoist-loads", "transpose-blocks", "prefetch-operands")
# What may compute a value by another formula or add in another order.
CLOSE_CHOICES = ("block-reductions", "pair-products")
CLOSE = ("simplify", "fuse-elementwise", "sparse-pool-gradients", "split-strided-gradients", "choose-layouts", "choose-owners")


# No remarks tell of these: they leave what they do behind in the operations.
SILENT = ("simplify", "sparse-pool-gradients", "choose-layouts")
# Between them, every optimization applies: at sizes that this processor decides, where the machine has it.
PROCESSOR = "x86-64-v3" if re.search(r"\bavx2\b", pathlib.Path("/proc/cpuinfo").read_text()) else "native"
MODELS = {
    "wide": (["mlp", "--input", "520", "--hidden", "96"], 70, []),
    "narrow": (["mlp", "--input", "40", "--hidden", "24"], 24, ["--precision=bf16"]),
    "deep": (["mlp", "--input", "9000", "--hidden", "8"], 24, []),
    "images": (["lenet"], 16, []),
    "strided": (None, 8, []),
}


class Levels(Case):
    def losses(self, model, batch, *flags):
        self.succeeds("compile", model, f"--batch-size={batch}", *flags, "-o", "model.so")
        lines = self.succeeds("steps", "model.so", batch, 2, 20, "state.safetensors", program=PROBE).out.splitlines()
        return [float.fromhex(re.search(r"loss=([^/]+)/", line).group(1)) for line in lines]

    def trained(self, model, batch, *flags):
        """The losses of three steps, the same with 1, 2 and 4 threads and when stopped; and which optimizations applied."""
        err = self.succeeds("compile", model, f"--batch-size={batch}", f"--mcpu={PROCESSOR}", "--remarks-filter=.*", *flags,
                            "-o", "model.so").err
        runs, states = [], []
        for threads in (1, 2, 4):
            runs.append(self.succeeds("steps", "model.so", batch, threads, 3, "state.safetensors", program=PROBE).out)
            states.append((self.here / "state.safetensors").read_bytes())
        self.assertEqual(len(set(runs)), 1, f"{flags}: the metrics depend on the number of threads")
        self.assertEqual(len(set(states)), 1, f"{flags}: the state depends on the number of threads")
        folder = tempfile.mkdtemp(dir=self.here)
        self.succeeds("resume", "model.so", batch, 2 * batch, 2, folder, program=PROBE)
        losses = [float.fromhex(loss) for loss in re.findall(r"loss=([^/]+)/", runs[0])]
        return losses, set(re.findall(r"^remark: ([\w-]+):", err, re.MULTILINE))

    def check_close(self, what, losses, expected, tolerance):
        for step, (loss, other) in enumerate(zip(expected, losses, strict=True)):
            self.assertLessEqual(abs(other - loss), tolerance * abs(loss), f"{what}, step {step}")

    def test_each_left_out(self):
        named = self.refused(1, "those are", "compile", "--disable-pass=?", self.make_mlp(), "-o", "m.so").err
        names = re.search(r"those are (.*)", named).group(1).split(", ")
        self.assertEqual(set(names), {*EXACT, *CLOSE, *EXACT_CHOICES, *CLOSE_CHOICES}, "which are exact?")
        expected, applied = {}, {}
        for model, (words, batch, flags) in MODELS.items():
            if words:
                self.succeeds("new", *words, "-o", f"{model}.pb")
            else:
                self.succeeds(model, f"{model}.pb", program=PROBE)
            expected[model], applied[model] = self.trained(f"{model}.pb", batch, *flags)
        for name in names:
            if name in SILENT:
                continue  # test_mlp and others leave them out
            model = next((model for model in MODELS if name in applied[model]), None)
            if model is None:
                self.assertEqual(PROCESSOR, "native", f"{name} applies nowhere, so that it is not tested")
                continue
            _, batch, flags = MODELS[model]
            losses, still = self.trained(f"{model}.pb", batch, *flags, f"--disable-pass={name}")
            self.assertNotIn(name, still, "it was left out")
            exact = name in EXACT + EXACT_CHOICES
            self.check_close(f"{model} without {name}", losses, expected[model], 0 if exact else 1e-5)
        for level in ("-O0", "-O1"):
            losses, _ = self.trained("wide.pb", MODELS["wide"][1], level)
            self.check_close(level, losses, expected["wide"], 1e-5)

    def compare(self, batch):
        expected = self.losses("model.pb", batch)
        self.assertEqual(len(set(expected)), 20, "the losses do not change, so that nothing was compared")
        for name in EXACT:
            self.assertEqual(self.losses("model.pb", batch, f"--disable-pass={name}"), expected, name)
        for flags in [[f"--disable-pass={name}"] for name in CLOSE] + [["-O0"], ["-O1"]]:
            for step, (loss, other) in enumerate(zip(expected, self.losses("model.pb", batch, *flags))):
                self.assertLess(abs(other - loss), 1e-5 * abs(loss), f"{flags}, step {step}")
        self.assertEqual(self.losses("model.pb", batch, "-O3"), expected)

    def test_mlp(self):
        self.succeeds("new", "mlp", "--hidden", "33", "-o", "model.pb")
        self.compare(16)

    def test_updates_beside_sums(self):
        # Sums over 70 samples, of which some steps are left over; 57 columns end in a mask.
        self.succeeds("new", "mlp", "--input", "57", "--hidden", "33", "-o", "model.pb")
        self.compare(70)

    def test_dropout_and_adam(self):
        self.succeeds("model", "model.pb", program=PROBE)
        self.compare(24)

    def test_lenet(self):
        self.succeeds("new", "lenet", "-o", "model.pb")
        self.compare(4)

    def test_exact_resume_at_every_level(self):
        self.make_mlp()
        self.make_mnist()
        for level in ("-O0", "-O1", "-O2"):
            common = ("--data", "mnist:mnist", "--batch-size", "16", level)
            self.succeeds("train", "model.pb", *common, "--max-steps", "9", "--out", f"whole{level}")
            self.succeeds("train", "model.pb", *common, "--max-steps", "4", "--out", f"parts{level}")
            self.succeeds("train", "--out", f"parts{level}", "--resume", "--max-steps", "9")
            whole, parts = (self.checkpoints(run)[-1].read_bytes() for run in (f"whole{level}", f"parts{level}"))
            self.assertEqual(whole, parts, level)

    def test_remarks(self):
        self.succeeds("new", "mlp", "-o", "model.pb")
        err = self.succeeds("compile", "model.pb", "--batch-size=64", "--remarks-filter=dispatches|in-place", "-o", "m.so").err
        self.assertIn("remark: join-dispatches: Relu: joins ", err)
        self.assertIn("is written over its old value", err)
        self.assertNotIn("fuse-elementwise", err)
        self.refused(2, "is no regular expression", "compile", "model.pb", "--remarks-filter=[", "-o", "m.so")
        self.refused(1, "join-dispatches", "compile", "model.pb", "--disable-pass=join", "-o", "m.so")


if __name__ == "__main__":
    main()
