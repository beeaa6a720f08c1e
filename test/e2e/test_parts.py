#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The three parts of one data set, folds that keep the classes' shares, and which weights a run has in the end."""
import collections
import json

from support import Case, NTC_RUN, main


class Parts(Case):
    ROWS = 120

    def setUp(self):
        super().setUp()
        # The row's number is an input, so that predictions tell which rows a part has; classes 0, 1, 2 in shares 1/2, 1/3, 1/6.
        self.labels = [0 if row % 6 < 3 else 1 if row % 6 < 5 else 2 for row in range(self.ROWS)]
        lines = ["row,x,y"] + [f"{row / 100},{row % 7 / 7:.4f},{label}" for row, label in enumerate(self.labels)]
        self.write("table.csv", "\n".join(lines) + "\n")
        self.succeeds("new", "mlp", "--input", "2", "--hidden", "16", "--classes", "3", "-o", "model.pb")
        self.data = "csv:table.csv?target=y&task=classification"

    def train(self, out, *flags):
        return self.succeeds("train", "model.pb", "--data", self.data, "--batch-size", "16", "--epochs", "1", "--out", out, *flags)

    def run_json(self, run):
        return json.loads((self.here / run / "run.json").read_text())

    def rows(self, run, part):
        """Which rows a part of a run has, found by an identity of the two inputs: outputs of a linear layer on them."""
        self.succeeds("predict", run, *(["--part", part] if part else []), "-o", "part.npy")
        self.succeeds("predict", run, "--data", "csv:table.csv", "-o", "all.npy")
        whole = {row: index for index, row in enumerate(self.read_npy("all.npy"))}
        self.assertEqual(len(whole), self.ROWS)
        return [whole[row] for row in self.read_npy("part.npy")]

    def read_npy(self, name):
        data = (self.here / name).read_bytes()
        size = 10 + int.from_bytes(data[8:10], "little")
        return [data[at:at + 12] for at in range(size, len(data), 12)]

    def parts(self, run):
        return {part: self.rows(run, part) for part in ("train", "val", "test")}

    def check_disjoint(self, parts):
        every = sorted(row for rows in parts.values() for row in rows)
        self.assertEqual(every, list(range(self.ROWS)))
        for rows in parts.values():
            self.assertEqual(rows, sorted(rows), "in the data's order")

    def test_three_parts_of_one_set(self):
        for name, flags, sizes in (("counts", ("--test-split", "25", "--val-split", "15"), (80, 15, 25)),
                                   ("shares", ("--test-split", "20%", "--val-split", "0.1"), (84, 12, 24)),
                                   ("last", ("--test-split", "10,last", "--val-split", "20,last"), (90, 20, 10)),
                                   ("folds", ("--test-split", "20", "--fold", "2/4"), (75, 25, 20))):
            with self.subTest(name):
                self.train(name, *flags)
                parts = self.parts(name)
                self.check_disjoint(parts)
                self.assertEqual(tuple(map(len, parts.values())), sizes)
                self.assertEqual(self.rows(name, None), parts["test"])
                result = json.loads(self.succeeds("eval", name, "--json").out)
                self.assertEqual(result["samples"], sizes[2])
                self.assertEqual(json.loads(self.succeeds(name, "--eval", "--json", program=NTC_RUN).out)["loss"], result["loss"])
        self.assertEqual(self.rows("last", "test"), list(range(110, 120)))
        self.assertEqual(self.rows("last", "val"), list(range(90, 110)))

    def test_parts_follow_from_the_seed_and_keep_shares(self):
        flags = ("--test-split", "24,stratified", "--val-split", "24,stratified")
        self.train("a", *flags)
        self.train("b", *flags, "--val-split", "12")
        self.train("c", *flags, "--seed", "9")
        parts = self.parts("a")
        self.check_disjoint(parts)
        for part in ("val", "test"):
            self.assertEqual(collections.Counter(self.labels[row] for row in parts[part]), {0: 12, 1: 8, 2: 4})
        self.assertEqual(self.rows("b", "test"), parts["test"], "what validates does not change what tests")
        self.assertNotEqual(self.rows("c", "test"), parts["test"])
        self.succeeds("train", "--out", "a", "--resume", "--epochs", "2")
        self.assertEqual(self.rows("a", "test"), parts["test"])
        self.refused(2, "--test-split", "train", "--out", "a", "--resume", "--epochs", "3", "--test-split", "10")

    def test_stratified_folds(self):
        seen = []
        for fold in range(1, 5):
            self.train(f"fold{fold}", "--fold", f"{fold}/4,stratified")
            rows = self.rows(f"fold{fold}", "val")
            counts = collections.Counter(self.labels[row] for row in rows)
            self.assertEqual(counts, {0: 15, 1: 10, 2: 5})
            seen += rows
        self.assertEqual(sorted(seen), list(range(self.ROWS)))
        self.succeeds("train", "--out", "fold2", "--resume", "--epochs", "2", "--fold", "2/4,stratified")
        self.refused(2, "--fold 2/4,stratified", "train", "--out", "fold2", "--resume", "--epochs", "3", "--fold", "2/4")
        self.write("sweep.textproto", f"""model: "model.pb" options {{ key: "data" value: "{self.data}" }}
            options {{ key: "epochs" value: "1" }} options {{ key: "batch-size" value: "16" }} folds: 4 stratified: true parallel: 1
            parameter {{ name: "lr" choice: "0.001" }} method: GRID""")
        self.succeeds("sweep", "sweep.textproto", "--out", "sweep")
        self.assertEqual(self.rows("sweep/trial-0000/fold-2", "val"), self.rows("fold2", "val"))
        self.assertTrue(self.run_json("sweep/trial-0000/fold-2")["stratified"])

    def test_parts_that_are_not_there(self):
        self.train("plain")
        self.refused(2, ["'plain' has no test part", "--test-split"], "eval", "plain")
        self.refused(2, ["'plain' has no validation part"], "eval", "plain", "--part", "val")
        self.refused(2, "exclude each other", "eval", "plain", "--part", "train", "--data", self.data)
        self.refused(2, ["--part", "train, val or test"], "predict", "plain", "--part", "tset", "-o", "out.csv")
        self.refused(2, ["--test-split", "leaves nothing"], "train", "model.pb", "--data", self.data, "--test-split", "120")
        self.refused(2, ["--val-split 60", "leaves nothing"], "train", "model.pb", "--data", self.data, "--test-split", "60",
                     "--val-split", "60")
        self.refused(2, ["--test-split", "the fold '1/2'"], "train", "model.pb", "--data", self.data, "--test-split", "1/2")
        self.train("kept", "--test-split", "20")
        self.write("table.csv", "row,x,y\n" + "1,2,0\n2,3,1\n3,4,2\n" * 20)
        self.refused(2, "the data has changed", "eval", "kept")

    def test_the_weights_in_the_end(self):
        stop = "patience=2,monitor=val_loss,min_delta=100"  # stops two epochs after the first
        self.train("best", "--val-split", "24", "--epochs", "9", "--lr", "0.05", f"--early-stop={stop}")
        self.train("last", "--val-split", "24", "--epochs", "9", "--lr", "0.05", f"--early-stop={stop},restore_best=false")
        for run in ("best", "last"):
            best = json.loads(self.succeeds("eval", run, "--part", "val", "--checkpoint", "best", "--json").out)["loss"]
            last = json.loads(self.succeeds("eval", run, "--part", "val", "--checkpoint", "latest", "--json").out)["loss"]
            ours = json.loads(self.succeeds("eval", run, "--part", "val", "--json").out)["loss"]
            self.assertEqual(ours, best if run == "best" else last)
        records = [json.loads(line) for line in (self.here / "last" / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual(len(records), 3)
        self.assertEqual(records[-1]["val_loss"], last)


if __name__ == "__main__":
    main()
