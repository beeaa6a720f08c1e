// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A thin C++20 wrapper of <ntc/runtime.h>: handles that clean up after themselves, spans instead of
// pointer and count. Header-only; throws nothing; the conventions are those of the C header.
//
//   ntc::runtime::Program program;
//   ntc::runtime::Session session;
//   if (auto status = program.open("model.so"); !status) { return report(status.message()); }
#pragma once

#include "ntc/runtime.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ntc::runtime {

/// A code and, when it is not NTC_OK, the library's sentence.
class [[nodiscard]] Status {
public:
  Status(ntc_status_t code) : code_(code) {
    if (code != NTC_OK) {
      message_ = ntc_last_error_message();
    }
  }
  /// With a sentence of its own; empty for NTC_OK.
  Status(ntc_status_t code, std::string message) : code_(code), message_(std::move(message)) {}
  explicit operator bool() const { return code_ == NTC_OK; }
  ntc_status_t code() const { return code_; }
  const std::string &message() const { return message_; }

private:
  ntc_status_t code_;
  std::string message_;
};

/// The ntc_dtype_t of a C++ type.
template <typename T> inline constexpr ntc_dtype_t dtypeOf = ntc_dtype_t{};
template <> inline constexpr ntc_dtype_t dtypeOf<float> = NTC_F32;
template <> inline constexpr ntc_dtype_t dtypeOf<double> = NTC_F64;
template <> inline constexpr ntc_dtype_t dtypeOf<int32_t> = NTC_I32;
template <> inline constexpr ntc_dtype_t dtypeOf<int64_t> = NTC_I64;
template <> inline constexpr ntc_dtype_t dtypeOf<uint8_t> = NTC_U8;
template <> inline constexpr ntc_dtype_t dtypeOf<bool> = NTC_BOOL;

/// A view of `data` with `shape`; both are borrowed. The product of the shape must be the number of
/// elements.
template <typename T>
ntc_tensor_t tensor(const T *data, std::span<const int64_t> shape, const char *name = nullptr) {
  static_assert(dtypeOf<T> != ntc_dtype_t{}, "no tensor has this element type");
  return {name, data, dtypeOf<T>, static_cast<int32_t>(shape.size()), shape.data()};
}

/// An opened program. Move-only; may be destroyed before its sessions.
class Program {
public:
  /// Replaces the program that was open, if any, on success.
  Status open(const std::string &path) {
    ntc_program_t *handle = nullptr;
    Status status = ntc_program_open(path.c_str(), nullptr, &handle);
    if (status) {
      handle_.reset(handle);
    }
    return status;
  }

  ntc_program_t *get() const { return handle_.get(); }
  explicit operator bool() const { return handle_ != nullptr; }

  /// All zero when nothing is open.
  ntc_program_info_t info() const {
    ntc_program_info_t info{};
    ntc_program_info(handle_.get(), &info);
    return info;
  }

private:
  struct Release {
    void operator()(ntc_program_t *program) const { ntc_program_release(program); }
  };
  std::unique_ptr<ntc_program_t, Release> handle_;
};

struct SessionOptions {
  unsigned threads = 0;
  int64_t seed = 0; ///< 0: the program's own
};

/// A session. Move-only.
class Session {
public:
  Status create(const Program &program, SessionOptions options = {}) {
    ntc_session_options_t raw{};
    raw.size = sizeof(raw);
    raw.threads = options.threads;
    raw.seed = options.seed;
    return createWith(program, raw);
  }
  /// With all of the C interface's options.
  Status createWith(const Program &program, const ntc_session_options_t &options) {
    ntc_session_t *handle = nullptr;
    Status status = ntc_session_create(program.get(), &options, &handle);
    if (status) {
      handle_.reset(handle);
    }
    return status;
  }

  ntc_session_t *get() const { return handle_.get(); }
  explicit operator bool() const { return handle_ != nullptr; }

  Status initialize(int64_t seed) { return ntc_session_initialize(get(), seed); }

  Status trainStep(std::span<const ntc_tensor_t> batch) {
    return ntc_session_train_step(get(), batch.data(), batch.size(), &metrics_);
  }
  /// The batch's gradients join those of the next trainStep.
  Status accumulateStep(std::span<const ntc_tensor_t> batch) {
    return ntc_session_accumulate_step(get(), batch.data(), batch.size(), &metrics_);
  }
  /// See ntc_session_average.
  Status average() { return ntc_session_average(get()); }
  Status swapAverages() { return ntc_session_swap_averages(get()); }
  Status updateBn(std::span<const ntc_tensor_t> batch) {
    return ntc_session_update_bn(get(), batch.data(), batch.size());
  }
  Status evalStep(std::span<const ntc_tensor_t> batch) {
    return ntc_session_eval_step(get(), batch.data(), batch.size(), &metrics_);
  }
  Status predict(std::span<const ntc_tensor_t> batch) {
    return ntc_session_predict(get(), batch.data(), batch.size());
  }

  /// Metrics of the last step, until the next call.
  std::span<const ntc_metric_t> metrics() const { return {metrics_.metrics, metrics_.count}; }
  bool isFinite() const { return metrics_.is_finite != 0; }
  /// sum / count of a metric of the last step; NaN when there is none of that name.
  double mean(std::string_view name) const {
    for (const ntc_metric_t &metric : metrics()) {
      if (name == metric.name) {
        return metric.sum / metric.count;
      }
    }
    return __builtin_nan("");
  }

  Status output(const char *name, ntc_tensor_t &view) {
    return ntc_session_output(get(), name, &view);
  }

  Status setControl(const char *name, double value) {
    return ntc_session_set_control(get(), name, value);
  }

  /// Copies a state into or out of contiguous values (a vector, array or span), whose bytes must be
  /// the state's.
  template <typename Values> Status readState(const char *name, Values &&values) {
    return ntc_session_read_state(get(), name, std::data(values),
                                  std::size(values) * sizeof(*std::data(values)));
  }
  template <typename Values> Status writeState(const char *name, const Values &values) {
    return ntc_session_write_state(get(), name, std::data(values),
                                   std::size(values) * sizeof(*std::data(values)));
  }

  Status position(ntc_position_t &position) const {
    return ntc_session_get_position(get(), &position);
  }
  Status setPosition(const ntc_position_t &position) {
    return ntc_session_set_position(get(), &position);
  }

  Status save(const std::string &path) { return ntc_session_save(get(), path.c_str()); }
  Status load(const std::string &path) { return ntc_session_load(get(), path.c_str()); }
  Status loadWeights(const std::string &path, bool strict = true) {
    return ntc_session_load_weights(get(), path.c_str(), strict ? 1 : 0);
  }

private:
  struct Destroy {
    void operator()(ntc_session_t *session) const { ntc_session_destroy(session); }
  };
  std::unique_ptr<ntc_session_t, Destroy> handle_;
  ntc_metrics_t metrics_{};
};

} // namespace ntc::runtime
