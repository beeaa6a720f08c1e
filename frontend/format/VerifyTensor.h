// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor of a file: do its dimensions, element type and data agree?
#pragma once

#include <onnx/onnx_pb.h>

#include <string>

namespace ntc::format {

/// "" or what is wrong: element type, negative or overflowing dimensions, external or segmented
/// data, a number of values that differs from the product of the dimensions.
std::string tensorProblem(const onnx::TensorProto &tensor);
/// As tensorProblem for a sparse initializer; only one without values is supported (zeros).
std::string sparseProblem(const onnx::SparseTensorProto &tensor);

} // namespace ntc::format
