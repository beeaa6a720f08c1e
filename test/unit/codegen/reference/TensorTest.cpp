// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors keep every element type's values exactly, and walks visit what they say.

#include "codegen/reference/Tensor.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace mlir;
using ntc::reference::Tensor;

namespace {

class TensorTest : public ::testing::Test {
protected:
  MLIRContext context;
  Builder builder{&context};
};

TEST_F(TensorTest, AttributesOfEveryTypeReadBackToThemselves) {
  auto type = [&](Type element) { return RankedTensorType::get({2, 2}, element); };
  SmallVector<DenseElementsAttr> attributes;
  for (FloatType element : {FloatType(builder.getF64Type()), FloatType(builder.getF32Type()),
                            FloatType(builder.getF16Type()), FloatType(builder.getBF16Type())}) {
    SmallVector<APFloat> values;
    for (double value : {-0.0, 1.5, -HUGE_VAL, 0x1p-14}) {
      bool losesInfo = false;
      values.emplace_back(value);
      values.back().convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
      ASSERT_FALSE(losesInfo);
    }
    attributes.push_back(DenseElementsAttr::get(type(element), values));
  }
  for (unsigned width : {64u, 32u, 8u}) {
    SmallVector<APInt> values = {APInt::getSignedMinValue(width), APInt::getSignedMaxValue(width),
                                 APInt::getAllOnes(width), APInt(width, 5)};
    attributes.push_back(DenseElementsAttr::get(type(builder.getIntegerType(width)), values));
  }
  attributes.push_back(
      DenseElementsAttr::get(type(builder.getI1Type()), {true, false, true, true}));
  attributes.push_back(DenseElementsAttr::get(type(builder.getF32Type()), 2.5f)); // all equal
  for (DenseElementsAttr attribute : attributes) {
    auto tensor = Tensor::fromAttribute(attribute);
    ASSERT_TRUE(tensor.has_value());
    EXPECT_EQ(tensor->toAttribute(), attribute);
    EXPECT_EQ(tensor->getType(), attribute.getType());
  }
}

TEST_F(TensorTest, ResourcesAreReadAndMissingOnesAreNoTensor) {
  auto type = RankedTensorType::get({3}, builder.getF32Type());
  float values[] = {1.0f, -2.0f, 0.5f};
  AsmResourceBlob blob = UnmanagedAsmResourceBlob::allocateInferAlign(ArrayRef<float>(values));
  auto present = DenseResourceElementsAttr::get(type, "weights", std::move(blob));
  auto tensor = Tensor::fromAttribute(present);
  ASSERT_TRUE(tensor.has_value());
  EXPECT_EQ(tensor->real(1), -2.0);
  EXPECT_EQ(tensor->real(2), 0.5);

  // Bytes for three elements of f32 are not bytes for three of f64.
  auto wide = RankedTensorType::get({3}, builder.getF64Type());
  auto wrong = DenseResourceElementsAttr::get(
      wide, "short", UnmanagedAsmResourceBlob::allocateInferAlign(ArrayRef<float>(values)));
  EXPECT_FALSE(Tensor::fromAttribute(wrong).has_value());
}

TEST_F(TensorTest, ScalarsHaveRankZeroAndOneElement) {
  Tensor scalar(builder.getIndexType());
  EXPECT_EQ(scalar.getRank(), 0);
  EXPECT_EQ(scalar.getNumElements(), 1);
  EXPECT_FALSE(scalar.isReal());
}

TEST_F(TensorTest, EmptyShapesAreWalkedNeverAndRankZeroOnce) {
  int visits = 0;
  ntc::reference::forEachIndex({2, 0, 3}, [&](ArrayRef<int64_t>) { ++visits; });
  EXPECT_EQ(visits, 0);
  ntc::reference::forEachIndex({}, [&](ArrayRef<int64_t> index) {
    EXPECT_TRUE(index.empty());
    ++visits;
  });
  EXPECT_EQ(visits, 1);
}

TEST_F(TensorTest, StridedWalksCountPositionsAndFollowStrides) {
  SmallVector<std::pair<int64_t, int64_t>> seen;
  ntc::reference::walkStrided({2, 3}, 10, {1, 100},
                              [&](int64_t at, int64_t offset) { seen.push_back({at, offset}); });
  SmallVector<std::pair<int64_t, int64_t>> expected = {{0, 10}, {1, 110}, {2, 210},
                                                       {3, 11}, {4, 111}, {5, 211}};
  EXPECT_EQ(seen, expected);
}

} // namespace
