// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patterns over parameter names.

#include "frontend/format/Names.h"

#include <gtest/gtest.h>

using namespace ntc::format;

namespace {

bool matches(const char *pattern, const char *name) {
  auto parsed = NamePattern::parse(pattern);
  return parsed && parsed->matches(name);
}

TEST(Names, GlobsMatchWholeNames) {
  EXPECT_TRUE(matches("features.*", "features.0.weight"));
  EXPECT_FALSE(matches("features", "features.0.weight"));
  EXPECT_TRUE(matches("layer[1-3].?.bias", "layer2.0.bias"));
  EXPECT_FALSE(matches("layer[1-3].*", "layer4.bias"));
  EXPECT_TRUE(matches("layer[!4].*", "layer1.bias"));
  EXPECT_TRUE(matches("*.weight", "a.b.weight"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_FALSE(matches("?", ""));
  EXPECT_TRUE(matches("a[b", "a[b"));
}

TEST(Names, ExpressionsStandBetweenSlashes) {
  EXPECT_TRUE(matches("/layer[12]\\..*/", "layer2.0.weight"));
  EXPECT_FALSE(matches("/layer/", "layer2"));
  EXPECT_FALSE(NamePattern::parse("/(/"));
}

TEST(Names, ManyStarsStayCheap) {
  std::string pattern, name(2000, 'a');
  for (int i = 0; i < 300; ++i) {
    pattern += "*a";
  }
  EXPECT_FALSE(matches((pattern + "b").c_str(), name.c_str()));
}

TEST(Names, LayersComeFromNodeNames) {
  onnx::NodeProto node;
  node.set_op_type("Conv");
  node.set_name("/features.0/Conv");
  EXPECT_EQ(layerOf(node), "features.0");
  node.set_name("/Relu_1");
  EXPECT_EQ(layerOf(node), "");
  node.set_name("Conv_3");
  EXPECT_EQ(layerOf(node), "");
}

} // namespace
