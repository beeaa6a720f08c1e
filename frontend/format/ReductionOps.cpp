// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions, argument reductions and the two losses of the standard domain.
#include "frontend/format/OpTable.h"

#include <set>

namespace ntc::format {
namespace {

/// Axes of a reduction: attribute (before opset 18; ReduceSum before 13) or input 1.
void reduce(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  const Shape *x = c.shape(0);
  bool given = c.has(1) || c.attribute("axes");
  auto axes = c.integers("axes", 1);
  if (!x || (given && !axes)) {
    return;
  }
  bool all = (!axes || axes->empty()) && c.intAttribute("noop_with_empty_axes", 0) == 0;
  std::set<size_t> reduced;
  for (int64_t each : axes.value_or(std::vector<int64_t>{})) {
    auto axis = c.axis(each, x->size());
    if (!axis) {
      return;
    }
    reduced.insert(*axis);
  }
  bool keep = c.intAttribute("keepdims", 1) != 0;
  Shape result;
  for (size_t i = 0; i < x->size(); ++i) {
    bool isReduced = all || reduced.contains(i);
    if (!isReduced) {
      result.push_back((*x)[i]);
    } else if (keep) {
      result.push_back(Dim(1));
    }
  }
  c.set(0, c.type(0).dtype, result);
}

void argReduce(OpContext &c) {
  c.set(0, onnx::TensorProto::INT64, std::nullopt);
  const Shape *x = c.shape(0);
  if (!x) {
    return;
  }
  auto axis = c.axis(c.intAttribute("axis", 0), x->size());
  if (!axis) {
    return;
  }
  Shape result = *x;
  if (c.intAttribute("keepdims", 1)) {
    result[*axis] = Dim(1);
  } else {
    result.erase(result.begin() + static_cast<ptrdiff_t>(*axis));
  }
  c.set(0, onnx::TensorProto::INT64, result);
}

void classLoss(OpContext &c) {
  c.needFloat(0);
  c.sameType(0, 2);
  int32_t labels = c.type(1).dtype;
  if (labels && labels != onnx::TensorProto::INT64 && labels != onnx::TensorProto::INT32) {
    c.fail("expected labels of type i64 or i32, found ", str(c.type(1)));
  }
  std::string reduction = c.stringAttribute("reduction", "mean");
  if (reduction != "mean" && reduction != "sum" && reduction != "none") {
    c.fail("expected reduction mean, sum or none, found ", rt::quoted(reduction));
  }
  const Shape *scores = c.shape(0);
  if (!scores) {
    c.set(0, c.type(0).dtype, reduction == "none" ? std::nullopt : std::optional(Shape{}));
    return;
  }
  if (scores->size() < 2) {
    c.fail("expected scores of shape (B, classes, …), found ", str(*scores));
    return;
  }
  Shape expected = *scores;
  expected.erase(expected.begin() + 1);
  if (c.shape(1) && !mayEqual(*c.shape(1), expected)) {
    c.fail("expected labels of shape ", str(expected), " for scores ", str(*scores), ", found ",
           str(*c.shape(1)));
    return;
  }
  if (c.shape(2) && (c.shape(2)->size() != 1 || !mayEqual((*c.shape(2))[0], (*scores)[1]))) {
    c.fail("expected one weight per class (", str((*scores)[1]), ",), found ", str(*c.shape(2)));
    return;
  }
  c.set(0, c.type(0).dtype, reduction == "none" ? expected : Shape{});
  c.set(1, c.type(0).dtype, *scores);
}

} // namespace

std::span<const OpSchema> reductionOps() {
  static constexpr std::string_view attributes = "axes:I keepdims:i noop_with_empty_axes:i";
  static const OpSchema table[] = {
      {"ReduceSum", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceMean", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceMax", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceMin", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceProd", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceL1", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceL2", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceSumSquare", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceLogSum", 1, 2, 1, 1, 1, attributes, reduce},
      {"ReduceLogSumExp", 1, 2, 1, 1, 1, attributes, reduce},
      {"ArgMax", 1, 1, 1, 1, 1, "axis:i keepdims:i select_last_index:i", argReduce},
      {"ArgMin", 1, 1, 1, 1, 1, "axis:i keepdims:i select_last_index:i", argReduce},
      {"SoftmaxCrossEntropyLoss", 2, 3, 1, 2, 12, "ignore_index:i reduction:s", classLoss},
      {"NegativeLogLikelihoodLoss", 2, 3, 1, 1, 12, "ignore_index:i reduction:s", classLoss},
  };
  return table;
}

} // namespace ntc::format
