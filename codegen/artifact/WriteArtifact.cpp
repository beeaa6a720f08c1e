// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbols and linking of artifacts.

#include "codegen/artifact/WriteArtifact.h"

#include "runtime/artifact/KernelAbi.h"
#include "runtime/artifact/Seal.h"
#include "runtime/base/File.h"

#include "lld/Common/Driver.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

LLD_HAS_DRIVER(elf)

namespace ntc::codegen::artifact {

cpu::Object emitArtifactSymbols(const cpu::CpuTarget &target,
                                const rt::artifact::Manifest &manifest) {
  llvm::LLVMContext context;
  llvm::Module module("ntc", context);
  module.setTargetTriple(llvm::Triple(target.triple));
  module.setDataLayout(target.createTargetMachine()->createDataLayout());
  std::vector<uint8_t> bytes = rt::artifact::serialize(manifest);
  auto *data = llvm::ConstantDataArray::get(context, llvm::ArrayRef<uint8_t>(bytes));
  auto *section = new llvm::GlobalVariable(
      module, data->getType(), true, llvm::GlobalValue::ExternalLinkage, data, "ntc_manifest");
  section->setSection(".ntc.manifest");
  section->setVisibility(llvm::GlobalValue::HiddenVisibility);
  section->setAlignment(llvm::Align(64));

  auto *pointer = llvm::PointerType::getUnqual(context);
  auto *word = llvm::Type::getInt64Ty(context);
  auto *entryType = llvm::FunctionType::get(llvm::Type::getInt32Ty(context), {pointer}, false);
  llvm::SmallVector<llvm::Constant *> kernels;
  for (size_t i = 0; i < manifest.kernelCount; ++i) {
    auto *entry = llvm::Function::Create(entryType, llvm::GlobalValue::ExternalLinkage,
                                         cpu::kernelEntryName(i), module);
    entry->setVisibility(llvm::GlobalValue::HiddenVisibility);
    kernels.push_back(entry);
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
  return cpu::emitObject(module, target);
}

/// The archive that has `objects` as members, in order.
static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
archiveOf(llvm::ArrayRef<cpu::Object> objects) {
  std::vector<std::string> names;
  for (size_t i = 0; i < objects.size(); ++i) {
    names.push_back(std::to_string(i) + ".o");
  }
  std::vector<llvm::NewArchiveMember> members;
  for (auto [name, object] : llvm::zip_equal(names, objects)) {
    members.emplace_back(
        llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), name));
  }
  return llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NoSymtab,
                                    llvm::object::Archive::K_GNU, /*Deterministic=*/true,
                                    /*Thin=*/false);
}

/// Copies the linked file to `path`, with its seal, in one step.
static rt::Status install(llvm::StringRef linked, const std::string &path) {
  auto bytes = llvm::arrayRefFromStringRef<uint8_t>(linked);
  rt::Result<rt::AtomicFile> file = rt::AtomicFile::create(path);
  if (!file) {
    return file.status();
  }
  const auto seal = rt::artifact::sealOf(bytes);
  if (rt::Status status = file->write(bytes); !status) {
    return status;
  }
  if (rt::Status status = file->write(seal); !status) {
    return status;
  }
  return file->commit();
}

/// Runs lld with `arguments`.
static llvm::Error runLinker(llvm::ArrayRef<const char *> arguments) {
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  // The linker sets all of LLVM's options to their defaults: the next compilation of this process
  // would write other code than the first.
  cpu::chooseCodeGeneration();
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

llvm::Error linkArtifact(llvm::ArrayRef<cpu::Object> objects, const std::string &path) {
  auto archive = archiveOf(objects);
  if (!archive) {
    return archive.takeError();
  }
  llvm::SmallString<128> archivePath, libraryPath;
  int archiveFile = -1, libraryFile = -1;
  auto fail = [&](std::error_code code) {
    return llvm::createStringError(code, "cannot write %s: %s", path.c_str(),
                                   code.message().c_str());
  };
  if (std::error_code code =
          llvm::sys::fs::createUniqueFile(path + ".%%%%%%.a", archiveFile, archivePath)) {
    return fail(code);
  }
  llvm::FileRemover removeArchive(archivePath);
  {
    llvm::raw_fd_ostream stream(archiveFile, /*shouldClose=*/true);
    stream << (*archive)->getBuffer();
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
  // No build id and a fixed soname: the bytes depend on the objects alone, which have no names in
  // the result. What is called must be there (defs): an artifact needs no library.
  if (llvm::Error error =
          runLinker({"ld.lld", "-shared", "--gc-sections", "-z", "defs", "-z", "now", "-z",
                     "noexecstack", "--build-id=none", "-soname", "ntc_artifact", "--strip-all",
                     "-o", libraryPath.c_str(), "--whole-archive", archivePath.c_str()})) {
    return error;
  }
  auto linked = llvm::MemoryBuffer::getFile(libraryPath, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!linked) {
    return fail(linked.getError());
  }
  if (rt::Status status = install((*linked)->getBuffer(), path); !status) {
    return llvm::createStringError(status.message());
  }
  return llvm::Error::success();
}

} // namespace ntc::codegen::artifact
