// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Framing of records and the fields of Event.
#include "runtime/report/EventFile.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <unistd.h>

namespace ntc::rt::report {
namespace {

/// Fields of tensorflow.Event.
enum EventField : uint32_t {
  kWallTime = 1,
  kStep = 2,
  kFileVersion = 3,
  kGraphDef = 4,
  kSummary = 5,
  kSessionLog = 7,
};

constexpr std::array<uint32_t, 256> kTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78U : 0U);
    }
    table[i] = value;
  }
  return table;
}();

/// The CRC as records store it: a CRC over data that holds CRCs is weak.
uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; }

std::string littleEndian(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
  return out;
}

double wallTime() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string hostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

} // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = 0xffffffffU;
  for (char c : bytes) {
    crc = kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  }
  return ~crc;
}

std::string recordBytes(std::string_view data) {
  const std::string length = littleEndian(data.size(), 8);
  std::string out = length + littleEndian(masked(crc32c(length)), 4);
  out += data;
  return out + littleEndian(masked(crc32c(data)), 4);
}

Result<EventFile> EventFile::create(const std::string &folder) {
  const int64_t seconds = static_cast<int64_t>(wallTime());
  EventFile out;
  for (int n = 0; n < 1000; ++n) {
    out.path_ =
        concat(folder, "/events.out.tfevents.", seconds, ".", hostName(), ".", ::getpid(), ".", n);
    out.file_ = FileDescriptor(
        ::open(out.path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666));
    if (out.file_.isOpen() || errno != EEXIST) {
      break;
    }
  }
  if (!out.file_.isOpen()) {
    return error(Code::Io, "cannot write '", out.path_, "': ", errnoText(errno));
  }
  WireWriter first;
  first.fixed64(kWallTime, wallTime());
  first.bytes(kFileVersion, "brain.Event:2");
  out.pending_ = recordBytes(first.text());
  return out;
}

void EventFile::event(int64_t step, uint32_t field, std::string_view content) {
  WireWriter out;
  out.fixed64(kWallTime, wallTime());
  out.varint(kStep, static_cast<uint64_t>(step));
  out.bytes(field, content);
  pending_ += recordBytes(out.text());
}

void EventFile::restart(int64_t step) {
  WireWriter log;
  log.varint(1, 1); // SessionLog.status = START
  event(step, kSessionLog, log.text());
}

void EventFile::add(int64_t step, const Summary &summary) {
  if (!summary.isEmpty()) {
    event(step, kSummary, summary.message().text());
  }
}

void EventFile::graph(std::string_view graphDef) { event(0, kGraphDef, graphDef); }

Status EventFile::flush() {
  std::string_view left = pending_;
  while (!left.empty() && file_.isOpen()) {
    const ssize_t done = ::write(file_.get(), left.data(), left.size());
    if (done < 0 && errno == EINTR) {
      continue;
    }
    if (done <= 0) {
      return error(Code::Io, "cannot write '", path_, "': ", errnoText(done < 0 ? errno : ENOSPC));
    }
    left.remove_prefix(static_cast<size_t>(done));
  }
  pending_.clear();
  return Status::ok();
}

} // namespace ntc::rt::report
