// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser of tables.
#include "runtime/data/CsvTable.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ntc::rt::data {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

/// Takes one line off `text`, without its end.
std::string_view takeLine(std::string_view &text) {
  size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

/// Takes one cell off `line`, which becomes empty with `more` false after the last one. Returns
/// false for a quote that is not closed or is followed by something else than a separator.
bool takeCell(std::string_view &line, char separator, std::string &cell, bool &more) {
  cell.clear();
  std::string_view left = line;
  while (!left.empty() && left.front() == ' ') {
    left.remove_prefix(1);
  }
  if (left.empty() || left.front() != '"') {
    size_t end = std::min(line.find(separator), line.size());
    cell = trim(line.substr(0, end));
    more = end < line.size();
    line.remove_prefix(std::min(end + 1, line.size()));
    return true;
  }
  left.remove_prefix(1);
  while (true) {
    size_t quote = left.find('"');
    if (quote == std::string_view::npos) {
      return false;
    }
    cell += left.substr(0, quote);
    left.remove_prefix(quote + 1);
    if (left.empty() || left.front() != '"') {
      break;
    }
    cell += '"';
    left.remove_prefix(1);
  }
  size_t end = std::min(left.find(separator), left.size());
  more = end < left.size();
  bool clean = trim(left.substr(0, end)).empty();
  line = left.substr(std::min(end + 1, left.size()));
  return clean;
}

/// Text from a file as messages may show it: at most 40 printable characters.
std::string shown(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 40)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return text.size() > 40 ? out + "…" : out;
}

bool parseNumber(std::string_view cell, double &value) {
  if (cell.starts_with('+')) {
    cell.remove_prefix(1);
  }
  auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return problem == std::errc() && end == cell.data() + cell.size() && std::isfinite(value);
}

Status parseHeader(std::string_view line, char separator, const std::string &name,
                   CsvTable &table) {
  std::string cell;
  bool more = true, allNumbers = true;
  while (more) {
    if (!takeCell(line, separator, cell, more)) {
      return error(Code::Corrupt, "'", name, "', line 1: a quoted name is not closed");
    }
    double value = 0.0;
    allNumbers = allNumbers && parseNumber(cell, value);
    if (cell.empty()) {
      return error(Code::Corrupt, "'", name, "', line 1: expected a name for column ",
                   table.columns.size() + 1, ", found nothing");
    }
    if (std::ranges::find(table.columns, cell) != table.columns.end()) {
      return error(Code::Corrupt, "'", name, "', line 1: two columns have the name '", shown(cell),
                   "'");
    }
    table.columns.push_back(cell);
  }
  if (allNumbers) {
    return error(Code::Corrupt, "'", name, "', line 1: expected the names of the columns, found ",
                 "numbers only; add a header line");
  }
  return Status::ok();
}

Status parseRow(std::string_view line, int64_t lineNumber, char separator, const std::string &name,
                CsvTable &table) {
  std::string cell;
  bool more = true;
  size_t column = 0;
  for (; more; ++column) {
    bool closed = takeCell(line, separator, cell, more);
    if (column >= table.columns.size()) {
      return error(Code::Corrupt, "'", name, "', line ", lineNumber, ": expected ",
                   table.columns.size(), " columns, found more");
    }
    double value = 0.0;
    if (!closed || !parseNumber(cell, value)) {
      return error(Code::Corrupt, "'", name, "', line ", lineNumber, ", column '",
                   shown(table.columns[column]), "': expected a finite number, found ",
                   cell.empty() ? "nothing" : concat("'", shown(cell), "'"));
    }
    table.values.push_back(value);
  }
  if (column < table.columns.size()) {
    return error(Code::Corrupt, "'", name, "', line ", lineNumber, ": expected ",
                 table.columns.size(), " columns, found ", column);
  }
  ++table.rows;
  return Status::ok();
}

} // namespace

Result<CsvTable> parseCsv(std::string_view text, char separator, const std::string &name) {
  if (text.starts_with("\xef\xbb\xbf")) {
    text.remove_prefix(3);
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return error(Code::Corrupt, "'", name,
                 "' is empty: expected a header line and rows of numbers");
  }
  CsvTable table;
  if (Status status = parseHeader(takeLine(text), separator, name, table); !status) {
    return status;
  }
  for (int64_t lineNumber = 2; !text.empty(); ++lineNumber) {
    std::string_view line = takeLine(text);
    if (trim(line).empty()) {
      bool atEnd = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
      if (!atEnd) {
        return error(Code::Corrupt, "'", name, "', line ", lineNumber, ": expected ",
                     table.columns.size(), " columns, found an empty line");
      }
      break;
    }
    if (Status status = parseRow(line, lineNumber, separator, name, table); !status) {
      return status;
    }
  }
  if (table.rows == 0) {
    return error(Code::Corrupt, "'", name, "' has a header line but no rows");
  }
  return table;
}

} // namespace ntc::rt::data
