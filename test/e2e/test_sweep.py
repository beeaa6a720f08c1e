# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Searches: one program for many trials, the same results whenever they were stopped, mistakes refused by name."""
import csv
import json
import signal
import time

import support

SPEC = """
family: "mlp"
options { key: "data" value: "mnist:%s" }
options { key: "val-split" value: "16" }
options { key: "batch-size" value: "16" }
options { key: "epochs" value: "%d" }
parameter { name: "lr" real { low: 1e-4 high: 1e-1 log: true } }
parameter { name: "weight_decay" real { low: 1e-6 high: 1e-2 log: true } }
parameter { name: "hidden" choice: "4" choice: "8" }
metric: "val_accuracy"
seed: 3
parallel: 2
threads: 1
"""


class SweepTest(support.Case):
    def setUp(self):
        super().setUp()
        self.make_mnist()

    def spec(self, more, epochs=1):
        self.write("sweep.textproto", SPEC % (self.here / "mnist", epochs) + more)

    def results(self, folder):
        return json.loads((self.here / folder / "results.json").read_text())

    def test_thirty_trials_compile_once_per_program(self):
        self.environment = dict(self.environment, XDG_CACHE_HOME=str(self.here / "cache"))  # with nothing in it
        self.spec("trials: 30")
        ending = self.succeeds("sweep", "sweep.textproto", "--out", "s")
        self.assertIn("30 trials, the best shown, 2 programs (2 compiled now)", ending.out)
        found = self.results("s")
        self.assertEqual(found["programs"], 2)
        self.assertEqual(len(found["trials"]), 30)
        self.assertEqual({trial["state"] for trial in found["trials"]}, {"complete"})
        values = [trial["value"] for trial in found["trials"]]
        self.assertEqual(values, sorted(values, reverse=True))
        with open(self.here / "s" / "results.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 30)
        self.assertIn("<svg", (self.here / "s" / "report.html").read_text())
        run = json.loads((self.here / "s" / "trial-0000" / "run.json").read_text())
        self.assertIn("weight_decay", run["controls"])
        again = self.succeeds("sweep", "--resume", "--out", "s")
        self.assertIn("30 trials, the best shown, 2 programs (0 compiled now)", again.out)
        self.refused(2, "holds a sweep already", "sweep", "sweep.textproto", "--out", "s")

    def test_survives_kill_9_and_ends_as_if_it_had_not(self):
        self.spec("trials: 6 method: RANDOM", epochs=8)
        self.succeeds("sweep", "sweep.textproto", "--out", "whole")
        process = self.start("sweep", "sweep.textproto", "--out", "killed")
        for _ in range(600):
            if list(self.here.glob("killed/trial-0002/checkpoints/*")):
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with open(self.here / "killed" / "trials.jsonl", "a") as journal:
            journal.write('{"event":"rung","tri')  # a line that the kill cut short
        self.succeeds("sweep", "--resume", "--out", "killed")
        strip = [[{key: trial[key] for key in ("trial", "values", "value", "state")} for trial in self.results(folder)["trials"]]
                 for folder in ("whole", "killed")]
        self.assertEqual(strip[0], strip[1])

    def test_a_search_of_thirty_goes_on_after_kill_9(self):
        self.spec("trials: 30")  # by TPE, which learns from the trials before
        process = self.start("sweep", "sweep.textproto", "--out", "killed")
        for _ in range(1200):
            if (self.here / "killed" / "trial-0015").exists():
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        journal = (self.here / "killed" / "trials.jsonl").read_text().rpartition("\n")[0].splitlines()
        events = [json.loads(line) for line in journal]
        ended = {event["trial"] for event in events if event.get("state") == "complete"}
        kept = {event["trial"]: event["value"] for event in events if event["event"] == "rung" and event["trial"] in ended}
        self.assertIn(len(kept), range(10, 30))
        self.succeeds("sweep", "--resume", "--out", "killed")
        found = self.results("killed")
        self.assertEqual((len(found["trials"]), found["programs"]), (30, 2))
        self.assertEqual({trial["state"] for trial in found["trials"]}, {"complete"})
        for trial in found["trials"]:
            self.assertEqual(kept.get(trial["trial"], trial["value"]), trial["value"])

    def test_halving_stops_most_trials_early(self):
        self.spec("trials: 9 method: RANDOM halving { min_epochs: 1 factor: 3 synchronous: true }", epochs=9)
        self.succeeds("sweep", "sweep.textproto", "--out", "s")
        epochs = sorted(trial["epochs"] for trial in self.results("s")["trials"])
        self.assertEqual(epochs, [1] * 6 + [3] * 2 + [9])

    def test_cross_validation_has_mean_and_deviation(self):
        self.write("cv.textproto", """
            family: "mlp" options { key: "data" value: "mnist:%s" } options { key: "hidden" value: "4" }
            options { key: "batch-size" value: "16" } options { key: "epochs" value: "1" } method: GRID folds: 3
            parameter { name: "lr" choice: "0.01" choice: "0.001" }""" % (self.here / "mnist"))
        table = self.succeeds("sweep", "cv.textproto", "--out", "s").out
        self.assertIn("deviation", table)
        for trial in self.results("s")["trials"]:
            self.assertEqual(len(trial["folds"]), 3)
            self.assertAlmostEqual(sum(trial["folds"]) / 3, trial["value"], 12)
            mean = trial["value"]
            self.assertAlmostEqual((sum((x - mean) ** 2 for x in trial["folds"]) / 2) ** 0.5, trial["deviation"], 12)
            self.assertTrue((self.here / "s" / trial["run"] / "fold-3" / "run.json").exists())

    def test_mistakes_are_named(self):
        def refused(text, *fragments, code=2):
            self.write("wrong.textproto", text)
            self.refused(code, list(fragments), "sweep", "wrong.textproto", "--out", "wrong")
            self.assertFalse((self.here / "wrong" / "sweep.textproto").exists(), "the folder is free for the next")

        data = f'options {{ key: "data" value: "mnist:{self.here}/mnist" }} '
        lr = 'parameter { name: "lr" real { low: 0.1 high: 1 } } '
        val = 'options { key: "val-split" value: "16" } '
        refused("family: 'mlp' nonsense: 3", "line 1", "nonsense")
        refused(lr + data, "either 'model' or 'family'")
        refused("family: 'mlp'" + lr, 'key: "data"')
        refused("family: 'mlp'" + data, "at least one parameter")
        refused("family: 'mlp'" + data + lr, "'val_loss' needs validation data")
        refused("family: 'mlp'" + data + val + "parameter { name: 'lr' }", "'lr'", "found none")
        refused("family: 'mlp'" + data + val + "parameter { name: 'lr' real { low: 0 high: 1 log: true } }", "begins above 0")
        refused("family: 'mlp'" + data + val + lr + "metric: 'val_acuracy' options { key: 'epochs' value: '1' }",
                "no metric 'val_acuracy'", "val_accuracy")
        refused("family: 'mlp'" + data + val + "parameter { name: 'lrr' real { low: 0.1 high: 1 } }", "lrr")
        refused("family: 'mlp'" + data + val + "parameter { name: 'momentum' real { low: 0.1 high: 1 } }",
                "adam has no hyperparameter 'momentum'")
        refused("family: 'mlp'" + data + val + "parameter { name: 'learning_rate' real { low: 0.1 high: 1 } }",
                "parameter 'learning_rate'", "option of the family 'mlp'", "did you mean 'lr'?")
        refused("family: 'mlp'" + data + val + lr + "options { key: 'hiden' value: '8' }",
                "option 'hiden'", "did you mean 'hidden'?")
        self.refused(2, "--resume needs --out", "sweep", "--resume")
        self.refused(1, "holds no sweep", "sweep", "--resume", "--out", "mnist")


if __name__ == "__main__":
    support.main()
