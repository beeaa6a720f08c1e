// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C interface of the shared library on a real artifact.
#include "ntc/runtime.h"

#include "test/unit/runtime/TemporaryFolder.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <vector>

extern "C" ntc_status_t ntc_test_use_from_c(const char *model, const char *state, int steps,
                                            double *loss);

namespace {

using ntc::rt::test::TemporaryFolder;

constexpr const char *kModel = NTC_SMALL_ARTIFACT;

struct CApi : testing::Test {
  ntc_program_t *program = nullptr;
  ntc_session_t *session = nullptr;
  TemporaryFolder folder;
  std::vector<float> x = std::vector<float>(80, 0.5f), y = std::vector<float>(16, 1.0f);
  std::vector<int64_t> group = std::vector<int64_t>(16);
  int64_t xShape[2] = {16, 5}, yShape[1] = {16};
  ntc_tensor_t batch[3] = {{nullptr, x.data(), NTC_F32, 2, xShape},
                           {nullptr, y.data(), NTC_F32, 1, yShape},
                           {nullptr, group.data(), NTC_I64, 1, yShape}};

  void SetUp() override {
    ASSERT_EQ(ntc_program_open(kModel, nullptr, &program), NTC_OK) << ntc_last_error_message();
    ASSERT_EQ(ntc_session_create(program, nullptr, &session), NTC_OK) << ntc_last_error_message();
  }
  void TearDown() override {
    ntc_program_release(program); // before its session, which keeps it alive
    ntc_session_destroy(session);
  }
};

TEST(CUsage, aProgramInCTrainsSavesAndResumes) {
  TemporaryFolder folder;
  double first = 0, last = 0;
  ASSERT_EQ(ntc_test_use_from_c(kModel, folder.file("s").c_str(), 1, &first), NTC_OK)
      << ntc_last_error_message();
  ASSERT_EQ(ntc_test_use_from_c(kModel, folder.file("s").c_str(), 50, &last), NTC_OK);
  EXPECT_LT(last, first / 2);
}

TEST_F(CApi, theProgramDescribesItself) {
  ntc_program_info_t info;
  ASSERT_EQ(ntc_program_info(program, &info), NTC_OK);
  EXPECT_STREQ(info.model_name, "small");
  ASSERT_EQ(info.state_count, 4u);
  ntc_state_info_t state;
  ASSERT_EQ(ntc_program_state(program, 0, &state), NTC_OK);
  EXPECT_STREQ(state.name, "weight");
  EXPECT_EQ(state.shape[0], 5);
  EXPECT_EQ(ntc_program_state(program, 4, &state), NTC_INVALID_ARGUMENT);
  EXPECT_STREQ(ntc_last_error_message(), "state 4 was asked for, there are 4");
  ntc_control_info_t control;
  ASSERT_EQ(ntc_program_control(program, 0, &control), NTC_OK);
  EXPECT_EQ(control.default_value, 0.05);
  ntc_entry_info_t entry;
  ASSERT_EQ(ntc_program_entry(program, 1, &entry), NTC_OK);
  EXPECT_EQ(entry.batch_size, 16);
  ntc_input_info_t input;
  ASSERT_EQ(ntc_program_input(program, 1, 2, &input), NTC_OK);
  EXPECT_EQ(input.classes, 3);
  ntc_output_info_t output;
  ASSERT_EQ(ntc_program_output(program, 1, 0, &output), NTC_OK);
  EXPECT_EQ(output.is_metric, 1);
  EXPECT_EQ(ntc_program_output(program, 99, 0, &output), NTC_INVALID_ARGUMENT);
}

TEST_F(CApi, stepsPredictionsControlsAndStates) {
  ntc_metrics_t metrics;
  ASSERT_EQ(ntc_session_train_step(session, batch, 3, &metrics), NTC_OK)
      << ntc_last_error_message();
  ASSERT_EQ(metrics.count, 2u);
  EXPECT_STREQ(metrics.metrics[0].name, "loss");
  EXPECT_EQ(metrics.is_finite, 1);
  ASSERT_EQ(ntc_session_eval_step(session, batch, 3, nullptr), NTC_OK);
  ASSERT_EQ(ntc_session_predict(session, batch, 1), NTC_OK);
  ntc_tensor_t output;
  ASSERT_EQ(ntc_session_output(session, "output", &output), NTC_OK);
  EXPECT_EQ(output.shape[0], 16);
  ASSERT_EQ(ntc_session_set_control(session, "lr", 0.01), NTC_OK);
  double lr = 0;
  ASSERT_EQ(ntc_session_get_control(session, "lr", &lr), NTC_OK);
  EXPECT_EQ(lr, 0.01);
  float weight[5];
  ASSERT_EQ(ntc_session_read_state(session, "weight", weight, sizeof(weight)), NTC_OK);
  weight[0] = 42;
  ASSERT_EQ(ntc_session_write_state(session, "weight", weight, sizeof(weight)), NTC_OK);
  float again[5];
  ASSERT_EQ(ntc_session_read_state(session, "weight", again, sizeof(again)), NTC_OK);
  EXPECT_EQ(std::memcmp(weight, again, sizeof(weight)), 0);
  EXPECT_EQ(ntc_session_read_state(session, "weight", again, 4), NTC_INVALID_ARGUMENT);
  ntc_position_t position;
  ASSERT_EQ(ntc_session_get_position(session, &position), NTC_OK);
  EXPECT_EQ(position.step, 1);
}

TEST_F(CApi, nullArgumentsAreRefusedEverywhere) {
  EXPECT_EQ(ntc_program_open(nullptr, nullptr, &program), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(ntc_program_open(kModel, nullptr, nullptr), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(ntc_program_info(nullptr, nullptr), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(ntc_session_create(nullptr, nullptr, &session), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(ntc_session_train_step(nullptr, batch, 3, nullptr), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(ntc_session_train_step(session, nullptr, 3, nullptr), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(ntc_session_set_control(session, nullptr, 1), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(ntc_session_save(session, nullptr), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(ntc_session_read_state(session, "weight", nullptr, 20), NTC_INVALID_ARGUMENT);
  EXPECT_STREQ(ntc_last_error_message(), "'data' is null");
  ntc_program_release(nullptr);
  ntc_session_destroy(nullptr);
}

TEST_F(CApi, elementTypesOutsideTheEnumerationAreRefused) {
  for (int32_t value : {0, 9, 257, -1, INT32_MAX}) {
    batch[0].dtype = static_cast<ntc_dtype_t>(value);
    EXPECT_EQ(ntc_session_train_step(session, batch, 3, nullptr), NTC_INVALID_ARGUMENT) << value;
  }
  batch[0].dtype = NTC_F32;
  batch[0].rank = -1;
  EXPECT_EQ(ntc_session_train_step(session, batch, 3, nullptr), NTC_INVALID_ARGUMENT);
}

TEST_F(CApi, optionsOfOtherVersions) {
  struct Newer {
    ntc_session_options_t known;
    int64_t unknown;
  } newer{};
  newer.known.size = sizeof(newer);
  newer.known.threads = 1;
  ntc_session_t *other = nullptr;
  ASSERT_EQ(ntc_session_create(program, &newer.known, &other), NTC_OK) << ntc_last_error_message();
  ntc_session_destroy(other);
  newer.unknown = 1;
  EXPECT_EQ(ntc_session_create(program, &newer.known, &other), NTC_UNSUPPORTED);
  newer.known.size = 8;
  EXPECT_EQ(ntc_session_create(program, &newer.known, &other), NTC_INVALID_ARGUMENT);
}

TEST_F(CApi, theHostsAllocatorIsUsedAndItsFailureIsAStatus) {
  struct Host {
    int allocated = 0, freed = 0;
    bool fail = false;
  } host;
  ntc_allocator_t allocator{};
  allocator.size = sizeof(allocator);
  allocator.user = &host;
  allocator.allocate = [](void *user, uint64_t bytes, uint64_t alignment) -> void * {
    auto &h = *static_cast<Host *>(user);
    h.allocated += !h.fail;
    void *block = h.fail ? nullptr : std::aligned_alloc(alignment, bytes);
    return block != nullptr ? std::memset(block, 0, bytes) : nullptr;
  };
  allocator.deallocate = [](void *user, void *block, uint64_t) {
    ++static_cast<Host *>(user)->freed;
    std::free(block);
  };
  ntc_session_options_t options{};
  options.allocator = &allocator;
  ntc_session_t *other = nullptr;
  ASSERT_EQ(ntc_session_create(program, &options, &other), NTC_OK) << ntc_last_error_message();
  EXPECT_EQ(ntc_session_train_step(other, batch, 3, nullptr), NTC_OK);
  ntc_session_destroy(other);
  EXPECT_EQ(host.allocated, 1);
  EXPECT_EQ(host.freed, 1);
  host.fail = true;
  EXPECT_EQ(ntc_session_create(program, &options, &other), NTC_OUT_OF_MEMORY);
}

/// A damaged artifact is refused before its code is opened; the manifest's bytes are found by their
/// magic.
TEST_F(CApi, damagedArtifactsAreRefused) {
  std::ifstream in(kModel, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  size_t manifest = bytes.rfind("NTCMANIF");
  ASSERT_NE(manifest, std::string::npos);
  std::string path = folder.file("damaged.so");
  auto open = [&](const std::string &content) {
    std::ofstream(path, std::ios::binary) << content;
    ntc_program_t *opened = nullptr;
    ntc_status_t status = ntc_program_open(path.c_str(), nullptr, &opened);
    EXPECT_EQ(opened, nullptr);
    return status;
  };
  std::string changed = bytes;
  changed[manifest + 100] ^= 1;
  EXPECT_EQ(open(changed), NTC_CORRUPT);
  EXPECT_NE(std::string(ntc_last_error_message()).find("damaged.so: manifest: is damaged"),
            std::string::npos);
  changed = bytes;
  changed[manifest + 8] = 77;
  EXPECT_EQ(open(changed), NTC_VERSION);
  EXPECT_EQ(open(bytes.substr(0, bytes.size() / 2)), NTC_CORRUPT);
  EXPECT_EQ(open(""), NTC_CORRUPT);
  EXPECT_EQ(ntc_program_open("/bin/sh", nullptr, &program), NTC_NOT_FOUND); // ELF, but no section
  EXPECT_EQ(ntc_program_open("absent.so", nullptr, &program), NTC_NOT_FOUND);
}

TEST(CApiNames, statusAndTypes) {
  EXPECT_STREQ(ntc_status_name(NTC_CORRUPT), "corrupt");
  EXPECT_STREQ(ntc_status_name(static_cast<ntc_status_t>(99)), "unknown");
  EXPECT_EQ(ntc_dtype_size(NTC_F64), 8u);
  EXPECT_EQ(ntc_dtype_size(static_cast<ntc_dtype_t>(0)), 0u);
  EXPECT_STREQ(ntc_version(), "0.1.0");
}

} // namespace
