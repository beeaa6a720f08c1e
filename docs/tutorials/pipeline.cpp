// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The network of pipeline.md: linear layers with batch norm and dropout, trained with AdamW.
#include "ntc/nn/nn.h"

struct Net : ntc::nn::Module {
  ntc::nn::Linear fc1{784, 256}, fc2{256, 128}, fc3{128, 10};
  ntc::nn::BatchNorm1d bn1{256}, bn2{128};
  ntc::nn::Dropout dropout{0.2};
  Net() {
    registerModule("fc1", fc1);
    registerModule("bn1", bn1);
    registerModule("fc2", fc2);
    registerModule("bn2", bn2);
    registerModule("fc3", fc3);
    registerModule("dropout", dropout);
  }
  ntc::Tensor forward(ntc::Tensor x) override {
    x = dropout(relu(bn1(fc1(flatten(x)))));
    x = dropout(relu(bn2(fc2(x))));
    return fc3(x);
  }
};

int main() {
  Net net;
  auto program = ntc::capture(net, {.inputs = {{"image", ntc::f32, {ntc::Batch, 1, 28, 28}}}},
                              ntc::nn::CrossEntropyLoss(),
                              ntc::optim::AdamW({.lr = 2e-3, .weight_decay = 0.01}));
  return program.save("pipeline.pb"); // errors name the layer;
}
