// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables as text: cells of any content under a header line.
#pragma once

#include "runtime/base/Status.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::data {

/// A table of texts. Every row has as many cells as there are columns.
struct CsvText {
  std::vector<std::string> columns; ///< distinct names
  int64_t rows = 0;
  std::string content;        ///< of all cells, one after another
  std::vector<size_t> ends;   ///< cell i is content[ends[i - 1], ends[i])
  std::vector<int64_t> lines; ///< of each row in the file, from 1

  std::string_view cell(int64_t row, size_t column) const {
    const size_t at = static_cast<size_t>(row) * columns.size() + column;
    const size_t begin = at > 0 ? ends[at - 1] : 0;
    return std::string_view(content).substr(begin, ends[at] - begin);
  }
  int64_t lineOf(int64_t row) const { return lines[static_cast<size_t>(row)]; }
};

/// Whether the first line names the columns; else they are called x0, x1, ….
enum class CsvHeader : uint8_t { FirstLine, None };

/// Parses a table: a header line, then rows, of cells divided by `separator`. Cells may be quoted
/// as in RFC 4180, also with line ends inside; blanks around plain cells are dropped; lines end in
/// LF or CRLF; empty lines at the end are ignored. `name` is the file's for messages. Errors
/// (Corrupt): a row with too few or too many cells, a quote that is not closed, names that are
/// empty or twice there, no rows. Each names the line.
Result<CsvText> parseCsvText(std::string_view text, char separator, const std::string &name,
                             CsvHeader header = CsvHeader::FirstLine);

/// Reads a file, plain or compressed with gzip, of at most 4 GiB. Errors: as GzipFile and
/// parseCsvText.
Result<CsvText> readCsvText(const std::string &path, char separator,
                            CsvHeader header = CsvHeader::FirstLine);

/// The whole content of such a file.
Result<std::string> readTextFile(const std::string &path);

/// Text from a file as messages may show it: at most 40 printable characters.
std::string shownCell(std::string_view text);

} // namespace ntc::rt::data
