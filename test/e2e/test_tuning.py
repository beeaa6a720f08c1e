#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a search learned is a file, an explicit input of every compilation: equal inputs give equal bytes. No time is judged."""
import json

from support import Case, main


class Tuning(Case):
    def tuning(self, name="model.tuning", **changes):
        """A file for this processor, which the search of no time writes, with `changes`."""
        if not (self.here / "empty.tuning").exists():
            self.succeeds("compile", self.make_mlp(), "--batch-size=4", "--tune=0.01", "-o", "empty.so")
        fields = json.loads((self.here / "empty.tuning").read_text())
        return self.write(name, json.dumps(fields | changes)).name

    def compiled(self, *flags):
        ending = self.succeeds("compile", "model.pb", "--batch-size=4", *flags, "-o", "out.so")
        return (self.here / "out.so").read_bytes(), ending.err

    def test_search_writes_what_it_compiled_with(self):
        self.make_mlp()
        err = self.succeeds("compile", "model.pb", "--batch-size=4", "--tune=2", "-o", "a.so").err
        self.assertIn("wrote a.tuning", err)
        fields = json.loads((self.here / "a.tuning").read_text())
        self.assertEqual((fields["format"], fields["version"], fields["model"]), ("ntc-tuning", 1, "mlp"))
        first = self.compiled("--tuning=a.tuning")[0]
        self.assertTrue(first == self.compiled("--tuning=a.tuning")[0], "equal inputs give different bytes")
        self.assertTrue(first == (self.here / "a.so").read_bytes(), "the search compiled another program than its file")
        if fields["leave_out"] or fields["kernels"]:
            self.assertIn("sums may run in another order", err)

    def test_search_goes_on_from_its_file(self):
        kernel = {"kernel": "0123456789abcdef", "tile": [3, 2]}
        name = self.tuning(kernels=[kernel])
        self.succeeds("compile", "model.pb", "--batch-size=4", "--tune=0.01", "--tuning", name, "-o", "b.so")
        self.assertIn(kernel, json.loads((self.here / name).read_text())["kernels"], "an entry of another program is lost")
        self.assertFalse((self.here / "b.tuning").exists())

    def test_file_that_says_nothing(self):
        self.assertTrue(self.compiled("--tuning", self.tuning())[0] == self.compiled()[0])

    def test_pass_that_is_left_out(self):
        name = self.tuning(leave_out=["join-dispatches"])
        tuned = self.compiled("--tuning", name)[0]
        self.assertTrue(tuned == self.compiled("--disable-pass=join-dispatches")[0])
        self.assertFalse(tuned == self.compiled()[0])

    def test_key_of_the_cache(self):
        name = self.tuning(leave_out=["join-dispatches"])
        self.make_mnist()
        train = ["train", "model.pb", "--data=mnist:mnist", "--batch-size=32", "--max-steps=2"]
        for out, flags, word in (("a", [], "compiled mlp"), ("b", ["--tuning", name], "compiled mlp"), ("c", [], "cached mlp"),
                                 ("d", ["--tuning", name], "cached mlp")):
            self.assertIn(word, self.succeeds(*train, "--out", out, *flags).err, f"run {out}")
        tuned = {out: (self.here / out / "model.so").read_bytes() for out in "abcd"}
        self.assertTrue(tuned["a"] == tuned["c"] != tuned["b"] == tuned["d"])
        # The model of a run with a file is not what a run without one compiles, and the other way.
        ending = self.succeeds("train", "a", *train[2:], "--tuning", name, "--out", "e")
        self.assertTrue((self.here / "e/model.so").read_bytes() == tuned["b"], str(ending))

    def test_run_goes_on_with_its_own_code(self):
        name = self.tuning(leave_out=["join-dispatches"])
        self.make_mnist()
        train = ["train", "model.pb", "--data=mnist:mnist", "--batch-size=32", "--tuning", name]
        self.succeeds(*train, "--max-steps=4", "--out", "whole")
        self.succeeds(*train, "--max-steps=2", "--out", "halves")
        self.succeeds("train", "--out", "halves", "--resume", "--max-steps=4")
        self.succeeds("diff", "whole", "halves")

    def test_other_processor_is_left_out_with_a_note(self):
        name = self.tuning(processor="pentium4", leave_out=["join-dispatches"])
        tuned, err = self.compiled("--tuning", name)
        self.assertIn(f"note: {name} is not used: it was measured on 'pentium4'", err)
        self.assertTrue(tuned == self.compiled()[0])
        self.refused(2, [name, "'pentium4'"], "compile", "model.pb", "--tune=0.01", "--tuning", name)

    def test_broken_files(self):
        self.make_mlp()
        for text, fragment in (("", "byte"), ("{}", "no tuning file"), ("\0" * 100, "byte")):
            self.write("broken.tuning", text)
            self.refused(2, ["--tuning", "broken.tuning", fragment], "compile", "model.pb", "--tuning=broken.tuning")
            self.refused(2, ["--tuning", "broken.tuning", fragment], "bench", "model.pb", "--tuning=broken.tuning")
        name = self.tuning(kernels=[{"kernel": "0123456789abcdef", "tile": [3, 99]}])
        self.refused(2, [name, "kernels[0].tile"], "compile", "model.pb", "--tuning", name)
        self.refused(2, "no file nowhere.tuning", "compile", "model.pb", "--tuning=nowhere.tuning")
        self.refused(2, "nowhere.tuning", "bench", "model.pb", "--tuning=nowhere.tuning")

    def test_nothing_to_measure(self):
        self.make_mlp()
        self.succeeds("compile", "model.pb", "--compile-to=fused", "-o", "fused.mlir")
        self.refused(2, "--tune runs", "compile", "fused.mlir", "--compile-from=fused", "--tune=1")
        self.refused(2, "--tune runs", "compile", "model.pb", "--emit=asm", "--tune=1")
        self.refused(2, "--tune", "compile", "model.pb", "--tune=soon")


if __name__ == "__main__":
    main()
