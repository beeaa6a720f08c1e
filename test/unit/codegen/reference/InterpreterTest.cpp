// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// State between calls of entries: first values, what reads see, when assignments take effect, what
// is refused.

#include "codegen/reference/Interpreter.h"
#include "dialects/nn/Nn.h"
#include "runtime/base/Philox.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace ntc::reference;

namespace {

constexpr const char *kProgram = R"mlir(
train.program @p {
  train.state @a : tensor<2xf32> {role = #train.role<parameter>, init = dense<[1.0, 2.0]> : tensor<2xf32>}
  train.state @b : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<5.0 : f64>}
  train.state @u : tensor<5xf32> {role = #train.role<parameter>, init = #train.uniform<low = -0.3 : f64, high = 0.3 : f64, op = 9>}
  train.state @step : tensor<i64> {role = #train.role<counter>, init = #train.fill<7.0 : f64>}
  train.entry @swap() -> tensor<2xf32> attributes {kind = #train.entry_kind<train_step>} {
    %a = train.read @a : tensor<2xf32>
    train.assign @b, %a : tensor<2xf32>
    %b = train.read @b : tensor<2xf32>
    train.assign @a, %b : tensor<2xf32>
    %after = train.read @a : tensor<2xf32>
    train.return %after : tensor<2xf32>
  }
  train.entry @scale(%lr: tensor<2xf32>) -> tensor<2xf32> attributes {kind = #train.entry_kind<train_step>} {
    %a = train.read @a : tensor<2xf32>
    %y = nn.mul %a, %lr : tensor<2xf32>
    train.assign @a, %y : tensor<2xf32>
    train.return %y : tensor<2xf32>
  }
  train.entry @divide(%d: tensor<i64>) attributes {kind = #train.entry_kind<train_step>} {
    %b = train.read @b : tensor<2xf32>
    train.assign @a, %b : tensor<2xf32>
    %step = train.read @step : tensor<i64>
    %q = nn.div %step, %d : tensor<i64>
    train.assign @step, %q : tensor<i64>
    train.return
  }
  train.entry @undifferentiated() -> tensor<f32> attributes {kind = #train.entry_kind<train_step>} {
    %a = train.read @a : tensor<2xf32>
    %l = nn.reduce_sum %a {axes = array<i64: 0>} : tensor<2xf32> -> tensor<f32>
    %g = train.gradient %l wrt (%l) : tensor<f32>, (tensor<f32>) -> (tensor<f32>)
    train.return %g : tensor<f32>
  }
}
)mlir";

constexpr const char *kImported = R"mlir(
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.file<"w.safetensors", "w", "00">}
  train.entry @read() -> tensor<2xf32> attributes {kind = #train.entry_kind<predict>} {
    %w = train.read @w : tensor<2xf32>
    train.return %w : tensor<2xf32>
  }
}
)mlir";

class InterpreterTest : public ::testing::Test {
protected:
  InterpreterTest()
      : handler(&context, [this](Diagnostic &diagnostic) {
          messages.push_back(diagnostic.str());
          return success();
        }) {
    context.loadDialect<ntc::ir::nn::NnDialect, ntc::ir::train::TrainDialect>();
  }

  Interpreter load(const char *text, Options options = {}) {
    module = parseSourceString<ModuleOp>(text, &context);
    return Interpreter(*module->getOps<ntc::ir::train::ProgramOp>().begin(), options);
  }

  Tensor vector(ArrayRef<double> values) {
    Tensor tensor(Float32Type::get(&context), {static_cast<int64_t>(values.size())});
    for (size_t i = 0; i < values.size(); ++i) {
      tensor.real(static_cast<int64_t>(i)) = values[i];
    }
    return tensor;
  }

  Tensor integer(int64_t value) {
    Tensor tensor(IntegerType::get(&context, 64));
    tensor.integer(0) = value;
    return tensor;
  }

  MLIRContext context;
  std::vector<std::string> messages;
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
};

TEST_F(InterpreterTest, InitFollowsEachStatesAttribute) {
  Interpreter interpreter = load(kProgram);
  ASSERT_TRUE(succeeded(interpreter.init(11)));
  EXPECT_EQ(interpreter.get("a")->real(1), 2.0);
  EXPECT_EQ(interpreter.get("b")->real(0), 5.0);
  EXPECT_EQ(interpreter.get("step")->integer(0), 7);
  for (uint64_t e = 0; e < 5; ++e) {
    auto u = static_cast<float>(ntc::rt::randomUniform(11, 0, 9, e));
    volatile float product = u * (0.3f - -0.3f); // two roundings, no fused multiply-add
    EXPECT_EQ(interpreter.get("u")->real(static_cast<int64_t>(e)), product + -0.3f)
        << "element " << e;
  }
  EXPECT_EQ(interpreter.stateNames(), (SmallVector<StringRef>{"a", "b", "u", "step"}));
}

