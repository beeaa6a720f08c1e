# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/architecture.md quotes the phases of one program: each quoted line is in the dump, in that order."""
import pathlib
import re
import unittest

import support

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def quoted_blocks(page):
    """{phase: lines} of the fenced blocks that name a phase."""
    return {phase: lines.splitlines() for phase, lines in re.findall(r"```mlir (\w+)\n(.*?)```", page, re.S)}


def matches(quote, line):
    """Whether the parts of `quote` between its ellipses stand in `line`, one behind the other."""
    at = 0
    for part in quote.split("…"):
        at = line.find(part.strip(), at)
        if at < 0:
            return False
        at += len(part.strip())
    return True


def first_missing(quotes, lines):
    """The first quote that no line after those of the quotes before it holds, or None."""
    rest = iter(lines)
    for quote in quotes:
        if quote.strip() != "…" and not any(matches(quote, line) for line in rest):
            return quote
    return None


class Architecture(support.Case):
    def test_every_quoted_line_is_in_the_dump(self):
        page = PAGE.read_text(encoding="utf-8")
        new, compile_ = re.search(r"```\n(ntc new .*)\n(ntc compile .*)\n```", page).groups()
        self.succeeds(*new.split()[1:])
        self.succeeds(*compile_.split()[1:])
        blocks = quoted_blocks(page)
        self.assertEqual(list(blocks), ["captured", "differentiated", "optimized", "fused", "planned"])
        for phase, quotes in blocks.items():
            dump = next((self.here / "phases").glob(f"*-{phase}.mlir")).read_text(encoding="utf-8")
            lines = [re.sub(r' loc\((?:"[^"]*"|unknown|fused\[[^\]]*\])\)', "", line) for line in dump.splitlines()]
            if phase != "planned":
                entry = next(i for i, line in enumerate(lines) if "@train_step" in line)
                lines = [line for line in lines[:entry] if "train.state" in line] + lines[entry:]
            self.assertIsNone(first_missing(quotes, lines), f"docs/architecture.md quotes this under '{phase}'")

    def test_an_invented_line_is_found(self):
        self.assertEqual(first_missing(["a … c", "x"], ["a b c", "y"]), "x")
        self.assertEqual(first_missing(["b", "a"], ["a", "b"]), "a")


if __name__ == "__main__":
    unittest.main()
