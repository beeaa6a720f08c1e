// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Linking: an artifact that needs a function of a library is refused, by the function's name.

#include "codegen/artifact/WriteArtifact.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include "gtest/gtest.h"

namespace ntc::codegen::artifact {
namespace {

/// What linking an object says that has one function, which calls `callee`, if there is one.
std::string link(const std::string &callee) {
  auto target = llvm::cantFail(cpu::CpuTarget::create("native"));
  llvm::LLVMContext context;
  llvm::Module module("test", context);
  auto machine = target.createTargetMachine();
  module.setTargetTriple(llvm::Triple(target.triple));
  module.setDataLayout(machine->createDataLayout());
  llvm::IRBuilder<> b(context);
  auto *type = llvm::FunctionType::get(b.getVoidTy(), false);
  auto *function =
      llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, "kernel", module);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
  if (!callee.empty()) {
    b.CreateCall(module.getOrInsertFunction(callee, type));
  }
  b.CreateRetVoid();
  llvm::SmallString<128> folder;
  EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("ntc-link", folder));
  std::string path = (folder + "/artifact.so").str();
  llvm::Error error = linkArtifact({cpu::emitObject(module, target)}, path);
  bool exists = llvm::sys::fs::exists(path);
  EXPECT_EQ(exists, !error);
  llvm::sys::fs::remove_directories(folder);
  return llvm::toString(std::move(error));
}

TEST(LinkArtifact, RefusesWhatALibraryWouldHaveToProvide) {
  EXPECT_EQ(link(""), "");
  EXPECT_EQ(link("expf"), "generated code calls expf, which no library of an artifact has; this is "
                          "an error in ntc");
  EXPECT_NE(link("__truncsfbf2").find("calls __truncsfbf2,"), std::string::npos);
}

} // namespace
} // namespace ntc::codegen::artifact
