#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mistakes on the command line: exit 2, the nearest right word, where to read more."""
from support import NTC, NTC_RUN, Case, main, subprocess

VERBS = ("new", "pack", "compile", "train", "eval", "predict", "export", "summary", "plan", "inspect", "data", "ops", "diff",
         "bench", "profile", "doctor")


class Words(Case):
    def test_no_words(self):
        ending = self.run_program()
        self.assertEqual(ending.code, 2)
        self.assertIn("usage: ntc", ending.err)

    def test_help_names_every_verb(self):
        ending = self.succeeds("help")
        for verb in VERBS:
            self.assertIn(f"  {verb} ", ending.out)

    def test_every_verb_has_help(self):
        for verb in VERBS:
            text = self.succeeds("help", verb).out
            self.assertEqual(text, self.succeeds(verb, "--help").out)
            self.assertTrue(text.startswith(f"usage: ntc {verb}"), text)
            self.assertIn("options:", text)

    def test_version(self):
        text = self.succeeds("--version").out
        self.assertRegex(text, r"^ntc \d+\.\d+\.\d+ \(.+\)\nLLVM 22\.")

    def test_misspelt_verb(self):
        self.refused(2, "did you mean 'compile'?", "complie", "model.pb")

    def test_misspelt_flag(self):
        for verb in ("train", "bench", "plan"):
            self.refused(2, "did you mean '--batch-size'?", verb, "model.pb", "--batchsize", "4")

    def test_flag_that_others_call_so(self):
        self.refused(2, "unknown flag '--learning-rate'; did you mean '--lr'?", "train", "model.pb", "--learning-rate", "1")
        self.refused(2, "did you mean '--loss'?", "compile", "model.pb", "--criterion", "mse")

    def test_metric_that_no_model_has(self):
        ending = self.refused(2, "flag '--metrics': unknown metric 'f2'", "train", "model.pb", "--metrics", "accuracy,f2")
        self.assertNotIn("compil", ending.err)

    def test_flag_without_value(self):
        self.refused(2, "--out", "new", "mlp", "--out")

    def test_too_many_words(self):
        self.refused(2, "b.pb", "compile", "a.pb", "b.pb")

    def test_output_that_is_full(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            code = subprocess.run([NTC, "ops"], stdout=full, stderr=subprocess.DEVNULL, check=False).returncode
        self.assertEqual(code, 1)


class Recipes(Case):
    def setUp(self):
        super().setUp()
        self.make_linear()
        self.make_csv()
        self.train = ("train", "model.pb", "--data", "csv:data.csv?target=y")

    def test_unknown_optimizer(self):
        self.refused(2, ["--optimizer", "did you mean 'adam'?"], *self.train, "--optimizer", "adan")

    def test_unknown_loss(self):
        self.refused(2, ["--loss", "did you mean 'mse'?"], *self.train, "--loss", "mce")

    def test_unknown_setting(self):
        self.refused(2, ["momentum"], *self.train, "--optimizer", "sgd,momentun=0.9")

    def test_learning_rates_that_are_no_rates(self):
        for rate in ("nan", "inf", "-1", "fast", ""):
            self.refused(2, "--lr", *self.train, f"--lr={rate}")
            self.refused(2, "--optimizer", *self.train, f"--optimizer=sgd,lr={rate}")

    def test_sizes_that_are_no_sizes(self):
        for size in ("0", "-1", "1.5", "many", "99999999999999999999"):
            self.refused(2, "--batch-size", *self.train, f"--batch-size={size}")

    def test_cuda(self):
        self.refused(2, "not available in this version", "compile", "model.pb", "--target=cuda")
        self.refused(2, "CPU", *self.train, "--device=cuda")
        self.refused(2, "not available in this version", "compile", "model.pb", "--emit=ptx")

    def test_a_loss_that_the_last_layer_does_not_fit_is_noted(self):
        for loss, other in (("bce", "bce_with_logits"), ("nll", "cross_entropy")):
            err = self.succeeds("new", "mlp", "--loss", loss, "-o", "odd.pb").err
            self.assertRegex(err, f"note: .*ends in Gemm 'fc2': use --loss {other}")
        self.assertNotIn("note:", self.succeeds("new", "mlp", "--loss", "cross_entropy", "-o", "even.pb").err)

    def test_unknown_processor(self):
        for words in (self.train, ("compile", "model.pb")):
            ending = self.refused(2, "flag '--mcpu': 'pentium-9000' is not a processor", *words, "--mcpu=pentium-9000")
            self.assertNotIn("not a recognized", ending.err)

    def test_unknown_family(self):
        self.refused(2, "did you mean", "new", "lenett")

    def test_unknown_phase_and_pass(self):
        self.refused(2, "did you mean 'fused'?", "compile", "model.pb", "--compile-to=fussed")
        self.refused(1, "no-such-pass", "compile", "model.pb", "--disable-pass=no-such-pass", "-o", "x.so")

    def test_step_flags_on_an_artifact(self):
        self.succeeds("compile", "model.pb", "--batch-size=20")
        for flag in ("--optimizer=adam", "--loss=l1", "--precision=f64", "--freeze=fc.*", "--clip-grad-norm=1",
                     "--clip-grad-value=1", "--param-group=fc*:lr=1", "--penalty=l1=1", "--log-grad-norm",
                     "--accumulate=2", "--average=ema", "--spec=x", "--unfreeze=fc.*@1"):
            self.refused(2, [flag.split("=")[0], "compiled into the artifact"], "train", "model.so", *self.train[2:], flag)
            self.refused(2, [flag.split("=")[0], "compiled into the artifact"], "model.so", *self.train[2:], flag,
                         program=NTC_RUN)

    def test_frozen_pattern_that_matches_nothing(self):
        self.refused(1, ["--freeze", "layer9"], *self.train, "--freeze", "layer9.*")
        self.refused(1, ["--unfreeze", "layer9"], *self.train, "--unfreeze", "layer9.*@2")
        self.refused(1, ["--unfreeze", "no parameter is trained in the first 2 epochs"], *self.train, "--unfreeze", "*@2")
        self.refused(2, ["--unfreeze", "PATTERN@EPOCH"], *self.train, "--unfreeze", "fc.*")
        self.refused(2, ["--unfreeze", "at least 1", "'0'"], *self.train, "--unfreeze", "fc.*@0")

    def test_groups_and_penalties_that_fit_nothing(self):
        self.refused(2, ["--param-group", "did you mean 'weight_decay'"], *self.train, "--param-group", "l*:weight_decey=0")
        self.refused(1, ["--param-group", "fc9*", "matches no trained parameter"], *self.train, "--param-group", "fc9*:lr=1")
        self.refused(2, ["--penalty", "l1"], *self.train, "--penalty", "*:l1=-1")
        self.refused(1, ["--penalty", "fc9*", "matches no trained parameter"], *self.train, "--penalty", "fc9*:l1=1")
        self.refused(2, "--clip-grad-value", *self.train, "--clip-grad-value=-1")
        self.refused(2, "--accumulate", *self.train, "--accumulate=0")
        self.refused(2, ["--average", "decay"], *self.train, "--average", "swa,decay=0.9")
        self.refused(2, ["--spec", "none.textproto"], *self.train, "--spec", "none.textproto")


if __name__ == "__main__":
    main()
