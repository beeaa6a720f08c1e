// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables: values, guesses, and messages that name line and column.
#include "runtime/data/CsvText.h"

#include "Scratch.h"
#include "runtime/data/OpenDataset.h"

#include <cmath>
#include <numeric>

namespace ntc::rt::data {
namespace {

std::string failure(std::string_view text) {
  Result<CsvText> table = parseCsvText(text, ',', "t.csv");
  return table ? "(no error)" : table.status().message();
}

std::vector<std::string> cellsOf(const CsvText &table) {
  std::vector<std::string> out;
  for (int64_t row = 0; row < table.rows; ++row) {
    for (size_t column = 0; column < table.columns.size(); ++column) {
      out.emplace_back(table.cell(row, column));
    }
  }
  return out;
}

TEST(Csv, ParsesHeaderQuotesBlanksAndLineEnds) {
  Result<CsvText> table =
      parseCsvText("a, \"b\"\"c\" ,d\r\n1,+2.5, -3e2\r\n\"4\",\"five\n, 5\",\r\n\r\n", ',', "t");
  ASSERT_TRUE(table) << table.status().message();
  EXPECT_EQ(table->columns, (std::vector<std::string>{"a", "b\"c", "d"}));
  EXPECT_EQ(cellsOf(*table), (std::vector<std::string>{"1", "+2.5", "-3e2", "4", "five\n, 5", ""}));
  EXPECT_EQ(table->lines, (std::vector<int64_t>{2, 3}));
  table = parseCsvText("1,2\n3,4", ',', "t", CsvHeader::None);
  ASSERT_TRUE(table) << table.status().message();
  EXPECT_EQ(table->columns, (std::vector<std::string>{"x0", "x1"}));
  const std::string wide((1 << 20) + 1, ',');
  EXPECT_TRUE(has(parseCsvText(wide, ',', "t", CsvHeader::None).status().message(),
                  "has more than 1048576 columns"));
  table = parseCsvText("1,2\n3,4", ',', "t", CsvHeader::None);
  EXPECT_EQ(table->rows, 2);
}

TEST(Csv, NamesTheLine) {
  EXPECT_TRUE(has(failure("a,b\n1\n"), "line 2: expected 2 columns, found 1"));
  EXPECT_TRUE(has(failure("a,b\n1,2,3\n"), "line 2: expected 2 columns, found more"));
  EXPECT_TRUE(has(failure("a,b\n1,2\n\n3,4\n"), "line 3: expected 2 columns, found an empty line"));
  EXPECT_TRUE(has(failure("a,b\n\"1,2\n"), "line 2, column 'a'"));
  EXPECT_TRUE(has(failure("a,b\n\"1\" 2,2\n"), "line 2, column 'a'"));
}

TEST(Csv, RefusesFilesWithoutHeaderOrRows) {
  EXPECT_TRUE(has(failure(""), "is empty"));
  EXPECT_TRUE(has(failure("  \n"), "is empty"));
  EXPECT_TRUE(has(failure("a,b\n"), "no rows"));
  EXPECT_TRUE(has(failure("1,2\n3,4\n"), "add the option header=no"));
  EXPECT_TRUE(has(failure("a,a\n1,2\n"), "two columns have the name 'a'"));
  EXPECT_TRUE(has(failure("a,,b\n1,2,3\n"), "expected a name for column 2"));
}

class CsvFile : public testing::Test {
protected:
  Result<std::shared_ptr<const Dataset>> open(const std::string &options,
                                              std::span<const artifact::InputSpec> inputs = {},
                                              const Known &known = {}) {
    Result<DataSource> source = DataSource::parse("csv:" + (folder_ / "t.csv") + options);
    if (!source) {
      return source.status();
    }
    return openDataset(*source, Split::Train, inputs, known);
  }

