// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names in messages: suggestions for misspelt words, layers of nodes, name patterns of recipes.
#pragma once

#include "frontend/format/Diagnostic.h"

#include <onnx/onnx_pb.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::format {

/// The candidate nearest to `word` (edit distance at most a third of its length, at least 1), or
/// "".
std::string nearest(std::string_view word, std::span<const std::string> candidates);
/// '; did you mean "adam"?' when there is a near candidate, else "; known: a, b, c".
std::string suggestion(std::string_view word, std::span<const std::string> candidates);
/// "a, b, c".
std::string join(std::span<const std::string> words, std::string_view separator = ", ");
using rt::quoted;

/// The module path in a node's name: "features.0" of "/features.0/Conv", "" of "/Relu" or of a
/// nameless node.
std::string layerOf(const onnx::NodeProto &node);
/// How messages name a node: `node "/fc1/Gemm" (Gemm)`, `nameless node (Gemm) that makes "y"`.
std::string describe(const onnx::NodeProto &node);

/// What is wrong with the name of a metric that a model reports, as what was expected; empty:
/// nothing. Names that records of runs use already are refused.
std::string metricNameProblem(std::string_view name);

/// A glob (* ? [abc] [!abc]) over the whole name, or an ECMAScript expression between slashes.
class NamePattern {
public:
  /// Fails for an expression that does not parse.
  static Result<NamePattern> parse(std::string_view text);
  bool matches(std::string_view name) const;

private:
  struct Impl;
  std::shared_ptr<const Impl> impl;
};

} // namespace ntc::format
