// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names, marks and pruning of checkpoints.
#include "runtime/train/Checkpoints.h"

#include "../data/Scratch.h"

namespace ntc::rt::train {
namespace {

using data::Scratch;

class CheckpointFolder : public testing::Test {
protected:
  CheckpointFolder() { checkpoints_.emplace(Checkpoints::create(folder_.path()).take()); }
  void write(std::initializer_list<int64_t> steps) {
    for (int64_t step : steps) {
      std::ofstream(checkpoints_->path(step)) << "x";
    }
  }
  Scratch folder_;
  std::optional<Checkpoints> checkpoints_;
};

TEST_F(CheckpointFolder, NamesHaveTenDigits) {
  EXPECT_EQ(checkpoints_->path(938), folder_ / "checkpoints/step-0000000938.safetensors");
  write({938, 12345678901});
  folder_.write("checkpoints/step-12.safetensors", "");
  folder_.write("checkpoints/step-000000000x.safetensors", "");
  folder_.write("checkpoints/other", "");
  EXPECT_EQ(checkpoints_->steps(), (std::vector<int64_t>{12345678901, 938}));
}

TEST_F(CheckpointFolder, MarksAreLinksThatMove) {
  write({1, 2});
  EXPECT_EQ(checkpoints_->marked(Mark::Latest), std::nullopt);
  ASSERT_TRUE(checkpoints_->mark(Mark::Latest, 1));
  ASSERT_TRUE(checkpoints_->mark(Mark::Latest, 2));
  EXPECT_EQ(checkpoints_->marked(Mark::Latest), 2);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "latest"));
  EXPECT_EQ(std::filesystem::read_symlink(folder_ / "latest").string(),
            "checkpoints/step-0000000002.safetensors");
}

TEST_F(CheckpointFolder, AFileServesWhereLinksDoNot) {
  write({7});
  folder_.write("best", "checkpoints/step-0000000007.safetensors\n");
  EXPECT_EQ(checkpoints_->marked(Mark::Best), 7);
}

TEST_F(CheckpointFolder, MarksThatLeadElsewhereCountAsNone) {
  write({7});
  for (const char *target : {"../step-0000000007.safetensors", "/etc/passwd",
                             "checkpoints/step-0000000008.safetensors", "checkpoints/../x"}) {
    std::filesystem::remove(folder_ / "latest");
    std::filesystem::create_symlink(target, folder_ / "latest");
    EXPECT_EQ(checkpoints_->marked(Mark::Latest), std::nullopt) << target;
  }
}

TEST_F(CheckpointFolder, PruneKeepsTheNewestAndTheMarkedOnes) {
  write({1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(checkpoints_->mark(Mark::Latest, 6));
  ASSERT_TRUE(checkpoints_->mark(Mark::Best, 2));
  ASSERT_TRUE(checkpoints_->prune(3));
  EXPECT_EQ(checkpoints_->steps(), (std::vector<int64_t>{6, 5, 4, 2}));
  ASSERT_TRUE(checkpoints_->prune(0));
  EXPECT_EQ(checkpoints_->steps(), (std::vector<int64_t>{6, 5, 2}));
}

TEST_F(CheckpointFolder, CreateRemovesWhatKilledProcessesLeft) {
  // A process number above the greatest that Linux gives out.
  folder_.write("checkpoints/step-0000000001.safetensors.tmp.4194999", "half");
  folder_.write("train.json.tmp.4194999", "half");
  ASSERT_TRUE(Checkpoints::create(folder_.path()));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "train.json.tmp.4194999"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "checkpoints"));
}

} // namespace
} // namespace ntc::rt::train
