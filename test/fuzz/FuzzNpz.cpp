// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile NumPy files: whatever the bytes, the readers answer with arrays whose bytes are those of
// their shapes or with a status.
#include "runtime/format/Npy.h"

#include <cstdlib>

namespace {

void check(const ntc::rt::format::NpyArray &array) {
  uint64_t bytes = ntc::rt::sizeOf(array.dtype);
  for (int64_t dim : array.shape) {
    bytes *= static_cast<uint64_t>(dim);
  }
  if (bytes != array.bytes.size()) {
    std::abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace ntc::rt::format;
  if (auto array = parseNpy({data, size})) {
    check(*array);
  }
  auto zip = ZipArchive::parse({data, size});
  if (!zip) {
    return 0;
  }
  for (const ZipEntry &entry : zip->entries()) {
    auto bytes = zip->read(entry, uint64_t{1} << 26);
    auto array = bytes ? parseNpy(*bytes) : ntc::rt::Result<NpyArray>(bytes.status());
    if (array) {
      check(*array);
    }
  }
  return 0;
}
