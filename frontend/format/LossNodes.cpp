// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas are those of torch.nn.functional (cross_entropy with label smoothing and with
// probabilities: aten/src/ATen/native/LossNLL.cpp). Binary cross-entropy is y softplus(-x) + (1 -
// y) softplus(x), which keeps full relative precision at both ends and has no kink at 0.
#include "frontend/format/LossNodes.h"

#include "frontend/format/NodeBuilder.h"

#include <limits>
#include <optional>

namespace ntc::format {
namespace {

/// One loss being written.
struct Writer {
  const LossSpec &spec;
  const std::string &output;
  const TensorType &type;
  onnx::GraphProto &algorithm;
  onnx::ModelProto &model;
  LossNodes result;

  bool isMean() const { return spec.reduction() == "mean"; }
  bool weighted() const { return spec.weight_size() != 0; }
  int64_t classes() const { return (*type.shape)[1].factor; }

  /// What the loss of the output alone is called.
  std::string lossName() const { return spec.terms_size() == 0 ? "loss" : "/loss/output"; }
  /// Fails when an input of the model that should be its own target has another type.
  Status addTarget() {
    result.target = spec.target();
    for (const onnx::ValueInfoProto &input : model.graph().input()) {
      if (input.name() != result.target) {
        continue;
      }
      auto type = typeOf(input.type());
      bool fits = type && type->dtype == result.targetType.dtype && type->shape &&
                  mayEqual(*type->shape, *result.targetType.shape);
      if (!fits) {
        return failure("loss ", spec.name(), ": the target ", rt::quoted(result.target),
                       " is an input of the model; expected ", str(result.targetType), ", found ",
                       type ? str(*type) : std::string(type.status().message()));
      }
      result.isModelInput = true;
      return Status::ok();
    }
    onnx::ValueInfoProto &input = *algorithm.add_input();
    input.set_name(result.target);
    *input.mutable_type() = protoOf(result.targetType);
    return Status::ok();
  }
  /// An algorithm initializer of the output's element type; returns its name.
  std::string addWeights(const std::string &name,
                         const google::protobuf::RepeatedField<float> &values,
                         std::span<const int64_t> dims) {
    if (type.dtype == onnx::TensorProto::DOUBLE) {
      std::vector<double> wide(values.begin(), values.end());
      onnx::TensorProto tensor = floatTensor(name, {}, dims);
      tensor.set_data_type(onnx::TensorProto::DOUBLE);
      tensor.set_raw_data(wide.data(), wide.size() * sizeof(double));
      *algorithm.add_initializer() = std::move(tensor);
    } else {
      *algorithm.add_initializer() =
          floatTensor(name, {values.data(), static_cast<size_t>(values.size())}, dims);
    }
    return name;
  }
  /// Adds the function to the model and calls it.
  void call(FunctionBuilder &body, std::vector<std::string> inputs, bool withDenominator = false) {
    onnx::FunctionProto function = body.take();
    std::vector<std::string> outputs = {lossName()};
    if (withDenominator) {
      outputs.push_back("loss_denominator");
    }
    onnx::NodeProto &node = addNode(algorithm, function.name(), inputs, outputs);
    node.set_domain(std::string(trainingDomain));
    node.set_name("/loss/" + function.name());
    *model.add_functions() = std::move(function);
  }
};

/// mean or sum over all elements, as a node of the function's output.
void reduce(FunctionBuilder &b, const Writer &w, const std::string &value) {
  b.output("loss", w.isMean() ? "ReduceMean" : "ReduceSum", {value}, {attribute("keepdims", 0)});
}

std::string suffix(const Writer &w) { return w.isMean() ? "" : "_sum"; }

/// ln p, and -100 below the smallest normal number of f32. The logarithm itself never sees such a
/// p, so that its derivative stays finite.
std::string clampedLog(FunctionBuilder &b, const std::string &p) {
  std::string isSmall =
      b.op("Less", {p, b.cast(b.constant(double{std::numeric_limits<float>::min()}), p)});
  std::string safe = b.op("Where", {isSmall, b.cast(b.constant(1.0), p), p});
  return b.op("Where", {isSmall, b.cast(b.constant(-100.0), p), b.op("Log", {safe})});
}

/// -(y ln x + (1 - y) ln(1 - x)).
void addCrossEntropyOfProbabilities(FunctionBuilder &b, const Writer &w) {
  std::string one = b.cast(b.constant(1.0), "x");
  std::string ifTrue = b.op("Mul", {"y", clampedLog(b, "x")});
  std::string ifFalse =
      b.op("Mul", {b.op("Sub", {one, "y"}), clampedLog(b, b.op("Sub", {one, "x"}))});
  reduce(b, w, b.op("Neg", {b.op("Add", {ifTrue, ifFalse})}));
}

Result<LossNodes> addElementwise(Writer &w) {
  bool isBce = w.spec.name() == "bce_with_logits";
  w.result.targetType = w.type;
  if (Status added = w.addTarget(); !added) {
    return added;
  }
  std::string name = isBce                    ? "BCEWithLogitsLoss"
                     : w.spec.name() == "bce" ? "BCELoss"
                     : w.spec.name() == "mse" ? "MSELoss"
                                              : "L1Loss";
  std::vector<std::string> inputs = {w.output, w.result.target};
  bool positive = w.spec.pos_weight_size() != 0;
  FunctionBuilder b(name + (positive ? "_pos_weight" : "") + suffix(w), {"x", "y"});
  if (positive) {
    b.input("pos_weight");
    int64_t count = w.spec.pos_weight_size();
    if (count > 1 && (w.type.shape->empty() || !mayEqual(w.type.shape->back(), Dim(count)))) {
      return failure("loss bce_with_logits: pos_weight has ", count,
                     " values, the output has shape ", str(*w.type.shape));
    }
    inputs.push_back(w.addWeights("loss.pos_weight", w.spec.pos_weight(), std::span(&count, 1)));
  }
  if (w.spec.name() == "bce") {
    addCrossEntropyOfProbabilities(b, w);
  } else if (!isBce) {
    std::string difference = b.op("Sub", {"x", "y"});
    bool square = w.spec.name() == "mse";
    reduce(b, w, square ? b.op("Mul", {difference, difference}) : b.op("Abs", {difference}));
  } else {
    std::string ifTrue = b.op("Mul", {"y", b.op("Softplus", {b.op("Neg", {"x"})})});
    if (positive) {
      ifTrue = b.op("Mul", {"pos_weight", ifTrue});
    }
    std::string notY = b.op("Sub", {b.cast(b.constant(1.0), "y"), "y"});
    reduce(b, w, b.op("Add", {ifTrue, b.op("Mul", {notY, b.op("Softplus", {"x"})})}));
  }
  w.call(b, inputs);
  return w.result;
}

/// The weights (C) reshaped to broadcast along axis 1 of the output.
std::string alongClasses(FunctionBuilder &b, const Writer &w) {
  std::vector<int64_t> shape(w.type.shape->size(), 1);
  shape[1] = w.classes();
  int64_t rank = static_cast<int64_t>(shape.size());
  std::string dims =
      b.op("Constant", {}, {attribute("value", intTensor("", shape, std::span(&rank, 1)))});
  return b.op("Reshape", {"weight", dims});
}

std::string sumOverClasses(FunctionBuilder &b, const std::string &value) {
  int64_t axis = 1, one = 1;
  std::string axes = b.op(
      "Constant", {}, {attribute("value", intTensor("", std::span(&axis, 1), std::span(&one, 1)))});
  return b.op("ReduceSum", {value, axes}, {attribute("keepdims", 0)});
}

Result<LossNodes> addProbabilities(Writer &w) {
  w.result.targetType = w.type;
  if (Status added = w.addTarget(); !added) {
    return added;
  }
  double smoothing = w.spec.label_smoothing();
  std::vector<std::string> inputs = {w.output, w.result.target};
  FunctionBuilder b(std::string("CrossEntropyProbabilities") +
                        (smoothing != 0 ? "_smoothing" : "") + (w.weighted() ? "_weight" : "") +
                        suffix(w),
                    {"scores", "y"});
  std::string y = "y";
  if (smoothing != 0) {
    y = b.op("Add", {b.op("Mul", {y, b.cast(b.constant(1 - smoothing), y)}),
                     b.cast(b.constant(smoothing / static_cast<double>(w.classes())), "y")});
  }
  std::string terms = b.op("Mul", {y, b.op("LogSoftmax", {"scores"}, {attribute("axis", 1)})});
  if (w.weighted()) {
    b.input("weight");
    int64_t count = w.classes();
    inputs.push_back(w.addWeights("loss.weight", w.spec.weight(), std::span(&count, 1)));
    terms = b.op("Mul", {terms, alongClasses(b, w)});
  }
  reduce(b, w, b.op("Neg", {sumOverClasses(b, terms)})); // one term per sample and position
  w.call(b, inputs);
  return w.result;
}

/// Which labels count: the mask and the labels with ignored ones replaced by 0; nothing without
/// ignore_index.
struct Validity {
  std::string mask;
  std::string labels = "label";
};
Validity validity(FunctionBuilder &b, const Writer &w) {
  Validity result;
  if (w.spec.has_ignore_index()) {
    result.mask = b.op("Not", {b.op("Equal", {"label", b.intConstant(w.spec.ignore_index())})});
    result.labels = b.op("Where", {result.mask, "label", b.intConstant(0)});
  }
  return result;
}

/// Sum of the class weights of the labels that count.
std::string denominator(FunctionBuilder &b, const Writer &w, const Validity &valid) {
  std::string each =
      w.weighted() ? b.op("Gather", {"weight", valid.labels}) : b.cast(valid.mask, "scores");
  if (w.weighted() && !valid.mask.empty()) {
    each = b.op("Where", {valid.mask, each, b.cast(b.constant(0.0), "scores")});
  }
  return b.op("ReduceSum", {each}, {attribute("keepdims", 0)});
}

onnx::NodeProto &setClassAttributes(onnx::NodeProto &node, const Writer &w) {
  *node.add_attribute() = attribute("reduction", w.spec.reduction());
  if (w.spec.has_ignore_index()) {
    *node.add_attribute() = attribute("ignore_index", w.spec.ignore_index());
  }
  return node;
}

/// Cross-entropy or NLL on class indices as the standard operator, and its denominator as a
/// function where it depends on the labels.
void addStandard(Writer &w, const std::vector<std::string> &inputs) {
  bool isNll = w.spec.name() == "nll";
  std::string op = isNll ? "NegativeLogLikelihoodLoss" : "SoftmaxCrossEntropyLoss";
  std::string loss = w.lossName();
  onnx::NodeProto &node = addNode(w.algorithm, op, inputs, std::span(&loss, 1));
  setClassAttributes(node, w).set_name("/loss/" + op);
  if (!w.result.hasDenominator) {
    return;
  }
  bool ignores = w.spec.has_ignore_index();
  FunctionBuilder b(std::string("LossDenominator") + (w.weighted() ? "_weight" : "") +
                        (ignores ? "_ignore" : ""),
                    {"scores", "label"});
  if (w.weighted()) {
    b.input("weight");
  }
  b.output("denominator", "Identity", {denominator(b, w, validity(b, w))});
  onnx::FunctionProto function = b.take();
  std::string name = "loss_denominator";
  onnx::NodeProto &call = addNode(w.algorithm, function.name(), inputs, std::span(&name, 1));
  call.set_domain(std::string(trainingDomain));
  call.set_name("/loss/" + function.name());
  *w.model.add_functions() = std::move(function);
}

/// (1 - e) nll + e / C * (sum over classes of -w log p), each with the reduction's denominator.
void addSmoothed(Writer &w, const std::vector<std::string> &inputs) {
  bool ignores = w.spec.has_ignore_index();
  FunctionBuilder b(std::string("CrossEntropyLabelSmoothing") + (w.weighted() ? "_weight" : "") +
                        (ignores ? "_ignore" : "") + suffix(w),
                    {"scores", "label"});
  if (w.weighted()) {
    b.input("weight");
  }
  std::string logs = b.op("LogSoftmax", {"scores"}, {attribute("axis", 1)});
  std::string nll;
  auto reduction = attribute("reduction", w.spec.reduction());
  auto ignored = attribute("ignore_index", w.spec.ignore_index());
  auto nllOf = [&](std::initializer_list<std::string> operands) {
    return ignores ? b.op("NegativeLogLikelihoodLoss", operands, {reduction, ignored})
                   : b.op("NegativeLogLikelihoodLoss", operands, {reduction});
  };
  nll = w.weighted() ? nllOf({logs, "label", "weight"}) : nllOf({logs, "label"});
  std::string terms = w.weighted() ? b.op("Mul", {logs, alongClasses(b, w)}) : logs;
  std::string smooth = b.op("Neg", {sumOverClasses(b, terms)});
  Validity valid = validity(b, w);
  if (ignores) {
    smooth = b.op("Where", {valid.mask, smooth, b.cast(b.constant(0.0), "scores")});
  }
  std::string count = w.result.hasDenominator ? denominator(b, w, valid) : "";
  if (w.isMean() && count.empty()) {
    smooth = b.op("ReduceMean", {smooth}, {attribute("keepdims", 0)});
  } else {
    smooth = b.op("ReduceSum", {smooth}, {attribute("keepdims", 0)});
    smooth = count.empty() ? smooth : b.op("Div", {smooth, count});
  }
  double e = w.spec.label_smoothing();
  std::string hard = b.op("Mul", {nll, b.cast(b.constant(1 - e), "scores")});
  std::string soft =
      b.op("Mul", {smooth, b.cast(b.constant(e / static_cast<double>(w.classes())), "scores")});
  b.output("loss", "Add", {hard, soft});
  if (!count.empty()) {
    b.output("denominator", "Identity", {count});
  }
  w.call(b, inputs, !count.empty());
}

Result<LossNodes> addClassIndices(Writer &w) {
  w.result.targetType.dtype = onnx::TensorProto::INT64;
  w.result.targetType.shape = *w.type.shape;
  w.result.targetType.shape->erase(w.result.targetType.shape->begin() + 1);
  if (Status added = w.addTarget(); !added) {
    return added;
  }
  std::vector<std::string> inputs = {w.output, w.result.target};
  if (w.weighted()) {
    int64_t count = w.classes();
    inputs.push_back(w.addWeights("loss.weight", w.spec.weight(), std::span(&count, 1)));
  }
  w.result.hasDenominator = w.isMean() && (w.weighted() || w.spec.has_ignore_index());
  if (w.spec.label_smoothing() != 0) {
    addSmoothed(w, inputs);
  } else {
    addStandard(w, inputs);
  }
  return w.result;
}

/// The declared type of a value of the graph.
std::optional<TensorType> declaredType(const onnx::GraphProto &graph, const std::string &name) {
  for (const auto *list : {&graph.value_info(), &graph.output(), &graph.input()}) {
    for (const onnx::ValueInfoProto &info : *list) {
      if (info.name() == name) {
        auto type = typeOf(info.type());
        return type ? std::optional(*type) : std::nullopt;
      }
    }
  }
  return std::nullopt;
}

/// "loss" = the output's loss + weight * reduced term + ….
Status addTerms(Writer &w) {
  FunctionBuilder b("LossWithTerms" + suffix(w), {"x"});
  std::vector<std::string> inputs = {w.lossName()};
  std::string sum = "x";
  for (int i = 0; i < w.spec.terms_size(); ++i) {
    const LossTerm &term = w.spec.terms(i);
    auto type = declaredType(w.model.graph(), term.value());
    if (!type || type->dtype != w.type.dtype) {
      return failure("loss ", w.spec.name(), ": the term ", rt::quoted(term.value()),
                     " must be a value of the model of type ", dtypeName(w.type.dtype), ", found ",
                     type ? str(*type) : std::string("none with a declared type"));
    }
    std::string value = b.input("term" + std::to_string(i));
    inputs.push_back(term.value());
    value = b.op(w.isMean() ? "ReduceMean" : "ReduceSum", {value}, {attribute("keepdims", 0)});
    if (term.weight() != 1) {
      value = b.op("Mul", {value, b.cast(b.constant(term.weight()), "x")});
    }
    bool isLast = i + 1 == w.spec.terms_size();
    if (isLast) {
      b.output("loss", "Add", {sum, value});
    } else {
      sum = b.op("Add", {sum, value});
    }
  }
  onnx::FunctionProto function = b.take();
  std::string loss = "loss";
  onnx::NodeProto &node = addNode(w.algorithm, function.name(), inputs, std::span(&loss, 1));
  node.set_domain(std::string(trainingDomain));
  node.set_name("/loss/" + function.name());
  *w.model.add_functions() = std::move(function);
  return Status::ok();
}

Result<LossNodes> addOutputLoss(Writer &w) {
  const LossSpec &spec = w.spec;
  const TensorType &type = w.type;
  if (spec.name() != "cross_entropy" && spec.name() != "nll") {
    return addElementwise(w);
  }
  if (type.shape->size() < 2 || !(*type.shape)[1].isNumber()) {
    return failure("loss ", spec.name(), ": expected scores of shape (B, classes, …), found ",
                   str(*type.shape));
  }
  if (w.weighted() && spec.weight_size() != w.classes()) {
    return failure("loss ", spec.name(), ": expected one weight per class (", w.classes(),
                   "), found ", spec.weight_size());
  }
  return spec.probabilities() ? addProbabilities(w) : addClassIndices(w);
}

} // namespace

Result<LossNodes> addLoss(const LossSpec &spec, const std::string &output, const TensorType &type,
                          onnx::GraphProto &algorithm, onnx::ModelProto &model) {
  Writer w{spec, output, type, algorithm, model, {}};
  if (type.dtype != onnx::TensorProto::FLOAT && type.dtype != onnx::TensorProto::DOUBLE) {
    return failure("loss ", spec.name(), ": expected an output of type f32 or f64, found ",
                   dtypeName(type.dtype));
  }
  if (!type.shape) {
    return failure("loss ", spec.name(), ": the shape of the output ", rt::quoted(output),
                   " is unknown");
  }
  Result<LossNodes> result = addOutputLoss(w);
  if (result && spec.terms_size() != 0) {
    if (Status added = addTerms(w); !added) {
      return added;
    }
  }
  return result;
}

} // namespace ntc::format
