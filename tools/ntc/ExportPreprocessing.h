// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fitted preprocessing of a run in the ONNX file that it is exported to: arithmetic as nodes in
// front of the network, the rest in metadata_props. docs/formats/model-pb.md §7 describes the
// result.
#pragma once

#include "runtime/train/Preprocessing.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace ntc::driver {

/// Keys of metadata_props.
inline constexpr std::string_view kClassNamesKey = "ntc.class_names";
inline constexpr std::string_view kTransformKey = "ntc.transform";
inline constexpr std::string_view kColumnsKey = "ntc.columns";
inline constexpr std::string_view kCharactersKey = "ntc.characters";
inline constexpr std::string_view kTableKey = "ntc.table";

/// Where the parts of a preprocessing went, each in words for a message.
struct AttachedPreprocessing {
  std::vector<std::string> nodes;    ///< done by the graph
  std::vector<std::string> metadata; ///< said in metadata_props, for the caller to do
};

/// Puts `preprocessing` into `model`, a forward pass without training step.
/// * Pictures: Normalize calls at the end of the validation's transforms become Sub and Div; the
///   input stays what the transforms before them make, with ToTensor f32 (batch, C, H, W) in [0,
///   1]. Bit for bit what the data library computes.
/// * Tables: the input becomes a row of the table as it is, f64 (batch, columns), NaN where a value
///   is missing (of series (batch, window, columns)), which is filled and scaled in f64 as the data
///   library does. With columns of categories there is one input for each column, under its name:
///   f64 or string (batch, 1); a text that is no category has none.
/// Errors (Corrupt): transforms that do not parse.
rt::Result<AttachedPreprocessing>
attachPreprocessing(onnx::ModelProto &model, const rt::train::Preprocessing &preprocessing);

} // namespace ntc::driver
