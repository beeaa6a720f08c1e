// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which label threads divide each dispatch along, so that few bytes travel between cores. Costs are
// those of two threads that each have one half of a split label; what two share badly, more share
// badly too.

#include "compiler/memory/Passes.h"
#include "compiler/schedule/KernelLayout.h"
#include "compiler/schedule/TileSizes.h"
#include "dialects/nn/Nn.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace ntc::memory {
namespace plan = ir::plan;
namespace train = ir::train;

#define GEN_PASS_DEF_CHOOSEOWNERS
#include "compiler/memory/Passes.h.inc"

namespace {

/// The part of a tensor that a thread reads or writes.
struct Part {
  enum class Kind : uint8_t {
    Range, ///< of dimension `dim`: the same share as of the split label
    Whole, ///< every thread all of it
    First, ///< the first thread all of it, the others nothing
  };
  Kind kind = Kind::Whole;
  int64_t dim = 0;
  bool operator==(const Part &) const = default;
};

/// Reads through the second cache, and of tensors that do not fit there, against transfers between
/// cores.
constexpr double kCacheWeight = 1.0 / 32, kFarWeight = 1.0 / 8;
constexpr double kCacheBytes = 1 << 20;
/// Results whose ranges lie in pieces between those of other threads: hardware that reads ahead
/// fetches the neighbour's lines.
constexpr double kScatterWeight = 1.0 / 4;
/// Work that only one of two threads does, in flops: what a core computes while a byte travels.
constexpr double kSerialWeight = 1.0 / 8;
/// Sweeps over the dispatches; a few reach the end.
constexpr int kMostSweeps = 8;

int64_t elementsOf(ArrayRef<int64_t> shape) {
  int64_t product = 1;
  for (int64_t extent : shape) {
    product *= extent;
  }
  return product;
}

/// The dimension of `reshape`'s input that is dimension `dim` of its output; nothing where they are
/// taken apart or joined.
std::optional<int64_t> throughReshape(ArrayRef<int64_t> from, ArrayRef<int64_t> to, int64_t dim) {
  for (int64_t d = 0; d < static_cast<int64_t>(from.size()); ++d) {
    if (from[d] == to[dim] && elementsOf(from.take_front(d)) == elementsOf(to.take_front(dim))) {
      return d;
    }
  }
  return std::nullopt;
}

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// `part` of a reshape's output as a part of what is reshaped first. A range that a reshape takes
/// apart agrees with no other: its dimension becomes -1.
Part throughReshapes(Value &value, Part part) {
  while (auto reshape = value.getDefiningOp<ir::nn::ReshapeOp>()) {
    if (part.kind == Part::Kind::Range && part.dim >= 0) {
      part.dim = throughReshape(shapeOf(reshape.getInput()), shapeOf(value), part.dim).value_or(-1);
    }
    value = reshape.getInput();
  }
  return part;
}

/// A dispatch and the labels that it may be divided along.
class Node {
public:
  explicit Node(plan::DispatchOp dispatch)
      : dispatch(dispatch), body(&dispatch.getBody().front()), space(schedule::bodyOps(*body)) {
    usual = schedule::chooseTiling(space);
    if (usual.groups == 1) {
      return; // the first thread does it
    }
    work = static_cast<double>(space.work());
    for (size_t label = 0; label < space.labels().size(); ++label) {
      schedule::Tiling tiling = schedule::chooseTiling(space, label);
      int64_t tiles = schedule::tileCount(space.labels()[label].extent, tiling.tile[label]);
      // Fewer groups would keep fewer cores busy.
      if (tiles > 1 && 2 * tiling.groups >= std::min<int64_t>(usual.groups, 32)) {
        labels.push_back(label);
        tilings.push_back(std::move(tiling));
      }
    }
    int64_t most = 0;
    for (auto [i, label] : llvm::enumerate(labels)) {
      int64_t tiles = schedule::tileCount(space.labels()[label].extent, tilings[i].tile[label]);
      if (tiles > most) {
        most = tiles;
        choice = static_cast<int>(i);
      }
    }
  }

  plan::DispatchOp dispatch;
  Block *body;
  fuse::IterationSpace space;
  SmallVector<size_t> labels; ///< that may be chosen
  SmallVector<schedule::Tiling> tilings;
  schedule::Tiling usual; ///< of a single thread
  int choice = -1;        ///< into labels; -1: the first thread does it
  double work = 0;        ///< that threads may divide, in flops

