// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one block of memory that a session computes in. Its size and everything's place in it were
// decided at compile time.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/Allocator.h"

#include <cstdint>
#include <span>

namespace ntc::rt::memory {

/// Protection of the arena's borders.
enum class Guards : uint8_t {
  None,
  /// Inaccessible pages before and after. The end of the arena touches the page after it (rounded
  /// up to 64 bytes, which the compiler does anyway), so that the first byte beyond faults; before
  /// the beginning up to a page is accessible.
  Pages,
};

enum class HugePages : uint8_t { No, Advise };

struct ArenaOptions {
  Guards guards = Guards::None;
  HugePages hugePages = HugePages::No;
};

/// Owns zero-initialized memory, aligned to 64 bytes. Movable; the memory stays where it is.
class Arena {
public:
  Arena() = default;
  Arena(Arena &&other) noexcept;
  Arena &operator=(Arena &&other) noexcept;
  ~Arena();

  /// One allocation of `sizeBytes` from `allocator`, which must outlive the arena. Zero bytes
  /// allocate nothing. Errors: OutOfMemory.
  static Result<Arena> create(uint64_t sizeBytes, device::Allocator &allocator,
                              ArenaOptions options = {});

  uint8_t *data() const { return data_; }
  uint64_t sizeBytes() const { return sizeBytes_; }

private:
  device::Allocator *allocator_ = nullptr;
  void *block_ = nullptr;
  uint64_t blockBytes_ = 0;
  uint8_t *data_ = nullptr;
  uint64_t sizeBytes_ = 0;
  Guards guards_ = Guards::None;
};

} // namespace ntc::rt::memory
