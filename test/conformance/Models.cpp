// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layer names are those of the PyTorch modules: they are the names in the golden files.

#include "test/conformance/Models.h"

#include "frontend/capture/Capture.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingInfo.h"
#include "ntc/nn/nn.h"

namespace ntc::conformance {
namespace {

struct Linear : nn::Module {
  nn::Linear linear{5, 1};
  Linear() { registerModule("linear", linear); }
  Tensor forward(Tensor x) override { return linear(x); }
};

struct Mlp : nn::Module {
  nn::Linear fc1{784, 128}, fc2{128, 10};
  Mlp() {
    registerModule("fc1", fc1);
    registerModule("fc2", fc2);
  }
  Tensor forward(Tensor x) override { return fc2(relu(fc1(x))); }
};

struct Cnn : nn::Module {
  nn::Conv2d conv1{1, 8, 3, {.bias = false}}, conv2{8, 16, 3, {.bias = false}};
  nn::BatchNorm2d bn1{8}, bn2{16};
  nn::Linear fc{400, 10};
  Cnn() {
    registerModule("conv1", conv1);
    registerModule("bn1", bn1);
    registerModule("conv2", conv2);
    registerModule("bn2", bn2);
    registerModule("fc", fc);
  }
  Tensor forward(Tensor x) override {
    x = max_pool2d(relu(bn1(conv1(x))), 2);
    x = max_pool2d(relu(bn2(conv2(x))), 2);
    return fc(flatten(x));
  }
};

template <typename Net> Program record(Shape input, const nn::Loss &loss) {
  Net net;
  CaptureOptions options;
  options.inputs = {{"x", f32, std::move(input)}};
  return capture(net, options, loss, optim::SGD());
}

} // namespace

format::Result<onnx::ModelProto> makeModel(const std::string &model, const std::string &optimizer) {
  Program program = model == "linear" ? record<Linear>({Batch, 5}, nn::MSELoss())
                    : model == "mlp"  ? record<Mlp>({Batch, 784}, nn::CrossEntropyLoss())
                                      : record<Cnn>({Batch, 1, 28, 28}, nn::CrossEntropyLoss());
  if (!program.status().ok()) {
    return format::failure(program.status().message());
  }
  onnx::ModelProto proto = std::move(program.impl->model);
  auto spec = format::recipeOf(proto);
  if (!spec) {
    return spec.status();
  }
  auto chosen = format::parseOptimizer(optimizer);
  if (!chosen) {
    return chosen.status();
  }
  *spec->mutable_optimizer() = *chosen;
  auto problems = format::generateTrainingInfo(proto, *spec);
  if (!problems.empty()) {
    return format::failure(format::str(problems));
  }
  return proto;
}

} // namespace ntc::conformance
