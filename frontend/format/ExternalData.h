// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Initializers whose values an exporter wrote into a file beside the model's.
#pragma once

#include "frontend/format/Diagnostic.h"

#include <onnx/onnx_pb.h>

#include <string>

namespace ntc::format {

/// Reads the external values of the graph's initializers into the model; `modelPath` is its file.
/// A location is a relative path that stays, symbolic links followed, within the model's folder.
/// Every byte count is checked before anything is allocated: the tensor's dimensions against the
/// length, offset and length against the file, all of them against maxModelBytes. Errors name the
/// model, the initializer and the file.
Status readExternalData(onnx::ModelProto &model, const std::string &modelPath);

} // namespace ntc::format
