// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small ONNX model to a GraphDef, and damaged models.
#include "runtime/report/Graph.h"

#include "runtime/report/Wire.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace ntc::rt::report {
namespace {

/// image -> /fc1/Gemm(fc1.weight) -> "y" -> Relu without a name.
std::string model() {
  WireWriter batch, four, shape, tensor, type, input;
  batch.bytes(2, "batch");
  four.varint(1, 4);
  shape.message(1, batch);
  shape.message(1, four);
  tensor.varint(1, 1);
  tensor.message(2, shape);
  type.message(1, tensor);
  input.bytes(1, "image");
  input.message(2, type);
  WireWriter weight;
  weight.varint(1, 3);
  weight.varint(1, 4);
  weight.bytes(8, "fc1.weight");
  WireWriter transposed, gemm, relu;
  transposed.bytes(1, "transB");
  transposed.varint(3, 1);
  gemm.bytes(1, "image");
  gemm.bytes(1, "fc1.weight");
  gemm.bytes(2, "y");
  gemm.bytes(3, "/fc1/Gemm");
  gemm.bytes(4, "Gemm");
  gemm.message(5, transposed);
  relu.bytes(1, "y");
  relu.bytes(2, "z");
  relu.bytes(4, "Relu");
  WireWriter graph, out;
  graph.message(1, gemm);
  graph.message(1, relu);
  graph.message(5, weight);
  graph.message(11, input);
  out.varint(1, 8);
  out.message(7, graph);
  return out.text();
}

Result<std::string> graphOf(std::string_view text) {
  return graphDefOf({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
}

TEST(Graph, NodesHaveScopesInputsAndShapes) {
  Result<std::string> def = graphOf(model());
  ASSERT_TRUE(def) << def.status().message();
  std::map<std::string, std::string> nodes; // name -> "op(inputs)"
  WireReader reader(*def);
  WireField field;
  for (Result<bool> more = reader.next(field); more && *more; more = reader.next(field)) {
    if (field.number != 1) {
      continue;
    }
    std::string name, op, inputs;
    WireReader node(field.bytes);
    WireField part;
    for (Result<bool> next = node.next(part); next && *next; next = node.next(part)) {
      name = part.number == 1 ? part.bytes : name;
      op = part.number == 2 ? part.bytes : op;
      inputs += part.number == 3 ? std::string(part.bytes) + " " : "";
    }
    nodes[name] = op + "(" + inputs + ")";
  }
  EXPECT_EQ(nodes, (std::map<std::string, std::string>{{"image", "Placeholder()"},
                                                       {"fc1/weight", "Parameter()"},
                                                       {"fc1/Gemm", "Gemm(image fc1/weight )"},
                                                       {"Relu", "Relu(fc1/Gemm )"}}));
  // [-1, 4] as TensorShapeProto: a dimension of ten bytes, then one of two.
  EXPECT_NE(def->find(std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12\x02\x08\x04")),
            std::string::npos);
}

TEST(Graph, EveryCutOfAModelEndsWell) {
  const std::string whole = model();
  for (size_t size = 0; size < whole.size(); ++size) {
    Result<std::string> def = graphOf(std::string_view(whole).substr(0, size));
    EXPECT_TRUE(def || def.status().code() == Code::Corrupt) << size;
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      (void)graphOf(damaged);
    }
  }
}

} // namespace
} // namespace ntc::rt::report
