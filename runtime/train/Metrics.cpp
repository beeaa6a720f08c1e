// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// metrics.jsonl.
#include "runtime/train/Metrics.h"

#include "runtime/base/File.h"
#include "runtime/format/Json.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

constexpr uint64_t kGreatestLog = uint64_t{1} << 30;

} // namespace

std::string reportedName(std::string_view output) {
  return output == "correct" ? "accuracy" : std::string(output);
}

std::string toJsonLine(const MetricsRecord &record) {
  format::JsonWriter json;
  json.beginObject();
  json.member("epoch", record.epoch);
  json.member("step", record.step);
  for (const auto &[name, value] : record.train) {
    json.member(name, value);
  }
  json.member("lr", record.learningRate);
  json.member("time_s", record.timeSeconds);
  for (const auto &[name, value] : record.validation) {
    json.member("val_" + name, value);
  }
  json.endObject();
  return json.text() + "\n";
}

MetricsLog::MetricsLog(MetricsLog &&other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

MetricsLog &MetricsLog::operator=(MetricsLog &&other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

MetricsLog::~MetricsLog() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<MetricsLog> MetricsLog::create(const std::string &path) {
  MetricsLog log;
  log.path_ = path;
  log.descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log.descriptor_ < 0) {
    return error(Code::Io, "cannot write '", path, "': ", errnoText(errno));
  }
  return log;
}

Result<MetricsLog> MetricsLog::resume(const std::string &path, int64_t step,
                                      MetricsHistory &history) {
  Result<std::vector<uint8_t>> bytes = readFile(path, kGreatestLog);
  if (!bytes && bytes.status().code() != Code::NotFound) {
    return bytes.status();
  }
  std::string kept;
  size_t all = 0;
  if (bytes) {
    std::string_view text(reinterpret_cast<const char *>(bytes->data()), bytes->size());
    all = text.size();
    for (size_t end; (end = text.find('\n')) != std::string_view::npos;
         text.remove_prefix(end + 1)) {
      Result<format::JsonValue> record = format::parseJson(text.substr(0, end));
      const format::JsonValue *at = record && record->isObject() ? record->find("step") : nullptr;
      if (!at || at->asInt64().value_or(INT64_MAX) > step) {
        continue;
      }
      const format::JsonValue *time = record->find("time_s");
      history.timeSeconds = (time ? time->asDouble() : std::nullopt).value_or(history.timeSeconds);
      kept += text.substr(0, end + 1);
    }
  }
  if (kept.size() != all) {
    std::span<const uint8_t> out(reinterpret_cast<const uint8_t *>(kept.data()), kept.size());
    if (Status status = writeFileAtomically(path, out); !status) {
      return status;
    }
  }
  return create(path);
}

Status MetricsLog::append(const MetricsRecord &record) {
  if (descriptor_ < 0) {
    return Status::ok();
  }
  std::string line = toJsonLine(record);
  std::string_view left = line;
  while (!left.empty()) {
    ssize_t done = ::write(descriptor_, left.data(), left.size());
    if (done < 0 && errno == EINTR) {
      continue;
    }
    if (done <= 0) {
      return error(Code::Io, "cannot write '", path_, "': ", errnoText(done < 0 ? errno : ENOSPC));
    }
    left.remove_prefix(static_cast<size_t>(done));
  }
  return Status::ok();
}

} // namespace ntc::rt::train
