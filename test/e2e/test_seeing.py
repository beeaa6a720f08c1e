# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What runs write for people: event files, report.html, plots and tables."""
import html.parser
import json
import struct
import xml.dom.minidom

import support


class Page(html.parser.HTMLParser):
    """Tags and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for key, value in attributes if key in ("src", "href")]

    def handle_data(self, data):
        self.text += data


def fields(data):
    """(number, value) of each field of a protobuf message: integers, 8 or 4 bytes, or bytes of a length."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        size = {0: 0, 1: 8, 2: None, 5: 4}[key & 7]
        if size == 0:
            yield key >> 3, varint()
            continue
        size = varint() if size is None else size
        yield key >> 3, data[at:at + size]
        at += size


def histogram_sums(path):
    """Tag -> last sum of the histograms of an event file."""
    data, at, sums = path.read_bytes(), 0, {}
    while at < len(data):
        size = struct.unpack_from("<Q", data, at)[0]  # then a checksum, the event and another
        for summary in (value for number, value in fields(data[at + 12:at + 12 + size]) if number == 5):
            for value in (dict(fields(each)) for number, each in fields(summary) if number == 1):
                if 5 in value:
                    sums[value[1].decode()] = struct.unpack("<d", dict(fields(value[5]))[4])[0]
        at += size + 16
    return sums


