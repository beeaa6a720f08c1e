// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data sets of users, in C and in C++: read through the loader, and refused where they lie.
#include "runtime/data/Loader.h"
#include "runtime/data/OpenDataset.h"

#include "Scratch.h"

namespace ntc::rt::data {
namespace {

Result<std::shared_ptr<const Dataset>> open(const std::string &text) {
  Result<DataSource> source = DataSource::parse(text);
  return source ? openDataset(*source, Split::Train, {})
                : Result<std::shared_ptr<const Dataset>>(source.status());
}

std::string refusal(const std::string &text) {
  auto dataset = open(text);
  return dataset ? "(opened)" : dataset.status().message();
}

std::string parity(const std::string &argument = "") {
  return "library:" NTC_PARITY_LIBRARY + (argument.empty() ? "" : "?argument=" + argument);
}

TEST(Library, IsADataSetWithInputsFirst) {
  auto dataset = open(parity());
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 200);
  ASSERT_EQ((*dataset)->fields().size(), 3u);
  EXPECT_EQ((*dataset)->fields()[0].name, "x");
  EXPECT_EQ((*dataset)->fields()[0].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ((*dataset)->fields()[1].name, "byte");
  EXPECT_EQ((*dataset)->fields()[2].name, "parity");
  EXPECT_EQ((*dataset)->fields()[2].classes, 2);
  EXPECT_EQ((*dataset)->classNames()[1], "odd");
  EXPECT_EQ((*open(parity() + "?samples=5"))->size(), 5);
}

TEST(Library, IsReadAlikeByAnyNumberOfWorkersAndFromAnyPlace) {
  auto dataset = open(parity());
  ASSERT_TRUE(dataset) << dataset.status().message();
  auto epochOf = [&](int64_t workers, int64_t cursor) {
    auto loader = Loader::create(*dataset, {{0, DType::F32}, {2, DType::I64}, {1, DType::F32}},
                                 {.batchSize = 7, .seed = 3, .workers = workers});
    EXPECT_TRUE(loader) << loader.status().message();
    std::vector<float> out;
    (*loader)->start(2, cursor);
    while (const Batch *batch = (*loader)->next()) {
      for (int64_t i = 0; i < batch->size; ++i) {
        const float first = static_cast<const float *>(batch->arrays[0])[6 * i];
        EXPECT_EQ(static_cast<const int64_t *>(batch->arrays[1])[i],
                  static_cast<int64_t>(first) % 2);
        EXPECT_EQ(static_cast<const float *>(batch->arrays[2])[i], first);
        out.push_back(first);
      }
    }
    EXPECT_TRUE((*loader)->status()) << (*loader)->status().message();
    return out;
  };
  const std::vector<float> whole = epochOf(0, 0);
  EXPECT_EQ(whole.size(), 200u);
  for (int64_t workers : {1, 2, 7}) {
    EXPECT_EQ(epochOf(workers, 0), whole) << workers;
    EXPECT_EQ(epochOf(workers, 63), std::vector<float>(whole.begin() + 63, whole.end())) << workers;
  }
}

TEST(Library, OfAClassThatThrows) {
  const std::string squares = "library:" NTC_SQUARES_LIBRARY "?argument=";
  auto dataset = open(squares + "10");
  ASSERT_TRUE(dataset) << dataset.status().message();
  const std::vector<int64_t> rows = {3, 9};
  double values[2];
  auto *bytes = reinterpret_cast<std::byte *>(values);
  ASSERT_TRUE((*dataset)->readRows(1, rows, DType::F64, bytes, {}));
  EXPECT_EQ(values[1], 81.0);
  const std::vector<int64_t> seven = {7};
  EXPECT_TRUE(has((*dataset)->readRows(0, seven, DType::F64, bytes, {}).message(),
                  "sample 7: seven is not to be had"));
  EXPECT_TRUE(has(refusal(squares + "many"), "data library"));
  EXPECT_TRUE(has(refusal(squares + "0"), "expected at least one sample"));
}

TEST(Library, RefusesInOneSentence) {
  Scratch folder;
  EXPECT_TRUE(has(refusal("library:nowhere.so"), "there is no library 'nowhere.so'"));
  EXPECT_TRUE(has(refusal("library:" + folder.write("text.so", "no library")), "text.so"));
  EXPECT_TRUE(has(refusal("library:" NTC_PLAIN_LIBRARY), "exports no function"));
  EXPECT_TRUE(has(refusal(parity("refuse")), "nothing today"));
  EXPECT_TRUE(has(refusal(parity("empty")), "found 0 samples"));
  EXPECT_TRUE(has(refusal(parity("huge")), "'x' cannot have shape"));
  EXPECT_TRUE(has(refusal(parity("none")), "'x' cannot have shape [2, 0]"));
  EXPECT_TRUE(has(refusal(parity("rank")), "found 9"));
  EXPECT_TRUE(has(refusal(parity("dtype")), "'x' needs an element type"));
  EXPECT_TRUE(has(refusal(parity("name")), "a name of its own"));
  EXPECT_TRUE(has(refusal(parity("label")), "labels are i64, i32 or u8"));
  auto broken = open(parity("broken"));
  ASSERT_TRUE(broken) << broken.status().message();
  int64_t label = 0;
  for (auto [row, text] : {std::pair<int64_t, const char *>{13, "sample 13: thirteen is missing"},
                           {99, "from 0 to 1, found 2"}}) {
    Status status =
        (*broken)->readRows(2, {&row, 1}, DType::I64, reinterpret_cast<std::byte *>(&label), {});
    EXPECT_TRUE(has(status.message(), text));
  }
}

} // namespace
} // namespace ntc::rt::data
