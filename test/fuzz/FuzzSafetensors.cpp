// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile safetensors files: whatever the bytes, the reader answers with a value or a status, and
// every tensor that it hands out lies within the file.
#include "runtime/format/Safetensors.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto file = ntc::rt::format::Safetensors::parse({data, size});
  if (!file) {
    return 0;
  }
  (void)file->verifyChecksum();
  for (const auto &tensor : file->tensors()) {
    bool isInside = tensor.offset <= size && tensor.bytes.size() <= size - tensor.offset;
    if (!isInside || tensor.bytes.data() != data + tensor.offset ||
        file->find(tensor.name) != &tensor) {
      std::abort();
    }
  }
  return 0;
}
