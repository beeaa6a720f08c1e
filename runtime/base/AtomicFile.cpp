// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Durable replacement of files; see File.h. Order of operations: write, fsync, rename, fsync of the
// folder.
#include "runtime/base/File.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntc::rt {

namespace {

Status ioError(const std::string &path, std::string_view what) {
  int reason = errno;
  return error(Code::Io, path, ": cannot ", what, ": ", errnoText(reason));
}

/// Makes a rename in `folder` survive a power failure.
Status syncFolder(const std::string &folder) {
  FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.isOpen()) {
    return ioError(folder, "open the folder");
  }
  if (::fsync(fd.get()) != 0) {
    return ioError(folder, "sync the folder");
  }
  return Status::ok();
}

/// True when no process writes to the temporary file any more. A process id comes back soon in
/// containers, so a file with our own number counts as ours only while its lock is held.
bool isAbandoned(int folder, const char *name, pid_t owner) {
  if (owner != ::getpid()) {
    return ::kill(owner, 0) != 0 && errno == ESRCH;
  }
  FileDescriptor file(::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file.isOpen() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

/// The process id in `NAME.tmp.PID` or `NAME.tmp.PID.N`.
std::optional<pid_t> temporaryOwner(std::string_view name) {
  size_t mark = name.rfind(".tmp.");
  if (mark == std::string_view::npos || mark == 0) {
    return std::nullopt;
  }
  std::string_view numbers = name.substr(mark + 5);
  pid_t pid = 0;
  auto [end, failure] = std::from_chars(numbers.data(), numbers.data() + numbers.size(), pid);
  const char *last = numbers.data() + numbers.size();
  if (failure != std::errc() || pid <= 0) {
    return std::nullopt;
  }
  if (end != last) {
    int counter = 0;
    auto rest = std::from_chars(end + 1, last, counter);
    if (*end != '.' || rest.ec != std::errc() || rest.ptr != last) {
      return std::nullopt;
    }
  }
  return pid;
}

} // namespace

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : file_(std::move(other.file_)), path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

AtomicFile &AtomicFile::operator=(AtomicFile &&other) noexcept {
  std::swap(file_, other.file_);
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  return *this;
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    temporary_.clear();
  }
}

Result<AtomicFile> AtomicFile::create(const std::string &path) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return error(Code::InvalidArgument, "cannot write a file named ", quoted(path));
  }
  struct stat old{};
  bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) {
    return error(Code::InvalidArgument, path, ": exists and is not a regular file");
  }
  constexpr int attempts = 100; // leftovers of earlier processes with this id, other threads
  for (int attempt = 0; attempt < attempts; ++attempt) {
    std::string name = concat(path, ".tmp.", ::getpid());
    if (attempt > 0) {
      name += concat('.', attempt);
    }
    int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0 && (errno == EEXIST || errno == EINTR)) {
      continue;
    }
    if (fd < 0) {
      const std::string folder = folderOf(path);
      return errno == ENOENT && ::access(folder.c_str(), F_OK) != 0
                 ? error(Code::Io, path, ": cannot create: there is no folder ", quoted(folder))
                 : ioError(path, "create");
    }
    ::flock(fd, LOCK_EX | LOCK_NB); // tells removeStaleTemporaries that it is in use
    AtomicFile file;
    file.file_ = FileDescriptor(fd);
    file.path_ = path;
    file.temporary_ = std::move(name);
    if (exists && ::fchmod(fd, old.st_mode & 0777) != 0) {
      return ioError(file.path_, "set the permissions");
    }
    return file;
  }
  return error(Code::Io, path, ": ", attempts, " temporary files of the name ", path,
               ".tmp.* are in the way; remove them");
}

Status AtomicFile::write(std::span<const uint8_t> bytes) {
  // One call moves at most this much; the kernel's own limit is a little below 2 GiB.
  constexpr size_t chunk = size_t{1} << 30;
  while (!bytes.empty()) {
    ssize_t written = ::write(file_.get(), bytes.data(), std::min(bytes.size(), chunk));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return ioError(path_, "write");
    }
    if (written == 0) {
      return error(Code::Io, path_, ": cannot write: the device accepts no more bytes");
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return Status::ok();
}

Status AtomicFile::write(std::string_view text) {
  return write(std::span(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
}

Status AtomicFile::writeAt(uint64_t offset, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return ioError(path_, "write");
    }
    if (written == 0) {
      return error(Code::Io, path_, ": cannot write: the device accepts no more bytes");
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return Status::ok();
}

Status AtomicFile::commit() {
  if (::fsync(file_.get()) != 0) {
    return ioError(path_, "sync");
  }
  // Network file systems report write errors only here. The descriptor is gone in either case.
  if (::close(file_.release()) != 0) {
    return ioError(path_, "close");
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return error(Code::Io, temporary_, ": cannot rename to ", path_, ": ", errnoText(errno));
  }
  temporary_.clear();
  return syncFolder(folderOf(path_));
}

Status writeFileAtomically(const std::string &path, std::span<const uint8_t> bytes) {
  auto file = AtomicFile::create(path);
  if (!file) {
    return file.status();
  }
  Status written = file->write(bytes);
  return written ? file->commit() : written;
}

Result<size_t> removeStaleTemporaries(const std::string &folder) {
  auto closeFolder = [](DIR *handle) { ::closedir(handle); };
  std::unique_ptr<DIR, decltype(closeFolder)> handle(::opendir(folder.c_str()), closeFolder);
  if (!handle) {
    Code code = errno == ENOENT ? Code::NotFound : Code::Io;
    return error(code, folder, ": cannot list the folder: ", errnoText(errno));
  }
  size_t removed = 0;
  while (dirent *entry = ::readdir(handle.get())) {
    auto owner = temporaryOwner(entry->d_name);
    int fd = ::dirfd(handle.get());
    if (owner && isAbandoned(fd, entry->d_name, *owner) && ::unlinkat(fd, entry->d_name, 0) == 0) {
      ++removed;
    }
  }
  return removed;
}

} // namespace ntc::rt
