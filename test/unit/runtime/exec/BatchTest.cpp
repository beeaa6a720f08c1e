// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a batch must be, and that each refusal names the input, the place and the value.
#include "runtime/exec/Batch.h"

#include "test/unit/runtime/exec/SmallProgram.h"

#include <gtest/gtest.h>

namespace ntc::rt::exec {
namespace {

struct BatchTest : testing::Test {
  artifact::Manifest manifest = test::smallManifest();
  const artifact::EntrySpec &entry = manifest.entries[1];
  test::SmallBatch batch{16, 0};
  std::vector<TensorView> views{batch.views().begin(), batch.views().end()};
  const void *addresses[3] = {};

  std::string refusal() {
    Status status = checkBatch(entry, views, addresses);
    EXPECT_TRUE(status || status.code() == Code::InvalidArgument);
    return status.message();
  }
};

TEST_F(BatchTest, aFittingBatchIsFoundByPositionOrByName) {
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(addresses[2], batch.group.data());
  views[0].name = "x";
  EXPECT_EQ(refusal(),
            "train_step.b16: some tensors have names and some have none; give all or none");
  views[1].name = "y";
  views[2].name = "group";
  std::swap(views[0], views[2]);
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(addresses[2], batch.group.data());
  views[0].name = "groups";
  EXPECT_EQ(refusal(), "train_step.b16: input 'group' is missing; expected x, y, group");
}

TEST_F(BatchTest, countTypeShapeAndAlignmentAreChecked) {
  views[1].dtype = DType::F64;
  EXPECT_EQ(refusal(), "train_step.b16: input 'y': expected f32, found f64");
  views[1].dtype = static_cast<DType>(77);
  EXPECT_EQ(refusal(), "train_step.b16: input 'y': expected f32, found ?");
  views[1] = batch.views()[1];
  int64_t shape[] = {5, 16};
  views[0].shape = shape;
  EXPECT_EQ(refusal(), "train_step.b16: input 'x': expected shape [16, 5], found [5, 16]");
  views[0] = batch.views()[0];
  views[0].data = reinterpret_cast<const char *>(batch.x.data()) + 1;
  EXPECT_EQ(refusal(), "train_step.b16: input 'x': its data is not aligned to 4 bytes");
  views[0].data = nullptr;
  EXPECT_EQ(refusal(), "train_step.b16: input 'x': its data is null");
  views.pop_back();
  EXPECT_EQ(refusal(), "train_step.b16: expected 3 tensors (x, y, group), found 2");
}

TEST_F(BatchTest, classesOutsideTheirRangeAreNamed) {
  for (int64_t bad :
       {int64_t{3}, int64_t{-1}, int64_t{-99}, INT64_MIN, INT64_MAX, (int64_t{1} << 32) + 1}) {
    batch.group[5] = bad;
    EXPECT_EQ(refusal(), concat("train_step.b16: input 'group': class ", bad,
                                " at [5] is outside [0, 3) and is not the ignored index -100"));
  }
  batch.group[5] = -100;
  EXPECT_EQ(refusal(), "");
}

template <typename T>
std::string classRefusal(DType dtype, std::vector<T> values, int64_t classes) {
  artifact::EntrySpec entry;
  entry.name = "e";
  entry.batchSize = 2;
  entry.inputs = {{"tokens", dtype, {2, 2}, classes}};
  int64_t shape[] = {2, 2};
  TensorView view{"", values.data(), dtype, shape};
  const void *address = nullptr;
  return checkBatch(entry, std::span(&view, 1), std::span(&address, 1)).message();
}

TEST(BatchClasses, everyIntegerTypeIsChecked) {
  EXPECT_EQ(classRefusal<int32_t>(DType::I32, {0, 1, 2, 3}, 4), "");
  EXPECT_EQ(
      classRefusal<int32_t>(DType::I32, {0, 1, 4, 3}, 4),
      "e: input 'tokens': class 4 at [1, 0] is outside [0, 4) and is not the ignored index -100");
  EXPECT_NE(classRefusal<uint8_t>(DType::U8, {0, 1, 255, 3}, 255), "");
  EXPECT_EQ(classRefusal<uint8_t>(DType::U8, {0, 1, 254, 3}, 255), "");
  EXPECT_EQ(classRefusal<uint8_t>(DType::Bool, {0, 1, 2, 1}, 0),
            "e: input 'tokens': the bool at [1, 0] is 2, expected 0 or 1");
}

} // namespace
} // namespace ntc::rt::exec
