// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adds one operation after the other to a pool of values; operands come from the pool.

#include "test/unit/compiler/optimize/RandomProgram.h"

#include "compiler/autodiff/Expr.h"
#include "dialects/train/Train.h"

#include <array>
#include <random>
#include <vector>

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize::test {

namespace {

class Generator {
public:
  Generator(OpBuilder &builder, Block &block, uint64_t randomSeed)
      : builder(builder), random(randomSeed) {
    const std::vector<std::vector<int64_t>> shapes = {{2, 3}, {3}, {1, 3}, {2, 2, 3}, {}};
    for (const std::vector<int64_t> &shape : shapes) {
      auto type = RankedTensorType::get(shape, builder.getF64Type());
      arguments.push_back(block.addArgument(type, builder.getUnknownLoc()));
      pool.push_back(arguments.back());
    }
  }

  /// Adds one operation, or a few, to the program.
  void step() {
    Expr x = any();
    if (x.type().getNumElements() > 200) {
      return;
    }
    switch (pick(14)) {
    case 0:
      return add(unary(x));
    case 1:
    case 2:
    case 3:
      return add(binary(x, partner(x)));
    case 4:
      return add(pick(2) ? x / number(x) : x / (x * x + 1));
    case 5:
      return add(pow(abs(x) + 1, x.constant(std::array{0.0, 1.0, 2.0, -1.0, 0.5, -0.5}[pick(6)])));
    case 6:
      return add(masked(x));
    case 7:
      return add(reduced(x));
    case 8:
      return add(transposed(x));
    case 9:
      return add(broadcasted(x));
    case 10:
      return add(withUnit(x));
    case 11:
      return add(moved(x));
    case 12:
      return add(x.type().getRank() > 0 ? x.make<ConcatOp>(ValueRange{x, partner(x)}, 0) : x * 0.5);
    default:
      return add(product(x));
    }
  }

  /// The values that nothing uses.
  SmallVector<Value> results() const {
    return llvm::to_vector(
        llvm::make_filter_range(pool, [](Value value) { return value.use_empty(); }));
  }

private:
  size_t pick(size_t count) { return random() % count; }
  Expr at(Value value) { return {builder, builder.getUnknownLoc(), value}; }
  Expr any() { return at(pool[pick(2) ? pool.size() - 1 : pick(pool.size())]); }
  void add(Expr x) { pool.push_back(x); }
  Expr abs(Expr x) { return x.make<AbsOp>(x); }
  SmallVector<int64_t> shapeOf(Expr x) { return SmallVector<int64_t>(x.type().getShape()); }

  /// A constant of the shape of `x`, never between 0 and 1.
  Expr number(Expr x) { return x.constant(std::array{1.0, -1.0, 2.0, 3.0, 8.0, -4.0}[pick(6)]); }

  /// Another value of the shape of `x`.
  Expr partner(Expr x) {
    SmallVector<Value> same;
    for (Value value : pool) {
      if (value.getType() == x.type()) {
        same.push_back(value);
      }
    }
    switch (pick(4)) {
    case 0:
      return x.constant(std::array{0.0, 1.0, -1.0, 0.5, 3.0}[pick(5)]);
    case 1:
      return -at(same[pick(same.size())]);
    default:
      return at(same[pick(same.size())]);
    }
  }

  Expr unary(Expr x) {
    switch (pick(6)) {
    case 0:
      return x.make<ReluOp>(x);
    case 1:
      return abs(x);
    case 2:
      return sin(x);
    case 3:
      return x.make<TanhOp>(x);
    case 4: {
      Expr root = x.make<SqrtOp>(abs(x) + 1);
      return root.make<ReciprocalOp>(root);
    }
    default:
      return -x;
    }
  }

  Expr binary(Expr a, Expr b) {
    switch (pick(6)) {
    case 0:
      return a + b;
    case 1:
      return a - b;
    case 2:
      return b - a;
    case 3:
      return a.make<MaximumOp>(a, b);
    case 4:
      return a.make<MinimumOp>(a, b);
    default:
      return a * b;
    }
  }

  /// A choice by a comparison of arguments, in one of several forms.
  Expr masked(Expr x) {
    auto argument =
        llvm::find_if(arguments, [&](Value value) { return value.getType() == x.type(); });
    if (argument == arguments.end()) {
      return -x;
    }
    Expr p = compare(static_cast<Predicate>(pick(6)), at(*argument), pick(2) ? 0.0 : 0.5);
    if (pick(3) == 0) {
      p = p.make<NotOp>(p);
    }
    switch (pick(3)) {
    case 0:
      return cast(p, builder.getF64Type()) * x;
    case 1:
      return select(p, select(p, x, -x), partner(x));
    default:
      return select(p, x, partner(x));
    }
  }

  SmallVector<int64_t> someAxes(Expr x) {
    SmallVector<int64_t> axes;
    for (int64_t axis = 0; axis < x.type().getRank(); ++axis) {
      if (pick(2)) {
        axes.push_back(axis);
      }
    }
    return axes;
  }

  /// A reduction, one after a transposition, or two of the same kind.
  Expr reduced(Expr x) {
    x = pick(3) == 0 ? transposed(x) : x;
    size_t kind = pick(4);
    for (size_t times = 1 + pick(2); times > 0; --times) {
      SmallVector<int64_t> axes = someAxes(x);
      x = kind == 0 ? max(x, axes) : kind == 1 ? min(x, axes) : sum(x, axes);
    }
    return x;
  }

  Expr transposed(Expr x) {
    SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, x.type().getRank()));
    for (size_t i = permutation.size(); i > 1; --i) {
      std::swap(permutation[i - 1], permutation[pick(i)]);
    }
    return x.make<TransposeOp>(x, permutation);
  }

  /// `x` repeated along a new dimension, or along those of size 1; or the sum of a vector's rows
  /// and columns.
  Expr broadcasted(Expr x) {
    if (x.type().getRank() == 1 && pick(2)) {
      int64_t size = x.type().getDimSize(0);
      auto square = x.type().clone(ArrayRef<int64_t>{size, size});
      return broadcast(x, square, 0) + broadcast(x, square, 1);
    }
    SmallVector<int64_t> shape = shapeOf(x);
    SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, x.type().getRank()));
    if (pick(2) || !llvm::is_contained(shape, 1)) {
      size_t place = pick(shape.size() + 1);
      shape.insert(shape.begin() + place, 1 + pick(3));
      for (int64_t &dim : dims) {
        dim += dim >= static_cast<int64_t>(place);
      }
    }
    for (int64_t &size : shape) {
      size = size == 1 ? 1 + pick(2) : size;
    }
    return broadcast(x, x.type().clone(shape), dims);
  }

  /// `x` with a dimension of size 1 more or, if it has one, one less.
  Expr withUnit(Expr x) {
    SmallVector<int64_t> shape = shapeOf(x);
    auto *unit = llvm::find(shape, 1);
    if (unit != shape.end() && pick(2)) {
      shape.erase(unit);
    } else {
      shape.insert(shape.begin() + pick(shape.size() + 1), 1);
    }
    return reshape(x, x.type().clone(shape));
  }

  /// A slice, a padding, or a padding and a slice of it.
  Expr moved(Expr x) {
    SmallVector<int64_t> low, high, interior, starts, limits, strides;
    bool pads = pick(2), undone = pick(2);
    for (int64_t size : x.type().getShape()) {
      low.push_back(pick(2));
      high.push_back(pick(2));
      interior.push_back(pick(2));
      starts.push_back(pads && undone ? low.back() : pick(size));
      limits.push_back(pads && undone ? starts.back() + (size - 1) * (interior.back() + 1) + 1
                                      : size);
      strides.push_back(pads && undone ? interior.back() + 1 : 1 + pick(2));
    }
    double filler = pick(2) ? 0.0 : 1.5;
    Expr padded = pads ? x.make<PadOp>(x, low, high, interior, APFloat(filler)) : x;
    return padded.make<SliceOp>(padded, starts, limits, strides);
  }

  /// A product of `x` with itself, transposed where it must be or twice.
  Expr product(Expr x) {
    int64_t rank = x.type().getRank();
    if (rank < 2) {
      return x + x;
    }
    SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(swap[rank - 1], swap[rank - 2]);
    Expr turned = x.make<TransposeOp>(x, swap);
    Expr y = pick(2) ? x.make<MatmulOp>(x, turned, false, false)
                     : x.make<MatmulOp>(x, turned, true, true);
    return pick(2) ? y : y.make<TransposeOp>(y, swap);
  }

  OpBuilder &builder;
  std::mt19937_64 random;
  SmallVector<Value> arguments, pool;
};

} // namespace

OwningOpRef<ModuleOp> randomProgram(MLIRContext &context, uint64_t randomSeed) {
  OpBuilder builder(&context);
  Location location = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  builder.setInsertionPointToStart(module->getBody());
  auto program = ir::train::ProgramOp::create(builder, location, "p", DictionaryAttr());
  builder.createBlock(&program.getBody());
  OperationState state(location, ir::train::EntryOp::getOperationName());
  ir::train::EntryOp::build(builder, state, "predict", builder.getFunctionType({}, {}),
                            ir::train::EntryKind::Predict, 0, ArrayAttr(), ArrayAttr());
  auto entry = cast<ir::train::EntryOp>(builder.create(state));
  Block &block = *builder.createBlock(&entry.getBody());

  Generator generator(builder, block, randomSeed);
  for (int i = 0; i < 14; ++i) {
    generator.step();
  }
  SmallVector<Value> results = generator.results();
  ir::train::ReturnOp::create(builder, location, results);
  entry.setFunctionType(
      builder.getFunctionType(block.getArgumentTypes(), ValueRange(results).getTypes()));
  return module;
}

} // namespace ntc::optimize::test