class SeeingTest(support.Case):
    def train(self, out, *more):
        data = ["--data", f"mnist:{self.here}/mnist", "--val-split", "16", "--batch-size", "16", "--epochs", "2"]
        return self.succeeds("train", "model.pb", *data, "--out", out, *more)

    def setUp(self):
        super().setUp()
        self.make_mnist()
        self.make_mlp()

    def test_a_run_has_a_report_that_loads_nothing(self):
        self.train("run")
        page = Page((self.here / "run" / "report.html").read_text(encoding="utf-8"))
        for word in ("val_accuracy", "Confusion matrix", "First samples", "precision", "learning rate", "--val-split 16"):
            self.assertIn(word, page.text)
        self.assertNotIn("script", page.tags)
        self.assertTrue(all(link.startswith("data:image/png;base64,") for link in page.links), page.links)
        self.assertGreaterEqual(page.tags.count("svg"), 4)
        self.assertEqual(len(list((self.here / "run").glob("events.out.tfevents.*"))), 1)

    def test_gradients_are_the_same_whatever_the_optimizer_keeps_of_them(self):
        """Those of the first step, which each optimizer's state gives back by its own formula."""
        found = {}
        for optimizer in ("sgd,momentum=0.9", "adam", "adamw", "lion", "adadelta", "rmsprop", "sgd"):
            run = "run-" + optimizer.split("=")[0].replace(",", "-")
            self.train(run, "--optimizer", f"{optimizer},lr=0.001".replace("momentum=0.9,lr=0.001", "lr=0.001,momentum=0.9"),
                       "--max-steps", "1", "--seed", "5")
            (events,) = (self.here / run).glob("events.out.tfevents.*")
            found[optimizer] = histogram_sums(events).get("gradients/fc1.weight")
        self.assertNotIn(None, found.values(), found)
        for optimizer, total in found.items():
            self.assertAlmostEqual(total / found["adam"], 1, delta=2e-3, msg=f"{optimizer}: {found}")

    def test_the_report_has_the_command_as_it_was_typed(self):
        words = ("train", "model.pb", "--data", "mnist:mnist", "--batch-size=16", "--max-steps", "2", "--optimizer", "sgd,lr=0.1",
                 "--out", "typed")
        self.succeeds(*words)
        self.assertIn("ntc " + " ".join(words), (self.here / "typed" / "report.html").read_text())

    def test_both_can_be_left_out(self):
        self.train("run", "--no-report", "--no-tensorboard")
        names = {path.name for path in (self.here / "run").iterdir()}
        self.assertFalse({name for name in names if name.startswith(("report", "events"))}, names)

    def test_a_resumed_run_has_a_second_event_file_and_the_whole_report(self):
        self.train("run", "--max-steps", "3")
        self.succeeds("train", "--out", "run", "--resume", "--epochs", "2", "--max-steps", "10")
        self.assertEqual(len(list((self.here / "run").glob("events.out.tfevents.*"))), 2)
        page = Page((self.here / "run" / "report.html").read_text(encoding="utf-8"))
        self.assertIn("steps10", page.text)

    def test_a_table_of_epochs(self):
        lines = self.train("run", "--progress=table").out.splitlines()
        self.assertEqual(lines[0].split(), ["epoch", "step", "loss", "accuracy", "val_loss", "val_accuracy", "lr", "seconds"])
        self.assertEqual([line.split()[0] for line in lines[1:3]], ["1", "2"])
        self.assertEqual(len({len(line) for line in lines[:3]}), 1, lines)

    def test_plot_writes_svg(self):
        self.train("a")
        self.train("b", "--lr", "0.01")
        self.succeeds("plot", "a", "b", "--metric", "loss", "--metric", "val_accuracy", "--x", "step", "-o", "out.svg")
        svg = xml.dom.minidom.parse(str(self.here / "out.svg"))
        names = [text.firstChild.data for text in svg.getElementsByTagName("text") if text.firstChild]
        for name in ("a loss", "a val_loss", "b loss", "b val_accuracy"):
            self.assertIn(name, names)
        self.refused(2, ["no run has a metric 'acuracy'", "accuracy"], "plot", "a", "--metric", "acuracy", "-o", "x.svg")
        self.refused(2, "should end in .svg", "plot", "a", "-o", "x.png")
        self.refused(1, "no run folder 'none'", "plot", "none", "-o", "x.svg")
        self.refused(1, "holds no run", "plot", "mnist", "-o", "x.svg")

    def test_compare_shows_what_differs(self):
        self.train("a")
        self.train("b", "--lr", "0.01")
        table = self.succeeds("compare", "a", "b").out
        rows = {line.split()[0]: line.split()[1:] for line in table.splitlines()[1:]}
        self.assertEqual(rows["lr"], ["0.001", "0.01"])
        self.assertNotIn("seed", rows)
        self.assertEqual(len([line for line in table.splitlines() if line.startswith("loss  ")]), 1, table)
        self.succeeds("new", "mlp", "--hidden", "4", "-o", "other.pb")
        self.succeeds("train", "other.pb", "--data", "mnist:mnist?samples=24", "--val-split", "8", "--batch-size", "16",
                      "--epochs", "1", "--clip-grad-norm", "1", "--schedule", "step,step_size=3", "--out", "c")
        table = self.succeeds("compare", "a", "c").out
        for word in ("parameters", "samples=24", "val_split", "clip.max_norm", "step_size=3"):
            self.assertIn(word, table)
        self.assertIn("seed", self.succeeds("compare", "a", "b", "--all").out)
        def once(pairs):
            names = [name for name, _ in pairs]
            self.assertEqual(len(names), len(set(names)), names)
            return dict(pairs)

        found = json.loads(self.succeeds("compare", "a", "b", "--json").out, object_pairs_hook=once)
        self.assertEqual([run["settings"]["lr"] for run in found], [0.001, 0.01])
        self.assertEqual(found[0]["last"]["step"], 10)
        self.assertIn("val_loss", found[0]["best"])

    def test_folds_and_controls_are_part_of_the_run(self):
        self.succeeds("train", "model.pb", "--data", f"mnist:{self.here}/mnist", "--fold", "2/3", "--batch-size", "16",
                      "--control", "beta1=0.5", "--max-steps", "2", "--out", "run")
        record = json.loads((self.here / "run" / "run.json").read_text())
        self.assertEqual((record["fold"], record["folds"], record["samples"], record["controls"]), (2, 3, 64, {"beta1": 0.5}))
        for other in (("--fold", "1/3"), ("--val-split", "8"), ("--val", f"mnist:{self.here}/mnist?samples=7")):
            self.refused(2, ["started with --fold 2/3", " ".join(("found", *other))], "train", "--out", "run", "--resume", *other)
        self.succeeds("train", "--out", "run", "--resume", "--max-steps", "4")
        self.refused(2, ["--control", "beta3", "beta1"], "train", "model.pb", "--data", f"mnist:{self.here}/mnist", "--control",
                     "beta3=1", "--batch-size", "16", "--out", "other")

    def test_max_time_ends_a_run_that_resumes(self):
        self.succeeds("train", "model.pb", "--data", "synthetic?samples=2000", "--val-split", "16", "--batch-size", "16",
                      "--epochs", "100000", "--max-time", "0.3s", "--out", "run")
        self.assertTrue(self.checkpoints("run"))
        self.refused(2, "such as 90s", "train", "model.pb", "--data", "synthetic", "--max-time", "later", "--out", "x")


if __name__ == "__main__":
    support.main()
