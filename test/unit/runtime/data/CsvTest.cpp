// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables: values, guesses, and messages that name line and column.
#include "runtime/data/CsvTable.h"

#include "Scratch.h"
#include "runtime/data/OpenDataset.h"

namespace ntc::rt::data {
namespace {

std::string failure(std::string_view text) {
  Result<CsvTable> table = parseCsv(text, ',', "t.csv");
  return table ? "(no error)" : table.status().message();
}

TEST(Csv, ParsesHeaderQuotesBlanksAndLineEnds) {
  Result<CsvTable> table =
      parseCsv("a, \"b\"\"c\" ,d\r\n1,+2.5, -3e2\r\n\"4\",5,6\r\n\r\n", ',', "t");
  ASSERT_TRUE(table) << table.status().message();
  EXPECT_EQ(table->columns, (std::vector<std::string>{"a", "b\"c", "d"}));
  EXPECT_EQ(table->rows, 2);
  EXPECT_EQ(table->values, (std::vector<double>{1, 2.5, -300, 4, 5, 6}));
}

TEST(Csv, NamesLineAndColumn) {
  EXPECT_TRUE(has(failure("a,b\n1,2\n3,x\n"),
                  "'t.csv', line 3, column 'b': expected a finite number, "
                  "found 'x'"));
  EXPECT_TRUE(
      has(failure("a,b\n1,\n"), "line 2, column 'b': expected a finite number, found nothing"));
  EXPECT_TRUE(has(failure("a,b\n1,nan\n"), "found 'nan'"));
  EXPECT_TRUE(has(failure("a,b\n1,1e999\n"), "found '1e999'"));
  EXPECT_TRUE(has(failure("a,b\n1\n"), "line 2: expected 2 columns, found 1"));
  EXPECT_TRUE(has(failure("a,b\n1,2,3\n"), "line 2: expected 2 columns, found more"));
  EXPECT_TRUE(has(failure("a,b\n1,2\n\n3,4\n"), "line 3: expected 2 columns, found an empty line"));
  EXPECT_TRUE(has(failure("a,b\n\"1,2\n"), "line 2, column 'a'"));
}

TEST(Csv, RefusesFilesWithoutHeaderOrRows) {
  EXPECT_TRUE(has(failure(""), "is empty"));
  EXPECT_TRUE(has(failure("  \n"), "is empty"));
  EXPECT_TRUE(has(failure("a,b\n"), "no rows"));
  EXPECT_TRUE(has(failure("1,2\n3,4\n"), "add a header line"));
  EXPECT_TRUE(has(failure("a,a\n1,2\n"), "two columns have the name 'a'"));
  EXPECT_TRUE(has(failure("a,,b\n1,2,3\n"), "expected a name for column 2"));
}

class CsvFile : public testing::Test {
protected:
  Result<std::shared_ptr<const Dataset>> open(const std::string &options,
                                              std::span<const artifact::InputSpec> inputs = {}) {
    Result<DataSource> source = DataSource::parse("csv:" + (folder_ / "t.csv") + options);
    if (!source) {
      return source.status();
    }
    return openDataset(*source, Split::Train, inputs);
  }
  Scratch folder_;
};

TEST_F(CsvFile, TakesAllOtherColumnsAsInputs) {
  folder_.write("t.csv", "x1,price,x2\n1,0.5,2\n3,1.5,4\n");
  auto dataset = open("?target=price");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->fields()[0].shape, (std::vector<int64_t>{2}));
  EXPECT_EQ((*dataset)->fields()[1].dtype, DType::F64);
  float values[4];
  std::vector<int64_t> rows = {1, 0};
  (*dataset)->copyRows(0, rows, DType::F32, reinterpret_cast<std::byte *>(values));
  EXPECT_EQ(std::vector<float>(values, values + 4), (std::vector<float>{3, 4, 1, 2}));
}

TEST_F(CsvFile, GuessesTheTask) {
  folder_.write("t.csv", "x,y\n1,0\n2,1\n3,2\n");
  EXPECT_EQ((*open("?target=y"))->fields()[1].classes, 3);
  EXPECT_EQ((*open("?target=y&task=regression"))->fields()[1].dtype, DType::F64);
  artifact::InputSpec target{"t", DType::F32, {4, 1}};
  target.isTarget = true;
  EXPECT_EQ((*open("?target=y", std::span(&target, 1)))->fields()[1].dtype, DType::F64);
  folder_.write("t.csv", "x,y\n1,0\n2,10\n3,200\n");
  EXPECT_EQ((*open("?target=y"))->fields()[1].dtype, DType::F64);
}

TEST_F(CsvFile, RefusesBadTargets) {
  folder_.write("t.csv", "x,price\n1,0.5\n");
  EXPECT_TRUE(has(open("").status().message(), "say which column is the target"));
  EXPECT_TRUE(has(open("?target=prize").status().message(), "did you mean 'price'?"));
  EXPECT_TRUE(has(open("?target=price&columns=x,price").status().message(), "both an input and"));
  EXPECT_TRUE(has(open("?target=price&task=classification").status().message(),
                  "line 2, column 'price': expected a class"));
  EXPECT_TRUE(has(open("?target=price&task=guess").status().message(), "found 'guess'"));
  EXPECT_TRUE(has(open("?target=price&separator=x").status().message(), "found 'x'"));
  EXPECT_TRUE(has(open("?target=x,price").status().message(), "no column besides the target"));
}

TEST_F(CsvFile, RefusesAMissingFile) {
  auto dataset = open("?target=y");
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.status().code(), Code::NotFound);
  EXPECT_TRUE(has(dataset.status().message(), "t.csv"));
}

} // namespace
} // namespace ntc::rt::data
