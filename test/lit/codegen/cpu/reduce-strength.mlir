// RUN: ntc-opt --pass-pipeline='builtin.module(func.func(ntc-reduce-strength))' --split-input-file %s | FileCheck %s

// The address of a row that moves by 784 with every turn is carried with what is added to it; what adds constants stays.
// CHECK-LABEL: func @rows
// CHECK-SAME: (%[[MEM:.*]]: memref<?xf32>, %[[FROM:.*]]: index, %[[COLUMN:.*]]: index
// CHECK: %[[STRIDE:.*]] = arith.constant 784 : index
// CHECK: %[[PRODUCT:.*]] = arith.muli %[[FROM]], %[[STRIDE]]
// CHECK: %[[START:.*]] = arith.addi %[[PRODUCT]], %[[COLUMN]]
// CHECK: %[[STEP:.*]] = arith.constant 1568 : index
// CHECK: scf.for %{{.*}} = %[[FROM]] to %{{.*}} iter_args(%[[SUM:.*]] = %{{.*}}, %[[AT:.*]] = %[[START]]) -> (f32, index)
// CHECK-NOT: muli
// CHECK: memref.load %[[MEM]][%[[AT]]]
// CHECK: %[[NEXT:.*]] = arith.addi %[[AT]], %{{.*}}16
// CHECK: memref.load %[[MEM]][%[[NEXT]]]
// CHECK: %[[MOVED:.*]] = arith.addi %[[AT]], %[[STEP]]
// CHECK: scf.yield %{{.*}}, %[[MOVED]]
func.func @rows(%mem: memref<?xf32>, %from: index, %column: index, %zero: f32) -> f32 {
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c784 = arith.constant 784 : index
  %sum = scf.for %i = %from to %c32 step %c2 iter_args(%acc = %zero) -> f32 {
    %row = arith.muli %i, %c784 : index
    %at = arith.addi %column, %row : index
    %a = memref.load %mem[%at] : memref<?xf32>
    %next = arith.addi %at, %c16 : index
    %b = memref.load %mem[%next] : memref<?xf32>
    %ab = arith.addf %a, %b : f32
    %new = arith.addf %acc, %ab : f32
    scf.yield %new : f32
  }
  return %sum : f32
}

// -----

// With several bases the product alone is carried, so that the loop holds one more value instead of one for each.
// CHECK-LABEL: func @bases
// CHECK: scf.for %{{.*}} iter_args(%[[AT:.*]] = %{{.*}}) -> (index)
// CHECK-NOT: muli
// CHECK: arith.addi %[[AT]], %{{.*}}
// CHECK: arith.addi %[[AT]], %{{.*}}
func.func @bases(%mem: memref<?xf32>, %n: index, %a: index, %b: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %n step %c1 {
    %row = arith.muli %i, %c8 : index
    %from = arith.addi %row, %a : index
    %to = arith.addi %row, %b : index
    %value = memref.load %mem[%from] : memref<?xf32>
    memref.store %value, %mem[%to] : memref<?xf32>
  }
  return
}

// -----

// A stride that is not known, and loops around others, stay as they are.
// CHECK-LABEL: func @left
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
// CHECK: arith.muli %[[I]], %{{.*}}
// CHECK: scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
// CHECK: arith.muli %[[J]], %{{.*}}
func.func @left(%mem: memref<?xf32>, %n: index, %stride: index, %value: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %n step %c1 {
    %row = arith.muli %i, %c8 : index
    scf.for %j = %c0 to %n step %c1 {
      %column = arith.muli %j, %stride : index
      %at = arith.addi %row, %column : index
      memref.store %value, %mem[%at] : memref<?xf32>
    }
  }
  return
}
