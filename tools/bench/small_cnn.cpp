// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The small network of tools/bench/epochs for pictures of 64x64; epochs_torch.py has the same.
#include <ntc/nn/nn.h>

struct Net : ntc::nn::Module {
  ntc::nn::Conv2d conv1{3, 16, 3, {.padding = 1}}, conv2{16, 32, 3, {.padding = 1}};
  ntc::nn::MaxPool2d pool{4};
  ntc::nn::Linear fc1{512, 64}, fc2{64, 10};
  Net() {
    registerModule("conv1", conv1);
    registerModule("conv2", conv2);
    registerModule("pool", pool);
    registerModule("fc1", fc1);
    registerModule("fc2", fc2);
  }
  ntc::Tensor forward(ntc::Tensor x) override {
    x = pool(relu(conv1(x)));
    x = pool(relu(conv2(x)));
    return fc2(relu(fc1(flatten(x))));
  }
};

int main() {
  Net net;
  auto program = ntc::capture(net, {.inputs = {{"image", ntc::f32, {ntc::Batch, 3, 64, 64}}}},
                              ntc::nn::CrossEntropyLoss(), ntc::optim::Adam({.lr = 1e-3}));
  return program.save("small_cnn.pb");
}
