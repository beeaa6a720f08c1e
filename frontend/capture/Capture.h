// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a captured program holds, for code of this project (the zoo, tests) that wants the model
// rather than a file.
#pragma once

#include "ntc/nn/program.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace ntc {

struct Program::Impl {
  onnx::ModelProto model;
  std::vector<std::string> errors;
};

} // namespace ntc
