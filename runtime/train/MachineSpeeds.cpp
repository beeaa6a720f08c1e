// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A table of the limits: how each is named in the file, and in what unit it is printed.
#include "runtime/train/MachineSpeeds.h"

#include "runtime/format/Json.h"
#include "runtime/train/Machine.h"

#include <cstdio>

namespace ntc::rt::train {
namespace {

constexpr int64_t kVersion = 1;
constexpr unsigned kMostThreads = 1u << 20;

struct Row {
  const char *key;
  const char *label;
  double MachineSpeeds::*value;
  double perUnit;
  const char *unit;
  bool needsTwoThreads = false;
};

constexpr Row kRows[] = {
    {"flops_one", "multiply-adds, one thread", &MachineSpeeds::flopsOne, 1e9, "GFLOP/s"},
    {"flops_all", "multiply-adds, all threads", &MachineSpeeds::flopsAll, 1e9, "GFLOP/s"},
    {"read_l1", "reading, first cache", &MachineSpeeds::readL1, 1e9, "GB/s"},
    {"read_l2", "reading, second cache", &MachineSpeeds::readL2, 1e9, "GB/s"},
    {"read_l3", "reading, third cache", &MachineSpeeds::readL3, 1e9, "GB/s"},
    {"read_memory", "reading memory, one thread", &MachineSpeeds::readMemory, 1e9, "GB/s"},
    {"read_memory_all", "reading memory, all threads", &MachineSpeeds::readMemoryAll, 1e9, "GB/s"},
    {"read_other", "reading what another core wrote", &MachineSpeeds::readOther, 1e9, "GB/s", true},
    {"fork_s", "fork and join, all threads", &MachineSpeeds::fork, 1e-6, "us", true},
    {"barrier_s", "barrier, all threads", &MachineSpeeds::barrier, 1e-6, "us", true},
    {"call_s", "empty dispatch, one thread", &MachineSpeeds::call, 1e-9, "ns"},
};

struct Size {
  const char *key;
  uint64_t MachineSpeeds::*value;
};
constexpr Size kSizes[] = {{"l1_bytes", &MachineSpeeds::l1Bytes},
                           {"l2_bytes", &MachineSpeeds::l2Bytes},
                           {"l3_bytes", &MachineSpeeds::l3Bytes}};

Status broken(const std::string &path, std::string_view what) {
  return error(Code::Corrupt, "'", path, "' is not a file of 'ntc doctor --measure': ", what,
               "; measure again, which replaces it");
}

} // namespace

std::string processorName() {
  for (const auto &[name, value] : machinePairs()) {
    if (name == "processor") {
      return value;
    }
  }
  return "unknown";
}

std::string toJson(const MachineSpeeds &speeds) {
  format::JsonWriter json;
  json.beginObject();
  json.member("version", kVersion);
  json.member("processor", speeds.processor);
  json.member("threads", speeds.threads);
  for (const Size &size : kSizes) {
    json.member(size.key, speeds.*size.value);
  }
  for (const Row &row : kRows) {
    json.member(row.key, speeds.*row.value);
  }
  json.endObject();
  return json.text();
}

Result<MachineSpeeds> parseSpeeds(std::string_view text, const std::string &path) {
  auto parsed = format::parseJson(text);
  if (!parsed) {
    return broken(path, parsed.status().message());
  }
  auto whole = [&](const char *key) -> int64_t {
    const format::JsonValue *value = parsed->find(key);
    return value ? value->asInt64().value_or(0) : 0;
  };
  if (!parsed->isObject() || whole("version") != kVersion) {
    return broken(path, concat("expected an object of version ", kVersion));
  }
  MachineSpeeds speeds;
  const format::JsonValue *processor = parsed->find("processor");
  if (!processor || !processor->isString()) {
    return broken(path, "expected a text 'processor'");
  }
  speeds.processor = processor->text();
  if (whole("threads") < 1 || whole("threads") > kMostThreads) {
    return broken(path, "expected 'threads' from 1");
  }
  speeds.threads = static_cast<unsigned>(whole("threads"));
  for (const Size &size : kSizes) {
    if (whole(size.key) < 1) {
      return broken(path, concat("expected a whole number '", size.key, "' above 0"));
    }
    speeds.*size.value = static_cast<uint64_t>(whole(size.key));
  }
  for (const Row &row : kRows) {
    const format::JsonValue *value = parsed->find(row.key);
    std::optional<double> number = value ? value->asDouble() : std::nullopt;
    const bool mayBeZero = row.needsTwoThreads && speeds.threads == 1;
    if (!number || !(*number > 0.0 || (mayBeZero && *number == 0.0)) || *number > 1e30) {
      return broken(path, concat("expected a number '", row.key, "' above 0"));
    }
    speeds.*row.value = *number;
  }
  return speeds;
}

std::string toText(const MachineSpeeds &speeds) {
  std::string text =
      concat(speeds.processor, ", ", speeds.threads, speeds.threads == 1 ? " thread" : " threads");
  for (const Row &row : kRows) {
    if (row.needsTwoThreads && speeds.threads == 1) {
      continue;
    }
    char line[128];
    std::snprintf(line, sizeof(line), "\n%-32s %10.2f %s", row.label,
                  speeds.*row.value / row.perUnit, row.unit);
    text += line;
  }
  return text;
}

} // namespace ntc::rt::train
