#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The number of threads changes no bit of losses, parameters and moments."""
from support import Case, main
from probe import PROBE


class Threads(Case):
    def compare(self, artifact, batch, steps):
        results = {}
        for threads in (1, 2, 4):
            losses = self.succeeds("steps", artifact, batch, threads, steps, f"{threads}.safetensors", program=PROBE).out
            self.assertEqual(losses.count("\n"), steps)
            results[threads] = (losses, (self.here / f"{threads}.safetensors").read_bytes())
        for threads in (2, 4):
            self.assertEqual(results[threads][0], results[1][0], f"losses with {threads} threads and with 1")
            self.assertEqual(results[threads][1], results[1][1], f"checkpoints with {threads} threads and with 1")
        return results[1][0].splitlines()

    def test_dropout_and_adam(self):
        self.succeeds("model", "model.pb", program=PROBE)
        self.succeeds("compile", "model.pb", "--batch-size=48", "-o", "model.so")
        losses = self.compare("model.so", 48, 60)
        self.assertEqual(len(set(losses)), 60, "the losses do not change, so that nothing was compared")

    def test_mlp(self):
        self.succeeds("new", "mlp", "-o", "model.pb")
        self.succeeds("compile", "model.pb", "--batch-size=64", "-o", "model.so")
        self.compare("model.so", 64, 20)

    def test_cnn(self):
        self.succeeds("new", "cnn", "-o", "model.pb")
        self.succeeds("compile", "model.pb", "--batch-size=8", "-o", "model.so")
        self.compare("model.so", 8, 5)


if __name__ == "__main__":
    main()
