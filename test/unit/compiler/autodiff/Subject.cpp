// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds programs from cases, their inputs, and evaluates them with the reference interpreter.

#include "test/unit/compiler/autodiff/Subject.h"

#include "compiler/autodiff/DifferentiableOpInterface.h"
#include "compiler/autodiff/Differentiate.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>
#include <random>

using namespace mlir;
using ntc::ir::train::EntryOp;
using ntc::ir::train::GradientOp;

namespace ntc::autodiff::test {

namespace {

bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value)); }

/// The arguments `values` that are of floating point.
SmallVector<Value> floatsOf(ValueRange values) {
  return llvm::to_vector(llvm::make_filter_range(values, isFloat));
}

/// The sum over i of all elements of `a[i] * b[i]`, as a double.
Value sumOfProducts(OpBuilder &builder, ArrayRef<Value> a, ArrayRef<Value> b) {
  std::optional<Expr> total;
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    Expr product =
        Expr(builder, builder.getUnknownLoc(), x) * Expr(builder, builder.getUnknownLoc(), y);
    Expr part = cast(sum(product, llvm::to_vector(llvm::seq<int64_t>(0, product.type().getRank()))),
                     builder.getF64Type());
    total = total ? *total + part : part;
  }
  return *total;
}

/// One new block argument for each of `values`, of its type.
SmallVector<Value> addArguments(Block &block, ArrayRef<Value> values) {
  return llvm::map_to_vector(values, [&](Value value) -> Value {
    return block.addArgument(value.getType(), UnknownLoc::get(value.getContext()));
  });
}

SmallVector<Value> derivatives(OpBuilder &builder, Value loss, ArrayRef<Value> wrt) {
  auto types = llvm::map_to_vector(wrt, [](Value value) { return value.getType(); });
  return llvm::to_vector_of<Value>(
      GradientOp::create(builder, loss.getLoc(), types, loss, wrt).getGradients());
}

/// A number in [0, 1).
double uniform(std::mt19937_64 &generator) {
  return static_cast<double>(generator() >> 11) * 0x1p-53;
}

/// Values of `type`, spread evenly over `domain` in random order.
Tensor spreadOver(RankedTensorType type, Domain domain, std::mt19937_64 &generator) {
  Tensor tensor(type);
  int64_t count = tensor.getNumElements();
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = count - 1; i > 0; --i) {
    std::swap(order[i], order[generator() % (i + 1)]);
  }
  double offset = 0.25 + 0.5 * uniform(generator);
  for (int64_t i = 0; i < count; ++i) {
    tensor.real(i) =
        domain.low + (static_cast<double>(order[i]) + offset) / count * (domain.high - domain.low);
  }
  return tensor;
}

} // namespace

std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registry.insert<ir::nn::NnDialect, ir::train::TrainDialect>();
  registerDifferentiationRules(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

EntryOp Subject::entry() const {
  EntryOp found;
  module.get()->walk([&](EntryOp entry) { found = entry; });
  return found;
}

FailureOr<Subject> makeSubject(MLIRContext &context, const OpCase &opCase, int order) {
  std::string text =
      llvm::formatv("train.program @p {{ train.entry @predict({0}) attributes "
                    "{{kind = #train.entry_kind<predict>} {{\n{1}\ntrain.return\n} }",
                    opCase.arguments, opCase.body);
  Subject subject{parseSourceString<ModuleOp>(text, &context)};
  if (!subject.module) {
    return failure();
  }
  EntryOp entry = subject.entry();
  Block &block = subject.block();
  for (Operation &op : block) {
    bool underTest = op.getName().getStringRef() == opCase.op;
    op.setLoc(NameLoc::get(StringAttr::get(&context, underTest ? "subject" : "context")));
  }
  Operation *terminator = block.getTerminator();
  SmallVector<Value> arguments = floatsOf(block.getArguments());
  SmallVector<Value> outputs = floatsOf(terminator->getPrevNode()->getResults());
  subject.arguments = block.getNumArguments();
  subject.outputs = outputs.size();

  OpBuilder builder(terminator);
  SmallVector<Value> seeds = addArguments(block, outputs);
  SmallVector<Value> gradients =
      derivatives(builder, sumOfProducts(builder, outputs, seeds), arguments);
  SmallVector<Value> results;
  if (order == 1) {
    llvm::append_range(results, outputs);
    llvm::append_range(results, gradients);
  } else {
    Value s = sumOfProducts(builder, gradients, addArguments(block, gradients));
    llvm::append_range(arguments, seeds);
    results.push_back(s);
    llvm::append_range(results, derivatives(builder, s, arguments));
  }
  terminator->setOperands(results);
  entry.setFunctionType(
      FunctionType::get(&context, block.getArgumentTypes(), ValueRange(results).getTypes()));
  IRRewriter rewriter(&context);
  if (failed(differentiate(rewriter, *subject.module)) || failed(verify(*subject.module))) {
    return failure();
  }
  return subject;
}

Tensors makeInputs(const Subject &subject, const OpCase &opCase, uint64_t randomSeed) {
  std::mt19937_64 generator(randomSeed);
  Tensors inputs;
  for (auto [i, argument] : llvm::enumerate(subject.block().getArguments())) {
    Domain domain = i >= subject.arguments      ? Domain{-1, 1}
                    : i < opCase.domains.size() ? opCase.domains[i]
                                                : kAny;
    inputs.push_back(spreadOver(cast<RankedTensorType>(argument.getType()), domain, generator));
  }
  return inputs;
}

Tensors kinkInputs(const Subject &subject, const KinkCase &kink) {
  std::vector<std::vector<double>> values = kink.arguments;
  values.insert(values.end(), kink.seeds.begin(), kink.seeds.end());
  Tensors inputs;
  for (auto [argument, elements] : llvm::zip_equal(subject.block().getArguments(), values)) {
    inputs.emplace_back(argument.getType());
    for (auto [i, value] : llvm::enumerate(elements)) {
      inputs.back().real(i) = value;
    }
  }
  return inputs;
}

Tensors evaluate(Block &block, const Tensors &inputs) {
  reference::Options options;
  options.precision = reference::Precision::Double;
  auto results = reference::evaluate(block, inputs, options);
  return succeeded(results) ? std::move(*results) : Tensors();
}

double dot(const Tensor &a, const Tensor &b) {
  double total = 0;
  for (int64_t i = 0; i < a.getNumElements(); ++i) {
    total += a.real(i) * b.real(i);
  }
  return total;
}

} // namespace ntc::autodiff::test
