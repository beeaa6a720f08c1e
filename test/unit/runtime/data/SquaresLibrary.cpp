// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A data set as a user writes one in C++.
#include <ntc/dataset.hpp>

#include <stdexcept>

namespace {

class Squares : public ntc::dataset::Dataset {
public:
  explicit Squares(const std::string &argument) : size_(std::stoll(argument)) {}
  int64_t size() const override { return size_; }
  std::vector<ntc::dataset::Field> fields() const override {
    return {{"x", NTC_F64, {1}}, {"y", NTC_F64, {1}, true}};
  }
  void get(int64_t index, void *const *outputs) const override {
    if (index == 7) {
      throw std::runtime_error("seven is not to be had");
    }
    const auto x = static_cast<double>(index);
    if (outputs[0]) {
      *static_cast<double *>(outputs[0]) = x;
    }
    if (outputs[1]) {
      *static_cast<double *>(outputs[1]) = x * x;
    }
  }

private:
  int64_t size_;
};

} // namespace

extern "C" const char *ntc_dataset_open(const char *argument, ntc_dataset_t *dataset) {
  return ntc::dataset::open<Squares>(argument, dataset);
}