  Part partOfOutput(unsigned result) const {
    if (choice < 0) {
      return {Part::Kind::First};
    }
    Value value = body->getTerminator()->getOperand(result), root = value;
    while (auto reshape = root.getDefiningOp<ir::nn::ReshapeOp>()) {
      root = reshape.getInput();
    }
    for (auto [d, label] : llvm::enumerate(space.labelsOf(root))) {
      if (label == static_cast<int>(labels[choice])) {
        auto dim = throughReshape(shapeOf(value), shapeOf(root), d);
        return {Part::Kind::Range, dim.value_or(-1)};
      }
    }
    return {Part::Kind::Range, -1};
  }

  Part partOfInput(unsigned operand) const {
    if (choice < 0) {
      return {Part::Kind::First};
    }
    BlockArgument argument = body->getArgument(operand);
    std::optional<Part> part;
    for (auto [n, nest] : llvm::enumerate(space.nests())) {
      for (const fuse::Access &read : nest.reads) {
        Value root = read.tensor;
        Part here = throughReshapes(root, partOfRead(n, read));
        if (root == argument) {
          part = !part || *part == here ? here : Part{Part::Kind::Whole};
        }
      }
    }
    return part.value_or(Part{Part::Kind::Whole});
  }

  /// What it costs that groups read the same bytes, in bytes that travel between cores.
  double rereadCost() const {
    double cost = 0;
    for (auto [n, nest] : llvm::enumerate(space.nests())) {
      for (const fuse::Access &read : nest.reads) {
        if (isa<BlockArgument>(read.tensor)) {
          auto bytes =
              static_cast<double>(plan::tensorBytes(cast<RankedTensorType>(read.tensor.getType())));
          cost += (bytes > kCacheBytes ? kFarWeight : kCacheWeight) * bytes *
                  static_cast<double>(timesRead(n, read));
        }
      }
    }
    return cost;
  }

  /// Bytes of results that a thread does not hold in one piece.
  double scatteredBytes() const {
    double bytes = 0;
    for (auto [i, value] : llvm::enumerate(body->getTerminator()->getOperands())) {
      Part part = partOfOutput(i);
      if (part.kind == Part::Kind::Range && part.dim >= 0 &&
          elementsOf(shapeOf(value).take_front(part.dim)) > 1) {
        bytes += static_cast<double>(plan::tensorBytes(cast<RankedTensorType>(value.getType())));
      }
    }
    return bytes;
  }

private:
  Part partOfRead(size_t nest, const fuse::Access &read) const {
    for (unsigned loop = 0; loop < read.map.getNumDims(); ++loop) {
      if (space.labelOf(nest, loop) != static_cast<int>(labels[choice])) {
        continue;
      }
      for (auto [d, expr] : llvm::enumerate(read.map.getResults())) {
        if (expr.isFunctionOfDim(loop)) {
          return {Part::Kind::Range, static_cast<int64_t>(d)};
        }
      }
    }
    return {Part::Kind::Whole};
  }

  /// Groups that read the same elements.
  int64_t timesRead(size_t nest, const fuse::Access &read) const {
    const schedule::Tiling &tiling = choice < 0 ? usual : tilings[choice];
    int64_t times = tiling.groups;
    for (unsigned loop = 0; loop < read.map.getNumDims(); ++loop) {
      int label = space.labelOf(nest, loop);
      if (label >= 0 && read.map.isFunctionOfDim(loop)) {
        times /= schedule::tileCount(space.labels()[label].extent, tiling.tile[label]);
      }
    }
    return times;
  }
};

/// What one dispatch writes and another reads, possibly in the next step.
struct Edge {
  size_t writer, reader;
  unsigned result, operand;
  double bytes;
  /// The tensor as the reader sees it and as the writer made it: they differ by reshapes.
  Value read, written;
};

/// Bytes of `bytes` that the busier of two threads fetches from the other.
double moved(double bytes, Part written, Part read) {
  using Kind = Part::Kind;
  if (written.kind == Kind::First) {
    return read.kind == Kind::First ? 0 : read.kind == Kind::Whole ? bytes : bytes / 2;
  }
  if (read.kind != Kind::Range) {
    return bytes / 2;
  }
  return written == read && read.dim >= 0 ? 0 : bytes / 4;
}

class OwnerChoice {
public:
  explicit OwnerChoice(train::EntryOp entry) : entry(entry) {
    for (auto dispatch : entry.getBody().getOps<plan::DispatchOp>()) {
      numbers[dispatch] = nodes.size();
      nodes.emplace_back(dispatch);
    }
    collectWriters();
    for (size_t reader = 0; reader < nodes.size(); ++reader) {
      for (auto [i, input] : llvm::enumerate(nodes[reader].dispatch.getInputs())) {
        connect(reader, i, input);
      }
    }
  }

