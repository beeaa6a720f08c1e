// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where device memory comes from. Everything that a session computes with lives in blocks obtained
// here, so that a host can bring its own memory, and a test sees every device allocation.
#pragma once

#include "runtime/base/Status.h"

#include <atomic>
#include <cstdint>

namespace ntc::rt::device {

/// A source of zero-initialized memory. Implementations may be called from any thread.
class Allocator {
public:
  virtual ~Allocator() = default;

  /// `sizeBytes` (not 0) zeroed bytes at a multiple of `alignment`, a power of two up to 4096.
  /// Errors: OutOfMemory.
  virtual Result<void *> allocate(uint64_t sizeBytes, uint64_t alignment) = 0;
  /// Releases a block with the size of its allocation.
  virtual void deallocate(void *block, uint64_t sizeBytes) = 0;
};

/// Whole pages from the operating system: zeroed, given back at once. Stateless.
class HostAllocator final : public Allocator {
public:
  Result<void *> allocate(uint64_t sizeBytes, uint64_t alignment) override;
  void deallocate(void *block, uint64_t sizeBytes) override;
};

/// Counts what passes through to another allocator, which must outlive it.
class CountingAllocator final : public Allocator {
public:
  explicit CountingAllocator(Allocator &inner) : inner_(inner) {}

  Result<void *> allocate(uint64_t sizeBytes, uint64_t alignment) override;
  void deallocate(void *block, uint64_t sizeBytes) override;

  uint64_t allocations() const { return allocations_; }
  uint64_t liveBytes() const { return liveBytes_; }
  /// The most bytes that were live at once.
  uint64_t peakBytes() const { return peakBytes_; }

private:
  Allocator &inner_;
  std::atomic<uint64_t> allocations_ = 0;
  std::atomic<uint64_t> liveBytes_ = 0;
  std::atomic<uint64_t> peakBytes_ = 0;
};

} // namespace ntc::rt::device
