// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table that `ntc summary` prints, against known counts of the zoo.

#include "frontend/format/Summary.h"
#include "frontend/capture/Capture.h"
#include "frontend/zoo/Zoo.h"

#include <gtest/gtest.h>
#include <ntc/nn/nn.h>

using namespace ntc;
using namespace ntc::format;

TEST(Summary, CountsAgreeWithTorchinfo) {
  auto summary = summarize(*zoo::make("cnn"));
  ASSERT_TRUE(summary) << summary.status().message();
  EXPECT_EQ(summary->parameters, 1199882);
  EXPECT_EQ(summary->trainable, 1199882);
  // 288*676 + 18432*576 + 9216*128 + 128*10.
  EXPECT_EQ(summary->multiplyAdds, 288 * 676 + 18432 * 576 + 9216 * 128 + 1280);
  EXPECT_EQ(summary->inputBytes, 28 * 28 * 4);
  EXPECT_EQ(summary->parameterBytes, 1199882 * 4);
}

TEST(Summary, ALayerThatIsUsedTwiceHasTwoRows) {
  auto model = zoo::make("lenet");
  ASSERT_TRUE(model) << model.status().message();
  auto summary = summarize(*model);
  ASSERT_TRUE(summary);
  std::vector<std::string> pools;
  for (const LayerSummary &layer : summary->layers) {
    if (layer.path == "pool") {
      pools.push_back(str(layer.output));
    }
  }
  EXPECT_EQ(pools, (std::vector<std::string>{"(B, 6, 14, 14)", "(B, 16, 5, 5)"}));
  EXPECT_EQ(summary->parameters, 62006);
  EXPECT_EQ(summary->multiplyAdds, 651720);
}

TEST(Summary, ALayerThatIsSharedCountsItsParametersOnce) {
  struct Net : nn::Module {
    nn::Linear fc{4, 4}, out{4, 2};
    Net() {
      registerModule("fc", fc);
      registerModule("out", out);
    }
    Tensor forward(Tensor x) { return out(fc(relu(fc(x)))); }
  } net;
  auto program = capture(net, {.inputs = {{"x", f32, {Batch, 4}}}}, nn::CrossEntropyLoss(),
                         optim::SGD({.lr = 0.1}));
  auto summary = summarize(program.impl->model);
  ASSERT_TRUE(summary);
  const std::string table = text(*summary);
  EXPECT_NE(table.find("(recursive)"), std::string::npos) << table;
  EXPECT_EQ(summary->layers.size(), 4U) << table;
  EXPECT_EQ(summary->parameters, 4 * 4 + 4 + 4 * 2 + 2);
}

TEST(Summary, TableNamesLayersShapesAndTotals) {
  std::string table = text(*summarize(*zoo::make("mlp")));
  for (const char *part : {"fc1 (Linear)", "(B, 128)", "100,480", "Total params: 101,770",
                           "Trainable params: 101,770"}) {
    EXPECT_NE(table.find(part), std::string::npos) << part << "\n" << table;
  }
}
