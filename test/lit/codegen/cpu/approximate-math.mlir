// RUN: ntc-opt %s --pass-pipeline='builtin.module(func.func(ntc-approximate-math))' | FileCheck %s
// RUN: ntc-opt %s --pass-pipeline='builtin.module(func.func(ntc-approximate-math{has-fma=false}))' | FileCheck %s --check-prefix=PLAIN

// Functions that a library would compute are written out; what is an instruction stays.

// CHECK-LABEL: func.func @vectors
// CHECK-NOT: math.exp
// CHECK: math.fma
// CHECK-NOT: math.exp
// CHECK: math.absf
// CHECK: return
// PLAIN-LABEL: func.func @vectors
// PLAIN-NOT: math.fma
// PLAIN: return
func.func @vectors(%x: vector<8xf32>) -> vector<8xf32> {
  %e = math.exp %x : vector<8xf32>
  %a = math.absf %e : vector<8xf32>
  return %a : vector<8xf32>
}
