// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds one entry point: runs the nodes of the graph, and of the algorithm where the kind has it,
// through the operator rules; expands functions; then writes metrics, assignments and results.
#pragma once

#include "frontend/import/Metrics.h"
#include "frontend/import/ModelView.h"
#include "frontend/import/NodeContext.h"

namespace ntc::importer {

class EntryBuilder {
public:
  /// Adds an empty entry of `kind` for `batch` to `program`, as it is from epoch `fromEpoch` of the
  /// model's stages on. The entry's arguments are the model's
  /// inputs, with targets and controls as the kind needs them; the seed and the step join when
  /// something random asks for them.
  EntryBuilder(const ModelView &model, ir::train::ProgramOp program, ir::train::EntryKind kind,
               int64_t batch, int64_t fromEpoch, Problems &problems);

  /// Emits the whole body. Problems are reported; the entry is unusable then.
  void build();

  const ModelView &model;
  ir::train::EntryOp entry;
  Emitter emitter;
  MetricTracker metrics;

  /// True when the node being emitted runs in training form.
  bool isTraining() const { return trainingForm; }
  /// Where only the statistics of batch normalization are computed: the weight of this batch, one
  /// over the number of batches so far, in the element type of `like`; else null.
  mlir::Value statisticsWeight(mlir::Value like);
  /// The scalars i64 of the step's random numbers.
  mlir::Value seed() { return randomControl("seed"); }
  mlir::Value step() { return randomControl("step"); }
  /// A number for one random operation; above those of the initial draws.
  int32_t nextRandomOp() { return kFirstRandomOp + randomOps++; }
  /// The value that `entity`'s state has so far in this entry, after updates of earlier nodes.
  mlir::Value currentState(const Entity &entity, mlir::Value read);
  /// Gives a state a new value at the end of the entry, unless the file's update_binding does.
  void updateState(llvm::StringRef state, mlir::Value value) {
    implicitUpdates[state.str()] = value;
  }

private:
  static constexpr int32_t kFirstRandomOp = 1000000;

  /// Names that are visible to nodes.
  struct Scope {
    llvm::StringMap<Entity> values;
    const Opsets &opsets;
    AttributeBindings attributes;
    /// What messages put before a node: the call chain.
    std::string path;
    bool top = false;
  };

  mlir::Value addArgument(mlir::Type type, llvm::ArrayRef<mlir::NamedAttribute> attributes);
  void addBatchInput(const BatchInput &input);
  Entity addControl(const ControlInput &control);
  mlir::Value randomControl(llvm::StringRef name);
  mlir::Value batchesBefore;

  /// Runs the nodes of `nodes` whose index `chosen` accepts.
  void runNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, Scope &scope,
                llvm::function_ref<bool(int)> chosen);
  void runNode(const onnx::NodeProto &node, Scope &scope);
  void runCall(NodeContext &c, const onnx::FunctionProto &function);
  void runGradient(NodeContext &c, Scope &scope);
  /// Gradients of `scalar` by `wrt`, the parameters `names`; zeros for those that are frozen yet.
  llvm::SmallVector<mlir::Value> differentiate(mlir::Value scalar,
                                               llvm::ArrayRef<std::string> names,
                                               llvm::ArrayRef<mlir::Value> wrt);
  /// Whether the recipe's loss is a sum over samples, whose gradients are added as they are.
  bool joinsSums() const;
  /// Adds what `gradients` of the parameters `xs` are to what was accumulated. Where the entry
  /// updates, they become those of the mean over all batches and the accumulators zeros.
  void joinGradients(llvm::ArrayRef<std::string> xs, llvm::MutableArrayRef<mlir::Value> gradients);
  void checkCut(NodeContext &c, llvm::ArrayRef<mlir::Value> listed,
                llvm::ArrayRef<std::string> names);
  void defineOutputs(NodeContext &c, Scope &scope);
  std::optional<Entity> resolve(llvm::StringRef name, Scope &scope);
  Entity resolveTop(llvm::StringRef name);
  /// The SSA value called `name` at the top; null when its node failed.
  mlir::Value valueOf(llvm::StringRef name, const llvm::Twine &where);

  /// The loss as sum and count; nothing when it is missing or no scalar.
  std::optional<MeanParts> lossParts();
  void addLossMetric();
  void addAccuracyMetric();
  void addValueMetrics();
  void addStepMetrics();
  void addMetric(llvm::StringRef name, mlir::Value sum, mlir::Value count);
  void addAssignments();
  void addOutputs();
  void finish();
  void eraseDeadOps();

  Problems &problems;
  mlir::Block *block;
  Scope top;
  const int64_t batch;
  const int64_t fromEpoch;
  bool trainingForm = false;
  int32_t randomOps = 0;
  std::optional<MeanParts> loss;
  llvm::SmallVector<mlir::Attribute> argumentAttributes, resultAttributes;
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<std::pair<const BatchInput *, mlir::Value>> targets;
  llvm::StringMap<mlir::Value> randomControls;
  Ordered<mlir::Value> implicitUpdates;
};

/// Adds the entry `init`, which draws every fresh state of the model.
void buildInit(const ModelView &model, ir::train::ProgramOp program);

/// Controls of the entries `average` and `update_bn`.
inline constexpr llvm::StringLiteral kEmaDecay = "ema_decay";
inline constexpr llvm::StringLiteral kBnBatches = "bn_batches";

/// Adds the entry `average` of a model that averages.
void buildAverage(const ModelView &model, ir::train::ProgramOp program);

/// A float or integer zero-rank type.
mlir::RankedTensorType scalarType(mlir::Type element);

} // namespace ntc::importer
