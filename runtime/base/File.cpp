// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and mapping of files; see File.h.
#include "runtime/base/File.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntc::rt {

std::string errnoText(int error) {
  char buffer[256] = "";
  // GNU's variant returns the text, wherever that is.
  return strerror_r(error, buffer, sizeof(buffer));
}

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

FileDescriptor &FileDescriptor::operator=(FileDescriptor &&other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Result<FileDescriptor> openForReading(const std::string &path) {
  if (path.find('\0') != std::string::npos) {
    return error(Code::InvalidArgument, quoted(path), ": a file name must not contain a zero byte");
  }
  int fd = -1;
  do {
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    Code code = errno == ENOENT || errno == ENOTDIR ? Code::NotFound : Code::Io;
    return error(code, path, ": cannot open: ", errnoText(errno));
  }
  FileDescriptor file(fd);
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return error(Code::Io, path, ": cannot read its attributes: ", errnoText(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return error(Code::InvalidArgument, path, ": is not a regular file");
  }
  return file;
}

Result<uint64_t> fileSize(const FileDescriptor &file, const std::string &path) {
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) {
    return error(Code::Io, path, ": cannot read its attributes: ", errnoText(errno));
  }
  return static_cast<uint64_t>(info.st_size);
}

Result<std::vector<uint8_t>> readFile(const std::string &path, uint64_t limitBytes) {
  auto file = openForReading(path);
  if (!file) {
    return file.status();
  }
  auto size = fileSize(*file, path);
  if (!size) {
    return size.status();
  }
  if (*size > limitBytes) {
    return error(Code::Unsupported, path, ": has ", *size, " bytes, more than the limit of ",
                 limitBytes);
  }
  std::vector<uint8_t> bytes(*size);
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t got = ::read(file->get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return error(Code::Io, path, ": cannot read: ", errnoText(errno));
    }
    if (got == 0) {
      return error(Code::Io, path, ": ended after ", done, " of ", bytes.size(), " bytes");
    }
    done += static_cast<size_t>(got);
  }
  return bytes;
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<uint8_t *>(data_), size_);
  }
}

Result<MappedFile> MappedFile::open(const std::string &path) {
  auto file = openForReading(path);
  return file ? map(*file, path) : Result<MappedFile>(file.status());
}

Result<MappedFile> MappedFile::map(const FileDescriptor &file, const std::string &path) {
  auto size = fileSize(file, path);
  if (!size) {
    return size.status();
  }
  MappedFile mapped;
  if (*size == 0) {
    return mapped;
  }
  void *data = ::mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) {
    Code code = errno == ENOMEM ? Code::OutOfMemory : Code::Io;
    return error(code, path, ": cannot map ", *size, " bytes: ", errnoText(errno));
  }
  mapped.data_ = static_cast<const uint8_t *>(data);
  mapped.size_ = *size;
  return mapped;
}

void MappedFile::forget(std::span<const uint8_t> part) const {
  if (part.data() >= data_ && part.data() + part.size() <= data_ + size_) {
    forgetMapped(part);
  }
}

void forgetMapped(std::span<const uint8_t> part) {
  // Whole pages only; those at the edges hold bytes of others.
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<uintptr_t>(part.data());
  const uintptr_t begin = (address + page - 1) / page * page;
  const uintptr_t end = (address + part.size()) / page * page;
  if (begin < end) {
    ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
  }
}

} // namespace ntc::rt
