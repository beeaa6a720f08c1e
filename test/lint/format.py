# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""C++ is as clang-format 22 writes it with the file .clang-format.

usage: format.py CLANG_FORMAT
"""
import subprocess
import sys
import tempfile

import lint


def unformatted(paths):
    command = [sys.argv[1], "--dry-run", "--Werror", "--ferror-limit=1", f"--style=file:{lint.ROOT}/.clang-format"]
    report = subprocess.run([*command, *paths], capture_output=True, text=True, cwd=lint.ROOT)
    return report.returncode != 0, report.stderr


def main():
    with tempfile.NamedTemporaryFile(suffix=".cpp", mode="w") as planted:
        planted.write("int  x ;\n")
        planted.flush()
        if not unformatted([planted.name])[0]:
            sys.exit("clang-format does not object to a file that is not formatted")
    paths = [path for path in lint.tree() if path.endswith(lint.CPP)]
    wrong, report = unformatted(paths)
    if wrong:
        print(report)
        sys.exit("some files are not formatted; to format all: "
                 "git ls-files '*.cpp' '*.h' '*.hpp' '*.c' | xargs clang-format-22 -i")


main()
