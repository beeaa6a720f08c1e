// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formatting and drawing of progress.
#include "runtime/train/Progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

constexpr auto kRedrawInterval = std::chrono::milliseconds(100);
constexpr int kBarCells = 10;
constexpr int kLeastBarCells = 4;

bool localeIsUtf8() {
  for (const char *name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char *value = std::getenv(name);
    if (value && *value) {
      std::string text = value;
      std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
      return text.find("utf-8") != std::string::npos || text.find("utf8") != std::string::npos;
    }
  }
  return false;
}

template <typename... Values> std::string format(const char *pattern, Values... values) {
  char buffer[128];
  int length = std::snprintf(buffer, sizeof(buffer), pattern, values...);
  return std::string(buffer, static_cast<size_t>(std::clamp(length, 0, 127)));
}

std::string bar(double fraction, int cells, bool unicode) {
  // Eighths of a cell, U+258F (one eighth) down to U+2588 (full).
  static constexpr const char *kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
  double filled = std::clamp(fraction, 0.0, 1.0) * cells;
  int whole = static_cast<int>(filled);
  std::string out;
  for (int i = 0; i < whole; ++i) {
    out += unicode ? "█" : "#";
  }
  int eighths = unicode && whole < cells ? static_cast<int>((filled - whole) * 8) : 0;
  out += kEighths[eighths];
  for (int i = whole + (eighths > 0 ? 1 : 0); i < cells; ++i) {
    out += ' ';
  }
  return out;
}

/// Width in columns of text whose only wide bytes are the bar's: UTF-8 characters, one column each.
int columnsOf(std::string_view text) {
  return static_cast<int>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string rateText(double perSecond) {
  if (!(perSecond > 0.0)) {
    return "? it/s";
  }
  return perSecond >= 1000.0 ? format("%.0f it/s", perSecond)
         : perSecond >= 1.0  ? format("%.1f it/s", perSecond)
                             : format("%.2f s/it", 1.0 / perSecond);
}

std::string metricsText(const ProgressState &state) {
  std::string out;
  for (const auto &[name, value] : state.metrics) {
    out +=
        name == "accuracy" ? format(" acc %.3f", value) : format(" %s %.4g", name.c_str(), value);
  }
  if (state.learningRate >= 0.0) {
    out += format(" lr %.1e", state.learningRate);
  }
  return out;
}

} // namespace

ProgressStyle detectStyle(int descriptor) {
  ProgressStyle style;
  const char *term = std::getenv("TERM");
  const char *noColor = std::getenv("NO_COLOR");
  style.animate = ::isatty(descriptor) == 1 && term && std::string_view(term) != "dumb";
  style.unicode = style.animate && localeIsUtf8();
  style.color = style.animate && !(noColor && *noColor);
  struct winsize size = {};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = size.ws_col;
  }
  return style;
}

std::string durationText(double seconds) {
  if (!(seconds >= 0.0) || seconds > 1e9) {
    return "?";
  }
  auto total = static_cast<int64_t>(seconds);
  int hours = static_cast<int>(total / 3600), minutes = static_cast<int>(total / 60 % 60);
  int rest = static_cast<int>(total % 60);
  return hours > 0 ? format("%d:%02d:%02d", hours, minutes, rest)
                   : format("%02d:%02d", minutes, rest);
}

std::string numberText(double value, int digits) { return format("%.*g", digits, value); }

std::string progressLine(const ProgressState &state, const ProgressStyle &style) {
  const double total = static_cast<double>(std::max<int64_t>(state.batchesTotal, 1));
  const double fraction = static_cast<double>(state.batches) / total;
  const int64_t here = state.batches - state.firstBatch;
  const double rate =
      state.elapsedSeconds > 0.0 ? static_cast<double>(here) / state.elapsedSeconds : 0.0;
  const double left =
      rate > 0.0 ? static_cast<double>(state.batchesTotal - state.batches) / rate : -1.0;
  std::string head(state.title);
  if (state.epoch > 0) {
    head += format(" %lld", static_cast<long long>(state.epoch));
    head += state.epochs > 0 ? format("/%lld", static_cast<long long>(state.epochs)) : "";
  }
  head += format(" %3d%%", static_cast<int>(fraction * 100.0));
  std::string tail = format(" %lld/%lld [", static_cast<long long>(state.batches),
                            static_cast<long long>(state.batchesTotal)) +
                     durationText(state.elapsedSeconds) + "<" + durationText(left) + ", " +
                     rateText(rate) + "]" + metricsText(state);
  // One column stays free: a full last column makes some terminals wrap.
  const int room = style.columns - 1 - columnsOf(head) - columnsOf(tail) - 2;
  if (room >= kLeastBarCells) {
    return head + "|" + bar(fraction, std::min(room, kBarCells), style.unicode) + "|" + tail;
  }
  std::string line = head + tail;
  if (columnsOf(line) > style.columns - 1) {
    line.resize(static_cast<size_t>(std::max(style.columns - 1, 0)));
  }
  return line;
}

std::string logLine(const ProgressState &state) {
  const double total = static_cast<double>(std::max<int64_t>(state.samplesTotal, 1));
  std::string out =
      format("Train Epoch: %lld [%lld/%lld (%.0f%%)]", static_cast<long long>(state.epoch),
             static_cast<long long>(state.samples), static_cast<long long>(state.samplesTotal),
             100.0 * static_cast<double>(state.samples) / total);
  for (const auto &[name, value] : state.metrics) {
    out += name == "loss" ? format("\tLoss: %.6f", value)
                          : format("\t%c%s: %.4f", std::toupper(name[0]), name.c_str() + 1, value);
  }
  return out;
}

std::string metricsLine(const std::vector<std::pair<std::string, double>> &metrics) {
  std::string out;
  for (const auto &[name, value] : metrics) {
    out += out.empty() ? "" : "  ";
    out += name + (name.ends_with("accuracy") ? format(" %.4f", value) : format(" %#.4g", value));
  }
  return out;
}

bool Progress::isDue(int64_t batches, int64_t batchesPerEpoch) const {
  if (!style_.animate) {
    const int64_t tenth = std::max<int64_t>(10, (batchesPerEpoch + 9) / 10);
    return batches % (logInterval_ > 0 ? logInterval_ : tenth) == 0;
  }
  return std::chrono::steady_clock::now() - lastDrawn_ >= kRedrawInterval;
}

void Progress::update(const ProgressState &state) {
  if (!style_.animate) {
    write(logLine(state) + "\n");
    return;
  }
  // Erase to the end of the line: what was there before may have been longer.
  write("\r" + progressLine(state, style_) + "\x1b[K");
  drawn_ = true;
  lastDrawn_ = std::chrono::steady_clock::now();
}

void Progress::message(std::string_view line) {
  clear();
  write(std::string(line) + "\n");
}

void Progress::clear() {
  if (drawn_) {
    write("\r\x1b[K");
    drawn_ = false;
  }
}

void Progress::write(std::string_view text) const {
  while (!text.empty()) {
    ssize_t done = ::write(descriptor_, text.data(), text.size());
    if (done <= 0) {
      return;
    }
    text.remove_prefix(static_cast<size_t>(done));
  }
}

} // namespace ntc::rt::train
