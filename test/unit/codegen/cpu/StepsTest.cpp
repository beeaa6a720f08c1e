// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole training steps of small networks in a session, as a user runs them: every state after
// several steps against the reference interpreter, and the same bits with every number of threads.
// The interpreter runs twice, in double and with the roundings of the element type; compiled code
// may be four times as far from the former as the latter is.

#include "test/unit/codegen/cpu/CpuProgram.h"

#include "codegen/reference/Interpreter.h"
#include "compiler/autodiff/Differentiate.h"
#include "frontend/capture/Capture.h"
#include "frontend/import/Import.h"
#include "runtime/exec/Session.h"

#include "mlir/IR/PatternMatch.h"
#include "ntc/nn/nn.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;

namespace ntc::codegen::cpu::test {
namespace {

constexpr int kSteps = 2;

/// A multilayer perceptron with odd sizes.
struct Mlp : ntc::nn::Module {
  ntc::nn::Linear fc1{13, 17}, fc2{17, 5};
  Mlp() {
    registerModule("fc1", fc1);
    registerModule("fc2", fc2);
  }
  ntc::Tensor forward(ntc::Tensor x) override { return fc2(relu(fc1(x))); }
};

/// Smooth activations and batch normalization of vectors.
struct Smooth : ntc::nn::Module {
  ntc::nn::Linear fc1{13, 11}, fc2{11, 7}, fc3{7, 5};
  ntc::nn::BatchNorm1d norm{7};
  Smooth() {
    registerModule("fc1", fc1);
    registerModule("fc2", fc2);
    registerModule("norm", norm);
    registerModule("fc3", fc3);
  }
  ntc::Tensor forward(ntc::Tensor x) override {
    return fc3(sigmoid(norm(gelu(fc2(tanh(fc1(x)))))));
  }
};

/// Convolutions, batch normalization, both kinds of pooling and dropout. No bias before the
/// normalization: its derivative is 0, and only rounding errors would be compared.
struct Cnn : ntc::nn::Module {
  ntc::nn::Conv2d conv1{2, 5, 3, {.padding = 1, .bias = false}}, conv2{5, 7, 3, {.stride = 2}};
  ntc::nn::BatchNorm2d norm{5};
  ntc::nn::Dropout dropout{0.25};
  ntc::nn::Linear fc{7, 5};
  Cnn() {
    registerModule("conv1", conv1);
    registerModule("norm", norm);
    registerModule("conv2", conv2);
    registerModule("dropout", dropout);
    registerModule("fc", fc);
  }
  ntc::Tensor forward(ntc::Tensor x) override {
    x = max_pool2d(relu(norm(conv1(x))), 2);
    x = avg_pool2d(relu(conv2(x)), 2);
    return fc(dropout(flatten(x)));
  }
};

struct Case {
  const char *name;
  std::function<std::shared_ptr<ntc::nn::Module>()> net;
  ntc::Shape input;
  ntc::nn::Loss loss;
  ntc::optim::Optimizer optimizer;
  int64_t batch;

