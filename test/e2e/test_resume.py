#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Stopping after any step and resuming changes no bit: dropout, Adam, shuffled data, in the middle of epochs and at their ends."""
from support import Case, main
from probe import PROBE


class Resume(Case):
    def test_at_every_step(self):
        self.succeeds("model", "model.pb", program=PROBE)
        self.succeeds("compile", "model.pb", "--batch-size=10,4", "-o", "model.so")
        # 64 samples: an epoch is six batches of 10 and one of 4.
        self.succeeds("resume", "model.so", 10, 64, 50, self.here, program=PROBE)


if __name__ == "__main__":
    main()
