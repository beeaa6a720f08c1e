// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands between the loss and the optimizer in the algorithm graph: penalties, the norm of
// the gradients, clipping (docs/formats/model-pb.md §2).
#pragma once

#include "frontend/format/Diagnostic.h"
#include "frontend/format/train_spec.pb.h"

#include <onnx/onnx_pb.h>

#include <set>
#include <span>
#include <string>
#include <vector>

namespace ntc::format {

/// Names of outputs of the algorithm that the training step reports as metrics with count 1.
inline constexpr std::string_view penaltyOutput = "penalty";
inline constexpr std::string_view gradientNormOutput = "grad_norm";
/// The sum of loss and penalties, which is differentiated in the place of the loss.
inline constexpr std::string_view objectiveValue = "objective";

/// The control of penalty `index`: "l1" and "l2", then "l1_2", "l2_2", "l1_3", …
std::string penaltyControl(std::string_view kind, int index);

/// Writes nodes for `parameters`, whose gradients are "gradient.<parameter>", scalars in `dtype`.
class GradientNodes {
public:
  GradientNodes(const TrainSpec &spec, std::span<const std::string> parameters, int32_t dtype,
                onnx::GraphProto &algorithm)
      : spec(spec), parameters(parameters), dtype(dtype), algorithm(algorithm) {}

  /// Appends "penalty" and "objective" = "loss" + "penalty" where the recipe has penalties. Returns
  /// the value to differentiate, "objective" or "loss". A pattern without a parameter is a problem.
  std::string addObjective(std::vector<Diagnostic> &problems);
  /// Appends "grad_norm" and clipping, where asked for. Returns what stands before a parameter in
  /// the name of its gradient for the optimizer: "gradient." or "clipped.".
  std::string addClipping();

  /// The outputs that were asked for.
  const std::vector<std::string_view> &metrics() const { return outputs; }
  /// Controls that the nodes read, in order.
  const std::vector<std::string> &controls() const { return names; }

private:
  std::string op(std::string_view family, std::string_view type, std::vector<std::string> inputs,
                 std::initializer_list<onnx::AttributeProto> attributes = {});
  std::string control(const std::string &name);
  std::string number(std::string_view family, double value);
  std::string addNorm();
  /// Appends a node of `type` from each parameter's `from` + name and `operand` to `to` + name.
  void forEach(std::string_view type, const std::string &from, const std::string &operand,
               const std::string &to);

  const TrainSpec &spec;
  std::span<const std::string> parameters;
  const int32_t dtype;
  onnx::GraphProto &algorithm;
  std::vector<std::string> names;
  std::vector<std::string_view> outputs;
  int count = 0;
};

} // namespace ntc::format
