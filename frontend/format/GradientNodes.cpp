// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PyTorch's clip_grad_norm_ and clip_grad_value_, and penalties as scripts add them to a loss:
// loss + l1 * sum(|p|) + l2 * sum(p * p).
#include "frontend/format/GradientNodes.h"

#include "frontend/format/Names.h"
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/TrainingGraph.h"

#include <algorithm>

namespace ntc::format {

std::string penaltyControl(std::string_view kind, int index) {
  return index == 0 ? std::string(kind) : rt::concat(kind, "_", index + 1);
}

std::string GradientNodes::op(std::string_view family, std::string_view type,
                              std::vector<std::string> inputs, Attributes attributes) {
  std::string output = rt::concat("/", family, "/", type, "_", count++);
  addNode(algorithm, type, inputs, std::span(&output, 1), attributes).set_name(output);
  return output;
}

std::string GradientNodes::control(const std::string &name) {
  names.push_back(name);
  // CastLike would need opset 15 of the graph.
  return op("clip", "Cast", {name}, {attribute("to", static_cast<int64_t>(dtype))});
}

std::string GradientNodes::number(std::string_view family, double value) {
  std::string constant = op(family, "Constant", {}, {attribute("value", doubleScalar("", value))});
  return op(family, "Cast", {constant}, {attribute("to", static_cast<int64_t>(dtype))});
}

std::string GradientNodes::addObjective(std::vector<Diagnostic> &problems) {
  std::vector<std::string> terms;
  for (int i = 0; i < spec.penalties_size(); ++i) {
    const PenaltySpec &penalty = spec.penalties(i);
    std::vector<NamePattern> patterns = parsePatterns(penalty.patterns());
    std::vector<std::string> matching;
    std::ranges::copy_if(parameters, std::back_inserter(matching), [&](const std::string &name) {
      return patterns.empty() || matchesAny(patterns, name);
    });
    if (matching.empty()) {
      problems.push_back({"--penalty", "pattern " + quoted(penalty.patterns(0)) +
                                           " matches no trained parameter" +
                                           suggestion(penalty.patterns(0), parameters)});
      continue;
    }
    for (auto [kind, reduction, weight] : {std::tuple("l1", "ReduceL1", penalty.l1()),
                                           std::tuple("l2", "ReduceSumSquare", penalty.l2())}) {
      if (weight <= 0) {
        continue;
      }
      std::vector<std::string> sizes;
      for (const std::string &name : matching) {
        sizes.push_back(op("penalty", reduction, {name}, {attribute("keepdims", 0)}));
      }
      std::string factor = control(penaltyControl(kind, i));
      terms.push_back(op("penalty", "Mul", {factor, op("penalty", "Sum", sizes)}));
    }
  }
  if (terms.empty()) {
    return "loss";
  }
  std::string penalty(penaltyOutput), objective(objectiveValue);
  addNode(algorithm, "Sum", terms, std::span(&penalty, 1)).set_name("/penalty/Sum");
  outputs.push_back(penaltyOutput);
  std::vector<std::string> parts = {"loss", penalty};
  addNode(algorithm, "Add", parts, std::span(&objective, 1)).set_name("/penalty/Add");
  return objective;
}

std::string GradientNodes::addNorm() {
  std::vector<std::string> squares;
  for (const std::string &name : parameters) {
    squares.push_back(
        op("clip", "ReduceSumSquare", {"gradient." + name}, {attribute("keepdims", 0)}));
  }
  std::vector<std::string> total = {op("clip", "Sum", squares)};
  std::string norm(gradientNormOutput);
  addNode(algorithm, "Sqrt", total, std::span(&norm, 1)).set_name("/clip/Sqrt");
  return norm;
}

void GradientNodes::forEach(std::string_view type, const std::string &from,
                            const std::string &operand, const std::string &to) {
  for (const std::string &name : parameters) {
    std::vector<std::string> inputs = {from + name, operand};
    std::string output = to + name;
    addNode(algorithm, type, inputs, std::span(&output, 1))
        .set_name(rt::concat("/clip/", type, "/", name));
  }
}

std::string GradientNodes::addClipping() {
  const bool byNorm = spec.clip().max_norm() > 0, byValue = spec.clip().clip_value() > 0;
  std::string norm = byNorm || spec.grad_norm() ? addNorm() : "";
  if (spec.grad_norm()) {
    outputs.push_back(gradientNormOutput);
  }
  std::string prefix = "gradient.";
  if (byNorm) { // the norm over the norms of all gradients, the coefficient clamped to 1
    std::string bound = op("clip", "Add", {norm, number("clip", 1e-6)});
    std::string factor = op("clip", "Div", {control("max_norm"), bound});
    forEach("Mul", prefix, op("clip", "Min", {factor, number("clip", 1.0)}),
            byValue ? "scaled." : "clipped.");
    prefix = byValue ? "scaled." : "clipped.";
  }
  if (byValue) {
    std::string high = control("clip_value");
    forEach("Max", prefix, op("clip", "Neg", {high}), "bounded.");
    forEach("Min", "bounded.", high, "clipped.");
    prefix = "clipped.";
  }
  return prefix;
}

} // namespace ntc::format
