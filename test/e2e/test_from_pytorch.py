#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whatever docs/from-pytorch.md promises is there: flags with their values, lines of recipes, C++ calls, verbs."""
import re

from support import Case, main, subprocess
from probe import SOURCE

# What the calls of the fourth column are made with.
CPP_CONTEXT = """
#include <ntc/data.hpp>
#include <ntc/metrics.hpp>
#include <ntc/nn/nn.h>
#include <ntc/schedule.hpp>
#include <ntc/search.hpp>
#include <ntc/train.hpp>
using namespace ntc;
using namespace ntc::train;
struct Squares : dataset::Dataset {
  int64_t size() const override { return 1; }
  std::vector<dataset::Field> fields() const override { return {}; }
  void get(int64_t, void *const *) const override {}
};
void rows(const data::Dataset &dataset, const data::Parts &parts, const data::Batch &batch, const FitOptions &options,
          const std::vector<float> &x, const std::vector<int64_t> &y, const std::vector<double> &weights, int64_t n, uint64_t seed,
          void *const *outputs, const std::string &model, const std::string &run, std::span<const int64_t> shape,
          const std::vector<int64_t> &truth, const std::vector<int64_t> &predicted, const std::vector<double> &scores,
          optim::LRScheduler &scheduler, search::Study &study, int64_t number, double loss, double valLoss,
          ntc::runtime::Session &session, const ntc::Program &program, bool (*print)(const Record &)) {
"""


class FromPytorch(Case):
    def setUp(self):
        super().setUp()
        page = (SOURCE / "docs" / "from-pytorch.md").read_text()
        # The other columns of the tables, as code.
        rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")]
        self.words = [word for row in rows for word in re.findall(r"`([^`]+)`", row[2])]
        self.calls = [word for row in rows for word in re.findall(r"`([^`<]+)`", row[4]) if "(" in word or "{" in word]
        self.lines = [word for row in rows for word in re.findall(r"`([^`]+)`", row[3]) if ":" in word or "{" in word]

    def helped(self, verb):
        return self.succeeds("help", verb).out

    def test_flags_exist(self):
        verbs = ("train", "eval", "predict", "export", "data", "summary", "plot", "lr-find", "sweep", "pack")
        known = "".join(self.helped(verb) for verb in verbs)
        flags = {flag for word in self.words for flag in re.findall(r"(?<!\S)--[a-z-]+", word)}
        self.assertGreater(len(flags), 40)
        for flag in flags:
            self.assertRegex(known, rf"(?m)^  {flag}\b", flag)
        for word in self.words:
            if word.startswith("ntc "):
                self.helped(word.split()[1])

    def test_values_are_taken(self):
        self.make_mlp()
        self.make_mnist()
        data = ("--data", "mnist:mnist", "--batch-size", "32", "--max-steps", "1", "--dry-run", "--val-split", "32",
                "--metrics", "f1")
        skipped = re.compile(r"--(data|weights|val-split|fold|transform|freeze|unfreeze|param-group|init|resume|sampler|epochs|"
                             r"max-|batch-size|out|grid|report|json|average|metrics|penalty)")
        taken = 0
        for word in self.words:
            flag = re.fullmatch(r"(--[a-z-]+)(?:[ =]'?([^' ]+)'?)?", word)
            if flag and flag.group(2) and not skipped.match(word):
                self.succeeds("train", "model.pb", *data, f"{flag.group(1)}={flag.group(2)}")
                taken += 1
        self.assertGreater(taken, 12)
        for flags in (("--init", "*.weight=kaiming_normal"), ("--unfreeze", "fc1.*@3"), ("--penalty", "*.weight:l1=1e-4"),
                      ("--param-group", "fc2.*:lr=10x,weight_decay=0", "--optimizer", "adamw"), ("--metrics", "f1,roc_auc"),
                      ("--average", "ema,decay=0.999"), ("--average", "swa,start=5"), ("--sampler", "weighted")):
            self.succeeds("train", "model.pb", *data, *flags)

    def test_cpp_calls_compile(self):
        self.assertGreater(len(self.calls), 70)
        self.write("rows.cpp", CPP_CONTEXT + "".join(f"  (void)({call});\n" for call in self.calls) + "}\n")
        ending = subprocess.run(["c++", "-std=c++20", "-fsyntax-only", "-Wall", "-Werror", "-Wno-unused-parameter", "rows.cpp",
                                 *(f"-I{SOURCE / part / 'include'}" for part in ("runtime", "frontend"))],
                                cwd=self.here, capture_output=True, text=True, check=False)
        self.assertEqual(ending.returncode, 0, ending.stderr)

    def test_lines_of_a_recipe_are_taken(self):
        self.make_mlp()
        self.assertGreater(len(self.lines), 40)
        lines = "\n".join(self.lines)
        fields = set(re.findall(r"(?m)^\w+", lines))
        self.assertGreaterEqual(fields, {"data", "val_split", "sampler", "optimizer", "loss", "schedule", "init", "seed", "clip"})
        for line in self.lines:
            self.write("train.textproto", line)
            ending = self.run_program("pack", "model.pb", "--spec", "train.textproto", "-o", "packed.pb")
            # Patterns of other networks fit no parameter here; what is no line of a recipe is said to be so.
            self.assertNotIn("train.textproto", ending.err, f"{line}\n{ending}")


if __name__ == "__main__":
    main()