TEST_F(InterpreterTest, AnotherSeedGivesOtherNumbersAndTheSameSeedTheSame) {
  Interpreter interpreter = load(kProgram);
  ASSERT_TRUE(succeeded(interpreter.init(1)));
  double first = interpreter.get("u")->real(0);
  ASSERT_TRUE(succeeded(interpreter.init(2)));
  EXPECT_NE(interpreter.get("u")->real(0), first);
  ASSERT_TRUE(succeeded(interpreter.init(1)));
  EXPECT_EQ(interpreter.get("u")->real(0), first);
}

TEST_F(InterpreterTest, ReadsSeeTheStateOfBeforeTheCallAndAssignmentsTakeEffectTogether) {
  Interpreter interpreter = load(kProgram);
  ASSERT_TRUE(succeeded(interpreter.init(0)));
  auto results = interpreter.run("swap", {});
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ((*results)[0].real(0), 1.0) << "a read after an assignment saw the new value";
  EXPECT_EQ(interpreter.get("a")->real(0), 5.0);
  EXPECT_EQ(interpreter.get("b")->real(0), 1.0);
}

TEST_F(InterpreterTest, StateLivesFromCallToCall) {
  Interpreter interpreter = load(kProgram);
  ASSERT_TRUE(succeeded(interpreter.init(0)));
  for (int call = 0; call < 3; ++call) {
    ASSERT_TRUE(succeeded(interpreter.run("scale", {vector({2.0, 0.5})})));
  }
  EXPECT_EQ(interpreter.get("a")->real(0), 8.0);
  EXPECT_EQ(interpreter.get("a")->real(1), 0.25);
}

TEST_F(InterpreterTest, FailedEntriesChangeNothing) {
  Interpreter interpreter = load(kProgram);
  ASSERT_TRUE(succeeded(interpreter.init(0)));
  EXPECT_TRUE(failed(interpreter.run("divide", {integer(0)})));
  EXPECT_EQ(interpreter.get("a")->real(0), 1.0);
  EXPECT_EQ(interpreter.get("step")->integer(0), 7);
  ASSERT_TRUE(succeeded(interpreter.run("divide", {integer(2)})));
  EXPECT_EQ(interpreter.get("step")->integer(0), 3);
}

TEST_F(InterpreterTest, DoublePrecisionKeepsMoreThanFloat) {
  Options options;
  options.precision = Precision::Double;
  Interpreter interpreter = load(kProgram, options);
  ASSERT_TRUE(succeeded(interpreter.init(0)));
  auto results = interpreter.run("scale", {vector({0.1, 0.1})});
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ((*results)[0].real(0), 0.1);
  EXPECT_TRUE((*results)[0].getElementType().isF32()) << "types do not change";
}

TEST_F(InterpreterTest, ImportedStateMustBeGiven) {
  Interpreter interpreter = load(kImported);
  EXPECT_TRUE(failed(interpreter.init(0)));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0], "'train.state' op is imported from a file and was given no value");
  ASSERT_TRUE(succeeded(interpreter.set("w", vector({3.0, 4.0}))));
  ASSERT_TRUE(succeeded(interpreter.init(0)));
  auto results = interpreter.run("read", {});
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ((*results)[0].real(1), 4.0);
}

TEST_F(InterpreterTest, RefusalsNameWhatIsWrong) {
  Interpreter interpreter = load(kProgram);
  EXPECT_TRUE(failed(interpreter.run("swap", {})));
  ASSERT_TRUE(succeeded(interpreter.init(0)));
  EXPECT_TRUE(failed(interpreter.run("undifferentiated", {})));
  EXPECT_TRUE(failed(interpreter.run("step", {})));
  EXPECT_TRUE(failed(interpreter.run("scale", {})));
  EXPECT_TRUE(failed(interpreter.run("scale", {vector({1.0, 2.0, 3.0})})));
  EXPECT_TRUE(failed(interpreter.set("c", vector({1.0, 2.0}))));
  EXPECT_TRUE(failed(interpreter.set("a", integer(1))));
  std::vector<std::string> expected = {
      "'train.read' op state @a has no value yet",
      "'train.gradient' op has no meaning in the reference interpreter: differentiate the program "
      "first",
      "'train.program' op has no entry named step",
      "'train.entry' op takes 1 arguments, the interpreter was given 0",
      "'train.entry' op argument 0 has type 'tensor<2xf32>', the interpreter was given "
      "'tensor<3xf32>'",
      "'train.program' op has no state named c",
      "'train.state' op has type 'tensor<2xf32>', the given value 'tensor<i64>'"};
  EXPECT_EQ(messages, expected);
}

} // namespace
