// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser of tables.
#include "runtime/data/CsvText.h"

#include "runtime/data/GzipFile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_set>

namespace ntc::rt::data {
namespace {

constexpr uint64_t kMostBytes = uint64_t{4} << 30;
constexpr size_t kMostColumns = 1 << 20;

bool isBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && isBlank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (isBlank(text.back()) || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

bool isNumber(std::string_view cell) {
  double value = 0.0;
  cell.remove_prefix(cell.starts_with('+') ? 1 : 0);
  auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return problem == std::errc() && end == cell.data() + cell.size();
}

/// A place in a text, record by record.
class Cursor {
public:
  enum class Cell : uint8_t { More, Last, Broken };

  Cursor(std::string_view text, char separator) : left_(text), separator_(separator) {}

  int64_t line() const { return line_; }
  bool isAtEnd() const { return left_.empty(); }
  /// Whether nothing but blanks and line ends is left.
  bool isBlankToTheEnd() const {
    return left_.find_first_not_of(" \t\r\n") == std::string_view::npos;
  }

  /// Takes the line if it is empty.
  bool takeEmptyLine() {
    const size_t end = std::min(left_.find('\n'), left_.size());
    if (!trim(left_.substr(0, end)).empty()) {
      return false;
    }
    endLine(end);
    return true;
  }

  /// Takes one cell. Broken: a quote that is not closed, or is followed by something else than a
  /// separator; the rest of the line is gone.
  Cell take(std::string &cell) {
    cell.clear();
    size_t begin = 0;
    while (begin < left_.size() && isBlank(left_[begin]) && left_[begin] != separator_) {
      ++begin;
    }
    if (begin >= left_.size() || left_[begin] != '"') {
      return takePlain(cell);
    }
    left_.remove_prefix(begin + 1);
    while (true) {
      const size_t quote = left_.find('"');
      if (quote == std::string_view::npos) {
        left_ = {};
        return Cell::Broken;
      }
      line_ += std::count(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(quote), '\n');
      cell += left_.substr(0, quote);
      left_.remove_prefix(quote + 1);
      if (!left_.starts_with('"')) {
        break;
      }
      cell += '"';
      left_.remove_prefix(1);
    }
    std::string rest;
    const Cell end = takePlain(rest);
    return rest.empty() ? end : Cell::Broken;
  }

private:
  Cell takePlain(std::string &cell) {
    size_t end = 0;
    while (end < left_.size() && left_[end] != separator_ && left_[end] != '\n') {
      ++end;
    }
    cell = trim(left_.substr(0, end));
    if (end < left_.size() && left_[end] == separator_) {
      left_.remove_prefix(end + 1);
      return Cell::More;
    }
    endLine(end);
    return Cell::Last;
  }

  void endLine(size_t end) {
    line_ += end < left_.size() ? 1 : 0;
    left_.remove_prefix(std::min(end + 1, left_.size()));
  }

  std::string_view left_;
  char separator_;
  int64_t line_ = 1;
};

Status tooManyColumns(const std::string &name) {
  return error(Code::Unsupported, "'", name, "' has more than ", kMostColumns, " columns");
}

Status parseNames(Cursor &cursor, const std::string &name, CsvText &table) {
  std::string cell;
  std::unordered_set<std::string> seen;
  bool allNumbers = true;
  for (auto end = Cursor::Cell::More; end == Cursor::Cell::More;) {
    end = cursor.take(cell);
    if (end == Cursor::Cell::Broken) {
      return error(Code::Corrupt, "'", name, "', line 1: a quoted name is not closed");
    }
    allNumbers = allNumbers && isNumber(cell);
    if (cell.empty()) {
      return error(Code::Corrupt, "'", name, "', line 1: expected a name for column ",
                   table.columns.size() + 1, ", found nothing");
    }
    if (!isNumber(cell) && !seen.insert(cell).second) {
      return error(Code::Corrupt, "'", name, "', line 1: two columns have the name '",
                   shownCell(cell), "'");
    }
    if (table.columns.size() == kMostColumns) {
      return tooManyColumns(name);
    }
    table.columns.push_back(cell);
  }
  return allNumbers ? error(Code::Corrupt, "'", name,
                            "', line 1: expected the names of the columns, found numbers only; ",
                            "for a table without such a line add the option header=no")
                    : Status::ok();
}

/// Names as many columns as the first line has cells. Takes a copy: the line is a row.
Status numberColumns(Cursor cursor, const std::string &name, CsvText &table) {
  std::string cell;
  for (auto end = Cursor::Cell::More; end == Cursor::Cell::More;) {
    end = cursor.take(cell);
    if (table.columns.size() == kMostColumns) {
      return tooManyColumns(name);
    }
    table.columns.push_back(concat("x", table.columns.size()));
  }
  return Status::ok();
}

Status parseRow(Cursor &cursor, const std::string &name, CsvText &table) {
  const int64_t line = cursor.line();
  std::string cell;
  size_t column = 0;
  for (auto end = Cursor::Cell::More; end == Cursor::Cell::More; ++column) {
    end = cursor.take(cell);
    if (column >= table.columns.size()) {
      return error(Code::Corrupt, "'", name, "', line ", line, ": expected ", table.columns.size(),
                   " columns, found more");
    }
    if (end == Cursor::Cell::Broken) {
      return error(Code::Corrupt, "'", name, "', line ", line, ", column '",
                   shownCell(table.columns[column]), "': a quoted text is not closed");
    }
    table.content += cell;
    table.ends.push_back(table.content.size());
  }
  if (column < table.columns.size()) {
    return error(Code::Corrupt, "'", name, "', line ", line, ": expected ", table.columns.size(),
                 " columns, found ", column);
  }
  table.lines.push_back(line);
  ++table.rows;
  return Status::ok();
}

} // namespace

std::string shownCell(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 40)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return text.size() > 40 ? out + "…" : out;
}

Result<CsvText> parseCsvText(std::string_view text, char separator, const std::string &name,
                             CsvHeader header) {
  if (text.starts_with("\xef\xbb\xbf")) {
    text.remove_prefix(3);
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return error(Code::Corrupt, "'", name, "' is empty: expected a header line and rows");
  }
  CsvText table;
  Cursor cursor(text, separator);
  if (header == CsvHeader::None) {
    if (Status status = numberColumns(cursor, name, table); !status) {
      return status;
    }
  } else if (Status status = parseNames(cursor, name, table); !status) {
    return status;
  }
  while (!cursor.isAtEnd()) {
    const int64_t line = cursor.line();
    if (cursor.takeEmptyLine()) {
      if (!cursor.isBlankToTheEnd()) {
        return error(Code::Corrupt, "'", name, "', line ", line, ": expected ",
                     table.columns.size(), " columns, found an empty line");
      }
      break;
    }
    if (Status status = parseRow(cursor, name, table); !status) {
      return status;
    }
  }
  if (table.rows == 0) {
    return error(Code::Corrupt, "'", name, "' has a header line but no rows");
  }
  return table;
}

Result<std::string> readTextFile(const std::string &path) {
  Result<GzipFile> file = GzipFile::open(path);
  if (!file) {
    return file.status();
  }
  std::string text;
  std::vector<uint8_t> chunk(1 << 20);
  while (true) {
    Result<size_t> got = file->read(chunk);
    if (!got) {
      return got.status();
    }
    text.append(reinterpret_cast<const char *>(chunk.data()), *got);
    if (text.size() > kMostBytes) {
      return error(Code::Unsupported, "'", path, "' has more than ", kMostBytes, " bytes of text");
    }
    if (*got < chunk.size()) {
      return text;
    }
  }
}

Result<CsvText> readCsvText(const std::string &path, char separator, CsvHeader header) {
  Result<std::string> text = readTextFile(path);
  return text ? parseCsvText(*text, separator, path, header) : Result<CsvText>(text.status());
}

} // namespace ntc::rt::data
