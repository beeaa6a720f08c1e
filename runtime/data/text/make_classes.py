# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes LetterRanges.inc: Unicode's letters (\\p{L}) and numbers (\\p{N}), as GPT-2's splitting of text needs them.

    python3 -m venv VENV && VENV/bin/pip install regex
    VENV/bin/python runtime/data/text/make_classes.py
"""
import pathlib

import regex


def ranges(pattern):
    found, begin = [], None
    test = regex.compile(pattern)
    for code in range(0x110000 + 1):
        inside = code < 0x110000 and not 0xD800 <= code < 0xE000 and bool(test.fullmatch(chr(code)))
        if inside and begin is None:
            begin = code
        elif not inside and begin is not None:
            found.append((begin, code - 1))
            begin = None
    return found


def main():
    lines = ["// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception",
             "// Written by make_classes.py: first and last code points of the ranges of letters and of numbers, ascending.",
             "// clang-format off"]
    for name, pattern in (("kLetters", r"\p{L}"), ("kNumbers", r"\p{N}")):
        found = ranges(pattern)
        lines.append(f"constexpr std::array<Range, {len(found)}> {name} = {{{{")
        texts = [f"{{0x{a:X}, 0x{b:X}}}," for a, b in found]
        lines += ["    " + " ".join(texts[i:i + 5]) for i in range(0, len(texts), 5)]
        lines.append("}};")
    (pathlib.Path(__file__).parent / "LetterRanges.inc").write_text("\n".join(lines) + "\n")


main()
