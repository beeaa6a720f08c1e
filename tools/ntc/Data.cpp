// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc data inspect: what a data set holds, and a picture of its pictures.
#include "runtime/base/File.h"
#include "runtime/data/Inspect.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/data/Suggest.h"
#include "runtime/data/image/ReadImage.h"
#include "tools/ntc/Verb.h"

#include <array>

namespace ntc::driver {
namespace {

struct DataFlags {
  std::optional<int64_t> samples, rows, columns;
  std::optional<uint64_t> seed;
  size_t split = 0; ///< index into train, test
  std::string grid;
  std::string transform;
  bool json = false;
};

std::vector<Flag> dataFlags(DataFlags &flags) {
  return {
      choiceFlag("--split", "PART", {"train", "test"}, flags.split,
                 "the part to look at where the data has both: train or test (default: train)"),
      rt::train::integerFlag("--samples", flags.samples, 1, INT64_MAX,
                             "samples to look at for ranges (default: 10000)"),
      rt::train::textFlag("--grid", "FILE", flags.grid, "write a grid of pictures: FILE.png"),
      rt::train::integerFlag("--rows", flags.rows, 1, 100, "rows of the grid (default: 8)"),
      rt::train::integerFlag("--columns", flags.columns, 1, 100, "columns of it (default: 8)"),
      rt::train::textFlag("--transform", "LIST", flags.transform,
                          "show the grid's pictures as these transforms make them"),
      rt::train::unsignedFlag("--seed", flags.seed, "seed of random transforms (default: 0)"),
      jsonFlag(flags.json),
  };
}

Status writeGrid(const rt::data::Dataset &dataset, const DataFlags &flags) {
  Result<rt::data::Bytes> grid =
      rt::data::pictureGrid(dataset, flags.rows.value_or(8), flags.columns.value_or(8),
                            flags.transform, flags.seed.value_or(0));
  if (!grid) {
    return rt::withContext(grid.status(), "--grid");
  }
  Result<std::vector<uint8_t>> file = rt::data::encodePng(*grid);
  Status status = file ? rt::writeFileAtomically(flags.grid, *file) : file.status();
  if (status) {
    note("wrote " + flags.grid);
  }
  return status;
}

Status inspect(const std::string &data, const DataFlags &flags) {
  if (flags.grid.empty() && !flags.transform.empty()) {
    return rt::error(Code::InvalidArgument, "--transform shows pictures: it needs --grid FILE");
  }
  Result<rt::data::DataSource> source = rt::data::DataSource::parse(data);
  if (!source) {
    return source.status();
  }
  auto dataset = rt::data::openDataset(
      *source, flags.split == 0 ? rt::data::Split::Train : rt::data::Split::Test, {});
  if (!dataset) {
    return dataset.status();
  }
  for (const std::string &remark : (*dataset)->remarks()) {
    note(remark);
  }
  constexpr int64_t byDefault = 10000;
  Result<rt::data::Summary> summary =
      rt::data::summarize(**dataset, flags.samples.value_or(byDefault));
  if (!summary) {
    return summary.status();
  }
  if (!flags.grid.empty()) {
    if (Status status = writeGrid(**dataset, flags); !status) {
      return status;
    }
  }
  flags.json ? printLine(summaryJson(*summary)) : print(summaryText(*summary));
  return Status::ok();
}

} // namespace

int runData(const Verb &verb, Words words) {
  DataFlags flags;
  std::vector<std::string> positionals;
  if (auto code =
          parseWords(verb, words, dataFlags(flags), {2, 2, "'inspect' and data"}, positionals)) {
    return *code;
  }
  if (positionals[0] != "inspect") {
    constexpr std::array<std::string_view, 1> known = {"inspect"};
    return failUsage(verb, concat("unknown action ", quoted(positionals[0]),
                                  rt::data::didYouMean(positionals[0], known)));
  }
  Status status = inspect(positionals[1], flags);
  return status ? kDone : fail(verb, status);
}

} // namespace ntc::driver
