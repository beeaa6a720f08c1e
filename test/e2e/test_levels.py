#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every level of optimization and every optimization left out trains the same; most to the same bits."""
import re

from support import Case, main
from probe import PROBE

# What only moves computations and memory about.
EXACT = ("join-dispatches", "merge-small-dispatches", "update-in-place", "reuse-slots", "pipeline-updates")
# What may compute a value by another formula.
CLOSE = ("simplify", "fuse-elementwise", "sparse-pool-gradients", "split-strided-gradients", "choose-layouts", "choose-owners")


class Levels(Case):
    def losses(self, model, batch, *flags):
        self.succeeds("compile", model, f"--batch-size={batch}", *flags, "-o", "model.so")
        lines = self.succeeds("steps", "model.so", batch, 2, 20, "state.safetensors", program=PROBE).out.splitlines()
        return [float.fromhex(re.search(r"loss=([^/]+)/", line).group(1)) for line in lines]

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