  void run() {
    double before = total();
    for (int sweep = 0; sweep < kMostSweeps && improve(); ++sweep) {
    }
    for (Node &node : nodes) {
      if (!node.labels.empty()) {
        OpBuilder b(node.dispatch);
        node.dispatch.setSplitAttr(
            b.getI64IntegerAttr(node.choice < 0 ? -1 : node.labels[node.choice]));
        remarkOn(node);
      }
    }
    constexpr auto opts = remark::RemarkOpts::name("total").category("choose-owners");
    remark::analysis(entry.getLoc(), opts) << remark::add(
        "of two threads of {0} each reads {1} bytes of a step that the other wrote; along the "
        "largest labels it would be {2}",
        entry.getSymName(), static_cast<int64_t>(total()), static_cast<int64_t>(before));
  }

private:
  train::EntryOp entry;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  DenseMap<Operation *, size_t> numbers;
  llvm::StringMap<Value> newValues; ///< of states

  static Value rootOf(Value value) {
    while (auto reshape = value.getDefiningOp<ir::nn::ReshapeOp>()) {
      value = reshape.getInput();
    }
    return value;
  }

  void collectWriters() {
    for (auto assign : entry.getBody().getOps<train::AssignOp>()) {
      newValues[assign.getState()] = assign.getValue();
    }
  }

  void connect(size_t reader, unsigned operand, Value input) {
    Value root = rootOf(input), written = root;
    if (auto read = root.getDefiningOp<train::ReadOp>()) {
      // Read as the step before left it.
      written = newValues.lookup(read.getState());
      written = written ? rootOf(written) : Value();
    }
    auto dispatch = written ? written.getDefiningOp<plan::DispatchOp>() : nullptr;
    if (!dispatch) {
      return; // an input, or a state that nobody writes
    }
    auto type = cast<RankedTensorType>(input.getType());
    edges.push_back({numbers.lookup(dispatch), reader, cast<OpResult>(written).getResultNumber(),
                     operand, static_cast<double>(plan::tensorBytes(type)), input, written});
  }

  double costOf(const Edge &edge) const {
    Value root = edge.read;
    Part read = throughReshapes(root, nodes[edge.reader].partOfInput(edge.operand));
    Part written = nodes[edge.writer].partOfOutput(edge.result);
    // A state may be assigned a reshaped value.
    if (read.kind == Part::Kind::Range && read.dim >= 0 && shapeOf(root) != shapeOf(edge.written)) {
      read.dim = throughReshape(shapeOf(edge.written), shapeOf(root), read.dim).value_or(-1);
    }
    return moved(edge.bytes, written, read);
  }

  double total() const {
    double sum = 0;
    for (const Edge &edge : edges) {
      sum += costOf(edge);
    }
    return sum;
  }

  double costAround(size_t n) const {
    const Node &node = nodes[n];
    double sum = node.rereadCost() + kScatterWeight * node.scatteredBytes() +
                 (node.choice < 0 ? kSerialWeight * node.work / 2 : 0);
    for (const Edge &edge : edges) {
      sum += edge.writer == n || edge.reader == n ? costOf(edge) : 0;
    }
    return sum;
  }

  /// Each dispatch in turn takes its cheapest label, an equally cheap one only if it has it
  /// already.
  bool improve() {
    bool changed = false;
    for (size_t n = 0; n < nodes.size(); ++n) {
      Node &node = nodes[n];
      int best = node.choice;
      double least = costAround(n);
      if (node.labels.empty()) {
        continue;
      }
      for (int candidate = -1; candidate < static_cast<int>(node.labels.size()); ++candidate) {
        node.choice = candidate;
        double cost = costAround(n);
        if (cost < least) {
          least = cost;
          best = candidate;
          changed = true;
        }
      }
      node.choice = best;
    }
    return changed;
  }

  static void remarkOn(Node &node) {
    if (node.choice < 0) {
      constexpr auto opts = remark::RemarkOpts::name("split").category("choose-owners");
      remark::missed(node.dispatch.getLoc(), opts)
          << remark::add("one thread runs {0}: what it writes would travel longer than it computes",
                         node.dispatch.getName());
      return;
    }
    std::string parts;
    for (unsigned i = 0; i < node.dispatch.getNumResults(); ++i) {
      Part part = node.partOfOutput(i);
      parts += (parts.empty() ? "" : ", ") + std::to_string(part.dim);
    }
    constexpr auto opts = remark::RemarkOpts::name("split").category("choose-owners");
    remark::passed(node.dispatch.getLoc(), opts) << remark::add(
        "threads divide {0} along dimension {1} of its results", node.dispatch.getName(), parts);
  }
};

struct ChooseOwners : impl::ChooseOwnersBase<ChooseOwners> {
  void runOnOperation() override {
    for (auto entry : getOperation().getBody().getOps<train::EntryOp>()) {
      OwnerChoice(entry).run();
    }
  }
};

} // namespace
} // namespace ntc::memory
