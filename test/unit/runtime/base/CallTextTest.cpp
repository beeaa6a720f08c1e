// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What people paste from Python, and what is left alone.
#include "runtime/base/CallText.h"

#include <gtest/gtest.h>

namespace ntc::rt {
namespace {

TEST(CallText, CallsBecomeTheTextOfAFlag) {
  EXPECT_EQ(
      flagOfCall(
          "torch.optim.AdamW(model.parameters(), lr = 1e-3, betas=(0.9, 0.999), fused=True,)"),
      "AdamW,lr=1e-3,betas=0.9:0.999,fused=True");
  EXPECT_EQ(flagOfCall(" CosineAnnealingLR(optimizer, T_max=20) "), "CosineAnnealingLR,T_max=20");
  EXPECT_EQ(flagOfCall("MultiStepLR(opt, milestones=[30, 80])"), "MultiStepLR,milestones=30:80");
  EXPECT_EQ(flagOfCall("ReduceLROnPlateau(opt, mode='max')"), "ReduceLROnPlateau,mode=max");
  EXPECT_EQ(flagOfCall("nn.CrossEntropyLoss()"), "CrossEntropyLoss");
  EXPECT_EQ(flagOfCall("nn.MSELoss"), "MSELoss");
  EXPECT_EQ(flagOfCall("AdamW,lr=0.1"), "AdamW,lr=0.1");
}

TEST(CallText, OtherTextsComeBackAsTheyAre) {
  for (const char *text :
       {"", "adamw,lr=0.1", "sequential(linear;exponential,gamma=0.9),milestones=5",
        "SequentialLR(linear;exponential),milestones=5", "StepLR(opt, 30)", "StepLR(30)",
        "nn.CrossEntropyLoss(weight=torch.tensor([1., 2.]))", "AdamW(lr=0.1", "AdamW(lr=0.1))",
        "AdamW(lr=)", "MultiStepLR(milestones=[])", "(", "A(]", "Ä(", "_A"}) {
    EXPECT_EQ(flagOfCall(text), text);
  }
}

} // namespace
} // namespace ntc::rt
