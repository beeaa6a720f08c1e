// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From options and cells to decisions.
#include "runtime/data/TableChoice.h"

#include "runtime/base/Utf8.h"
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ntc::rt::data {
namespace {

constexpr double kMostClasses = 65536.0;
constexpr size_t kMostCategories = 1024;
constexpr int64_t kMostWidth = 1 << 20;
constexpr int64_t kMostWindow = 1 << 20;

class Chooser {
public:
  Chooser(const DataSource &source, CsvText table, const TableFit *known)
      : source_(source), known_(known) {
    choice_.table = std::move(table);
  }

  Result<TableChoice> choose(std::optional<bool> targetIsClass) {
    Status status = chooseOptions();
    status = status ? chooseWindow() : status;
    status = status ? chooseColumns() : status;
    status = status ? chooseRows() : status;
    status = status ? checkLength() : status;
    status = status ? chooseCategories() : status;
    status = status ? chooseTask(targetIsClass) : status;
    return status ? Result<TableChoice>(std::move(choice_)) : status;
  }

private:
  Status chooseOptions() {
    constexpr std::array<std::string_view, 2> unknown = {"refuse", "ignore"};
    choice_.layout = known_ ? known_->layout : TableLayout();
    Result<size_t> missing =
        wordOption(source_, "missing", kMissingWords, static_cast<size_t>(choice_.layout.missing));
    Result<size_t> scale =
        wordOption(source_, "scale", kScaleWords, static_cast<size_t>(choice_.layout.scale));
    Result<size_t> ignores = wordOption(source_, "unknown", unknown, 0);
    if (!missing || !scale || !ignores) {
      return !missing ? missing.status() : !scale ? scale.status() : ignores.status();
    }
    choice_.ignoresUnknown = *ignores == 1;
    if (Status status =
            checkFitted(static_cast<TableMissing>(*missing), static_cast<TableScale>(*scale));
        !status) {
      return status;
    }
    choice_.layout.missing = static_cast<TableMissing>(*missing);
    choice_.layout.scale = static_cast<TableScale>(*scale);
    return Status::ok();
  }

  /// What was not learned in training cannot be asked for later.
  Status checkFitted(TableMissing missing, TableScale scale) const {
    const TableLayout &layout = choice_.layout;
    if (!known_) {
      return Status::ok();
    }
    if (scale != layout.scale) {
      return error(Code::InvalidArgument, "data '", source_.text, "': the training data had scale=",
                   kScaleWords[static_cast<size_t>(layout.scale)],
                   ", which is applied here too; leave the option out");
    }
    if (missing >= TableMissing::Mean && missing != layout.missing) {
      return error(
          Code::InvalidArgument, "data '", source_.text,
          "': the training data had missing=", kMissingWords[static_cast<size_t>(layout.missing)],
          ", so that there is nothing else to fill in; leave the option out, or leave out ",
          "such rows with missing=drop");
    }
    return Status::ok();
  }

  Status chooseWindow() {
    TableLayout &layout = choice_.layout;
    Result<int64_t> window = source_.integer("window", layout.window, 1, kMostWindow);
    Result<int64_t> horizon =
        source_.integer("horizon", std::max<int64_t>(layout.horizon, 1), 1, kMostWindow);
    if (!window || !horizon) {
      return window ? horizon.status() : window.status();
    }
    layout.window = *window;
    layout.horizon = *window > 0 ? *horizon : 0;
    if (*window == 0 && source_.find("horizon")) {
      return error(Code::InvalidArgument, "data '", source_.text,
                   "': option 'horizon' needs 'window', the number of rows that a sample sees");
    }
    if (*window > 0 && layout.missing == TableMissing::Drop) {
      return error(Code::InvalidArgument, "data '", source_.text,
                   "': with windows, missing=drop would join rows that are apart; fill them with ",
                   "missing=mean");
    }
    return Status::ok();
  }

  bool isSeries() const { return choice_.layout.window > 0; }

  // -- columns

  Status noColumn(std::string_view name) const {
    std::vector<std::string_view> names(choice_.table.columns.begin(), choice_.table.columns.end());
    return error(Code::InvalidArgument, "data '", source_.text, "': '", source_.place,
                 "' has no column '", name, "'", didYouMean(name, names));
  }

  std::optional<size_t> find(std::string_view name) const {
    auto found = std::ranges::find(choice_.table.columns, name);
    return found == choice_.table.columns.end()
               ? std::nullopt
               : std::optional(static_cast<size_t>(found - choice_.table.columns.begin()));
  }

  /// Indices of the columns that `list` names, divided by commas.
  Status columnsNamed(std::string_view list, std::vector<size_t> &out) const {
    while (true) {
      const size_t end = std::min(list.find(','), list.size());
      const std::optional<size_t> index = find(list.substr(0, end));
      if (!index) {
        return noColumn(list.substr(0, end));
      }
      if (std::ranges::find(out, *index) != out.end()) {
        return error(Code::InvalidArgument, "data '", source_.text, "': column '",
                     choice_.table.columns[*index], "' is named twice");
      }
      out.push_back(*index);
      if (end == list.size()) {
        return Status::ok();
      }
      list.remove_prefix(end + 1);
    }
  }

  Status chooseTargets() {
    if (const std::string *target = source_.find("target")) {
      return columnsNamed(*target, choice_.targets);
    }
    if (!known_) {
      return error(Code::InvalidArgument, "data '", source_.text,
                   "': say which column is the target, as in 'csv:", source_.place,
                   "?target=", choice_.table.columns.back(), "'");
    }
    for (const std::string &name : choice_.layout.targets) {
      if (const std::optional<size_t> index = find(name)) {
        choice_.targets.push_back(*index);
      }
    }
    if (choice_.targets.size() != choice_.layout.targets.size()) {
      choice_.targets.clear();
    }
    return Status::ok();
  }

  bool isTarget(size_t column) const {
    return std::ranges::find(choice_.targets, column) != choice_.targets.end();
  }

  Status chooseColumns() {
    for (const std::string &name : choice_.table.columns) {
      if (!isUtf8(name)) {
        return error(Code::Corrupt, "'", source_.place, "': the name of column ", quoted(name),
                     " is not UTF-8; convert the file");
      }
    }
    if (Status status = chooseTargets(); !status) {
      return status;
    }
    if (known_) {
      for (const TableColumn &column : choice_.layout.columns) {
        const std::optional<size_t> index = find(column.name);
        if (!index) {
          return withContext(noColumn(column.name), "the model's inputs");
        }
        choice_.inputs.push_back(*index);
      }
      return Status::ok();
    }
    choice_.layout.targets.clear();
    for (size_t column : choice_.targets) {
      choice_.layout.targets.push_back(choice_.table.columns[column]);
    }
    if (const std::string *list = source_.find("columns")) {
      if (Status status = columnsNamed(*list, choice_.inputs); !status) {
        return status;
      }
    } else {
      for (size_t i = 0; i < choice_.table.columns.size(); ++i) {
        // A series' own past is an input; its dates are not.
        if (isSeries() ? !isText(i) : !isTarget(i)) {
          choice_.inputs.push_back(i);
        }
      }
    }
    for (size_t column : choice_.inputs) {
      if (isTarget(column) && !isSeries()) {
        return error(Code::InvalidArgument, "data '", source_.text, "': column '",
                     choice_.table.columns[column], "' is both an input and the target");
      }
      choice_.layout.columns.push_back({choice_.table.columns[column], {}});
    }
    return choice_.inputs.empty()
               ? error(Code::Corrupt, "'", source_.place, "' has no column besides the target '",
                       *source_.find("target"), "': expected at least one input")
               : Status::ok();
  }

  // -- rows

  Status chooseRows() {
    auto hasMissing = [this](int64_t row) {
      auto lacks = [&](size_t column) { return isMissingCell(choice_.table.cell(row, column)); };
      return std::ranges::any_of(choice_.inputs, lacks) ||
             std::ranges::any_of(choice_.targets, lacks);
    };
    for (int64_t row = 0; row < choice_.table.rows; ++row) {
      if (choice_.layout.missing != TableMissing::Drop || !hasMissing(row)) {
        choice_.rows.push_back(row);
      }
    }
    return choice_.rows.empty()
               ? error(Code::Corrupt, "'", source_.place,
                       "': every row has a missing value, and missing=drop leaves none")
               : Status::ok();
  }

  /// Whether a series is long enough for one window and, where there are targets, what it wants.
  Status checkLength() const {
    const int64_t after = choice_.targets.empty() ? 0 : choice_.layout.horizon;
    if (!isSeries() || std::ssize(choice_.rows) >= choice_.layout.window + after) {
      return Status::ok();
    }
    return error(Code::InvalidArgument, "data '", source_.text, "': '", source_.place, "' has ",
                 choice_.rows.size(), " rows, fewer than a window of ", choice_.layout.window,
                 after > 0 ? concat(" and ", after, " rows after it") : "");
  }

  // -- kinds

  /// Whether no cell of the column is a number and one is a text.
  bool isText(size_t column) const {
    bool hasText = false;
    for (int64_t row = 0; row < choice_.table.rows; ++row) {
      const std::string_view cell = choice_.table.cell(row, column);
      double value = 0.0;
      if (parseCell(cell, value)) {
        return false;
      }
      hasText = hasText || !isMissingCell(cell);
    }
    return hasText;
  }

  std::vector<std::string> distinct(size_t column) const {
    std::vector<std::string_view> cells;
    for (int64_t row : choice_.rows) {
      if (!isMissingCell(choice_.table.cell(row, column))) {
        cells.push_back(choice_.table.cell(row, column));
      }
    }
    std::ranges::sort(cells);
    auto rest = std::ranges::unique(cells);
    return {cells.begin(), rest.begin()};
  }

  /// Categories and classes are kept with a run, as JSON, which is UTF-8.
  Status checkTexts(size_t column) const {
    for (int64_t row : choice_.rows) {
      if (const std::string_view cell = choice_.table.cell(row, column); !isUtf8(cell)) {
        return error(Code::Corrupt, "'", source_.place, "', line ", choice_.table.lineOf(row),
                     ", column '", shownCell(choice_.table.columns[column]), "': ", quoted(cell),
                     " is not UTF-8; convert the file");
      }
    }
    return Status::ok();
  }

  Status chooseCategories() {
    if (known_) {
      return Status::ok();
    }
    std::vector<size_t> named;
    if (const std::string *list = source_.find("categorical")) {
      if (Status status = columnsNamed(*list, named); !status) {
        return status;
      }
    }
    for (size_t i = 0; i < choice_.inputs.size(); ++i) {
      if (std::ranges::find(named, choice_.inputs[i]) == named.end() &&
          !isText(choice_.inputs[i])) {
        continue;
      }
      choice_.layout.columns[i].categories = distinct(choice_.inputs[i]);
      if (Status status = checkTexts(choice_.inputs[i]); !status) {
        return status;
      }
      if (choice_.layout.columns[i].categories.size() > kMostCategories) {
        return error(Code::InvalidArgument, "'", source_.place, "': column '",
                     choice_.table.columns[choice_.inputs[i]], "' has ",
                     choice_.layout.columns[i].categories.size(),
                     " different texts, too many for categories; choose the columns without it by ",
                     "the option columns=");
      }
    }
    return choice_.layout.width() <= kMostWidth
               ? Status::ok()
               : error(Code::Unsupported, "'", source_.place, "' has ", choice_.layout.width(),
                       " input values in a row, more than ", kMostWidth);
  }

  /// Whether the column has whole numbers that use every class from 0 to the greatest, below 256.
  bool looksLikeClasses(size_t column) const {
    std::vector<bool> seen(256);
    size_t greatest = 0, count = 0;
    for (int64_t row : choice_.rows) {
      double value = 0.0;
      if (!parseCell(choice_.table.cell(row, column), value) || !isClassIndex(value) ||
          value > 255.0) {
        return false;
      }
      const auto index = static_cast<size_t>(value);
      count += seen[index] ? 0 : 1;
      seen[index] = true;
      greatest = std::max(greatest, index);
    }
    return count >= 2 && count == greatest + 1;
  }

  Status chooseTask(std::optional<bool> hint) {
    constexpr std::array<std::string_view, 2> tasks = {"classification", "regression"};
    if (choice_.targets.empty() || known_) {
      return Status::ok();
    }
    Result<size_t> task = wordOption(source_, "task", tasks, 2);
    if (!task) {
      return task.status();
    }
    if (isSeries()) {
      choice_.layout.isClassification = false;
      return Status::ok();
    }
    const bool isOne = choice_.targets.size() == 1;
    const bool hasTexts = isOne && isText(choice_.targets[0]);
    choice_.layout.isClassification =
        *task < 2 ? *task == 0
        : hint    ? *hint
                  : isOne && (hasTexts || looksLikeClasses(choice_.targets[0]));
    if (choice_.layout.isClassification && !isOne) {
      return error(Code::InvalidArgument, "data '", source_.text,
                   "': classification needs one target column, found ", choice_.targets.size());
    }
    if (choice_.layout.isClassification && hasTexts) {
      choice_.layout.classNames = distinct(choice_.targets[0]);
      if (Status status = checkTexts(choice_.targets[0]); !status) {
        return status;
      }
      if (std::ssize(choice_.layout.classNames) > static_cast<int64_t>(kMostClasses)) {
        return error(Code::InvalidArgument, "'", source_.place, "': target '",
                     choice_.table.columns[choice_.targets[0]], "' has ",
                     choice_.layout.classNames.size(), " different texts, too many for classes");
      }
    }
    return Status::ok();
  }

  const DataSource &source_;
  const TableFit *known_;
  TableChoice choice_;
};

} // namespace

bool isMissingCell(std::string_view cell) {
  constexpr std::array<std::string_view, 9> words = {"",     "NA",   "N/A",  "NaN", "nan",
                                                     "null", "NULL", "None", "?"};
  return std::ranges::find(words, cell) != words.end();
}

bool parseCell(std::string_view cell, double &value) {
  cell.remove_prefix(cell.starts_with('+') ? 1 : 0);
  auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return problem == std::errc() && end == cell.data() + cell.size() && std::isfinite(value);
}

bool isClassIndex(double value) {
  return value >= 0.0 && value < kMostClasses && value == std::floor(value);
}

Result<size_t> wordOption(const DataSource &source, std::string_view key,
                          std::span<const std::string_view> words, size_t fallback) {
  const std::string *value = source.find(key);
  if (!value) {
    return fallback;
  }
  auto found = std::ranges::find(words, *value);
  if (found != words.end()) {
    return static_cast<size_t>(found - words.begin());
  }
  return error(Code::InvalidArgument, "data '", source.text, "': option '", key, "' cannot be ",
               quoted(*value), didYouMean(*value, words));
}

Result<TableChoice> chooseTable(const DataSource &source, CsvText table, const TableFit *known,
                                std::optional<bool> targetIsClass) {
  return Chooser(source, std::move(table), known).choose(targetIsClass);
}

} // namespace ntc::rt::data
