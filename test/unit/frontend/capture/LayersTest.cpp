// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every layer and operation on one symbolic input: the shape of the result and what is said about a
// wrong input.
#include "ntc/nn/nn.h"

#include <gtest/gtest.h>

#include <functional>

namespace {

/// A network whose forward is any function; its parameters come from `layer`.
struct Probe : ntc::nn::Module {
  std::function<ntc::Tensor(ntc::Tensor)> run;
  ntc::Shape shape;
  ntc::nn::Linear sink{1, 1}; // something to train
  explicit Probe(std::function<ntc::Tensor(ntc::Tensor)> run) : run(std::move(run)) {
    registerModule("sink", sink);
  }
  ntc::Tensor forward(ntc::Tensor x) override {
    ntc::Tensor y = run(x);
    shape = y.shape();
    ntc::Tensor total = reshape(sum(y), {1, 1});
    return sink(total);
  }
};

std::string text(const ntc::Shape &shape) {
  std::string out;
  for (const ntc::Dim &dim : shape) {
    out += std::string(out.empty() ? "" : " ") + (dim.timesBatch ? "B" : "") +
           std::to_string(dim.factor);
  }
  return out;
}

std::string run(ntc::Shape input, std::function<ntc::Tensor(ntc::Tensor)> f,
                ntc::nn::Module *layer = nullptr) {
  Probe probe(std::move(f));
  if (layer) {
    probe.registerModule("layer", *layer);
  }
  auto program = ntc::capture(probe, {.inputs = {{"x", ntc::f32, std::move(input)}}},
                              ntc::nn::MSELoss(), ntc::optim::SGD());
  return program.status().ok() ? text(probe.shape) : program.status().message();
}

template <typename L> std::string runLayer(ntc::Shape input, L layer) {
  return run(std::move(input), [&](ntc::Tensor x) { return layer(x); }, &layer);
}

using namespace ntc::nn;
using ntc::Batch;

TEST(Layers, ShapesAreThoseOfPyTorch) {
  EXPECT_EQ(runLayer({Batch, 5}, Linear(5, 3)), "B1 3");
  EXPECT_EQ(runLayer({Batch, 7, 5}, Linear(5, 3)), "B1 7 3");
  EXPECT_EQ(runLayer({Batch, 3, 32, 32}, Conv2d(3, 8, 3, {.stride = 2, .padding = 1})),
            "B1 8 16 16");
  EXPECT_EQ(
      runLayer({Batch, 4, 9, 9}, Conv2d(4, 8, {3, 5}, {.dilation = 2, .groups = 4, .bias = false})),
      "B1 8 5 1");
  EXPECT_EQ(runLayer({Batch, 3, 8, 8}, MaxPool2d(2)), "B1 3 4 4");
  EXPECT_EQ(runLayer({Batch, 3, 7, 7}, MaxPool2d(3, {.stride = 2, .padding = 1})), "B1 3 4 4");
  EXPECT_EQ(runLayer({Batch, 3, 8, 8}, AvgPool2d(2)), "B1 3 4 4");
  EXPECT_EQ(runLayer({Batch, 3, 7, 9}, AdaptiveAvgPool2d(1)), "B1 3 1 1");
  EXPECT_EQ(runLayer({Batch, 3, 8, 8}, AdaptiveAvgPool2d({4, 2})), "B1 3 4 2");
  EXPECT_EQ(runLayer({Batch, 3, 7, 9}, AdaptiveAvgPool2d({4, 5})), "B1 3 4 5");
  EXPECT_EQ(runLayer({Batch, 6}, BatchNorm1d(6)), "B1 6");
  EXPECT_EQ(runLayer({Batch, 6, 4, 4}, BatchNorm2d(6, {.affine = false})), "B1 6 4 4");
  EXPECT_EQ(runLayer({Batch, 6}, Sequential(Linear(6, 4), ReLU(), Dropout(), LeakyReLU(), ELU(),
                                            GELU(), GELU("tanh"), SiLU(), Sigmoid(), Tanh(),
                                            Softmax(1), LogSoftmax(-1))),
            "B1 4");
}

TEST(Layers, OperationsHaveNumPysShapes) {
  auto x = [](auto f) { return run({Batch, 4, 6}, f); };
  EXPECT_EQ(x([](ntc::Tensor x) { return reshape(x, {Batch, 24}); }), "B1 24");
  EXPECT_EQ(x([](ntc::Tensor x) { return reshape(x, {Batch, 3, -1}); }), "B1 3 8");
  EXPECT_EQ(x([](ntc::Tensor x) { return reshape(x, {-1, 6}); }), "B4 6");
  EXPECT_EQ(x([](ntc::Tensor x) { return permute(x, {0, 2, 1}); }), "B1 6 4");
  EXPECT_EQ(x([](ntc::Tensor x) { return transpose(x, 1, -1); }), "B1 6 4");
  EXPECT_EQ(x([](ntc::Tensor x) { return matmul(x, transpose(x, 1, 2)); }), "B1 4 4");
  EXPECT_EQ(x([](ntc::Tensor x) { return ntc::concat({x, x, x}, 2); }), "B1 4 18");
  EXPECT_EQ(x([](ntc::Tensor x) { return slice(x, 2, 1, 5, 2); }), "B1 4 2");
  EXPECT_EQ(x([](ntc::Tensor x) { return slice(x, 1, -1); }), "B1 1 6");
  EXPECT_EQ(x([](ntc::Tensor x) { return mean(x, {2}, true); }), "B1 4 1");
  EXPECT_EQ(x([](ntc::Tensor x) { return max(x, {1, 2}); }), "B1");
  EXPECT_EQ(x([](ntc::Tensor x) {
              return sum(exp(x) + log(abs(x) + 1.0) - sqrt(pow(x, 2)) / 2.0, {-1});
            }),
            "B1 4");
  EXPECT_EQ(x([](ntc::Tensor x) { return -x * 3.0 + 1.0 - 2.0 / (1.0 - x); }), "B1 4 6");
  EXPECT_EQ(x([](ntc::Tensor x) { return flatten(x, 2); }), "B1 4 6");
}

TEST(Layers, WrongInputsAreExplainedWithTheLayersName) {
  EXPECT_EQ(runLayer({Batch, 4, 8, 8}, Conv2d(3, 8, 3)),
            "layer (Conv2d): expected 3 input channels, found 4 in input shape (B, 4, 8, 8)");
  EXPECT_EQ(runLayer({Batch, 3, 8}, Conv2d(3, 8, 3)),
            "layer (Conv2d): expected an input of shape (B, C, H, W), found (B, 3, 8)");
  EXPECT_EQ(runLayer({Batch, 3, 2, 2}, Conv2d(3, 8, 3)),
            "layer (Conv2d): Conv: a window of 3 does not fit into 2 elements with pads 0 and 0");
  EXPECT_EQ(runLayer({Batch, 3, 8, 8}, Conv2d(3, 8, 3, {.groups = 2})),
            "layer (Conv2d): groups 2 must divide the 3 input and 8 output channels");
  EXPECT_EQ(runLayer({Batch, 5}, BatchNorm1d(6)),
            "layer (BatchNorm1d): expected 6 channels, found 5 in input shape (B, 5)");
  EXPECT_EQ(runLayer({Batch, 5}, BatchNorm2d(5)),
            "layer (BatchNorm2d): expected an input of shape (B, C, H, W), found (B, 5)");
  EXPECT_EQ(runLayer({Batch, 5}, Dropout(1.5)),
            "layer (Dropout): Dropout: expected p in [0, 1), found 1.500000");
  EXPECT_EQ(runLayer({Batch, 5}, GELU("fast")),
            "layer (GELU): GELU: approximate: expected none or tanh, found \"fast\"");
  EXPECT_EQ(run({Batch, 4}, [](ntc::Tensor x) { return x + slice(x, 1, 0, 3); }),
            "Probe: Add: shapes (B, 4) and (B, 3) do not broadcast");
  EXPECT_EQ(run({Batch, 4}, [](ntc::Tensor x) { return softmax(x, 2); }),
            "Probe: Softmax: axis 2 is outside a value of rank 2");
}

TEST(Layers, OnlyTheFirstCauseIsReported) {
  EXPECT_EQ(run({Batch, 4}, [](ntc::Tensor x) { return relu(softmax(x, 5) + x) * 2.0; }),
            "Probe: Softmax: axis 5 is outside a value of rank 2");
}

} // namespace