  static std::vector<double> valuesOf(const Dataset &dataset) {
    std::vector<int64_t> rows(static_cast<size_t>(dataset.size()));
    std::iota(rows.begin(), rows.end(), 0);
    std::vector<double> out(rows.size() * static_cast<size_t>(dataset.fields()[0].elements()));
    dataset.copyRows(0, rows, DType::F64, reinterpret_cast<std::byte *>(out.data()));
    return out;
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

TEST_F(CsvFile, NamesLineAndColumn) {
  auto failure = [this](const std::string &text) {
    folder_.write("t.csv", text);
    auto dataset = open("?target=a");
    return dataset ? "(no error)" : dataset.status().message();
  };
  EXPECT_TRUE(has(failure("a,b\n1,2\n3,x\n"),
                  "t.csv', line 3, column 'b': expected a finite number, found 'x'"));
  EXPECT_TRUE(has(failure("a,b\n0,1\n1,\n"), "line 3, column 'b': expected a finite number, found "
                                             "nothing; fill missing values with"));
  EXPECT_TRUE(has(failure("a,b\n0,1\n1,nan\n"), "found 'nan'"));
  EXPECT_TRUE(has(failure("a,b\n0,1\n1,1e999\n"), "found '1e999'"));
}

TEST_F(CsvFile, RefusesWhatTheModelsNumbersDoNotHold) {
  folder_.write("t.csv", "x,y\n1,2\n-1e39,3\n");
  artifact::InputSpec x{"x", DType::F32, {4, 1}};
  EXPECT_TRUE(has(open("?target=y", std::span(&x, 1)).status().message(),
                  "t.csv', line 3, column 'x': expected a number of 32 bits, at most 3.4e38, found "
                  "'-1e39'"));
  EXPECT_TRUE(open("?target=y&scale=standard", std::span(&x, 1)));
  EXPECT_FALSE(open("?target=x&scale=standard", std::span(&x, 1)));
  x.dtype = DType::F64;
  EXPECT_TRUE(open("?target=y", std::span(&x, 1)));
}

TEST_F(CsvFile, HintsAtSeparatorAndHeader) {
  folder_.write("t.csv", "x;y\n1,5;2\n3;4,5\n");
  EXPECT_TRUE(has(open("?target=y").status().message(),
                  "line 2: expected 1 columns, found more; with the option separator=semicolon it "
                  "has 2 columns"));
  folder_.write("t.csv", "x;y\n1;2\n3;4\n");
  EXPECT_TRUE(has(open("?target=y").status().message(),
                  "has one column, 'x;y'; with the option separator=semicolon it has 2 columns"));
  EXPECT_TRUE(open("?target=y&separator=semicolon"));
  folder_.write("t.csv", "x\n1\n3\n");
  EXPECT_TRUE(has(open("?target=x").status().message(), "no column besides the target"));
  folder_.write("t.csv", "5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,other\n");
  auto dataset = open("?target=setosa");
  ASSERT_TRUE(dataset) << dataset.status().message();
  ASSERT_EQ((*dataset)->remarks().size(), 1u);
  EXPECT_TRUE(has((*dataset)->remarks()[0], "'3.5' is named by a number; if the first line is a "
                                            "row, add the option header=no"));
  EXPECT_TRUE((*open("?target=x2&header=no"))->remarks().empty());
}

TEST_F(CsvFile, ReadsTextsAsCategoriesAndClasses) {
  folder_.write("t.csv", "x,colour,kind\n1,red,b\n2,blue,a\n3,red,b\n");
  auto dataset = open("?target=kind");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(valuesOf(**dataset), (std::vector<double>{1, 0, 1, 2, 1, 0, 3, 0, 1}));
  EXPECT_EQ((*dataset)->fields()[1].classes, 2);
  EXPECT_EQ((*dataset)->classNames()[0], "a");
  ASSERT_NE((*dataset)->table(), nullptr);
  EXPECT_EQ((*dataset)->table()->columns[1].categories, (std::vector<std::string>{"blue", "red"}));
  folder_.write("t.csv", "x,y\n1,0\n2,1\n1,2\n");
  dataset = open("?target=y&categorical=x");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(valuesOf(**dataset), (std::vector<double>{1, 0, 0, 1, 1, 0}));
}

TEST_F(CsvFile, FillsAndScalesByTheTrainingPart) {
  folder_.write("t.csv", "x,c,y\n1,5,0.5\n,5,1\n5,5,2\n100,5,3\n");
  auto dataset = open("?target=y&missing=mean&scale=standard");
  ASSERT_TRUE(dataset) << dataset.status().message();
  const auto train = std::make_shared<SubsetDataset>(*dataset, std::vector<int64_t>{0, 1, 2});
  const auto rest = std::make_shared<SubsetDataset>(*dataset, std::vector<int64_t>{3});
  Result<TableFit> fit = fitTable(*train);
  ASSERT_TRUE(fit) << fit.status().message();
  // 1, 3 (the mean of 1 and 5), 5: mean 3, population deviation sqrt(8 / 3).
  EXPECT_DOUBLE_EQ(fit->columns[0].fill, 3.0);
  EXPECT_DOUBLE_EQ(fit->columns[0].scale, std::sqrt(8.0 / 3.0));
  const std::vector<double> scaled = valuesOf(*applyFit(train, *fit));
  EXPECT_DOUBLE_EQ(scaled[0], -2.0 / std::sqrt(8.0 / 3.0));
  EXPECT_DOUBLE_EQ(scaled[1], 0.0); // a constant column
  EXPECT_DOUBLE_EQ(scaled[2], 0.0);
  EXPECT_DOUBLE_EQ(valuesOf(*applyFit(rest, *fit))[0], 97.0 / std::sqrt(8.0 / 3.0));
  folder_.write("t.csv", "x,c,y\n1,5,0.5\n,5,1\n9,5,2\n2,5,3\n");
  fit = fitTable(**open("?target=y&missing=median&scale=minmax"));
  EXPECT_DOUBLE_EQ(fit->columns[0].fill, 2.0);
  EXPECT_DOUBLE_EQ(fit->columns[0].shift, 1.0);
  EXPECT_DOUBLE_EQ(fit->columns[0].scale, 8.0);
  EXPECT_EQ((*open("?target=y&missing=drop"))->size(), 3);
  EXPECT_EQ(valuesOf(**open("?target=y&missing=drop")), (std::vector<double>{1, 5, 9, 5, 2, 5}));
}

/// The mean of equal numbers is not quite their value; what is left is no deviation.
TEST_F(CsvFile, TakesRoundingForNoSpread) {
  std::string rows = "c,y\n";
  for (int i = 0; i < 1000; ++i) {
    rows += concat("0.1,", i, "\n");
  }
  folder_.write("t.csv", rows);
  for (const char *options : {"?target=y&scale=standard", "?target=y&scale=minmax"}) {
    EXPECT_EQ(fitTable(**open(options))->columns[0].scale, 1.0) << options;
  }
  folder_.write("t.csv", "c,y\n1e15,0\n1000000000000001,1\n1000000000000002,2\n");
  EXPECT_DOUBLE_EQ(fitTable(**open("?target=y&scale=standard"))->columns[0].scale,
                   std::sqrt(2.0 / 3.0)); // as StandardScaler has it
}

TEST_F(CsvFile, RefusesToFillOrScaleByWhatWasNotLearned) {
  folder_.write("t.csv", "x,y\n1,0\n3,1\n5,0\n");
  auto knownOf = [this](const char *options) {
    return Known{{}, std::make_shared<TableFit>(*fitTable(**open(options)))};
  };
  const Known plain = knownOf("?target=y"), filled = knownOf("?target=y&missing=mean");
  const Known scaled = knownOf("?target=y&scale=standard");
  folder_.write("t.csv", "x,y\n1,0\n,1\n");
  for (const Known &known : {plain, scaled}) {
    for (const char *fill : {"?missing=mean", "?missing=median", "?missing=zero"}) {
      auto other = open(fill, {}, known);
      EXPECT_FALSE(other) << fill;
      EXPECT_TRUE(has(other.status().message(), "the training data had missing=refuse")) << fill;
    }
    EXPECT_EQ((*open("?missing=drop", {}, known))->size(), 1);
  }
  EXPECT_TRUE(open("?missing=mean", {}, filled));
  EXPECT_TRUE(has(open("?missing=median", {}, filled).status().message(), "had missing=mean"));
  EXPECT_TRUE(
      has(open("?missing=drop&scale=minmax", {}, scaled).status().message(), "had scale=standard"));
  EXPECT_TRUE(open("?missing=drop&scale=standard", {}, scaled));
}

/// Sets that a program opened on its own, and hands over.
TEST_F(CsvFile, ComparesAnOpenedTableWithTheTrainingData) {
  folder_.write("t.csv", "x,colour,y\n1,red,0\n3,blue,1\n");
  const Known known = knownOf(**open("?target=y&scale=standard"));
  auto problem = [&](const std::string &rows) {
    folder_.write("t.csv", rows);
    Status status = checkKnown(**open("?target=y"), known, "t");
    return status ? std::string("none") : status.message();
  };
  EXPECT_EQ(problem("x,colour,y\n1,red,0\n3,blue,1\n"), "none");
  EXPECT_TRUE(has(problem("colour,x,y\nred,1,0\nblue,3,1\n"),
                  "column 0 is 'colour', in the training data 'x'"));
  EXPECT_TRUE(has(problem("x,y\n1,0\n3,1\n"), "has no column 'colour'"));
  EXPECT_TRUE(has(problem("x,colour,z,y\n1,red,0,0\n3,blue,1,1\n"),
                  "column 2 is 'z', in the training data there is none"));
  EXPECT_TRUE(has(problem("x,colour,y\n1,blue,0\n3,green,1\n"),
                  "column 'colour', category 1 is 'green', in the training data 'red'"));
  EXPECT_TRUE(has(problem("x,colour,y\n1,blue,0\n3,blue,1\n"),
                  "column 'colour' has 1 categories, in the training data 2"));
  const Known classes{{"cat", "dog"}, nullptr};
  folder_.write("t.csv", "x,y\n1,dog\n2,fox\n");
  EXPECT_TRUE(has(checkKnown(**open("?target=y"), classes, "t").message(),
                  "class 0 is 'dog', in the training data 'cat'"));
  folder_.write("t.csv", "x,y\n1,cat\n2,cat\n");
  EXPECT_TRUE(checkKnown(**open("?target=y"), classes, "t"));
}

TEST_F(CsvFile, AppliesTheFitToOtherFiles) {
  folder_.write("t.csv", "x,colour,kind\n1,red,b\n3,blue,a\n");
  Result<TableFit> fit = fitTable(**open("?target=kind&scale=standard"));
  ASSERT_TRUE(fit) << fit.status().message();
  Result<TableFit> read = parseTableFit(tableFitJson(*fit));
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(tableFitJson(*read), tableFitJson(*fit));
  const Known known{{}, std::make_shared<TableFit>(*read)};
  folder_.write("t.csv", "extra,colour,x\n7,blue,5\n");
  auto other = open("", {}, known);
  ASSERT_TRUE(other) << other.status().message();
  EXPECT_EQ((*other)->fields().size(), 1u); // no target in the file
  EXPECT_EQ(valuesOf(*applyFit(*other, *read)), (std::vector<double>{3, 1, 0}));
  folder_.write("t.csv", "x,colour,kind\n1,green,b\n");
  EXPECT_TRUE(has(open("", {}, known).status().message(),
                  "line 2, column 'colour': category 'green' was not in the training data"));
  EXPECT_EQ(valuesOf(**open("?unknown=ignore", {}, known)), (std::vector<double>{1, 0, 0}));
  folder_.write("t.csv", "x,colour,kind\n1,red,c\n");
  EXPECT_TRUE(has(open("", {}, known).status().message(), "expected a class, found 'c'"));
  folder_.write("t.csv", "x,color\n1,red\n");
  EXPECT_TRUE(has(open("", {}, known).status().message(), "has no column 'colour'; did you mean"));
  for (const char *damaged : {"", "{}", "{\"columns\":[{}]}", "[1]"}) {
    EXPECT_FALSE(parseTableFit(damaged)) << damaged;
  }
}

TEST_F(CsvFile, CutsASeriesIntoWindows) {
  folder_.write("t.csv", "month,n,m\nJan,1,10\nFeb,2,20\nMar,3,30\nApr,4,40\nMay,5,50\n");
  auto dataset = open("?target=n&window=2&horizon=2");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 2);
  EXPECT_EQ((*dataset)->fields()[0].shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ((*dataset)->fields()[1].shape, (std::vector<int64_t>{2}));
  EXPECT_EQ(valuesOf(**dataset), (std::vector<double>{1, 10, 2, 20, 2, 20, 3, 30}));
  double y[4];
  std::vector<int64_t> rows = {0, 1};
  (*dataset)->copyRows(1, rows, DType::F64, reinterpret_cast<std::byte *>(y));
  EXPECT_EQ(std::vector<double>(y, y + 4), (std::vector<double>{3, 4, 4, 5}));
  // The fit is by column, over the rows that the windows of the part see or want, each once.
  auto scaled = open("?target=n&window=2&columns=n&scale=minmax");
  ASSERT_TRUE(scaled) << scaled.status().message();
  EXPECT_EQ((*scaled)->size(), 3);
  Result<TableFit> fit = fitTable(SubsetDataset(*scaled, {0, 1}));
  ASSERT_TRUE(fit) << fit.status().message();
  EXPECT_DOUBLE_EQ(fit->columns[0].shift, 1.0);
  EXPECT_DOUBLE_EQ(fit->columns[0].scale, 3.0);
  EXPECT_EQ(valuesOf(*applyFit(*scaled, *fit)),
            (std::vector<double>{0, 1 / 3.0, 1 / 3.0, 2 / 3.0, 2 / 3.0, 1}));
  EXPECT_EQ(parseTableFit(tableFitJson(*fit))->layout.window, 2);
  scaled = open("?target=n&window=2&columns=n&scale=standard");
  fit = fitTable(**scaled);
  ASSERT_TRUE(fit) << fit.status().message();
  EXPECT_DOUBLE_EQ(fit->columns[0].shift, 3.0) << "the rows in the middle count once";
  EXPECT_DOUBLE_EQ(fit->columns[0].scale, std::sqrt(2.0));
  EXPECT_TRUE(has(open("?target=n&window=5").status().message(),
                  "has 5 rows, fewer than a window of 5 and 1 rows after it"));
  const Known known = knownOf(**open("?target=n&window=3&horizon=2"));
  folder_.write("t.csv", "month,n,m\nJan,1,10\nFeb,2,20\nMar,3,30\nApr,4,40\n");
  EXPECT_TRUE(has(open("", {}, known).status().message(),
                  "has 4 rows, fewer than a window of 3 and 2 rows after it"));
  EXPECT_TRUE(has(open("?target=n&horizon=2").status().message(), "needs 'window'"));
  EXPECT_TRUE(has(open("?target=n&window=2&missing=drop").status().message(), "would join rows"));
}

TEST_F(CsvFile, PredictsOfSeriesWithoutTargets) {
  folder_.write("t.csv", "n,m\n1,10\n2,20\n3,30\n4,40\n");
  const Known known = knownOf(**open("?target=n&window=3&columns=m"));
  folder_.write("t.csv", "m\n1\n2\n3\n");
  auto last = open("", {}, known);
  ASSERT_TRUE(last) << last.status().message();
  EXPECT_EQ((*last)->size(), 1);
  folder_.write("t.csv", "m\n1\n2\n");
  EXPECT_TRUE(has(open("", {}, known).status().message(), "has 2 rows, fewer than a window of 3"));
}

TEST_F(CsvFile, RefusesBadTargets) {
  folder_.write("t.csv", "x,price\n1,0.5\n");
  EXPECT_TRUE(has(open("").status().message(), "say which column is the target"));
  EXPECT_TRUE(has(open("?target=prize").status().message(), "did you mean 'price'?"));
  EXPECT_TRUE(has(open("?target=price&columns=x,price").status().message(), "both an input and"));
  EXPECT_TRUE(has(open("?target=price&task=classification").status().message(),
                  "line 2, column 'price': expected a class"));
  EXPECT_TRUE(has(open("?target=price&task=guess").status().message(), "cannot be 'guess'"));
  EXPECT_TRUE(has(open("?target=price&separator=x").status().message(),
                  "cannot be 'x'; known are comma, semicolon, tab"));
  EXPECT_TRUE(has(open("?target=x,price").status().message(), "no column besides the target"));
}

TEST_F(CsvFile, RefusesTextsThatNoRunCouldRecord) {
  folder_.write("t.csv", "x,c\n1,r\xe9\n2,b\n");
  EXPECT_TRUE(
      has(open("?target=c").status().message(), "line 2, column 'c': 'r\\xe9' is not UTF-8"));
  EXPECT_TRUE(has(open("?target=x").status().message(), "is not UTF-8"));
  folder_.write("t.csv", "\xff,c\n1,2\n");
  EXPECT_TRUE(has(open("?target=c").status().message(), "the name of column"));
}

TEST_F(CsvFile, RefusesAMissingFile) {
  auto dataset = open("?target=y");
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.status().code(), Code::NotFound);
  EXPECT_TRUE(has(dataset.status().message(), "t.csv"));
}

} // namespace
} // namespace ntc::rt::data
