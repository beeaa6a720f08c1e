// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layer names are those of the PyTorch modules: they are the names in the golden files.

#include "test/conformance/Models.h"

#include "frontend/capture/Capture.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingInfo.h"
#include "ntc/nn/nn.h"

#include <google/protobuf/text_format.h>

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

/// A stem and two residual blocks, the second with a downsample branch.
struct Residual : nn::Module {
  std::vector<std::shared_ptr<nn::Conv2d>> convs;
  std::vector<std::shared_ptr<nn::BatchNorm2d>> norms;
  nn::AdaptiveAvgPool2d pool{1};
  nn::Linear fc{16, 10};
  Residual() {
    const int64_t sizes[][4] = {{1, 8, 3, 2},  {8, 8, 3, 1},   {8, 8, 3, 1},
                                {8, 16, 3, 2}, {16, 16, 3, 1}, {8, 16, 1, 2}};
    for (const auto &[in, out, kernel, stride] : sizes) {
      std::string index = std::to_string(convs.size());
      convs.push_back(std::make_shared<nn::Conv2d>(
          in, out, kernel,
          nn::Conv2dOptions{.stride = stride, .padding = kernel / 2, .bias = false}));
      norms.push_back(std::make_shared<nn::BatchNorm2d>(out));
      registerModule("conv" + index, convs.back());
      registerModule("bn" + index, norms.back());
    }
    registerModule("pool", pool);
    registerModule("fc", fc);
  }
  Tensor forward(Tensor x) override {
    auto layer = [&](size_t i, Tensor x) { return (*norms[i])((*convs[i])(x)); };
    x = relu(layer(0, x));
    x = relu(layer(2, relu(layer(1, x))) + x);
    x = relu(layer(4, relu(layer(3, x))) + layer(5, x));
    return fc(flatten(pool(x)));
  }
};

struct Vae : nn::Module {
  nn::Linear fc1{784, 64}, fc21{64, 8}, fc22{64, 8}, fc3{8, 64}, fc4{64, 784};
  Vae() {
    registerModule("fc1", fc1);
    registerModule("fc21", fc21);
    registerModule("fc22", fc22);
    registerModule("fc3", fc3);
    registerModule("fc4", fc4);
  }
  Tensor forward(Tensor x) override {
    Tensor hidden = relu(fc1(x));
    Tensor mean = fc21(hidden), logvar = fc22(hidden);
    addLoss("kl", -0.5 * sum(1.0 + logvar - mean * mean - exp(logvar), {1}));
    Tensor z = mean + exp(0.5 * logvar) * randn_like(mean);
    return sigmoid(fc4(relu(fc3(z))));
  }
};

template <typename Net> Program record(Shape input, const nn::Loss &loss) {
  Net net;
  CaptureOptions options;
  options.inputs = {{"x", f32, std::move(input)}};
  return capture(net, options, loss, optim::SGD());
}

} // namespace

format::Result<onnx::ModelProto> makeModel(const std::string &model, const std::string &optimizer,
                                           const std::string &recipe) {
  nn::BCELoss summed({.reduction = "sum", .target = "x"});
  nn::CrossEntropyLoss classes;
  Shape image = {Batch, 1, 28, 28};
  Program program = model == "linear"     ? record<Linear>({Batch, 5}, nn::MSELoss())
                    : model == "mlp"      ? record<Mlp>({Batch, 784}, classes)
                    : model == "vae"      ? record<Vae>({Batch, 784}, summed)
                    : model == "residual" ? record<Residual>(image, classes)
                                          : record<Cnn>(image, classes);
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
  TrainSpec more;
  if (!google::protobuf::TextFormat::ParseFromString(recipe, &more)) {
    return format::failure("the golden file's recipe is no TrainSpec: ", recipe);
  }
  spec->MergeFrom(more);
  auto problems = format::generateTrainingInfo(proto, *spec);
  if (!problems.empty()) {
    return format::failure(format::str(problems));
  }
  return proto;
}

} // namespace ntc::conformance
