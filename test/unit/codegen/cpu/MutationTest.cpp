// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The positive control of the comparisons with the interpreter: mistakes planted in fused programs,
// as a wrong lowering or emission would make them, give results that the comparison refuses. A
// mutant that computes the same in exact arithmetic, such as a sum in another order, is no mistake
// and is not counted: the interpreter runs each in double.

#include "test/unit/codegen/cpu/Judge.h"
#include "test/unit/compiler/autodiff/Subject.h"

#include "codegen/reference/Interpreter.h"
#include "dialects/plan/Plan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "gtest/gtest.h"

#include <cmath>
#include <map>
#include <regex>

using namespace mlir;
using ntc::autodiff::test::OpCase;

namespace ntc::codegen::cpu::test {
namespace {

struct Mutation {
  std::string kind;
  std::function<void(Operation *)> apply;
};

/// Puts another operation on the same operands in the place of `op`.
template <typename Op> Mutation replacedBy(const char *kind) {
  return {kind, [](Operation *op) {
            OpBuilder b(op);
            Operation *other = Op::create(b, op->getLoc(), op->getOperands());
            op->getResult(0).replaceAllUsesWith(other->getResult(0));
          }};
}

Mutation operandOnly(unsigned number) {
  return {"only operand " + std::to_string(number),
          [number](Operation *op) { op->getResult(0).replaceAllUsesWith(op->getOperand(number)); }};
}

Mutation exchanged(const char *kind, unsigned a, unsigned b) {
  return {kind, [a, b](Operation *op) {
            Value first = op->getOperand(a);
            op->setOperand(a, op->getOperand(b));
            op->setOperand(b, first);
          }};
}

Mutation doubled() {
  return {"doubled", [](Operation *op) {
            OpBuilder b(op->getContext());
            b.setInsertionPointAfter(op);
            Value result = op->getResult(0);
            auto twice = arith::AddFOp::create(b, op->getLoc(), result, result);
            result.replaceAllUsesExcept(twice, twice);
          }};
}

void addPredicates(arith::CmpFOp, SmallVector<Mutation> &mutations) {
  mutations.push_back({"comparison reversed", [](Operation *op) {
                         auto compare = cast<arith::CmpFOp>(op);
                         // Complements add up to AlwaysTrue.
                         auto number = static_cast<uint64_t>(compare.getPredicate());
                         compare.setPredicate(static_cast<arith::CmpFPredicate>(
                             static_cast<uint64_t>(arith::CmpFPredicate::AlwaysTrue) - number));
                       }});
  mutations.push_back(exchanged("sides of a comparison exchanged", 0, 1));
}

/// Indices run through addresses only where no body reads a tensor by index.
bool readsByIndex(Operation *op) {
  auto generic = op->getParentOfType<linalg::GenericOp>();
  return generic &&
         generic.walk([](tensor::ExtractOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

/// Loops a < b of one kind and extent that some input tells apart.
void addAxes(linalg::GenericOp op, SmallVector<Mutation> &mutations) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  auto kinds = op.getIteratorTypesArray();
  for (unsigned a = 0; a < extents.size(); ++a) {
    for (unsigned b = a + 1; b < extents.size(); ++b) {
      if (extents[a] != extents[b] || kinds[a] != kinds[b] || extents[a] == 1) {
        continue;
      }
      mutations.push_back(
          {"axes exchanged", [a, b](Operation *copy) {
             auto generic = cast<linalg::GenericOp>(copy);
             SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
             SmallVector<AffineExpr> dims;
             for (unsigned d = 0; d < maps[0].getNumDims(); ++d) {
               dims.push_back(getAffineDimExpr(d == a ? b : d == b ? a : d, copy->getContext()));
             }
             maps[0] = maps[0].replaceDimsAndSymbols(dims, {}, dims.size(), 0);
             generic.setIndexingMapsAttr(OpBuilder(copy).getAffineMapArrayAttr(maps));
           }});
    }
  }
}

void addConstant(arith::ConstantOp op, SmallVector<Mutation> &mutations) {
  if (!isa<FloatType>(op.getType())) {
    return;
  }
  mutations.push_back({"constant off by one", [](Operation *copy) {
                         auto constant = cast<arith::ConstantOp>(copy);
                         auto number = cast<FloatAttr>(constant.getValue());
                         double value = number.getValueAsDouble();
                         constant.setValueAttr(FloatAttr::get(
                             number.getType(), std::isfinite(value) ? value + 1 : 0.0));
                       }});
}

void addSlice(tensor::InsertSliceOp op, SmallVector<Mutation> &mutations) {
  for (auto [d, offset] : llvm::enumerate(op.getStaticOffsets())) {
    if (offset > 0) {
      mutations.push_back({"insertion moved", [d = d](Operation *copy) {
                             auto slice = cast<tensor::InsertSliceOp>(copy);
                             SmallVector<int64_t> offsets(slice.getStaticOffsets());
                             --offsets[d];
                             slice.setStaticOffsets(offsets);
                           }});
    }
  }
}

/// Every mistake that fits an operation of a dispatch.
SmallVector<Mutation> mutationsOf(Operation *op) {
  SmallVector<Mutation> mutations;
  if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    addAxes(generic, mutations);
  } else if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    addConstant(constant, mutations);
  } else if (auto slice = dyn_cast<tensor::InsertSliceOp>(op)) {
    addSlice(slice, mutations);
  } else if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
    addPredicates(compare, mutations);
  } else if (isa<arith::SelectOp>(op)) {
    mutations.push_back(exchanged("choices exchanged", 1, 2));
  } else if (auto index = dyn_cast<linalg::IndexOp>(op); index && !readsByIndex(op)) {
    mutations.push_back({"index of another loop", [](Operation *copy) {
                           auto indexOp = cast<linalg::IndexOp>(copy);
                           indexOp.setDim(indexOp.getDim() == 0 ? 1 : 0);
                         }});
    auto parent = op->getParentOfType<linalg::GenericOp>();
    if (!parent || parent.getNumLoops() < 2) {
      mutations.clear();
    }
  }
  if (isa<arith::AddFOp>(op)) {
    mutations.push_back(replacedBy<arith::SubFOp>("sum is a difference"));
  } else if (isa<arith::SubFOp>(op)) {
    mutations.push_back(replacedBy<arith::AddFOp>("difference is a sum"));
  } else if (isa<arith::MulFOp>(op)) {
    mutations.push_back(replacedBy<arith::AddFOp>("product is a sum"));
  } else if (isa<arith::DivFOp>(op)) {
    mutations.push_back(replacedBy<arith::MulFOp>("quotient is a product"));
  } else if (isa<arith::MaximumFOp>(op)) {
    mutations.push_back(replacedBy<arith::MinimumFOp>("maximum is a minimum"));
  } else if (isa<arith::MinimumFOp>(op)) {
    mutations.push_back(replacedBy<arith::MaximumFOp>("minimum is a maximum"));
  }
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op)) {
    mutations.push_back(exchanged("operands exchanged", 0, 1));
    mutations.push_back(operandOnly(0));
    mutations.push_back(operandOnly(1));
    mutations.push_back(doubled());
  } else if (isa<arith::NegFOp>(op) || isa<math::MathDialect>(op->getDialect())) {
    mutations.push_back(operandOnly(0));
    mutations.push_back(doubled());
  }
  return mutations;
}

