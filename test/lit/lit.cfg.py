# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What every test of test/lit sees: ntc's tools and LLVM's FileCheck and not in front of the PATH.
import os

import lit.formats

config.name = "ntc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.ntc_binary_dir, "test", "lit")
config.environment["PATH"] = os.pathsep.join(
    [config.ntc_tools_dir, config.llvm_tools_dir, config.environment.get("PATH", "")]
)
config.substitutions.append(("%interpret", "ntc-translate --interpret --split-input-file"))
# From nn to kernels, one per operation; and what became of a program as remarks of the category that follows.
lower = "--ntc-lower-to-linalg --ntc-fuse-elementwise{} --ntc-form-dispatches='join=false merge-small=false' --ntc-plan-memory"
config.substitutions.append(("%plan-channels-last", lower.format(" --ntc-choose-layouts")))
config.substitutions.append(("%plan", lower.format("")))
config.substitutions.append(("%remarks", "-o /dev/null --remark-policy=all --remarks-filter"))
config.substitutions.append(("%source_dir", config.ntc_source_dir))
for tool in ["ntc", "ntc-run"]:
    if os.path.exists(os.path.join(config.ntc_tools_dir, tool)):
        config.available_features.add(tool)
