// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A class as a data set for `--data library:FILE.so` (see <ntc/dataset.h>). Header-only.
//
//   class Squares : public ntc::dataset::Dataset {
//   public:
//     explicit Squares(const std::string &argument) { … }
//     int64_t size() const override { return 1000; }
//     std::vector<ntc::dataset::Field> fields() const override {
//       return {{"x", NTC_F32, {1}}, {"y", NTC_F32, {1}, true}};
//     }
//     void get(int64_t index, void *const *outputs) const override { … }
//   };
//   extern "C" const char *ntc_dataset_open(const char *argument, ntc_dataset_t *dataset) {
//     return ntc::dataset::open<Squares>(argument, dataset);
//   }
#pragma once

#include "ntc/dataset.h"

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace ntc::dataset {

/// One named tensor of every sample; members as of ntc_field_t.
struct Field {
  std::string name;
  ntc_dtype_t dtype = NTC_F32;
  std::vector<int64_t> shape; ///< {} is a scalar
  bool isTarget = false;
  int64_t classes = 0;
};

/// What a user derives from. Constructed with the argument's text. Every method may throw a
/// std::exception; its what() becomes the message.
class Dataset {
public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual std::vector<Field> fields() const = 0;
  virtual std::vector<std::string> classNames() const { return {}; }
  /// Writes field i of sample `index` to outputs[i] unless that is null. Called from several
  /// threads at once.
  virtual void get(int64_t index, void *const *outputs) const = 0;
};

/// What a library hands out: the data set with the C structs that describe it.
class Handle {
public:
  explicit Handle(std::unique_ptr<Dataset> dataset)
      : dataset_(std::move(dataset)), fields_(dataset_->fields()), names_(dataset_->classNames()) {
    for (const Field &field : fields_) {
      described_.push_back({field.name.c_str(), field.dtype,
                            static_cast<int32_t>(field.shape.size()), field.shape.data(),
                            field.isTarget ? 1 : 0, field.classes});
    }
    for (const std::string &name : names_) {
      texts_.push_back(name.c_str());
    }
  }

  void describe(ntc_dataset_t &out) {
    out.self = this;
    out.size = dataset_->size();
    out.field_count = described_.size();
    out.fields = described_.data();
    out.class_count = texts_.size();
    out.class_names = texts_.data();
    out.get = [](void *self, int64_t index, void *const *outputs) {
      return guarded([&] { static_cast<Handle *>(self)->dataset_->get(index, outputs); });
    };
    out.destroy = [](void *self) { delete static_cast<Handle *>(self); };
  }

  /// Runs `work`; the message of what it throws, or null.
  template <typename Work> static const char *guarded(Work work) {
    static thread_local std::string message;
    try {
      work();
      return nullptr;
    } catch (const std::exception &problem) {
      message = problem.what();
    } catch (...) {
      message = "an exception that is no std::exception";
    }
    return message.c_str();
  }

private:
  std::unique_ptr<Dataset> dataset_;
  std::vector<Field> fields_;
  std::vector<std::string> names_;
  std::vector<ntc_field_t> described_;
  std::vector<const char *> texts_;
};

/// Opens a `T` of the argument.
template <typename T> const char *open(const char *argument, ntc_dataset_t *out) {
  return Handle::guarded([&] {
    auto handle = std::make_unique<Handle>(std::make_unique<T>(std::string(argument)));
    handle->describe(*out);
    handle.release();
  });
}

} // namespace ntc::dataset
