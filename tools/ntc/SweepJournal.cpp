// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines of the journal.
#include "tools/ntc/SweepJournal.h"

#include "runtime/format/Json.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace ntc::driver {
namespace {

using rt::Code;
using rt::Result;
using rt::Status;
using rt::format::JsonValue;
using rt::format::JsonWriter;
namespace search = rt::search;

constexpr uint64_t kGreatestJournal = uint64_t{1} << 30;

Result<double> valueOf(const search::Parameter &parameter, const JsonValue &value) {
  if (parameter.kind != search::Kind::Choice) {
    if (auto number = value.asDouble()) {
      return *number;
    }
  } else if (value.isString()) {
    const auto found = std::ranges::find(parameter.choices, value.text());
    if (found != parameter.choices.end()) {
      return static_cast<double>(found - parameter.choices.begin());
    }
  }
  return rt::error(Code::Corrupt, "parameter ", rt::quoted(parameter.name),
                   " has no such value in this sweep");
}

/// Applies one line.
Status apply(const JsonValue &line, const search::Space &space,
             std::vector<search::Trial> &trials) {
  const JsonValue *event = line.find("event"), *trial = line.find("trial");
  const int64_t number = trial ? trial->asInt64().value_or(-1) : -1;
  if (!event || number < 0) {
    return rt::error(Code::Corrupt, "expected 'event' and 'trial'");
  }
  if (event->text() == "begin") {
    const JsonValue *values = line.find("values");
    if (number != std::ssize(trials) || !values || values->keys().size() != space.size()) {
      return rt::error(Code::Corrupt, "expected trial ", trials.size(), " with ", space.size(),
                       " values");
    }
    search::Trial begun;
    begun.number = number;
    for (const search::Parameter &parameter : space) {
      const JsonValue *value = values->find(parameter.name);
      Result<double> parsed =
          value ? valueOf(parameter, *value)
                : Result<double>(rt::error(Code::Corrupt, "no value for parameter ",
                                           rt::quoted(parameter.name)));
      if (!parsed) {
        return parsed.status();
      }
      begun.point.push_back(*parsed);
    }
    trials.push_back(std::move(begun));
    return Status::ok();
  }
  if (number >= std::ssize(trials)) {
    return rt::error(Code::Corrupt, "trial ", number, " was not begun");
  }
  search::Trial &subject = trials[static_cast<size_t>(number)];
  if (event->text() == "rung") {
    const JsonValue *value = line.find("value");
    subject.rungs.push_back(value ? value->asDouble().value_or(NAN) : NAN);
    subject.state = search::TrialState::Paused;
  } else {
    const JsonValue *state = line.find("state"), *message = line.find("message");
    const bool isComplete = state && state->text() == "complete";
    subject.state = isComplete ? search::TrialState::Complete : search::TrialState::Failed;
    subject.message = message ? message->text() : "";
  }
  return Status::ok();
}

JsonWriter lineOf(std::string_view event, const search::Trial &trial) {
  JsonWriter json;
  json.beginObject();
  json.member("event", event);
  json.member("trial", trial.number);
  return json;
}

} // namespace

Result<SweepJournal> SweepJournal::open(const std::string &path, const search::Space &space,
                                        std::vector<search::Trial> &trials) {
  Result<std::vector<uint8_t>> bytes = rt::readFile(path, kGreatestJournal);
  if (!bytes && bytes.status().code() != Code::NotFound) {
    return bytes.status();
  }
  if (bytes) {
    std::string_view text(reinterpret_cast<const char *>(bytes->data()), bytes->size());
    const size_t whole = text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1;
    if (whole != text.size()) {
      if (Status status = rt::writeFileAtomically(path, std::span(*bytes).first(whole)); !status) {
        return status;
      }
    }
    text = text.substr(0, whole);
    int64_t number = 0;
    for (size_t end; (end = text.find('\n')) != std::string_view::npos;
         text.remove_prefix(end + 1)) {
      ++number;
      Result<JsonValue> line = rt::format::parseJson(text.substr(0, end));
      Status status = line ? apply(*line, space, trials) : line.status();
      if (!status) {
        return rt::withContext(status, path, ": line ", number);
      }
    }
  }
  SweepJournal out;
  out.path_ = path;
  out.file_ =
      rt::FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!out.file_.isOpen()) {
    return rt::error(Code::Io, "cannot write '", path, "': ", rt::errnoText(errno));
  }
  return out;
}

Status SweepJournal::append(const std::string &line) {
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t done = ::write(file_.get(), left.data(), left.size());
    if (done < 0 && errno == EINTR) {
      continue;
    }
    if (done <= 0) {
      return rt::error(Code::Io, "cannot write '", path_,
                       "': ", rt::errnoText(done < 0 ? errno : ENOSPC));
    }
    left.remove_prefix(static_cast<size_t>(done));
  }
  return Status::ok();
}

Status SweepJournal::begin(const search::Space &space, const search::Trial &trial) {
  JsonWriter json = lineOf("begin", trial);
  json.key("values");
  json.beginObject();
  for (size_t i = 0; i < space.size(); ++i) {
    if (space[i].kind == search::Kind::Choice) {
      json.member(space[i].name, search::valueText(space[i], trial.point[i]));
    } else {
      json.member(space[i].name, trial.point[i]);
    }
  }
  json.endObject();
  json.endObject();
  return append(json.text() + "\n");
}

Status SweepJournal::rung(const search::Trial &trial, int64_t epochs) {
  JsonWriter json = lineOf("rung", trial);
  json.member("epochs", epochs);
  json.member("value", trial.value());
  json.endObject();
  return append(json.text() + "\n");
}

Status SweepJournal::end(const search::Trial &trial) {
  JsonWriter json = lineOf("end", trial);
  json.member("state", trial.state == search::TrialState::Complete ? "complete" : "failed");
  if (!trial.message.empty()) {
    json.member("message", trial.message);
  }
  json.endObject();
  return append(json.text() + "\n");
}

} // namespace ntc::driver