/// A place in a program and one of its mutations.
struct Site {
  Operation *op;
  Mutation mutation;
};

std::vector<Site> sitesOf(ir::train::EntryOp entry) {
  std::vector<Site> sites;
  entry.walk([&](Operation *op) {
    if (op->getParentOfType<ir::plan::DispatchOp>()) {
      for (Mutation &mutation : mutationsOf(op)) {
        sites.push_back({op, std::move(mutation)});
      }
    }
  });
  return sites;
}

/// The computation of a case in f32 with its first derivatives.
Computation computationOf(MLIRContext &context, OpCase opCase) {
  for (std::string *text : {&opCase.arguments, &opCase.body}) {
    *text = std::regex_replace(*text, std::regex("f64>"), "f32>");
  }
  auto subject = autodiff::test::makeSubject(context, opCase, 1);
  Tensors inputs = autodiff::test::makeInputs(*subject, opCase, 55);
  for (Tensor &input : inputs) {
    input = fromBytes(input.getType(), toBytes(input).data());
  }
  return {opCase.name, std::move(subject->module), std::move(inputs)};
}

/// Which site of which case an entry of the suite has, and whether its exact results are wrong.
struct Mutant {
  size_t opCase, site;
  std::string kind;
  bool isMistake = true;
};

/// Are the exact results of `entry`, which reads `inputs` from states, not `expected`?
bool isWrong(ir::train::ProgramOp program, ir::train::EntryOp entry, size_t number,
             const Tensors &inputs, const Tensors &expected) {
  reference::Options options;
  options.precision = reference::Precision::Double;
  reference::Interpreter interpreter(program, options);
  for (auto [k, input] : llvm::enumerate(inputs)) {
    EXPECT_TRUE(succeeded(interpreter.set(Suite::stateName(number, k), input)));
  }
  auto results = interpreter.run(entry.getSymName(), {});
  if (failed(results)) {
    return true;
  }
  for (auto [actual, tensor] : llvm::zip_equal(*results, expected)) {
    double largest = 0, worst = 0;
    for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
      double distance = std::fabs(actual.number(i) - tensor.number(i));
      largest = std::max(largest, std::fabs(tensor.number(i)));
      worst = std::isnan(distance) ? INFINITY : std::max(worst, distance);
    }
    if (worst > 1e-9 * largest) {
      return true;
    }
  }
  return false;
}

