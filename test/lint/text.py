# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text rules for every file: licence line, length of files and lines, words that do not belong here, macros.

C++ has 100 columns, kept by clang-format (lint.format); everything else that is written by hand has at most 132.
"""
import re

import lint

SPDX = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
CODE = (*lint.CPP, ".td", ".proto", ".py", ".cmake", "CMakeLists.txt", ".bash", ".in", ".map", ".yml")
SCRIPTS = ("tools/quickstart", "tools/test", "tools/new-pass", ".ci/run")
GENERATED = re.compile(r"^docs/(dialects|passes)/")
COLUMNS = 132
LONG_LINES = (".td", ".proto", ".py", ".cmake", "CMakeLists.txt", ".bash")
WORDS = [
    (r"/(?:work|root|home/\w+)/|/tmp/\w+/", "a path of one machine"),
    (r"(?<!`)\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))", "a TODO without the number of an issue, TODO(#n)"),
]
# Macros are tables (defined, included from, undefined) or what tablegen and C headers ask for.
MACRO = re.compile(r"^\s*#\s*define\s+(\w+)")
MACROS = re.compile(r"^(GEN_PASS_\w+|GET_\w+|NTC_\w+_H|NTC_API|NTC_CHECK|NTC_ENUM_BASE)$")


def is_code(path):
    return path.endswith(CODE) or path in SCRIPTS


def header(path, text):
    first = text.split("\n", 2)[:2]
    if not any(SPDX in line for line in first):
        yield f"{path}:1: expected the line '{SPDX}' first"
    if path.endswith(lint.CPP):
        if not re.match(r"(?://[^\n]*\n//\n// \S|/\*[^\n]*\n \*\n \* \S)", text):
            yield f"{path}:2: expected a paragraph that says what the file is for after the licence line"
        if path.endswith(".h") and "#pragma once" not in text and "#ifndef NTC_" not in text:
            yield f"{path}:1: expected #pragma once"
        if path.endswith((".h", ".hpp")) and re.search(r"^using namespace", text, re.M):
            yield f"{path}:1: 'using namespace' in a header"


def macros(path, text):
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = MACRO.match(line)
        if match and not MACROS.match(match.group(1)):
            rest = "\n".join(lines[number:])
            if not re.search(rf'#include "[^"]+\.inc"[^#]*#undef {match.group(1)}\b', rest):
                yield f"{path}:{number}: the macro {match.group(1)} is no table of an included file"


def problems(files):
    found = []
    for path, text in files.items():
        count = text.count("\n")
        if is_code(path):
            found += header(path, text)
        if path.endswith(lint.CPP):
            found += macros(path, text)
        if count > 1000 and not GENERATED.match(path) and path != "LICENSE":
            found.append(f"{path}:1: {count} lines, at most 1000 (600 should be discussed)")
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > COLUMNS and path.endswith(LONG_LINES):
                found.append(f"{path}:{number}: {len(line)} columns, at most {COLUMNS}")
            for pattern, what in WORDS if path != "test/lint/text.py" else []:
                if match := re.search(pattern, line):
                    found.append(f"{path}:{number}: {what}: {match.group()}")
    return found


def discussed(files):
    """Long files that are allowed and should not grow."""
    return [f"note: {path} has {text.count(chr(10))} lines; above 600 a file should be split" for path, text in files.items()
            if text.count("\n") > 600 and path != "LICENSE" and not GENERATED.match(path)]


HEAD = f"// {SPDX}\n//\n// What for.\n"
TABLE = '#define ROW(x) x,\n#include "a/Table.inc"\n#undef ROW\n'
CLEAN = {"a/A.cpp": HEAD + TABLE, "a/A.h": HEAD + "#pragma once\n", "tools/test": f"#!/bin/bash\n# {SPDX}\n",
         "docs/a.md": "TODO(#12): words\n"}
print("\n".join(discussed(lint.tree())))
lint.main(problems, CLEAN, [
    ({"a/B.cpp": "int x;\n"}, "expected the line"),
    ({"a/B.cpp": f"// {SPDX}\nint x;\n"}, "expected a paragraph"),
    ({"a/B.h": HEAD}, "#pragma once"),
    ({"a/B.h": HEAD + "#pragma once\nusing namespace std;\n"}, "in a header"),
    ({"a/B.cpp": HEAD + "#define TWICE(x) x x\nTWICE(1)\n"}, "TWICE is no table"),
    ({"a/B.py": f"# {SPDX}\n" + "x\n" * 1001}, "at most 1000"),
    ({"a/B.py": f"# {SPDX}\n" + "x" * 133}, "at most 132"),
    ({"docs/b.md": "see /work/" + "main\n"}, "a path of one machine"),
    ({"docs/b.md": "TODO: later\n"}, "without the number"),
])
