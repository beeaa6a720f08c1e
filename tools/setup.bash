# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What tools/quickstart and tools/test share: installing Debian packages where some are missing, and building the presets.
# To be sourced; changes into the repository's root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What building needs, by purpose; and what testing needs besides.
packages=(
  clang-22 lld-22 cmake ninja-build ccache git python3      # tools
  llvm-22-dev libmlir-22-dev mlir-22-tools liblld-22-dev    # the compiler is built on
  libprotobuf-dev protobuf-compiler libonnx-dev             # models
  zlib1g-dev libpng-dev libjpeg62-turbo-dev                 # data sets
  libgtest-dev                                              # tests are configured with the rest
)
test_packages=(llvm-22-tools clang-format-22 libonnx-testdata gcc g++ pkg-config)
sanitizer_packages=(libclang-rt-22-dev)

say() { printf '\n== %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Runs a command as root, by sudo where needed.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root: run this as root, or install sudo"
  fi
}

# The mirror that this system's package sources name, without a slash at the end.
debian_mirror() {
  local mirrors
  mirrors=$(sed -nE 's,^(URIs: *|deb (\[[^]]*\] )?)(https?://[^ ]+/debian)/?( .*)?$,\3,p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true)
  echo "${mirrors:-MIRROR/debian}" | sed -n 1p
}

# Installs those of the packages given that are missing.
install_packages() {
  command -v dpkg-query >/dev/null ||
    die "this script installs Debian packages and this is no Debian: install clang 22, LLVM/MLIR 22 with lld, CMake 3.25," \
      "ninja, protobuf and ONNX, then run 'cmake --workflow --preset release'"
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    return
  fi
  say "installing ${missing[*]}"
  as_root apt-get update -qq || die "'apt-get update' failed: see its messages above"
  for package in "${missing[@]}"; do
    apt-cache show "$package" >/dev/null 2>&1 && continue
    if [[ $package == *-22* ]]; then
      die "there is no package $package: LLVM 22 comes from Debian 12's security suite; add the line
  deb $(debian_mirror)-security bookworm-security main
to /etc/apt/sources.list and run this again"
    fi
    die "there is no package $package in this system's package sources; Debian 12 (bookworm) main has it"
  done
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    die "'apt-get install ${missing[*]}' failed: see its messages above"
}

# Configures and builds a preset of CMakePresets.json; the first build takes some minutes, later ones seconds.
build_preset() {
  local preset=$1 folder=build-$1
  shift
  [[ $preset != release ]] || folder=build
  say "building into $folder/ ($(nproc) jobs)"
  cmake --preset "$preset" >build-configure.log 2>&1 || {
    cat build-configure.log >&2
    rm -f build-configure.log
    die "CMake could not configure the build: see its messages above; deleting $folder/ starts over"
  }
  rm -f build-configure.log
  cmake --build --preset "$preset" "$@" || die "the build failed: see the first error above"
}
