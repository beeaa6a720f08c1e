# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Relative links and paths named in Markdown lead to files that exist."""
import posixpath
import re

import lint

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# Paths of sources in backticks; folders end with a slash, placeholders are in capitals.
SOURCE = re.compile(r"`((?:compiler|codegen|dialects|frontend|runtime|test|docs)/[\w./-]+)`")


def problems(files):
    folders = {posixpath.dirname(path) for path in files}
    folders |= {posixpath.dirname(each) for each in folders} | {posixpath.dirname(posixpath.dirname(each)) for each in folders}
    found = []
    for path, number, line in lint.lines(files, ".md"):
        for target in LINK.findall(line):
            where = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if "://" not in target and where not in files and where not in folders:
                found.append(f"{path}:{number}: the link to {target} leads nowhere")
        for target in SOURCE.findall(line):
            if target.rstrip("/") not in files and target.rstrip("/") not in folders:
                found.append(f"{path}:{number}: there is no {target}")
    return found


CLEAN = {"docs/a.md": "[b](b.md#part) [c](../codegen/cpu) `codegen/cpu/C.h`\n", "docs/b.md": "", "codegen/cpu/C.h": ""}
lint.main(problems, CLEAN, [
    ({"docs/d.md": "[e](e.md)\n"}, "the link to e.md leads nowhere"),
    ({"docs/d.md": "`codegen/cpu/E.h`\n"}, "there is no codegen/cpu/E.h"),
])
