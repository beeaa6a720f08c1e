// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files: reading with limits, mapping read-only, and writing so that a crash at any moment leaves
// either the old or the new content under the final name. Every error names the path and the
// operating system's reason.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ntc::rt {

/// "No space left on device" and so on, thread-safe.
std::string errnoText(int error);

/// Owns a file descriptor. Move-only; -1 owns nothing.
class FileDescriptor {
public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor &operator=(FileDescriptor &&other) noexcept;
  ~FileDescriptor();

  int get() const { return fd_; }
  bool isOpen() const { return fd_ >= 0; }
  /// Gives up ownership.
  int release() { return std::exchange(fd_, -1); }

private:
  int fd_ = -1;
};

/// Opens a regular file for reading. Folders, FIFOs and devices are refused (InvalidArgument)
/// without blocking. Errors: NotFound, InvalidArgument, Io.
Result<FileDescriptor> openForReading(const std::string &path);

/// Size in bytes of an open file.
Result<uint64_t> fileSize(const FileDescriptor &file, const std::string &path);

/// The whole content. Errors: as openForReading; Unsupported when the file is larger than
/// `limitBytes`.
Result<std::vector<uint8_t>> readFile(const std::string &path, uint64_t limitBytes);

/// A file mapped read-only. Movable; the bytes stay where they are. A file that another process
/// cuts short while it is mapped raises SIGBUS on access: replace files by renaming, as AtomicFile
/// does, never in place.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  /// Errors: as openForReading. An empty file maps to no bytes.
  static Result<MappedFile> open(const std::string &path);
  /// Maps an open file; `path` is for messages. The mapping stays when the file is closed.
  static Result<MappedFile> map(const FileDescriptor &file, const std::string &path);

  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  /// As forgetMapped; does nothing for bytes of others.
  void forget(std::span<const uint8_t> part) const;

private:
  const uint8_t *data_ = nullptr;
  size_t size_ = 0;
};

/// Gives back the memory of a part of a mapped file that was read, and which may be read again
/// later, also by other threads at the same time. `part` is of no other memory, which would lose
/// its content.
void forgetMapped(std::span<const uint8_t> part);

/// Writes a file beside its final name and moves it there in `commit`: temporary file
/// `NAME.tmp.PID[.N]` created with O_EXCL and O_NOFOLLOW, fsync, rename, fsync of the folder.
/// Whatever fails, the temporary file is removed and the file that was there before is intact. A
/// replaced file's permissions are kept, a new one gets 0666 less the umask.
class AtomicFile {
public:
  AtomicFile() = default;
  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&other) noexcept;
  /// Without a successful `commit`, removes the temporary file.
  ~AtomicFile();

  static Result<AtomicFile> create(const std::string &path);

  /// Appends all of `bytes`. After an error only destruction is allowed.
  Status write(std::span<const uint8_t> bytes);
  Status write(std::string_view text);
  /// Overwrites bytes that were written before.
  Status writeAt(uint64_t offset, std::span<const uint8_t> bytes);
  /// Makes the file durable under its final name. A failed fsync is a failed commit; it is never
  /// retried.
  Status commit();

private:
  void discard();

  FileDescriptor file_;
  std::string path_;
  std::string temporary_;
};

/// Writes a whole file by AtomicFile.
Status writeFileAtomically(const std::string &path, std::span<const uint8_t> bytes);

/// Removes what crashed writers left in `folder`: files named `*.tmp.PID` or `*.tmp.PID.N` that
/// nobody writes any more. Returns how many. Files that a living process writes stay. Errors:
/// NotFound, Io when the folder cannot be read.
Result<size_t> removeStaleTemporaries(const std::string &folder);

/// Makes what was created in `folder` or renamed into it survive a power failure. Errors: Io.
Status syncFolder(const std::string &folder);

/// Creates the folder, with those above it, so that it survives a power failure. Returns whether it
/// was missing. Errors: Io.
Result<bool> createFolders(const std::string &path);

/// The folder part of a path, "." when it has none.
std::string folderOf(const std::string &path);

} // namespace ntc::rt
