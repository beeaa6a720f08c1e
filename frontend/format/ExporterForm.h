// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What exporters write that a model file does not hold: parameters merged because their values were
// equal, layers in training form, a batch of fixed size. Each is brought to the form of
// docs/formats/model-pb.md §1 where its meaning is clear.
#pragma once

#include "frontend/format/Diagnostic.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace ntc::format {

/// Takes what an exporter wrote; `model` has no training step and need not be verified.
/// * A parameter that the exporter merged with another of equal values, an Identity of it, becomes
/// a
///   parameter of its own, with a note.
/// * Dropout and BatchNormalization in training form are written in evaluation form; the training
///   step runs them in training form again. Where BatchNormalization comes in both forms, the
///   layers in evaluation form were set so: their names are added to `evalLayers`.
/// Problems: copies that would make the model larger than a model file may be, running statistics
/// that the graph uses, a Dropout that is switched by a value that is no constant.
std::vector<Diagnostic> takeExport(onnx::ModelProto &model, std::vector<std::string> &evalLayers,
                                   std::vector<std::string> &notes);

/// Writes the batch dimension as "batch": the symbol, or nothing, that input 0 has in front becomes
/// it everywhere. A batch of fixed size 1 becomes it too where every output then is found to
/// have the batch in front; a fixed size that stays is noted. Drops value_info, which has the old
/// dimensions.
void freeBatch(onnx::ModelProto &model, std::vector<std::string> &notes);

} // namespace ntc::format
