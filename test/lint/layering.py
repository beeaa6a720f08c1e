# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Who may include whom. The table is the architecture (docs/architecture.md); an include that it does not name fails."""
import re

import lint

MLIR = ["mlir", "llvm"]
PROTOBUF = ["onnx", "google"]

# Folder: the folders and foreign libraries from which its files may include. Itself and the C++ standard library and libc
# always. The longest matching folder counts.
MAY_INCLUDE = {
    # Installed headers: each other only.
    "runtime/include": [],
    "frontend/include": [],
    # The runtime: no MLIR, no LLVM, no protobuf. `format` and `device` know the base only, data sets know no execution.
    "runtime/base": [],
    "runtime/format": ["runtime/base", "zlib.h"],
    "runtime/device": ["runtime/base"],
    "runtime/artifact": ["runtime/base", "runtime/device"],
    "runtime/memory": ["runtime/base", "runtime/device", "runtime/artifact"],
    "runtime/exec": ["runtime/base", "runtime/device", "runtime/artifact", "runtime/memory", "runtime/format",
                     "runtime/include"],
    "runtime/data": ["runtime/base", "runtime/device", "runtime/artifact", "runtime/format", "runtime/include", "zlib.h",
                     "png.h", "jpeglib.h", "jerror.h"],
    "runtime/report": ["runtime/base", "runtime/format", "zlib.h"],
    "runtime/search": ["runtime/base"],
    "runtime/train": ["runtime"],
    "runtime/embed": ["runtime"],
    # Dialects: `plan` builds on `train`, which knows no other; `nn` stands alone.
    "dialects": MLIR,
    "dialects/nn": MLIR + ["runtime/base"],
    "dialects/train": MLIR + ["runtime/base"],
    "dialects/plan": MLIR + ["runtime/base", "dialects/train"],
    # The frontend: model files need protobuf only; the importer joins them to MLIR.
    "frontend/format": PROTOBUF + ["runtime/base", "runtime/format"],
    "frontend/capture": PROTOBUF + ["frontend/include", "frontend/format", "runtime/base"],
    "frontend/zoo": PROTOBUF + ["frontend/include", "frontend/format", "frontend/capture", "runtime/base"],
    "frontend/import": MLIR + PROTOBUF + ["dialects", "frontend/format", "runtime/base", "runtime/format"],
    # The compiler, by phase; a phase may ask earlier ones.
    "compiler/normalize": MLIR + ["dialects", "runtime/base"],
    "compiler/autodiff": MLIR + ["dialects", "runtime/base"],
    "compiler/optimize": MLIR + ["dialects", "runtime/base", "compiler/autodiff"],
    "compiler/fuse": MLIR + ["dialects", "runtime/base"],
    "compiler/schedule": MLIR + ["dialects", "runtime/base", "compiler/fuse"],
    "compiler/memory": MLIR + ["dialects", "runtime/base", "compiler/fuse", "compiler/schedule"],
    "compiler/verify": MLIR + ["dialects", "runtime/base", "compiler/fuse", "compiler/schedule"],
    "compiler/pipelines": MLIR + ["dialects", "runtime/base", "compiler"],
    # Back ends.
    "codegen/reference": MLIR + ["dialects", "runtime/base"],
    "codegen/cpu": MLIR + ["dialects", "compiler", "runtime/base", "runtime/artifact"],
    "codegen/artifact": MLIR + ["lld", "dialects", "compiler", "codegen/cpu", "runtime/base",
                                "runtime/artifact"],
    # Programs of the documentation: what is installed.
    "docs": ["frontend/include", "runtime/include"],
    # Runs where no compiler is.
    "tools/ntc-run": ["runtime"],
}
# Folders whose files may include everything.
FREE = ("tools/", "test/")
FOREIGN = re.compile(r"^(mlir|llvm|lld|clang|onnx|google|zlib\.h|png\.h|jpeglib\.h|jerror\.h)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
TD_INCLUDE = re.compile(r'^\s*include\s*"([^"]+)"')


def row(path):
    """The longest folder of the table that holds `path`."""
    found = [folder for folder in MAY_INCLUDE if path.startswith(folder + "/")]
    return max(found, key=len, default=None)


def place(included, files):
    """Where an included file lives: a path of the repository, the name of a foreign library, or None for libc and C++."""
    for public in ("runtime/include/", "frontend/include/"):
        if public + included in files:
            return public + included
    if FOREIGN.match(included):
        return included
    top = included.split("/")[0]
    return included if any(folder.split("/")[0] == top for folder in MAY_INCLUDE) else None


def problems(files):
    found = []
    for path, number, line in lint.lines(files, ".td", *lint.CPP):
        match = TD_INCLUDE.match(line) if path.endswith(".td") else INCLUDE.match(line)
        folder = row(path)
        if not match:
            continue
        if folder is None:
            if not path.startswith(FREE):
                found.append(f"{path}:{number}: no row of the layering table covers this file")
            continue
        included = match.group(match.lastindex)
        where = place(included, files)
        allowed = [folder, *MAY_INCLUDE[folder]]
        if where and not any(where == each or where.startswith(each + "/") for each in allowed):
            found.append(f"{path}:{number}: {folder} may not include {included}; it may include {', '.join(allowed)}")
    return found


CLEAN = {
    "runtime/base/A.h": "#include <vector>\n",
    "runtime/exec/B.cpp": '#include "runtime/base/A.h"\n#include "ntc/runtime.h"\n',
    "runtime/include/ntc/runtime.h": "#include <stdint.h>\n",
    "frontend/include/ntc/nn/x.h": '#include "ntc/nn/x.h"\n#include <string>\n',
    "compiler/fuse/C.cpp": '#include "dialects/nn/Nn.h"\n#include "mlir/IR/Builders.h"\n',
    "tools/ntc/Main.cpp": '#include "codegen/cpu/D.h"\n',
}
lint.main(problems, CLEAN, [
    ({"runtime/exec/E.cpp": '#include "llvm/ADT/StringRef.h"\n'}, "runtime/exec may not include llvm/ADT/StringRef.h"),
    ({"runtime/base/E.h": '#include "runtime/exec/B.h"\n'}, "runtime/base may not include runtime/exec/B.h"),
    ({"compiler/fuse/E.cpp": '#include "codegen/cpu/D.h"\n'}, "compiler/fuse may not include codegen/cpu/D.h"),
    ({"frontend/include/ntc/nn/y.h": "#include <onnx/onnx_pb.h>\n"}, "frontend/include may not include onnx/onnx_pb.h"),
    ({"dialects/nn/E.td": 'include "dialects/plan/PlanBase.td"\n'}, "dialects/nn may not include dialects/plan"),
    ({"compiler/new/E.cpp": "#include <vector>\n"}, "no row of the layering table"),
])