TEST(EmissionMutants, AreAllKilled) {
  constexpr size_t kCaseStride = 6, kMostPerCase = 12;
  auto context = makeCompilerContext();
  auto target = llvm::cantFail(CpuTarget::create("native"));
  std::vector<OpCase> cases;
  for (size_t i = 0; i < autodiff::test::opCases().size(); i += kCaseStride) {
    cases.push_back(autodiff::test::opCases()[i]);
  }
  // First unchanged: the right results, and the sites.
  Suite right(*context);
  for (const OpCase &opCase : cases) {
    right.add(computationOf(*context, opCase));
  }
  std::vector<Mutant> mutants;
  ASSERT_EQ(right.compile(target,
                          [&](ir::train::ProgramOp program) {
                            for (auto [c, entry] :
                                 llvm::enumerate(program.getBody().getOps<ir::train::EntryOp>())) {
                              auto sites = sitesOf(entry);
                              size_t step = std::max<size_t>(1, sites.size() / kMostPerCase);
                              for (size_t s = c % step; s < sites.size(); s += step) {
                                mutants.push_back({c, s, sites[s].mutation.kind});
                              }
                            }
                          }),
            "");
  std::vector<Tensors> expected;
  std::vector<Verdict> verdicts;
  std::string problem;
  for (size_t c = 0; c < cases.size(); ++c) {
    verdicts.push_back(judge(right[c]));
    expected.push_back(right.run(c, {}, problem));
    EXPECT_EQ(difference(right[c], verdicts[c], expected[c]), "") << cases[c].name;
  }
  Suite wrong(*context);
  for (const Mutant &mutant : mutants) {
    wrong.add(computationOf(*context, cases[mutant.opCase]));
  }
  ASSERT_EQ(wrong.compile(target,
                          [&](ir::train::ProgramOp program) {
                            auto entries = program.getBody().getOps<ir::train::EntryOp>();
                            for (auto [i, entry] : llvm::enumerate(entries)) {
                              Mutant &mutant = mutants[i];
                              Site site = sitesOf(entry)[mutant.site];
                              site.mutation.apply(site.op);
                              mutant.isMistake = isWrong(program, entry, i, wrong[i].inputs,
                                                         verdicts[mutant.opCase].expected);
                            }
                          }),
            "");
  std::map<std::string, std::pair<size_t, size_t>> byKind; // killed, total
  for (auto [i, mutant] : llvm::enumerate(mutants)) {
    Tensors actual = wrong.run(i, {}, problem);
    if (!mutant.isMistake || sameBits(actual, expected[mutant.opCase])) {
      continue;
    }
    auto &[killed, total] = byKind[mutant.kind];
    bool isKilled = !difference(wrong[i], verdicts[mutant.opCase], actual).empty();
    killed += isKilled;
    ++total;
    EXPECT_TRUE(isKilled) << "survived: " << mutant.kind << " in " << cases[mutant.opCase].name;
  }
  EXPECT_EQ(problem, "");
  size_t killed = 0, total = 0;
  for (const auto &[kind, count] : byKind) {
    std::cout << kind << ": " << count.first << " of " << count.second << "\n";
    killed += count.first;
    total += count.second;
  }
  std::cout << "emission mutants killed: " << killed << " of " << total << ", " << byKind.size()
            << " kinds\n";
  EXPECT_GE(byKind.size(), 12u);
  EXPECT_GT(total, 200u);
}

} // namespace
} // namespace ntc::codegen::cpu::test
