// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a model file says, checked and sorted, before anything is emitted: functions, operator sets,
// recipe, states with their roles and first values, constants, inputs, the Gradient node. All
// problems that need no shapes are found here, among them every node that is not supported.
#pragma once

#include "dialects/train/Train.h"
#include "frontend/format/Names.h"
#include "frontend/format/train_spec.pb.h"
#include "frontend/import/Problems.h"
#include "frontend/import/Tensors.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <optional>

namespace ntc::importer {

/// Operator-set versions by domain; the standard domain is "".
using Opsets = llvm::StringMap<int64_t>;

/// A map by name that keeps the order of insertion.
template <typename T>
using Ordered = llvm::MapVector<std::string, T, std::map<std::string, unsigned>>;

struct StateInfo {
  mlir::RankedTensorType type;
  ir::train::Role role = ir::train::Role::Parameter;
  /// #train.uniform, #train.normal, #train.fill, #train.file or a dense attribute.
  mlir::Attribute init;
  /// The parameter that a moment or counter belongs to, or "".
  std::string of;
  bool frozen = false;
};

/// A tensor of the batch. The sizes are numbers; dimension 0 is -1 when it is the batch size.
struct BatchInput {
  std::string name;
  mlir::Type element;
  llvm::SmallVector<int64_t> shape;
  bool isTarget = false;

  llvm::SmallVector<int64_t> shapeFor(int64_t batch) const;
};

/// A scalar that the host sets: `element` is the type that the file declares, the entry's argument
/// is f64.
struct ControlInput {
  std::string name;
  mlir::Type element;
  std::optional<double> byDefault;
};

class ModelView {
public:
  /// Reads `proto`, which must outlive the view. Large imported values go to `weights`.
  ModelView(const onnx::ModelProto &proto, mlir::MLIRContext &context, const ImportOptions &options,
            Problems &problems, std::map<std::string, ImportedTensor> &weights);

  const onnx::ModelProto &proto;
  const onnx::GraphProto &graph;
  /// Null without a training step.
  const onnx::GraphProto *algorithm = nullptr;
  mlir::MLIRContext &context;
  const ImportOptions &options;

  Opsets opsets;
  std::optional<TrainSpec> spec;
  std::vector<BatchInput> inputs;
  std::vector<ControlInput> controls;
  Ordered<StateInfo> states;
  llvm::StringMap<mlir::DenseElementsAttr> constants;
  /// State and value, in the file's order.
  std::vector<std::pair<std::string, std::string>> updates;
  llvm::SmallVector<int64_t> batchSizes;
  /// The value that is differentiated, or the algorithm's first output; "" without one.
  std::string loss;
  /// Indices of the algorithm's nodes that the loss and its denominator are computed by.
  llvm::DenseSet<int> lossNodes;
  /// True when functions recur or expand beyond the limit, so that nothing can be emitted.
  bool hopeless = false;

  /// The local function that `node` calls, or null.
  const onnx::FunctionProto *functionOf(const onnx::NodeProto &node) const;
  /// True for a Gradient node of the preview domain.
  static bool isGradient(const onnx::NodeProto &node);
  /// True when the recipe keeps `layer` in evaluation form.
  bool isEvaluationLayer(llvm::StringRef layer) const;
  /// True when an average of the weights is kept beside them.
  bool averages() const { return algorithm && spec && !spec->average().name().empty(); }
  /// The state that holds the average of a parameter or the copy of a buffer: "ema.fc1.weight".
  std::string averageOf(llvm::StringRef name) const {
    return spec->average().name() + "." + name.str();
  }
  /// Trained parameters and running statistics, where the program averages.
  std::vector<std::string> averaged;
  /// Epochs in which the step begins to train more parameters: 0 and those of the recipe.
  llvm::SmallVector<int64_t> stages = {0};
  /// False for a parameter, and what belongs to one, that is still frozen in the step that begins
  /// with `epoch`.
  bool isTrainedFrom(int64_t epoch, llvm::StringRef state) const;
  /// The epoch in which a parameter begins to be trained.
  int64_t firstEpochOf(llvm::StringRef parameter) const { return firstEpochs.lookup(parameter); }
  /// True when gradients of several batches are joined before an update.
  bool accumulates() const { return algorithm && spec && spec->accumulate() > 1; }
  /// The state that joins a parameter's gradients, and the one that counts what they are means of.
  static std::string accumulatorOf(llvm::StringRef parameter) {
    return ("accumulated." + parameter).str();
  }
  static constexpr llvm::StringLiteral kAccumulatedCount = "accumulated.count";
  bool hasStatistics() const { return !statistics.empty(); }
  /// The name of the algorithm's output that holds the mean's denominator exists.
  bool hasDenominator() const { return denominator; }

private:
  void readVersions();
  void readFunctions();
  void readRecipe();
  void checkNodes();
  void checkNode(const onnx::NodeProto &node, const Opsets &versions, llvm::StringRef where,
                 bool inAlgorithm);
  /// Number of nodes that `function` expands to; reports recursion and excess.
  int64_t checkFunction(const onnx::FunctionProto &function, int depth);
  void readTraining();
  void readStages();
  void readLossAncestors();
  void readInitializers();
  void addInitializer(const onnx::TensorProto &tensor, bool ofAlgorithm);
  void addSparse(const onnx::SparseTensorProto &tensor, bool ofAlgorithm);
  void addAccumulators();
  void addAverages();
  /// Adds a state of the training step that no file names and that begins as zeros.
  void addOwnState(std::string name, mlir::RankedTensorType type, ir::train::Role role,
                   llvm::StringRef of);
  bool isState(llvm::StringRef name, mlir::Type element, int64_t rank, bool ofAlgorithm) const;
  void addState(llvm::StringRef name, mlir::RankedTensorType type, mlir::Attribute init,
                bool ofAlgorithm);
  mlir::Attribute importedValue(llvm::StringRef name, HostTensor value, bool ofAlgorithm);
  mlir::Attribute freshValue(llvm::StringRef name, mlir::RankedTensorType type, int32_t op);
  mlir::FloatAttr number(double value) const;
  void readInputs();
  void addInput(const onnx::ValueInfoProto &input, bool isTarget);
  std::optional<double> defaultOf(llvm::StringRef control) const;
  void readBatchSizes();

  Problems &problems;
  std::map<std::string, ImportedTensor> &weights;
  const onnx::TrainingInfoProto *info = nullptr;
  llvm::StringMap<const onnx::FunctionProto *> functions;
  llvm::DenseMap<const onnx::FunctionProto *, int64_t> functionSizes;
  std::vector<format::NamePattern> evaluationLayers;
  llvm::StringSet<> trained, statistics, used, updated, initializerNames;
  llvm::StringMap<std::string> initialization;
  llvm::StringMap<int64_t> firstEpochs; ///< of the parameters that are frozen at first
  std::optional<int64_t> fixedBatch;
  bool denominator = false;
  /// Number of initializers with an initialization so far.
  int32_t freshCount = 0;
};

/// The versions of `imports`, with "ai.onnx" as "".
Opsets opsetsOf(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports);
/// "" for the standard domain under either name.
llvm::StringRef canonicalDomain(llvm::StringRef domain);

} // namespace ntc::importer
