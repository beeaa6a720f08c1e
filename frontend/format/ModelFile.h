// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing model files. Reading bounds size and nesting; it does not verify (see
// Verifier.h).
#pragma once

#include "frontend/format/Diagnostic.h"

#include <onnx/onnx_pb.h>

#include <span>
#include <string>

namespace ntc::format {

/// protobuf's limit for one message, 2 GiB - 1.
inline constexpr uint64_t maxModelBytes = 0x7FFFFFFF;

/// Reads an ONNX ModelProto, with the external data of its initializers (ExternalData.h). Fails
/// with the path and the reason: not readable, too large, not a protobuf message, no graph inside.
Result<onnx::ModelProto> readModel(const std::string &path);
/// As readModel, from memory and without external data; `name` is what messages call it.
Result<onnx::ModelProto> parseModel(std::span<const uint8_t> bytes, const std::string &name);

/// The bytes of a model; the same model gives the same bytes. Fails above maxModelBytes.
Result<std::string> serializeModel(const onnx::ModelProto &model);
/// Writes the file atomically: the old one stays until the new one is complete.
Status writeModel(const onnx::ModelProto &model, const std::string &path);

} // namespace ntc::format
