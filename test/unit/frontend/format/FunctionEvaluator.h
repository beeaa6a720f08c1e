// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the nodes of generated functions and algorithms on small tensors in f64, so that tests can
// compare them with formulas written down independently. Knows only the operators that the
// generated bodies use.
#pragma once

#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace ntc::test {

struct Array {
  std::vector<int64_t> shape;
  std::vector<double> data;
};

inline Array scalar(double value) { return {{}, {value}}; }
inline Array vectorOf(std::vector<double> values) {
  auto count = static_cast<int64_t>(values.size());
  return {{count}, std::move(values)};
}

class Evaluator {
public:
  explicit Evaluator(const onnx::ModelProto &model) : model(model) {}

  std::map<std::string, Array> values;

  void run(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes) {
    for (const onnx::NodeProto &node : nodes) {
      run(node);
    }
  }

  /// The element of a by the multi-index of the broadcast result.
  static Array zip(const Array &a, const Array &b, const std::function<double(double, double)> &f) {
    size_t rank = std::max(a.shape.size(), b.shape.size());
    auto dim = [&](const Array &x, size_t i) {
      size_t skipped = rank - x.shape.size();
      return i < skipped ? 1 : x.shape[i - skipped];
    };
    Array result;
    int64_t count = 1;
    for (size_t i = 0; i < rank; ++i) {
      result.shape.push_back(std::max(dim(a, i), dim(b, i)));
      count *= result.shape.back();
    }
    auto at = [&](const Array &x, int64_t flat) {
      int64_t index = 0, stride = 1;
      for (size_t i = rank; i-- > 0;) {
        int64_t position = flat % result.shape[i];
        flat /= result.shape[i];
        index += dim(x, i) == 1 ? 0 : position * stride;
        stride *= dim(x, i);
      }
      return x.data[static_cast<size_t>(index)];
    };
    for (int64_t flat = 0; flat < count; ++flat) {
      result.data.push_back(f(at(a, flat), at(b, flat)));
    }
    return result;
  }

private:
  static double attributeOr(const onnx::NodeProto &node, const char *name, double byDefault) {
    for (const auto &attribute : node.attribute()) {
      if (attribute.name() == name) {
        return static_cast<double>(attribute.i());
      }
    }
    return byDefault;
  }
  static std::string textOr(const onnx::NodeProto &node, const char *name, const char *byDefault) {
    for (const auto &attribute : node.attribute()) {
      if (attribute.name() == name) {
        return attribute.s();
      }
    }
    return byDefault;
  }
  static Array map(const Array &x, double (*f)(double)) {
    Array result = x;
    for (double &value : result.data) {
      value = f(value);
    }
    return result;
  }
  static Array constant(const onnx::TensorProto &tensor) {
    Array result{{tensor.dims().begin(), tensor.dims().end()}, {}};
    const std::string &raw = tensor.raw_data();
    for (size_t at = 0; at < raw.size(); at += 8) {
      double real = 0;
      int64_t integer = 0;
      std::memcpy(&real, raw.data() + at, 8);
      std::memcpy(&integer, raw.data() + at, 8);
      result.data.push_back(
          tensor.data_type() == onnx::TensorProto::DOUBLE ? real : static_cast<double>(integer));
    }
    return result;
  }
  static Array logSoftmax(const Array &x) { // (N, C) along C
    Array result = x;
    int64_t classes = x.shape[1];
    for (int64_t n = 0; n < x.shape[0]; ++n) {
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) {
        sum += std::exp(x.data[static_cast<size_t>(n * classes + c)]);
      }
      for (int64_t c = 0; c < classes; ++c) {
        result.data[static_cast<size_t>(n * classes + c)] -= std::log(sum);
      }
    }
    return result;
  }
  Array nll(const onnx::NodeProto &node, const Array &logs) {
    const Array &labels = values.at(node.input(1));
    double ignored = attributeOr(node, "ignore_index", -1e9);
    double total = 0, weights = 0;
    for (size_t n = 0; n < labels.data.size(); ++n) {
      if (labels.data[n] == ignored) {
        continue;
      }
      auto label = static_cast<size_t>(labels.data[n]);
      double weight = node.input_size() > 2 ? values.at(node.input(2)).data[label] : 1;
      total -= weight * logs.data[n * static_cast<size_t>(logs.shape[1]) + label];
      weights += weight;
    }
    return scalar(textOr(node, "reduction", "mean") == "mean" ? total / weights : total);
  }
  Array reduce(const onnx::NodeProto &node, const Array &x, bool mean) {
    if (node.input_size() == 1) {
      double total = 0;
      for (double value : x.data) {
        total += value;
      }
      return scalar(mean ? total / static_cast<double>(x.data.size()) : total);
    }
    Array result{{x.shape[0]},
                 std::vector<double>(static_cast<size_t>(x.shape[0]), 0.0)}; // axis 1 of (N, C)
    for (size_t i = 0; i < x.data.size(); ++i) {
      result.data[i / static_cast<size_t>(x.shape[1])] += x.data[i];
    }
    return result;
  }

  void run(const onnx::NodeProto &node) {
    for (const onnx::FunctionProto &function : model.functions()) {
      if (function.name() == node.op_type() && function.domain() == node.domain()) {
        Evaluator inner(model);
        for (int i = 0; i < node.input_size(); ++i) {
          inner.values[function.input(i)] = values.at(node.input(i));
        }
        inner.run(function.node());
        for (int i = 0; i < node.output_size(); ++i) {
          values[node.output(i)] = inner.values.at(function.output(i));
        }
        return;
      }
    }
    values[node.output(0)] = compute(node);
  }

  Array compute(const onnx::NodeProto &node) {
    const std::string &op = node.op_type();
    auto in = [&](int i) -> const Array & { return values.at(node.input(i)); };
    auto binary = [&](double (*f)(double, double)) { return zip(in(0), in(1), f); };
    if (op == "Constant") {
      return constant(node.attribute(0).t());
    }
    if (op == "Identity" || op == "Cast" || op == "CastLike") {
      return in(0);
    }
    if (op == "Add") {
      return binary([](double a, double b) { return a + b; });
    }
    if (op == "Sub") {
      return binary([](double a, double b) { return a - b; });
    }
    if (op == "Mul") {
      return binary([](double a, double b) { return a * b; });
    }
    if (op == "Div") {
      return binary([](double a, double b) { return a / b; });
    }
    if (op == "Pow") {
      return binary([](double a, double b) { return std::pow(a, b); });
    }
    if (op == "Min") {
      return binary([](double a, double b) { return std::min(a, b); });
    }
    if (op == "Max") {
      return binary([](double a, double b) { return std::max(a, b); });
    }
    if (op == "LessOrEqual") {
      return binary([](double a, double b) { return a <= b ? 1.0 : 0.0; });
    }
    if (op == "Equal") {
      return binary([](double a, double b) { return a == b ? 1.0 : 0.0; });
    }
    if (op == "Less") {
      return binary([](double a, double b) { return a < b ? 1.0 : 0.0; });
    }
    if (op == "Log") {
      return map(in(0), [](double x) { return std::log(x); });
    }
    if (op == "Where") {
      Array chosen = zip(in(0), in(1), [](double c, double a) { return c != 0 ? a : 0; });
      Array other = zip(in(0), in(2), [](double c, double b) { return c != 0 ? 0 : b; });
      return zip(chosen, other, [](double a, double b) { return a + b; });
    }
    if (op == "Not") {
      return map(in(0), [](double x) { return x == 0 ? 1.0 : 0.0; });
    }
    if (op == "Neg") {
      return map(in(0), [](double x) { return -x; });
    }
    if (op == "Abs") {
      return map(in(0), [](double x) { return std::abs(x); });
    }
    if (op == "Sign") {
      return map(in(0), [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; });
    }
    if (op == "Sqrt") {
      return map(in(0), [](double x) { return std::sqrt(x); });
    }
    if (op == "Erf") {
      return map(in(0), [](double x) { return std::erf(x); });
    }
    if (op == "Tanh") {
      return map(in(0), [](double x) { return std::tanh(x); });
    }
    if (op == "Sigmoid") {
      return map(in(0), [](double x) { return 1 / (1 + std::exp(-x)); });
    }
    if (op == "Softplus") {
      return map(in(0),
                 [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); });
    }
    if (op == "LogSoftmax") {
      return logSoftmax(in(0));
    }
    if (op == "SoftmaxCrossEntropyLoss") {
      return nll(node, logSoftmax(in(0)));
    }
    if (op == "NegativeLogLikelihoodLoss") {
      return nll(node, in(0));
    }
    if (op == "ReduceSum" || op == "ReduceMean") {
      return reduce(node, in(0), op == "ReduceMean");
    }
    if (op == "ReduceSumSquare") {
      double total = 0;
      for (double value : in(0).data) {
        total += value * value;
      }
      return scalar(total);
    }
    if (op == "Sum") {
      Array total = in(0);
      for (int i = 1; i < node.input_size(); ++i) {
        total = zip(total, in(i), [](double a, double b) { return a + b; });
      }
      return total;
    }
    if (op == "Reshape") {
      Array result = in(0);
      result.shape.assign(in(1).data.begin(), in(1).data.end());
      return result;
    }
    if (op == "Gather") {
      Array result = in(1);
      for (double &value : result.data) {
        value = in(0).data.at(static_cast<size_t>(value));
      }
      return result;
    }
    throw std::runtime_error("the test evaluator does not know " + op);
  }

  const onnx::ModelProto &model;
};

} // namespace ntc::test
