// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lock is that of the open file, so that a crash leaves none behind; the number in the file is
// for messages alone.
#include "runtime/train/RunLock.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

/// " (process 123)", as far as the file says it.
std::string holderText(const FileDescriptor &file) {
  char text[16];
  const ssize_t length = ::pread(file.get(), text, sizeof(text), 0);
  int64_t number = 0;
  const bool isNumber =
      length > 0 && std::from_chars(text, text + length, number).ec == std::errc();
  return isNumber ? concat(" (process ", number, ")") : std::string();
}

/// Best effort: the lock holds without it.
void writeNumber(const FileDescriptor &file) {
  const std::string text = concat(::getpid(), "\n");
  [[maybe_unused]] const bool isCut = ::ftruncate(file.get(), 0) == 0;
  [[maybe_unused]] const ssize_t written = ::pwrite(file.get(), text.data(), text.size(), 0);
}

} // namespace

Result<RunLock> RunLock::take(const std::string &folder) {
  if (Result<bool> created = createFolders(folder); !created) {
    return created.status();
  }
  const std::string path = folder + "/run.lock";
  while (true) {
    RunLock lock;
    lock.path_ = path;
    lock.file_ = FileDescriptor(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
    if (!lock.file_.isOpen()) {
      return error(Code::Io, "cannot open '", path, "': ", errnoText(errno));
    }
    const bool isLocked = ::flock(lock.file_.get(), LOCK_EX | LOCK_NB) == 0;
    if (!isLocked && errno == EWOULDBLOCK) {
      return error(Code::InvalidArgument, "folder '", folder, "' is in use: another process ",
                   "trains in it", holderText(lock.file_), "; wait for its end or stop it, or ",
                   "choose another --out");
    }
    struct stat info{};
    if (isLocked && ::fstat(lock.file_.get(), &info) == 0 && info.st_nlink == 0) {
      continue; // discarded between opening and locking
    }
    writeNumber(lock.file_);
    return lock;
  }
}

void RunLock::discard() {
  if (file_.isOpen()) {
    ::unlink(path_.c_str());
    file_ = FileDescriptor();
  }
}

} // namespace ntc::rt::train
