# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page of tools/bench/kernels: a table per number of threads, geometric means, and sums over a step."""
import math
import statistics

KINDS = {"matmul": "matrix products", "conv": "convolutions", "conv_dx": "their gradients by the input",
         "conv_dw": "their gradients by the weight"}


def medians(rows):
    """(contraction, threads) -> side -> median of seconds; of OpenBLAS the better of its variants."""
    kept = {}
    for row in rows:
        kept.setdefault((row["contraction"], row["threads"]), {}).setdefault(row["side"], []).append(row["seconds"])
    result = {}
    for key, sides in kept.items():
        for side, seconds in sides.items():
            name, median = side.split()[0], statistics.median(seconds)
            cell = result.setdefault(key, {})
            cell[name] = min(median, cell.get(name, math.inf))
    return result


def best_peer(cell):
    peers = [seconds for side, seconds in cell.items() if side != "ntc"]
    return min(peers) if peers else None


def ratio(cell):
    """How many times as fast as the best peer ntc is."""
    return best_peer(cell) / cell["ntc"]


def mean(values):
    """The geometric mean."""
    return math.exp(statistics.fmean(map(math.log, values)))


def micro(seconds):
    return "" if seconds is None else f"{seconds * 1e6:,.0f}" if seconds >= 1e-4 else f"{seconds * 1e6:.3g}"


def detail(threads, counts, cells, sides):
    lines = [f"## {threads} thread{'s' * (threads > 1)}", "",
             "| contraction | in a step of | MFLOP | " + " | ".join(f"{side}, µs" for side in sides)
             + " | ntc, GFLOP/s | ntc / best |",
             "|---" * (5 + len(sides)) + "|"]
    for kind, title in KINDS.items():
        lines.append(f"| **{title}** |" + " |" * (4 + len(sides)))
        for contraction, count in counts.items():
            cell = cells.get((contraction.line(), threads))
            if contraction.kind != kind or not cell or best_peer(cell) is None:
                continue
            uses = ", ".join(name + (f" ({times})" if times > 1 else "") for name, times in count.steps.items())
            lines.append(f"| {contraction.title()}{' *' * (count.winners > 0)} | {uses} | {contraction.flops() / 1e6:,.3g} | "
                         + " | ".join(micro(cell.get(side)) for side in sides)
                         + f" | {contraction.flops() / cell['ntc'] / 1e9:.0f} | {ratio(cell):.2f} |")
    return lines + [""]


def summary(counts, cells, threads):
    lines = ["| contractions | " + " | ".join(f"{count} thread{'s' * (count > 1)}: mean, least, below 0.9"
                                              for count in threads) + " |",
             "|---" * (1 + len(threads)) + "|"]
    for title, kinds in [("all", list(KINDS))] + [(title, [kind]) for kind, title in KINDS.items()]:
        texts = []
        for count in threads:
            ratios = [ratio(cells[contraction.line(), count]) for contraction in counts
                      if contraction.kind in kinds and best_peer(cells.get((contraction.line(), count), {}))]
            texts.append(f"**{mean(ratios):.2f}**, {min(ratios):.2f}, {sum(value < 0.9 for value in ratios)} of {len(ratios)}"
                         if ratios else "")
        lines.append(f"| {title} | " + " | ".join(texts) + " |")
    return lines + [""]


def sums(counts, cells, threads):
    """All contractions of a step, as often as they occur, one after the other."""
    lines = ["| step | " + " | ".join(f"{count} thread{'s' * (count > 1)}: ntc, best of peers, µs; ratio"
                                      for count in threads) + " |",
             "|---" * (1 + len(threads)) + "|"]
    names = list(dict.fromkeys(name for count in counts.values() for name in count.steps))
    for name in names:
        texts = []
        for threads_used in threads:
            mine = [(cells.get((contraction.line(), threads_used), {}), count.steps[name])
                    for contraction, count in counts.items() if name in count.steps]
            if not all(best_peer(cell) for cell, _ in mine):
                texts.append("")
                continue
            own, best = (sum(pick(cell) * times for cell, times in mine) for pick in (lambda cell: cell["ntc"], best_peer))
            texts.append(f"{micro(own)}; {micro(best)}; **{best / own:.2f}**")
        lines.append(f"| {name} | " + " | ".join(texts) + " |")
    return lines + [""]


def page(counts, kept):
    """`counts`: contraction -> contractions.Count; `kept`: machine, versions and rows."""
    cells = medians(kept["rows"])
    threads = sorted({count for _, count in cells})
    sides = ["ntc"] + sorted({side for cell in cells.values() for side in cell} - {"ntc"})
    rounds = {}
    for row in kept["rows"]:
        key = (row["contraction"], row["threads"], row["side"])
        rounds[key] = rounds.get(key, 0) + 1
    lines = ["# Contractions alone", "",
             "Every matrix product, convolution and gradient of the workloads of [benchmarks.md](benchmarks.md), alone, in f32, "
             "beside libraries. Made by `tools/bench/kernels`, whose help says how each side is measured; timings of different "
             "machines do not compare.", "",
             f"* Machine: {kept['machine']}", "* Versions: " + ", ".join(dict.fromkeys(kept["versions"].values())),
             f"* Each figure: median of {min(rounds.values(), default=0)} or more measurements, in turns. Operands lie in the "
             "layout that each side prefers; copying them there and zeros around images are not in the times, nor is anything "
             "else of a step. A FLOP count includes products with the zeros of a padding, which oneDNN leaves out.",
             "* A ratio is how many times as fast as the faster library ntc is; means are geometric.",
             "* *: in the step, ntc computes this gradient from the winners of a pooling, with a part of the products; here it is "
             "computed in full.", "", "## In short", ""]
    lines += summary(counts, cells, threads)
    lines += ["All contractions of a step, as often as it has them:", ""] + sums(counts, cells, threads)
    for count in threads:
        lines += detail(count, counts, cells, sides)
    return "\n".join(lines)
