// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that try to crash or exhaust the reader. A failure is a crash, a sanitizer report, or a
// time limit.
#include "frontend/format/ModelFile.h"
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/Verifier.h"
#include "frontend/zoo/Zoo.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

using namespace ntc;
using namespace ntc::format;

namespace {

std::span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

std::string smallModel() {
  return *serializeModel(*zoo::make("mlp", {.input = {6}, .hidden = {4}, .classes = 3}));
}

TEST(HostileModel, EveryTruncationIsRefusedOrVerified) {
  std::string bytes = smallModel();
  for (size_t length = 0; length < bytes.size(); ++length) {
    auto model = parseModel(bytesOf(bytes.substr(0, length)), "cut");
    if (model) {
      (void)verify(*model);
    }
  }
}

TEST(HostileModel, RandomDamageNeverCrashes) {
  std::string bytes = smallModel();
  std::mt19937 random(7);
  for (int round = 0; round < 4000; ++round) {
    std::string damaged = bytes;
    for (int k = 0; k < 1 + round % 8; ++k) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    auto model = parseModel(bytesOf(damaged), "damaged");
    if (model) {
      (void)verify(*model);
    }
  }
}

TEST(HostileModel, RandomIntegersInDimensionsAndAttributesNeverCrash) {
  auto original = *zoo::make("cnn");
  for (auto &tensor : *original.mutable_graph()->mutable_initializer()) {
    tensor.clear_raw_data(); // small and quick; the verifier works on anyway
  }
  constexpr int64_t low = std::numeric_limits<int64_t>::min(),
                    high = std::numeric_limits<int64_t>::max();
  const int64_t values[] = {
      low,      low + 1, -2, -1, 0, 1, 2, 3, 1 << 20, int64_t{1} << 31, int64_t{1} << 62,
      high - 1, high};
  std::mt19937 random(11);
  auto pick = [&] { return values[random() % std::size(values)]; };
  for (int round = 0; round < 3000; ++round) {
    auto model = original;
    auto &graph = *model.mutable_graph();
    graph.mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(random() % 4)
        ->set_dim_value(pick());
    auto &node = *graph.mutable_node(random() % graph.node_size());
    for (auto &attribute : *node.mutable_attribute()) {
      if (attribute.ints_size()) {
        attribute.set_ints(random() % attribute.ints_size(), pick());
      } else {
        attribute.set_i(pick());
      }
    }
    auto &tensor = *graph.mutable_initializer(random() % graph.initializer_size());
    if (tensor.dims_size()) {
      tensor.set_dims(random() % tensor.dims_size(), pick());
    }
    (void)verify(model);
  }
}

TEST(HostileModel, DeepNestingIsRefused) {
  // A graph attribute inside a graph attribute …, 200 times.
  onnx::ModelProto model;
  onnx::GraphProto *graph = model.mutable_graph();
  for (int i = 0; i < 200; ++i) {
    graph = graph->add_node()->add_attribute()->mutable_g();
  }
  auto parsed = parseModel(bytesOf(model.SerializeAsString()), "deep.pb");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.status().message().find("nested deeper than 100"), std::string::npos);
}

TEST(HostileModel, FunctionsThatCallEachOtherExponentiallyAreStopped) {
  auto model = *zoo::make("linear");
  std::string callee;
  for (int level = 0; level < 30; ++level) {
    FunctionBuilder body("F" + std::to_string(level), {"x"});
    std::string value = "x";
    onnx::FunctionProto function;
    for (int k = 0; k < 10; ++k) {
      value = body.op(callee.empty() ? "Neg" : callee, {value});
    }
    body.output("y", "Identity", {value});
    function = body.take();
    for (auto &node : *function.mutable_node()) {
      if (node.op_type() == callee) {
        node.set_domain(std::string(trainingDomain));
      }
    }
    callee = function.name();
    *model.add_functions() = function;
  }
  auto &node = *model.mutable_graph()->add_node();
  node.set_op_type(callee);
  node.set_domain(std::string(trainingDomain));
  node.add_input("output");
  node.add_output("more");
  EXPECT_NE(str(verify(model)).find("expand to more than"), std::string::npos)
      << str(verify(model));
}

TEST(HostileModel, FunctionThatCallsItselfIsNamed) {
  auto model = *zoo::make("linear");
  FunctionBuilder body("Loop", {"x"});
  body.output("y", "Loop", {"x"});
  onnx::FunctionProto function = body.take();
  function.mutable_node(0)->set_domain(std::string(trainingDomain));
  *model.add_functions() = function;
  EXPECT_NE(str(verify(model)).find("function 'Loop': calls itself"), std::string::npos);
}

TEST(HostileModel, FileFullOfMistakesStaysCheapAndShort) {
  auto model = *zoo::make("linear");
  for (int i = 0; i < 20000; ++i) {
    auto &node = *model.mutable_graph()->add_node();
    node.set_op_type("Add");
    node.add_input("missing" + std::to_string(i));
    node.add_input("output");
    node.add_output("v" + std::to_string(i));
  }
  auto problems = verify(model);
  EXPECT_LE(problems.size(), 1001u);
  EXPECT_NE(problems.back().message.find("more problems"), std::string::npos);
}

TEST(HostileModel, NamesWithControlCharactersAreEscaped) {
  auto model = *zoo::make("linear");
  model.mutable_graph()->mutable_node(0)->set_input(1, "a\x1b[31m\n");
  std::string text = str(verify(model));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

} // namespace
