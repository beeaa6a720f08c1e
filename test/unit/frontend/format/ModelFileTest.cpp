// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing model files, damaged ones among them.

#include "frontend/format/ModelFile.h"
#include "frontend/zoo/Zoo.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
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

/// A folder with a model whose first initializer is external, and its values' file.
class ExternalData : public testing::Test {
protected:
  void SetUp() override {
    folder = path("external");
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder + "/weights");
    model = *zoo::make("linear");
    onnx::TensorProto &tensor = *model.mutable_graph()->mutable_initializer(0);
    values = tensor.raw_data();
    std::ofstream(folder + "/weights/w.bin") << "before" << values << "after";
    tensor.clear_raw_data();
    place("location", "weights/w.bin");
    place("offset", "6");
    place("length", std::to_string(values.size()));
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  void place(const std::string &key, const std::string &value) {
    onnx::TensorProto &tensor = *model.mutable_graph()->mutable_initializer(0);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    for (auto &entry : *tensor.mutable_external_data()) {
      if (entry.key() == key) {
        entry.set_value(value);
        return;
      }
    }
    auto &entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  /// What reading the model says; empty: nothing.
  std::string problem() {
    std::string file = folder + "/model.onnx";
    EXPECT_TRUE(writeModel(model, file));
    auto read = readModel(file);
    return read ? "" : read.status().message();
  }

  std::string folder, values;
  onnx::ModelProto model;
};

TEST_F(ExternalData, IsReadIntoTheModel) {
  std::string file = folder + "/model.onnx";
  ASSERT_TRUE(writeModel(model, file));
  auto read = readModel(file);
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(read->graph().initializer(0).raw_data(), values);
  EXPECT_FALSE(read->graph().initializer(0).has_data_location());
  EXPECT_EQ(read->graph().initializer(0).external_data_size(), 0);
}

TEST_F(ExternalData, OutsideOfTheFolderIsRefused) {
  std::ofstream(path("outside.bin")) << values;
  std::filesystem::create_symlink(path("outside.bin"), folder + "/link.bin");
  for (std::string location :
       {std::string("../ntc_model_outside.bin"), path("outside.bin"), std::string("link.bin"),
        std::string("weights/../../ntc_model_outside.bin"), std::string("weights/w.bin\0x", 15)}) {
    place("location", location);
    place("offset", "0");
    EXPECT_NE(problem().find("model.onnx: initializer '"), std::string::npos) << location;
    EXPECT_NE(problem().find("external data must be"), std::string::npos) << problem();
  }
  std::remove(path("outside.bin").c_str());
}

TEST_F(ExternalData, SizesThatDoNotFitAreRefused) {
  const std::string needed = std::to_string(values.size());
  place("length", "7");
  EXPECT_NE(problem().find("need " + needed + " bytes, found 7"), std::string::npos) << problem();
  place("length", needed);
  place("offset", "18446744073709551615");
  EXPECT_NE(problem().find("at offset 18446744073709551615"), std::string::npos) << problem();
  place("offset", "12"); // one byte beyond the end
  EXPECT_NE(problem().find("expected " + needed + " at offset 12"), std::string::npos) << problem();
  place("offset", "-1");
  EXPECT_NE(problem().find("found '-1'"), std::string::npos) << problem();
  place("offset", "6");
  model.mutable_graph()->mutable_initializer(0)->set_dims(0, INT64_MAX);
  EXPECT_NE(problem().find("not supported"), std::string::npos) << problem();
}

TEST_F(ExternalData, ThatIsMissingSaysWhatToDo) {
  place("location", "model.onnx.data");
  EXPECT_NE(problem().find("model.onnx.data"), std::string::npos) << problem();
  EXPECT_NE(problem().find("keep that file beside the model"), std::string::npos) << problem();
}

} // namespace
