// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Durable replacement of files; see File.h. Order of operations: write, fsync, rename, fsync of the
// folder.
#include "runtime/base/File.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <ranges>
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

/// True when nobody writes to the temporary file any more: its writer holds a lock on it. What the
/// name says about a process counts only where there are no locks, for numbers of processes come
/// back, soon in containers. A symbolic link, which cannot be locked, lasts for a moment.
bool isAbandoned(int folder, const char *name, pid_t owner) {
  constexpr time_t longestMoment = 60;
  const bool isOrphan = ::kill(owner, 0) != 0 && errno == ESRCH;
  struct stat named{}, opened{};
  if (::fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  if (!S_ISREG(named.st_mode)) {
    return S_ISLNK(named.st_mode) && (isOrphan || ::time(nullptr) - named.st_mtime > longestMoment);
  }
  FileDescriptor file(::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.isOpen() || ::fstat(file.get(), &opened) != 0 || opened.st_ino != named.st_ino) {
    return false;
  }
  return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && isOrphan);
}

/// Takes the lock that tells removeStaleTemporaries that the file is in use. False where that
/// removes the file already.
bool lockTemporary(int fd) {
  struct stat info{};
  const bool isTaken = ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  return !isTaken && ::fstat(fd, &info) == 0 && info.st_nlink > 0;
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

Result<bool> createFolders(const std::string &path) {
  std::vector<std::filesystem::path> missing; // innermost first
  std::error_code problem;
  for (std::filesystem::path at = std::filesystem::path(path).lexically_normal();
       !at.empty() && !std::filesystem::exists(at, problem); at = at.parent_path()) {
    missing.push_back(at);
  }
  std::filesystem::create_directories(path, problem);
  if (problem) {
    return error(Code::Io, "cannot create folder '", path, "': ", problem.message());
  }
  for (const std::filesystem::path &each : std::views::reverse(missing)) {
    // "a/b/" is missing as itself and as "a/b".
    if (each.has_filename()) {
      if (Status status = syncFolder(folderOf(each.string())); !status) {
        return status;
      }
    }
  }
  return !missing.empty();
}

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
    FileDescriptor owned(fd);
    if (!lockTemporary(fd)) {
      continue;
    }
    AtomicFile file;
    file.file_ = std::move(owned);
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
