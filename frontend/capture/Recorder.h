// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The recording behind symbolic tensors: a growing ONNX graph, the types of its values, the module
// that is being run, and the problems found so far. Nothing here knows C++ classes beyond names, so
// that other languages can drive it.
#pragma once

#include "frontend/format/InitialValues.h"
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/ShapeInference.h"
#include "ntc/nn/tensor.h"

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace ntc::detail {

class Recorder : public std::enable_shared_from_this<Recorder> {
public:
  /// `elementType` is that of the parameters: FLOAT or DOUBLE.
  explicit Recorder(int32_t elementType);

  Tensor addInput(const std::string &name, const format::TensorType &type);
  /// Declares a fresh state tensor under its state_dict name.
  void addState(const std::string &name, const std::vector<int64_t> &shape,
                format::Distribution init);
  /// A constant of the graph, named after the current scope and `role`; `values` in row-major
  /// order, converted to `dtype`.
  Tensor constant(const std::string &role, const std::vector<double> &values,
                  const std::vector<int64_t> &dims, int32_t dtype);
  Tensor integers(const std::string &role, const std::vector<int64_t> &values);

  /// Adds a node with one output in the current scope. Records a failure when the operands do not
  /// fit.
  Tensor add(const std::string &op, const std::vector<Tensor> &inputs,
             format::Attributes attributes = {});
  /// Calls a local function, adding `function` to the model the first time.
  Tensor call(const onnx::FunctionProto &function, const std::vector<Tensor> &inputs);
  /// The state tensor `name`, or an invalid tensor.
  Tensor find(const std::string &name);

  /// A value that is added to the loss, under the name that it has in the finished model.
  struct LossTerm {
    std::string name;
    std::string
        value; ///< what it is called while recording; a Tensor would keep the recorder alive
    double weight;
  };
  /// Records a term; fails for names that are taken or look like values of nodes, and for values
  /// that are no floating-point numbers.
  void addLoss(const std::string &name, const Tensor &value, double weight);
  const std::vector<LossTerm> &lossTerms() const { return terms; }
  /// A value that is reported, under the name that it has in the finished model.
  struct Metric {
    std::string name;
    std::string value; ///< as LossTerm::value
  };
  /// Records a metric; fails for names that are taken or that no metric may have.
  void addMetric(const std::string &name, const Tensor &value);
  const std::vector<Metric> &metrics() const { return reported; }
  /// True when a node makes the value.
  bool isMade(const Tensor &value) const;
  /// Gives a value that a node makes another name in the graph; older handles of it become useless.
  Tensor rename(const Tensor &value, const std::string &name);

  /// Records "<layer>: <message>" and returns the invalid tensor.
  Tensor fail(const std::string &message);
  const std::vector<std::string> &errors() const { return problems; }

  const format::TensorType &typeOf(const Tensor &x) const { return values.at(x.name).type; }
  int32_t elementType() const { return floatType; }

  /// The layer that runs now: its path in the network ("" for the network itself) and its class.
  void enter(const std::string &path, const std::string &type) { scopes.push_back({path, type}); }
  void leave() { scopes.pop_back(); }
  std::string currentPath() const { return scopes.empty() ? std::string() : scopes.back().path; }

  /// Paths of the registered modules, by their address.
  std::unordered_map<const void *, std::string> paths;

  onnx::ModelProto model;

private:
  std::string uniqueName(const std::string &base);
  Tensor append(onnx::NodeProto node, const std::vector<Tensor> &inputs);

  struct ActiveScope {
    std::string path;
    std::string type;
  };
  int32_t floatType;
  std::vector<ActiveScope> scopes;
  std::unordered_map<std::string, format::Value> values;
  std::set<std::string> names;
  std::set<std::string> functions;
  std::vector<std::string> problems;
  std::vector<LossTerm> terms;
  std::vector<Metric> reported;
};

} // namespace ntc::detail
