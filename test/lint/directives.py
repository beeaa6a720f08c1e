# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that FileCheck and the verifier silently ignore: misspelt directives, prefixes of no RUN line, unread diagnostics."""
import re

import lint

SUFFIXES = {"", "NEXT", "SAME", "NOT", "DAG", "LABEL", "EMPTY", "COUNT"}


def prefixes(text):
    """The prefixes that the RUN lines of a test give to FileCheck."""
    runs = " ".join(re.findall(r"^\s*(?://|#)\s*RUN:(.*)$", text, re.M)).replace("\\ ", " ")
    found = set()
    for call in re.findall(r"FileCheck([^|;&]*)", runs):
        named = re.findall(r"--?check-prefix(?:es)?[= ]([\w,-]+)", call)
        found.update(",".join(named).split(",") if named else ["CHECK"])
    return runs, found


def problems(files):
    found = []
    for path, text in files.items():
        if not (path.startswith("test/lit/") and path.endswith((".mlir", ".test"))) or "/Inputs/" in path:
            continue
        runs, known = prefixes(text)
        if not runs.strip():
            found.append(f"{path}:1: no RUN line")
        used = set()
        for number, line in enumerate(text.splitlines(), 1):
            comment = re.match(r"\s*(?://|#)\s*(.*)", line)
            if not comment:
                continue
            words = comment.group(1)
            if re.match(r"RUN\b(?!:)", words):
                found.append(f"{path}:{number}: RUN without its colon")
            directive = re.match(r"([A-Z][A-Z0-9_]*)(?:-([A-Z]+)(?:-\d+)?)?(\s*)(:?)", words)
            if directive:
                prefix, suffix, gap, colon = directive.groups()
                if prefix in known | {"CHECK"} and (suffix or colon or prefix == "CHECK"):
                    if prefix not in known:
                        found.append(f"{path}:{number}: no RUN line reads the prefix {prefix}")
                    elif (suffix or "") not in SUFFIXES:
                        found.append(f"{path}:{number}: FileCheck knows no directive {prefix}-{suffix}")
                    elif gap and colon or not colon:
                        found.append(f"{path}:{number}: {prefix}{'-' + suffix if suffix else ''} without its colon is no check")
                    used.add(prefix)
                elif suffix in SUFFIXES and suffix and colon and prefix not in known:
                    found.append(f"{path}:{number}: no RUN line reads the prefix {prefix}")
            if re.match(r"expected-(error|warning|remark|note)", words) and "-verify-diagnostics" not in runs:
                found.append(f"{path}:{number}: an expected diagnostic, but no RUN line verifies diagnostics")
        found += [f"{path}:1: no line checks the prefix {each}" for each in sorted(known - used)]
    return found


RUN = "// RUN: ntc-opt %s | FileCheck %s\n"
CLEAN = {"test/lit/a.mlir": RUN + "// CHECK-LABEL: @f\n  // CHECK-NEXT: return\n// CHECK-COUNT-2: x\n// Checks nothing.\n",
         "test/lit/b.test": "# RUN: ntc %s | \\\n# RUN:   FileCheck %s --check-prefix=F64\n# F64: 1\n"}
lint.main(problems, CLEAN, [
    ({"test/lit/c.mlir": RUN + "// CHECK: a\n// CHECK-NEXT foo\n"}, "CHECK-NEXT without its colon"),
    ({"test/lit/c.mlir": RUN + "// CHECK: a\n// CHECK-NXT: foo\n"}, "no directive CHECK-NXT"),
    ({"test/lit/c.mlir": RUN + "// CHECK: a\n// LOC-DAG: foo\n"}, "reads the prefix LOC"),
    ({"test/lit/c.mlir": "// RUN: ntc-opt %s\n// CHECK: a\n"}, "reads the prefix CHECK"),
    ({"test/lit/c.mlir": RUN + "return\n"}, "no line checks the prefix CHECK"),
    ({"test/lit/c.mlir": RUN + "// CHECK: a\n// expected-error @+1 {{x}}\n"}, "no RUN line verifies"),
    ({"test/lit/c.mlir": "// RUN ntc-opt %s\n"}, "RUN without its colon"),
])
