// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ResNet-18 (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, table 1) with
// the structure, the names and the initialization of torchvision.models.resnet18: state_dicts fit.
// Parameters: 11,689,512 with stem imagenet and 1000 classes, 11,173,962 with stem cifar and 10.
#include "frontend/zoo/Families.h"

namespace ntc::zoo {
namespace {

/// A convolution as torchvision has them: no bias; first values normal with the fan out.
std::shared_ptr<nn::Conv2d> convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  auto layer = std::make_shared<nn::Conv2d>(
      in, out, kernel, nn::Conv2dOptions{.stride = stride, .padding = kernel / 2, .bias = false});
  layer->initialize("weight", nn::Init::kaimingNormal(out * kernel * kernel));
  return layer;
}

/// Two convolutions of 3x3 beside the input itself; `downsample`, a convolution of 1x1, brings the
/// input to the shape of the sum where it differs.
struct BasicBlock : nn::Module {
  std::shared_ptr<nn::Module> conv1, bn1, conv2, bn2, downsample;
  BasicBlock(int64_t in, int64_t out, int64_t stride)
      : conv1(convolution(in, out, 3, stride)), bn1(std::make_shared<nn::BatchNorm2d>(out)),
        conv2(convolution(out, out, 3, 1)), bn2(std::make_shared<nn::BatchNorm2d>(out)) {
    registerModule("conv1", conv1);
    registerModule("bn1", bn1);
    registerModule("conv2", conv2);
    registerModule("bn2", bn2);
    if (stride != 1 || in != out) {
      auto branch = std::make_shared<nn::Sequential>();
      branch->append(convolution(in, out, 1, stride))
          .append(std::make_shared<nn::BatchNorm2d>(out));
      downsample = branch;
      registerModule("downsample", downsample);
    }
  }
  Tensor forward(Tensor x) override {
    Tensor identity = downsample ? (*downsample)(x) : x;
    x = relu((*bn1)((*conv1)(x)));
    return relu((*bn2)((*conv2)(x)) + identity);
  }
};

struct ResNet18 : nn::Module {
  bool hasPool;
  std::shared_ptr<nn::Module> conv1, bn1 = std::make_shared<nn::BatchNorm2d>(64);
  nn::MaxPool2d maxpool{3, {.stride = 2, .padding = 1}};
  std::vector<std::shared_ptr<nn::Module>> layers;
  nn::AdaptiveAvgPool2d avgpool{1};
  nn::Linear fc;

  ResNet18(Stem stem, int64_t classes)
      : hasPool(stem == Stem::ImageNet),
        conv1(hasPool ? convolution(3, 64, 7, 2) : convolution(3, 64, 3, 1)), fc(512, classes) {
    registerModule("conv1", conv1);
    registerModule("bn1", bn1);
    registerModule("maxpool", maxpool);
    int64_t in = 64;
    for (int64_t out : {64, 128, 256, 512}) {
      auto layer = std::make_shared<nn::Sequential>();
      layer->append(std::make_shared<BasicBlock>(in, out, in == out ? 1 : 2))
          .append(std::make_shared<BasicBlock>(out, out, 1));
      layers.push_back(layer);
      registerModule("layer" + std::to_string(layers.size()), layer);
      in = out;
    }
    registerModule("avgpool", avgpool);
    registerModule("fc", fc);
  }
  Tensor forward(Tensor x) override {
    x = relu((*bn1)((*conv1)(x)));
    x = hasPool ? maxpool(x) : x;
    for (const std::shared_ptr<nn::Module> &layer : layers) {
      x = (*layer)(x);
    }
    return fc(flatten(avgpool(x)));
  }
};

} // namespace

Program makeResNet18(const Options &options) {
  Stem stem = options.stem.value_or(Stem::Cifar);
  bool small = stem == Stem::Cifar;
  ResNet18 net(stem, options.classes.value_or(small ? 10 : 1000));
  int64_t side = small ? 32 : 224;
  // The usual recipes: pytorch/examples/imagenet, and its weight decay for CIFAR.
  optim::SGD optimizer({.lr = 0.1, .momentum = 0.9, .weight_decay = small ? 5e-4 : 1e-4});
  return capture(net, captureOptions("resnet18", "image", {Batch, 3, side, side}, options.seed),
                 nn::CrossEntropyLoss(), optimizer);
}

} // namespace ntc::zoo
