#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The memory that `ntc plan` states is the memory that a session takes, to the byte, and no step takes more."""
import json

from support import Case, main
from probe import PROBE


class Memory(Case):
    def measure(self, family, batch, steps):
        self.succeeds("new", family, "-o", "model.pb")
        self.succeeds("compile", "model.pb", f"--batch-size={batch}", "-o", "model.so")
        plan = json.loads(self.succeeds("plan", "model.so", "--json").out)
        real = json.loads(self.succeeds("memory", "model.so", batch, steps, program=PROBE).out)
        what = f"{family} at batch size {batch}: {plan['arena_bytes']} planned, {real}"
        self.assertEqual(plan["arena_bytes"], real["peak_bytes"], what)
        self.assertEqual(real["bound_bytes"], real["peak_bytes"], what)
        self.assertEqual(real["bound_bytes"], real["live_bytes"], what)
        self.assertEqual(real["bound_allocations"], 1, what)
        self.assertEqual(real["allocations"], 1, what)
        self.assertEqual(real["heap_in_steps"], 0, what)
        # The values that are live at once are what the arena is for; alignment and fragments are the rest.
        self.assertLessEqual(plan["peak_bytes"], plan["arena_bytes"], what)

    def test_mlp(self):
        for batch, steps in ((1, 4), (32, 4), (256, 4)):
            self.measure("mlp", batch, steps)

    def test_cnn(self):
        for batch, steps in ((1, 3), (32, 2), (256, 1)):
            self.measure("cnn", batch, steps)

    def test_lenet(self):
        for batch, steps in ((1, 4), (32, 3), (256, 2)):
            self.measure("lenet", batch, steps)

    def test_guard_pages_and_dead_memory(self):
        for family, batch in (("mlp", 32), ("cnn", 2), ("lenet", 4)):
            self.succeeds("new", family, "-o", "model.pb")
            self.succeeds("compile", "model.pb", f"--batch-size={batch}", "-o", "model.so")
            self.succeeds("check", "model.so", batch, 3, program=PROBE)


if __name__ == "__main__":
    main()
