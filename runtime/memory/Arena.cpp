// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The session's memory; see Arena.h.
#include "runtime/memory/Arena.h"

#include "runtime/base/CheckedMath.h"

#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace ntc::rt::memory {

namespace {

constexpr uint64_t kAlignment = 64;

uint64_t roundUp(uint64_t value, uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// The accessible pages between the two guards.
std::pair<uint8_t *, uint64_t> insideOf(void *block, uint64_t blockBytes, uint64_t pageBytes) {
  return {static_cast<uint8_t *>(block) + pageBytes, blockBytes - 2 * pageBytes};
}

} // namespace

Arena::Arena(Arena &&other) noexcept { *this = std::move(other); }

Arena &Arena::operator=(Arena &&other) noexcept {
  std::swap(allocator_, other.allocator_);
  std::swap(block_, other.block_);
  std::swap(blockBytes_, other.blockBytes_);
  std::swap(data_, other.data_);
  std::swap(sizeBytes_, other.sizeBytes_);
  std::swap(guards_, other.guards_);
  return *this;
}

Arena::~Arena() {
  if (block_ == nullptr) {
    return;
  }
  if (guards_ == Guards::Pages) {
    // The allocator may hand the block out again.
    ::mprotect(block_, blockBytes_, PROT_READ | PROT_WRITE);
  }
  allocator_->deallocate(block_, blockBytes_);
}

Result<Arena> Arena::create(uint64_t sizeBytes, device::Allocator &allocator,
                            ArenaOptions options) {
  Arena arena;
  if (sizeBytes == 0) {
    return arena;
  }
  auto pageBytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  bool guarded = options.guards == Guards::Pages;
  auto padded = checkedAdd(sizeBytes, 4 * pageBytes);
  if (!padded) {
    return error(Code::OutOfMemory, "an arena of ", sizeBytes, " bytes cannot exist");
  }
  uint64_t blockBytes =
      guarded ? roundUp(sizeBytes, pageBytes) + 2 * pageBytes : roundUp(sizeBytes, kAlignment);
  auto block = allocator.allocate(blockBytes, guarded ? pageBytes : kAlignment);
  if (!block) {
    return withContext(block.status(), "arena");
  }
  arena.allocator_ = &allocator;
  arena.block_ = *block;
  arena.blockBytes_ = blockBytes;
  arena.data_ = static_cast<uint8_t *>(*block);
  arena.sizeBytes_ = sizeBytes;
  if (guarded) {
    auto [inside, insideBytes] = insideOf(*block, blockBytes, pageBytes);
    if (::mprotect(*block, pageBytes, PROT_NONE) != 0 ||
        ::mprotect(inside + insideBytes, pageBytes, PROT_NONE) != 0) {
      return error(Code::OutOfMemory, "arena: cannot protect its guard pages");
    }
    arena.guards_ = Guards::Pages;
    arena.data_ = inside + insideBytes - roundUp(sizeBytes, kAlignment);
  }
  if (options.hugePages == HugePages::Advise) {
    // Advice: failure (an allocator of its own alignment, a kernel without it) changes speed only.
    ::madvise(arena.block_, blockBytes, MADV_HUGEPAGE);
  }
  return arena;
}

} // namespace ntc::rt::memory
