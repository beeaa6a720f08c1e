// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbols and linking of artifacts.

#include "codegen/artifact/WriteArtifact.h"

#include "codegen/cpu/CompileKernels.h"
#include "runtime/artifact/KernelAbi.h"
#include "runtime/artifact/Seal.h"

#include "lld/Common/Driver.h"
#include "llvm/IR/Constants.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

LLD_HAS_DRIVER(elf)

namespace ntc::codegen::artifact {

void addArtifactSymbols(llvm::Module &module, const rt::artifact::Manifest &manifest) {
  llvm::LLVMContext &context = module.getContext();
  std::vector<uint8_t> bytes = rt::artifact::serialize(manifest);
  auto *data = llvm::ConstantDataArray::get(context, llvm::ArrayRef<uint8_t>(bytes));
  auto *section = new llvm::GlobalVariable(
      module, data->getType(), true, llvm::GlobalValue::ExternalLinkage, data, "ntc_manifest");
  section->setSection(".ntc.manifest");
  section->setVisibility(llvm::GlobalValue::HiddenVisibility);
  section->setAlignment(llvm::Align(64));

  auto *pointer = llvm::PointerType::getUnqual(context);
  auto *word = llvm::Type::getInt64Ty(context);
  llvm::SmallVector<llvm::Constant *> kernels;
  for (size_t i = 0; i < manifest.kernelCount; ++i) {
    kernels.push_back(module.getFunction(cpu::kernelEntryName(i)));
  }
  auto *tableType = llvm::ArrayType::get(pointer, kernels.size());
  auto *table =
      new llvm::GlobalVariable(module, tableType, true, llvm::GlobalValue::InternalLinkage,
                               llvm::ConstantArray::get(tableType, kernels), "ntc_kernels");
  // The manifest is named here so that the linker keeps its section.
  auto *type = llvm::StructType::get(context, {word, word, pointer, pointer});
  auto *value = llvm::ConstantStruct::get(
      type, {llvm::ConstantInt::get(word, sizeof(ntc_artifact_v1_t)),
             llvm::ConstantInt::get(word, kernels.size()), table, section});
  new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::ExternalLinkage, value,
                           "ntc_artifact_v1");
}

/// Appends its seal to the linked file.
static std::error_code seal(llvm::StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file) {
    return file.getError();
  }
  auto seal = rt::artifact::sealOf(llvm::arrayRefFromStringRef<uint8_t>((*file)->getBuffer()));
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code, llvm::sys::fs::CD_OpenExisting, llvm::sys::fs::FA_Write,
                              llvm::sys::fs::OF_Append);
  if (code) {
    return code;
  }
  stream.write(reinterpret_cast<const char *>(seal.data()), seal.size());
  stream.close();
  code = stream.error();
  stream.clear_error();
  return code;
}

/// Runs lld with `arguments`.
static llvm::Error runLinker(llvm::ArrayRef<const char *> arguments) {
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0) {
    auto missing = llvm::StringRef(messages).split("undefined symbol: ").second;
    if (!missing.empty()) {
      return llvm::createStringError(
          "generated code calls %s, which no library of an artifact has; this is an error in ntc",
          missing.take_until([](char c) { return c == '\n'; }).str().c_str());
    }
    return llvm::createStringError("the linker failed: %s", messages.c_str());
  }
  return llvm::Error::success();
}

llvm::Error linkArtifact(llvm::ArrayRef<char> object, const std::string &path) {
  llvm::SmallString<128> objectPath, libraryPath;
  int objectFile = -1, libraryFile = -1;
  auto fail = [&](std::error_code code) {
    return llvm::createStringError(code, "cannot write %s: %s", path.c_str(),
                                   code.message().c_str());
  };
  if (std::error_code code =
          llvm::sys::fs::createUniqueFile(path + ".%%%%%%.o", objectFile, objectPath)) {
    return fail(code);
  }
  llvm::FileRemover removeObject(objectPath);
  {
    llvm::raw_fd_ostream stream(objectFile, /*shouldClose=*/true);
    stream.write(object.data(), object.size());
    stream.flush();
    if (stream.has_error()) {
      std::error_code code = stream.error();
      stream.clear_error();
      return fail(code);
    }
  }
  if (std::error_code code =
          llvm::sys::fs::createUniqueFile(path + ".%%%%%%.tmp", libraryFile, libraryPath)) {
    return fail(code);
  }
  llvm::sys::fs::closeFile(libraryFile);
  llvm::FileRemover removeLibrary(libraryPath);
  // No build id and a fixed soname: the bytes depend on the object alone. The object has no name in
  // the result. What is called must be there (defs): an artifact needs no library.
  if (llvm::Error error =
          runLinker({"ld.lld", "-shared", "--gc-sections", "-z", "defs", "-z", "now", "-z",
                     "noexecstack", "--build-id=none", "-soname", "ntc_artifact", "--strip-all",
                     "-o", libraryPath.c_str(), objectPath.c_str()})) {
    return error;
  }
  if (std::error_code code = seal(libraryPath)) {
    return fail(code);
  }
  if (std::error_code code = llvm::sys::fs::rename(libraryPath, path)) {
    return fail(code);
  }
  removeLibrary.releaseFile();
  return llvm::Error::success();
}

} // namespace ntc::codegen::artifact