  friend void PrintTo(const Case &step, std::ostream *stream) { *stream << step.name; }
};

template <typename Net> std::shared_ptr<ntc::nn::Module> make() { return std::make_shared<Net>(); }

std::vector<Case> cases() {
  ntc::Shape row = {ntc::Batch, 13}, image = {ntc::Batch, 2, 11, 13};
  ntc::nn::CrossEntropyLoss classes;
  return {
      {"MlpSgd", make<Mlp>, row, classes, ntc::optim::SGD({.lr = 0.1}), 1},
      {"MlpMomentum", make<Mlp>, row, classes,
       ntc::optim::SGD({.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true}), 7},
      {"MlpAdam", make<Mlp>, row, classes, ntc::optim::Adam(), 7},
      {"MlpAdamW", make<Mlp>, row, classes, ntc::optim::AdamW({.lr = 0.01}), 31},
      {"MlpSquares", make<Mlp>, row, ntc::nn::MSELoss(), ntc::optim::SGD({.lr = 0.1}), 5},
      {"SmoothAdam", make<Smooth>, row, classes, ntc::optim::Adam(), 11},
      {"CnnAdadelta", make<Cnn>, image, classes, ntc::optim::Adadelta(), 7},
      {"CnnSgd", make<Cnn>, image, classes, ntc::optim::SGD({.lr = 0.1}), 1},
  };
}

/// Values of an argument of an entry: classes for targets of integers, else numbers between -1 and
/// 1, as its type holds them.
Tensor batchOf(Type type, int64_t classes, double frequency) {
  Tensor tensor(type);
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    if (tensor.isReal()) {
      tensor.real(i) = std::sin(frequency * static_cast<double>(i + 1));
    } else {
      tensor.integer(i) = (i * 7 + 3) % std::max<int64_t>(classes, 1);
    }
  }
  return fromBytes(tensor.getType(), toBytes(tensor).data());
}

/// A network differentiated for the interpreter and compiled.
struct Subject {
  OwningOpRef<ModuleOp> reference;
  ArtifactPointer artifact;
  ir::train::EntryOp step;
};

Subject makeSubject(MLIRContext &context, const Case &test, bool f64) {
  auto net = test.net();
  ntc::Program program = ntc::capture(*net, {.inputs = {{"x", ntc::f32, test.input}}, .seed = 5},
                                      test.loss, test.optimizer);
  EXPECT_TRUE(program.status().ok()) << program.status().message();
  importer::ImportOptions options;
  options.batchSizes = {test.batch};
  options.f64 = f64;
  Subject subject;
  auto module = importer::importModel(program.impl->model, context, options);
  if (failed(module)) {
    return subject;
  }
  subject.reference = OwningOpRef<ModuleOp>(cast<ModuleOp>((*module)->clone()));
  IRRewriter rewriter(&context);
  EXPECT_TRUE(succeeded(autodiff::differentiate(rewriter, *subject.reference)));
  subject.reference->walk([&](ir::train::EntryOp entry) {
    subject.step = entry.getKind() == ir::train::EntryKind::TrainStep ? entry : subject.step;
  });
  std::string message;
  auto target = CpuTarget::create("native");
  subject.artifact = compileModule(**module, *target, message);
  EXPECT_EQ(message, "");
  return subject;
}

/// The step's arguments: those that are the batch and, by name, controls.
struct Arguments {
  Tensors all;
  Tensors batch;
};

Arguments argumentsOf(ir::train::EntryOp step, int64_t number) {
  Arguments arguments;
  for (unsigned i = 0; i < step.getNumArguments(); ++i) {
    auto classes = step.getArgAttrOfType<IntegerAttr>(i, ir::train::kClassesAttr);
    Tensor tensor = batchOf(step.getArgumentTypes()[i], classes ? classes.getInt() : 0, 0.7 + i);
    if (auto control = step.getArgAttrOfType<StringAttr>(i, ir::train::kControlAttr)) {
      Attribute value = step.getArgAttr(i, ir::train::kDefaultAttr);
      if (auto real = dyn_cast_or_null<FloatAttr>(value)) {
        tensor.real(0) = real.getValueAsDouble();
      } else {
        tensor.integer(0) = control.getValue() == "step" ? number
                            : value                      ? cast<IntegerAttr>(value).getInt()
                                                         : 0;
      }
    } else {
      arguments.batch.push_back(tensor);
    }
    arguments.all.push_back(tensor);
  }
  return arguments;
}

using Bytes = std::vector<std::vector<uint8_t>>;

/// Views of `batch` for an entry.
struct Batch {
  Batch(const rt::artifact::EntrySpec &entry, const Tensors &batch) : views(batch.size()) {
    for (const Tensor &tensor : batch) {
      data.push_back(toBytes(tensor));
    }
    for (size_t i = 0; i < views.size(); ++i) {
      views[i] = {entry.inputs[i].name, data[i].data(), entry.inputs[i].dtype,
                  entry.inputs[i].shape};
    }
  }
  Bytes data;
  std::vector<rt::exec::TensorView> views;
};

std::unique_ptr<rt::exec::Session> makeSession(const Subject &subject, unsigned threads) {
  rt::exec::SessionOptions options;
  options.threads = threads;
  options.pinning = rt::exec::Pinning::No;
  options.check = rt::exec::CheckMode::Memory;
  auto created = rt::exec::Session::create(subject.artifact, options);
  EXPECT_TRUE(static_cast<bool>(created));
  return created.take();
}

/// The bytes of all states before and after the steps.
std::pair<Bytes, Bytes> train(Subject &subject, unsigned threads) {
  auto session = makeSession(subject, threads);
  auto states = [&] {
    Bytes all;
    for (const auto &state : session->manifest().states) {
      auto bytes = session->stateBytes(state);
      all.emplace_back(bytes.begin(), bytes.end());
    }
    return all;
  };
  Bytes before = states();
  const auto *entry =
      session->entry(rt::artifact::EntryKind::TrainStep, subject.step.getBatchSize());
  Batch batch(*entry, argumentsOf(subject.step, 0).batch);
  for (int step = 0; step < kSteps; ++step) {
    auto result = session->trainStep(batch.views);
    EXPECT_TRUE(static_cast<bool>(result)) << result.status().message();
  }
  return {before, states()};
}

/// States after the steps in the interpreter.
Tensors interpret(Subject &subject, const Bytes &before, reference::Precision precision) {
  auto program = *subject.reference->getBody()->getOps<ir::train::ProgramOp>().begin();
  reference::Options options;
  options.precision = precision;
  reference::Interpreter interpreter(program, options);
  Tensors after;
  auto states = llvm::to_vector(program.getBody().getOps<ir::train::StateOp>());
  for (auto [state, bytes] : llvm::zip_equal(states, before)) {
    auto type = cast<RankedTensorType>(state.getType());
    EXPECT_TRUE(succeeded(interpreter.set(state.getSymName(), fromBytes(type, bytes.data()))));
  }
  for (int step = 0; step < kSteps; ++step) {
    EXPECT_TRUE(
        succeeded(interpreter.run(subject.step.getSymName(), argumentsOf(subject.step, step).all)));
  }
  for (ir::train::StateOp state : states) {
    after.push_back(*interpreter.get(state.getSymName()));
  }
  return after;
}

double distance(const Tensor &a, const Tensor &b) {
  double worst = 0;
  for (int64_t k = 0; k < a.getNumElements(); ++k) {
    double d = std::fabs(a.number(k) - b.number(k));
    worst = std::isnan(d) ? INFINITY : std::max(worst, d);
  }
  return worst;
}

class Steps : public testing::TestWithParam<std::tuple<Case, bool>> {};

TEST_P(Steps, AgreeWithInterpreterAtEveryNumberOfThreads) {
  const auto &[test, f64] = GetParam();
  auto context = makeCompilerContext();
  Subject subject = makeSubject(*context, test, f64);
  ASSERT_TRUE(subject.artifact);
  auto [before, after] = train(subject, 1);
  EXPECT_NE(before, after);
  for (unsigned threads : {2u, 4u}) {
    EXPECT_EQ(train(subject, threads).second, after) << threads << " threads";
  }
  Tensors exact = interpret(subject, before, reference::Precision::Double);
  Tensors rounded = interpret(subject, before, reference::Precision::AsWritten);
  auto program = *subject.reference->getBody()->getOps<ir::train::ProgramOp>().begin();
  auto states = llvm::to_vector(program.getBody().getOps<ir::train::StateOp>());
  for (auto [i, state] : llvm::enumerate(states)) {
    auto type = cast<RankedTensorType>(state.getType());
    Tensor actual = fromBytes(type, after[i].data());
    double scale = distance(exact[i], Tensor(type)); // the largest element
    double epsilon = type.getElementType().isF32() ? 1e-6 : 1e-13;
    EXPECT_LE(distance(exact[i], actual), 4 * distance(exact[i], rounded[i]) + epsilon * scale)
        << state.getSymName().str() << ", largest element " << scale;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Steps,
                         testing::Combine(testing::ValuesIn(cases()), testing::Bool()),
                         [](const auto &info) {
                           return std::string(std::get<0>(info.param).name) +
                                  (std::get<1>(info.param) ? "F64" : "F32");
                         });

TEST(EmptyBatch, IsRefusedByAClearSentence) {
  auto context = makeCompilerContext();
  Subject subject = makeSubject(*context, cases().front(), false);
  ASSERT_TRUE(subject.artifact);
  auto session = makeSession(subject, 1);
  auto none = session->trainStep({});
  ASSERT_FALSE(static_cast<bool>(none));
  EXPECT_NE(none.status().message().find("batch"), std::string::npos) << none.status().message();
  const auto *entry = session->entry(rt::artifact::EntryKind::TrainStep, 1);
  Batch batch(*entry, argumentsOf(subject.step, 0).batch);
  std::vector<int64_t> rows = {0, 13}, labels = {0};
  batch.views[0].shape = rows;
  batch.views[1].shape = labels;
  auto empty = session->trainStep(batch.views);
  ASSERT_FALSE(static_cast<bool>(empty));
  EXPECT_NE(empty.status().message().find("empty"), std::string::npos) << empty.status().message();
}

} // namespace
} // namespace ntc::codegen::cpu::test
