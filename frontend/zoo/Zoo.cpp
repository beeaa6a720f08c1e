// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The small networks, and the table of all. Each is what a user would write; parameter counts are
// those of the PyTorch models they repeat (examples/mnist: 1,199,882; the CIFAR-10 tutorial:
// 62,006; examples/vae: 652,824).
#include "frontend/zoo/Families.h"

#include "frontend/capture/Capture.h"
#include "frontend/format/Names.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingInfo.h"
#include "ntc/nn/nn.h"

#include <algorithm>

namespace ntc::zoo {
namespace {

using format::failure;
using format::Result;

/// y = x Wᵀ + b.
struct LinearRegression : nn::Module {
  nn::Linear linear;
  LinearRegression(int64_t in, int64_t out) : linear(in, out) { registerModule("linear", linear); }
  Tensor forward(Tensor x) override { return linear(x); }
};

/// Fully connected layers with ReLU between them: fc1, fc2, …
struct Mlp : nn::Module {
  std::vector<std::shared_ptr<nn::Linear>> layers;
  explicit Mlp(const std::vector<int64_t> &sizes) {
    for (size_t i = 0; i + 1 < sizes.size(); ++i) {
      layers.push_back(std::make_shared<nn::Linear>(sizes[i], sizes[i + 1]));
      registerModule("fc" + std::to_string(i + 1), layers.back());
    }
  }
  Tensor forward(Tensor x) override {
    x = flatten(x);
    for (size_t i = 0; i < layers.size(); ++i) {
      x = (*layers[i])(x);
      x = i + 1 < layers.size() ? relu(x) : x;
    }
    return x;
  }
};

/// The network of PyTorch's MNIST example; its log_softmax is part of the loss here.
struct Cnn : nn::Module {
  nn::Conv2d conv1{1, 32, 3}, conv2{32, 64, 3};
  nn::Dropout dropout1{0.25}, dropout2{0.5};
  nn::Linear fc1{9216, 128}, fc2;
  explicit Cnn(int64_t classes) : fc2(128, classes) {
    registerModule("conv1", conv1);
    registerModule("conv2", conv2);
    registerModule("dropout1", dropout1);
    registerModule("dropout2", dropout2);
    registerModule("fc1", fc1);
    registerModule("fc2", fc2);
  }
  Tensor forward(Tensor x) override {
    x = relu(conv2(relu(conv1(x))));
    x = dropout1(max_pool2d(x, 2));
    x = relu(fc1(flatten(x)));
    return fc2(dropout2(x));
  }
};

/// The network of PyTorch's CIFAR-10 tutorial.
struct LeNet : nn::Module {
  nn::Conv2d conv1{3, 6, 5}, conv2{6, 16, 5};
  nn::MaxPool2d pool{2};
  nn::Linear fc1{16 * 5 * 5, 120}, fc2{120, 84}, fc3;
  explicit LeNet(int64_t classes) : fc3(84, classes) {
    registerModule("conv1", conv1);
    registerModule("pool", pool);
    registerModule("conv2", conv2);
    registerModule("fc1", fc1);
    registerModule("fc2", fc2);
    registerModule("fc3", fc3);
  }
  Tensor forward(Tensor x) override {
    x = pool(relu(conv1(x)));
    x = pool(relu(conv2(x)));
    x = relu(fc2(relu(fc1(flatten(x)))));
    return fc3(x);
  }
};

/// The network of PyTorch's VAE example (Kingma & Welling, "Auto-Encoding Variational Bayes",
/// 2014): an image becomes mean and logarithm of the variance of 20 normal numbers, which are drawn
/// and turned into an image again.
struct Vae : nn::Module {
  nn::Linear fc1{784, 400}, fc21{400, 20}, fc22{400, 20}, fc3{20, 400}, fc4{400, 784};
  Vae() {
    registerModule("fc1", fc1);
    registerModule("fc21", fc21);
    registerModule("fc22", fc22);
    registerModule("fc3", fc3);
    registerModule("fc4", fc4);
  }
  Tensor forward(Tensor image) override {
    Tensor hidden = relu(fc1(flatten(image)));
    Tensor mean = fc21(hidden), logvar = fc22(hidden);
    // Distance of the drawn distribution from the standard normal one (appendix B there).
    addLoss("kl_divergence", -0.5 * sum(1.0 + logvar - mean * mean - exp(logvar), {1}));
    Tensor z = mean + exp(0.5 * logvar) * randn_like(mean);
    return reshape(sigmoid(fc4(relu(fc3(z)))), image.shape());
  }
};

Program makeLinear(const Options &options) {
  int64_t in = options.input.empty() ? 5 : options.input[0];
  LinearRegression net(in, options.output.value_or(1));
  return capture(net, captureOptions("linear", "input", {Batch, in}, options.seed), nn::MSELoss(),
                 optim::SGD({.lr = 1e-3}));
}

Program makeMlp(const Options &options) {
  std::vector<int64_t> sample =
      options.input.empty() ? std::vector<int64_t>{1, 28, 28} : options.input;
  std::vector<int64_t> sizes = {format::elementCount(sample).value_or(0)};
  std::vector<int64_t> hidden = options.hidden.empty() ? std::vector<int64_t>{128} : options.hidden;
  sizes.insert(sizes.end(), hidden.begin(), hidden.end());
  sizes.push_back(options.classes.value_or(10));
  Shape shape = {Batch};
  shape.insert(shape.end(), sample.begin(), sample.end());
  Mlp net(sizes);
  return capture(net, captureOptions("mlp", "image", shape, options.seed), nn::CrossEntropyLoss(),
                 optim::Adam({.lr = 1e-3}));
}

Program makeCnn(const Options &options) {
  Cnn net(options.classes.value_or(10));
  return capture(net, captureOptions("cnn", "image", {Batch, 1, 28, 28}, options.seed),
                 nn::CrossEntropyLoss(), optim::Adadelta({.lr = 1.0}));
}

Program makeLeNet(const Options &options) {
  LeNet net(options.classes.value_or(10));
  return capture(net, captureOptions("lenet", "image", {Batch, 3, 32, 32}, options.seed),
                 nn::CrossEntropyLoss(), optim::SGD({.lr = 1e-3, .momentum = 0.9}));
}

Program makeVae(const Options &options) {
  Vae net;
  return capture(net, captureOptions("vae", "image", {Batch, 1, 28, 28}, options.seed),
                 nn::BCELoss({.reduction = "sum", .target = "image"}), optim::Adam({.lr = 1e-3}));
}

struct Entry {
  Family family;
  Program (*build)(const Options &);
};

const std::vector<Entry> &entries() {
  static const std::vector<Entry> table = {
      {{"linear", "linear regression, 5 inputs to 1 output; MSE, SGD 1e-3", {"input", "output"}},
       makeLinear},
      {{"mlp",
        "fully connected 784-128-10 on 28x28 images; cross-entropy, Adam 1e-3",
        {"input", "hidden", "classes"}},
       makeMlp},
      {{"cnn",
        "PyTorch's MNIST example, 1,199,882 parameters; cross-entropy, Adadelta 1.0",
        {"classes"}},
       makeCnn},
      {{"lenet",
        "PyTorch's CIFAR-10 tutorial network, 62,006 parameters; cross-entropy, SGD 1e-3 momentum "
        "0.9",
        {"classes"}},
       makeLeNet},
      {{"vae",
        "PyTorch's VAE example on 28x28 images, 652,824 parameters; binary cross-entropy and KL "
        "divergence summed, Adam 1e-3",
        {}},
       makeVae},
      {{"resnet18",
        "torchvision's ResNet-18 for images of 32x32 (stem cifar) or 224x224 (stem imagenet); "
        "cross-entropy, SGD 0.1 momentum 0.9 weight decay 5e-4 or 1e-4",
        {"stem", "classes"}},
       makeResNet18},
  };
  return table;
}

/// "" or why `options` do not fit `family`.
std::string checkOptions(const Family &family, const Options &options) {
  auto applies = [&](std::string_view name) {
    return std::find(family.options.begin(), family.options.end(), name) != family.options.end();
  };
  constexpr int64_t limit = 1 << 24;
  auto check = [&](std::string_view name, const std::vector<int64_t> &values) -> std::string {
    if (!values.empty() && !applies(name)) {
      return rt::concat("family ", family.name, " has no option --", name);
    }
    for (int64_t value : values) {
      if (value < 1 || value > limit) {
        return rt::concat("--", name, ": expected sizes from 1 to ", limit, ", found ", value);
      }
    }
    return {};
  };
  auto asList = [](std::optional<int64_t> value) {
    return value ? std::vector<int64_t>{*value} : std::vector<int64_t>{};
  };
  if (options.stem && !applies("stem")) {
    return rt::concat("family ", family.name, " has no option --stem");
  }
  if (family.name == "linear" && options.input.size() > 1) {
    return rt::concat("--input: family linear takes one number, found ", options.input.size());
  }
  for (const std::string &problem :
       {check("input", options.input), check("hidden", options.hidden),
        check("output", asList(options.output)), check("classes", asList(options.classes))}) {
    if (!problem.empty()) {
      return problem;
    }
  }
  return {};
}

} // namespace

CaptureOptions captureOptions(std::string name, std::string input, Shape shape, uint64_t seed) {
  CaptureOptions options;
  options.inputs = {{std::move(input), f32, std::move(shape)}};
  options.name = std::move(name);
  options.seed = seed;
  return options;
}

std::span<const Family> list() {
  static const std::vector<Family> families = [] {
    std::vector<Family> result;
    for (const Entry &entry : entries()) {
      result.push_back(entry.family);
    }
    return result;
  }();
  return families;
}

Result<onnx::ModelProto> make(std::string_view family, const Options &options) {
  std::vector<std::string> names;
  for (const Entry &entry : entries()) {
    names.emplace_back(entry.family.name);
    if (entry.family.name != family) {
      continue;
    }
    if (std::string problem = checkOptions(entry.family, options); !problem.empty()) {
      return failure(problem);
    }
    Program program = entry.build(options);
    if (!program.status().ok()) {
      return failure(program.status().message());
    }
    onnx::ModelProto model = std::move(program.impl->model);
    if (!options.loss && !options.optimizer) {
      return model;
    }
    auto spec = format::recipeOf(model);
    if (!spec) {
      return spec.status();
    }
    if (options.loss) {
      format::replaceLoss(*spec, *options.loss, model);
    }
    if (options.optimizer) {
      *spec->mutable_optimizer() = *options.optimizer;
    }
    auto problems = format::generateTrainingInfo(model, *spec);
    if (!problems.empty()) {
      return failure(format::str(problems));
    }
    return model;
  }
  return failure("unknown family ", rt::quoted(family), format::suggestion(family, names));
}

} // namespace ntc::zoo
