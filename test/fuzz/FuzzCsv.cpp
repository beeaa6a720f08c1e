// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile tables: whatever the text, the parser answers with a table whose every row is whole or
// with a status.
#include "runtime/data/CsvText.h"
#include "runtime/data/TableFit.h"
#include "runtime/data/image/TransformText.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace ntc::rt::data;
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  (void)parseTableFit(text);
  (void)parseCalls(text);
  for (CsvHeader header : {CsvHeader::FirstLine, CsvHeader::None}) {
    auto table = parseCsvText(text, ',', "input", header);
    if (!table) {
      continue;
    }
    const size_t cells = static_cast<size_t>(table->rows) * table->columns.size();
    if (table->rows < 1 || table->ends.size() != cells ||
        table->lines.size() != static_cast<size_t>(table->rows) || table->content.size() > size) {
      std::abort();
    }
    for (size_t column = 0; column < table->columns.size(); ++column) {
      (void)table->cell(table->rows - 1, column);
    }
  }
  return 0;
}
