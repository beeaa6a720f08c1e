# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the lints share: the files of the repository, and a run that first proves that the lint works.

A lint is a file NAME.py with a function `problems(files)`: from {path: text} to a list of "path:line: sentence". It ends
with `lint.main(problems, clean, planted)`: `clean` is a small tree without problems, `planted` a list of changes to it, each
with a part of the sentence that the lint must then print. A lint that misses a planted fault fails before it reads the tree.
"""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Folders at the top that hold no sources: builds, runs, version control.
NOT_SOURCES = re.compile(r"^(build.*|runs|\.git)$")
CPP = (".cpp", ".h", ".hpp", ".c")


def tree():
    """{path: text} of every file of the repository; binary files have no text."""
    files = {}
    for folder, folders, names in os.walk(ROOT):
        here = pathlib.Path(folder).relative_to(ROOT)
        folders[:] = sorted(each for each in folders
                            if each != "__pycache__" and not (here == pathlib.Path(".") and NOT_SOURCES.match(each)))
        for name in sorted(each for each in names if each != ".git"): # a file in a worktree
            data = (ROOT / here / name).read_bytes()
            files[str(here / name)] = "" if b"\0" in data else data.decode("utf-8", errors="replace")
    return files


def lines(files, *suffixes):
    """(path, number, line) of every line of the files whose names end so."""
    for path, text in files.items():
        if path.endswith(suffixes):
            for number, line in enumerate(text.splitlines(), 1):
                yield path, number, line


def main(problems, clean, planted):
    for sentence in problems(clean):
        sys.exit(f"the lint objects to its own example of a clean tree: {sentence}")
    for change, expected in planted:
        found = problems({**clean, **change})
        if not any(expected in sentence for sentence in found):
            sys.exit(f"the lint misses a planted fault ({expected!r}); it found {found}")
    found = problems(tree())
    print("\n".join(found))
    if found:
        sys.exit(f"{len(found)} problems")
