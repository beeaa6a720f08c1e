#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Applications find an installed runtime by CMake and by pkg-config, also after the tree was moved."""
import re

from support import Case, main, os, shutil, subprocess, unittest
from probe import BUILD, CACHE, SANITIZED, SOURCE

CONSUMER_C = """
#include <ntc/runtime.h>
#include <stdio.h>
int main(void) {
  ntc_program_t *program;
  printf("%s\\n%d\\n", ntc_version(), ntc_program_open("absent.so", NULL, &program) == NTC_NOT_FOUND);
  return 0;
}
"""
CONSUMER_CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C CXX)
find_package(ntc 0.1 REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE ntc::runtime)
add_executable(wrapper wrapper.cpp)
target_compile_features(wrapper PRIVATE cxx_std_20)
target_link_libraries(wrapper PRIVATE ntc::runtime)
add_executable(trainer trainer.cpp)
target_link_libraries(trainer PRIVATE ntc::train ntc::runtime)
"""
CONSUMER_CPP = """
#include <ntc/runtime.hpp>
#include <cstdio>
int main() { std::printf("%s\\n", ntc_version()); }
"""
TRAINER_CPP = """
#include <ntc/data.hpp>
#include <ntc/metrics.hpp>
#include <ntc/schedule.hpp>
#include <ntc/search.hpp>
#include <ntc/train.hpp>
#include <cstdio>
int main() {
  auto data = ntc::data::Dataset::open("npz:absent.npz");
  std::printf("%s\\n%d\\n", ntc_version(), data.status().code() == NTC_NOT_FOUND);
}
"""
MODEL_CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(model LANGUAGES CXX)
find_package(ntc 0.1 REQUIRED)
add_executable(model model.cpp)
target_link_libraries(model PRIVATE ntc::frontend)
"""


@unittest.skipIf(SANITIZED, "a plain program cannot load a library with sanitizers")
class Install(Case):
    def setUp(self):
        super().setUp()
        for part in ("runtime", "frontend"):
            subprocess.run(["cmake", "--install", str(BUILD / part), "--prefix", str(self.here / "first")], check=True,
                           capture_output=True)
        self.prefix = self.here / "moved"
        shutil.move(self.here / "first", self.prefix)
        self.library = next(self.prefix.rglob("libntc_runtime.so")).parent
        self.write("consumer.c", CONSUMER_C)
        self.version = re.search(r"^CMAKE_PROJECT_VERSION:STATIC=(.*)$", CACHE, re.MULTILINE).group(1)

    def run_consumer(self, path):
        out = subprocess.run([str(path)], check=True, capture_output=True, text=True,
                             env={**os.environ, "LD_LIBRARY_PATH": str(self.library)}).stdout
        self.assertEqual(out.split(), [self.version, "1"])

    def test_find_package(self):
        self.write("CMakeLists.txt", CONSUMER_CMAKE)
        self.write("wrapper.cpp", CONSUMER_CPP)
        self.write("trainer.cpp", TRAINER_CPP)
        for command in (["cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}"],
                        ["cmake", "--build", "build"]):
            result = subprocess.run(command, cwd=self.here, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.run_consumer(self.here / "build" / "consumer")
        self.run_consumer(self.here / "build" / "trainer")

    def test_pkg_config(self):
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.library / "pkgconfig")}
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "ntc"], env=environment, check=True, capture_output=True,
                               text=True).stdout.split()
        subprocess.run(["cc", "-Werror", "consumer.c", "-o", "consumer", *flags], cwd=self.here, check=True)
        self.run_consumer(self.here / "consumer")

    def test_models_in_cpp(self):
        self.write("model.cpp", (SOURCE / "docs" / "tutorials" / "pipeline.cpp").read_text())
        self.write("CMakeLists.txt", MODEL_CMAKE)
        for command in (["cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}"],
                        ["cmake", "--build", "build"]):
            result = subprocess.run(command, cwd=self.here, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.library / "pkgconfig"), "LD_LIBRARY_PATH": str(self.library)}
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "ntc-frontend"], env=environment, check=True,
                               capture_output=True, text=True).stdout.split()
        subprocess.run(["c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "model.cpp", "-o", "model", *flags], cwd=self.here,
                       check=True)
        models = []
        for program in ("build/model", "model"):
            subprocess.run([str(self.here / program)], cwd=self.here, env=environment, check=True)
            models.append((self.here / "pipeline.pb").read_bytes())
        self.assertEqual(models[0], models[1])
        self.assertIn("bn2", self.succeeds("summary", "pipeline.pb").out)

    def test_public_headers_need_nothing_else(self):
        headers = sorted((self.prefix / "include" / "ntc").rglob("*.h*"))
        self.assertEqual([path.name for path in headers if path.parent.name == "ntc"],
                         ["data.hpp", "dataset.h", "dataset.hpp", "metrics.hpp", "result.hpp", "runtime.h",
                          "runtime.hpp", "schedule.hpp", "search.hpp", "train.hpp"])
        for header in headers:
            included = re.findall(r'#include [<"](.*)[>"]', header.read_text())
            self.assertEqual([name for name in included if "/" in name and not name.startswith("ntc/")], [], header)


if __name__ == "__main__":
    main()
