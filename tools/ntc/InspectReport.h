// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The output of ntc inspect: lines for people and a JSON object for machines, written by the same
// calls.
#pragma once

#include "runtime/base/Text.h"
#include "runtime/format/Json.h"
#include "tools/ntc/Verb.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace ntc::driver {

/// A result under construction: lines for people and members for machines at the same time.
class Report {
public:
  Report() { json_.beginObject(); }

  void text(std::string_view key, std::string_view value) {
    json_.key(key);
    json_.string(value);
    line(key, value);
  }
  /// A value that people need only the gist of.
  void gist(std::string_view key, std::string_view value, std::string_view forPeople) {
    json_.key(key);
    json_.string(value);
    line(key, forPeople);
  }
  void number(std::string_view key, int64_t value) {
    json_.key(key);
    json_.integer(value);
    line(key, grouped(value));
  }
  void bytes(std::string_view key, uint64_t value) {
    json_.key(key);
    json_.integer(static_cast<int64_t>(value));
    line(key, bytesText(value));
  }
  void beginList(std::string_view key) {
    json_.key(key);
    json_.beginArray();
    lines_ += concat(key, ":\n");
  }
  void endList() { json_.endArray(); }
  /// One member of a list that has lists of its own; closed by endGroup.
  void beginGroup(std::string_view name, std::string_view remark) {
    json_.beginObject();
    json_.key("name");
    json_.string(name);
    lines_ += concat("  ", name, remark.empty() ? "" : "  ", remark, "\n");
    indent_ = "    ";
  }
  void endGroup() {
    json_.endObject();
    indent_ = "  ";
  }
  /// A list inside a group, which people recognize by its rows' roles.
  void beginRows(std::string_view key) {
    json_.key(key);
    json_.beginArray();
  }
  void count(std::string_view key, int64_t value) {
    json_.key(key);
    json_.integer(value);
  }
  /// One row of a list: its name, and what else is known of it. Where `freeBatch`, the first
  /// dimension is any: "batch" in the JSON form, B for people.
  void row(std::string_view name, std::string_view type, std::span<const int64_t> shape,
           std::string_view role, bool freeBatch = false) {
    json_.beginObject();
    json_.key("name");
    json_.string(name);
    json_.key("type");
    json_.string(type);
    json_.key("shape");
    json_.beginArray();
    for (size_t d = 0; d < shape.size(); ++d) {
      freeBatch &&d == 0 ? json_.string("batch") : json_.integer(shape[d]);
    }
    json_.endArray();
    std::string text = rt::shapeText(shape);
    if (freeBatch && !shape.empty()) {
      text = "[B" + text.substr(std::min(text.find_first_of(",]"), text.size() - 1));
    }
    if (!role.empty()) {
      json_.key("role");
      json_.string(role);
    }
    json_.endObject();
    char buffer[400];
    std::snprintf(buffer, sizeof(buffer), "%s%-*.200s %-5.20s %-20.60s %s\n", indent_,
                  static_cast<int>(46 - std::strlen(indent_)), std::string(name).c_str(),
                  std::string(type).c_str(), text.c_str(), std::string(role).c_str());
    appendTrimmed(buffer);
  }

  int finish(bool json) {
    json_.endObject();
    json ? printLine(json_.text()) : print(lines_);
    return kDone;
  }

private:
  void line(std::string_view key, std::string_view value) {
    std::string name(key);
    name.resize(std::max<size_t>(16, name.size() + 1), ' ');
    appendTrimmed(concat(name, value));
  }
  void appendTrimmed(std::string text) {
    text.erase(text.find_last_not_of(" \n") + 1);
    lines_ += text + "\n";
  }

  rt::format::JsonWriter json_;
  std::string lines_;
  const char *indent_ = "  ";
};

} // namespace ntc::driver
