# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Computes scikit-learn's metrics of 100 random cases and stores what ScoresTest.cpp compares with.

    VENV/bin/python test/conformance/make_scores.py [--out test/conformance/goldens/scores.safetensors]

The cases are not stored: this file and ScoresTest.cpp draw them from the same generator. One tensor per case: the values of
CLASS_METRICS, then of VALUE_METRICS; and the classification_report of a few cases in the metadata.
"""
import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
CASES = 100


class Draw:
    """A 64-bit linear congruential generator; the upper 31 bits of each state."""

    def __init__(self, seed):
        self.state = seed * 2 + 1

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


def classification(case):
    """Classes, truth and probabilities. Every fifth case lacks a class, has one only, or has many ties."""
    draw = Draw(case)
    classes, samples = 2 + draw.below(4), 5 + draw.below(36)
    kind = case % 5
    present = max(1, classes - 1) if kind == 1 else 1 if kind == 2 else classes
    levels = 3 if kind == 3 else 1000
    truth = [(draw.below(present) + (case % classes if kind == 2 else 0)) % classes for _ in range(samples)]
    rows = []
    for _ in range(samples):
        raw = [1 + draw.below(levels) for _ in range(classes)]
        rows.append([value / sum(raw) for value in raw])
    return classes, truth, rows


def regression(case):
    """Outputs, truth and predictions, rows of samples. In every fifth case the truth is constant."""
    draw = Draw(1000 + case)
    outputs, samples = 1 + case % 3, 2 + draw.below(30)
    value = lambda: (draw.below(200) - 100) / 8
    constant = case % 5 == 2
    truth = [[2.5 if constant else value() for _ in range(outputs)] for _ in range(samples)]
    exact = case % 10 == 2
    return outputs, truth, [[t if exact else value() for t in row] for row in truth]


def class_metrics(classes, truth, rows):
    import numpy
    from sklearn import metrics as m
    from sklearn.preprocessing import label_binarize
    p, labels = numpy.array(rows), list(range(classes))
    predicted = p.argmax(axis=1)
    matrix = m.confusion_matrix(truth, predicted, labels=labels)
    out = [m.accuracy_score(truth, predicted)]
    for average in ("micro", "macro", "weighted"):
        out += m.precision_recall_fscore_support(truth, predicted, average=average, zero_division=0)[:3]
    if classes == 2:
        out += [m.top_k_accuracy_score(truth, p[:, 1], k=2, labels=labels)]
        out += [m.roc_auc_score(truth, p[:, 1])] * 2 + [m.average_precision_score(truth, p[:, 1])] * 2
    else:
        out += [m.top_k_accuracy_score(truth, p, k=2, labels=labels)]
        out += [m.roc_auc_score(truth, p, labels=labels, multi_class="ovr", average=a) for a in ("macro", "weighted")]
        y = label_binarize(truth, classes=labels)
        out += [m.average_precision_score(y, p, average=a) for a in ("macro", "weighted")]
    out += [m.log_loss(truth, p, labels=labels), numpy.exp(m.log_loss(truth, p, labels=labels))]
    # The greatest k is the number of classes.
    scores = p[:, 1] if classes == 2 else p
    out += [m.top_k_accuracy_score(truth, scores, k=k, labels=labels) for k in range(1, classes + 1)]
    return [float(value) for value in out] + [float(value) for value in matrix.flatten()]


def value_metrics(truth, predicted):
    from sklearn import metrics as m
    return [m.mean_absolute_error(truth, predicted), m.mean_squared_error(truth, predicted),
            m.root_mean_squared_error(truth, predicted), m.r2_score(truth, predicted)]


def main():
    import warnings

    import numpy
    import sklearn
    from make_goldens import write_safetensors
    from sklearn.metrics import classification_report
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "goldens" / "scores.safetensors")
    options = parser.parse_args()
    tables, metadata = {}, {"scikit-learn": sklearn.__version__}
    for case in range(CASES):
        classes, truth, rows = classification(case)
        _, values, guesses = regression(case)
        tables[f"case{case}"] = numpy.array(value_metrics(values, guesses) + class_metrics(classes, truth, rows))
        if case < 10:
            predicted = numpy.array(rows).argmax(axis=1)
            metadata[f"report{case}"] = classification_report(truth, predicted, zero_division=0)
    write_safetensors(options.out, tables, metadata)
    print(f"{options.out}: {len(tables)} cases")


if __name__ == "__main__":
    main()
