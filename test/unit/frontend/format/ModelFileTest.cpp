// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing model files, damaged ones among them.

#include "frontend/format/ModelFile.h"
#include "frontend/zoo/Zoo.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

using namespace ntc;
using namespace ntc::format;

namespace {

std::string path(const char *name) { return testing::TempDir() + "/ntc_model_" + name; }

TEST(ModelFile, WrittenModelReadsBackTheSame) {
  auto model = *zoo::make("lenet");
  std::string file = path("same.pb");
  ASSERT_TRUE(writeModel(model, file));
  auto again = readModel(file);
  ASSERT_TRUE(again) << again.status().message();
  EXPECT_EQ(*serializeModel(*again), *serializeModel(model));
  std::remove(file.c_str());
}

TEST(ModelFile, TheSameModelGivesTheSameBytes) {
  EXPECT_EQ(*serializeModel(*zoo::make("mlp")), *serializeModel(*zoo::make("mlp")));
}

TEST(ModelFile, OtherFilesAreRefusedWithTheirName) {
  EXPECT_NE(readModel(path("absent.pb")).status().message().find("absent.pb"), std::string::npos);
  std::string file = path("text.pb");
  std::ofstream(file) << "this is no model\n";
  auto model = readModel(file);
  ASSERT_FALSE(model);
  EXPECT_NE(model.status().message().find("not an ONNX model"), std::string::npos)
      << model.status().message();
  std::ofstream(file, std::ios::trunc).close();
  EXPECT_NE(readModel(file).status().message().find("the file is empty"), std::string::npos);
  std::remove(file.c_str());
  EXPECT_FALSE(readModel(testing::TempDir()));
}

TEST(ModelFile, WritingIntoAMissingFolderSaysSo) {
  Status written = writeModel(*zoo::make("linear"), "/nonexistent/folder/model.pb");
  EXPECT_FALSE(written);
  EXPECT_NE(written.message().find("/nonexistent/folder"), std::string::npos);
}

} // namespace
