// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grammar of DATA.
#include "runtime/data/DataSource.h"

#include "Scratch.h"

namespace ntc::rt::data {
namespace {

std::string messageOf(std::string_view text) {
  Result<DataSource> source = DataSource::parse(text);
  if (source) {
    return "(no error)";
  }
  EXPECT_EQ(source.status().code(), Code::InvalidArgument);
  return source.status().message();
}

TEST(DataSource, SplitsSchemePlaceAndOptions) {
  Result<DataSource> source = DataSource::parse("csv:/data/a%3Fb.csv?target=price&task=regression");
  ASSERT_TRUE(source) << source.status().message();
  EXPECT_EQ(source->scheme, "csv");
  EXPECT_EQ(source->place, "/data/a?b.csv");
  ASSERT_NE(source->find("target"), nullptr);
  EXPECT_EQ(*source->find("target"), "price");
  EXPECT_EQ(*source->find("task"), "regression");
  EXPECT_EQ(source->find("columns"), nullptr);
}

TEST(DataSource, AllowsSchemesWithoutPlace) {
  EXPECT_TRUE(DataSource::parse("fashion-mnist"));
  EXPECT_TRUE(DataSource::parse("fashion-mnist?split=test"));
  EXPECT_TRUE(DataSource::parse("fashion-mnist:/some/folder"));
  EXPECT_TRUE(DataSource::parse("synthetic?samples=10"));
}

TEST(DataSource, NamesTheNearestScheme) {
  EXPECT_TRUE(has(messageOf("fashion-minst"), "did you mean 'fashion-mnist'?"));
  EXPECT_TRUE(has(messageOf("cvs:file"), "did you mean 'csv'?"));
  EXPECT_TRUE(has(messageOf("quux:file"), "known are fashion-mnist, mnist"));
}

TEST(DataSource, TellsHowToWriteABareFileName) {
  EXPECT_TRUE(has(messageOf("data/table.csv"), "'csv:data/table.csv?target=COLUMN'"));
  EXPECT_TRUE(has(messageOf("x.npz"), "'npz:x.npz'"));
  EXPECT_TRUE(has(messageOf("/data/mnist"), "'idx:/data/mnist'"));
}

TEST(DataSource, RefusesWhatTheSchemeDoesNotTake) {
  EXPECT_TRUE(has(messageOf("mnist"), "needs a place, as in 'mnist:DIR'"));
  EXPECT_TRUE(has(messageOf("synthetic:x"), "takes no place, found 'x'"));
  EXPECT_TRUE(has(messageOf("csv:a.csv?tagret=y"), "did you mean 'target'?"));
  EXPECT_TRUE(has(messageOf("csv:a.csv?target"), "must have the form key=value"));
  EXPECT_TRUE(has(messageOf("csv:a.csv?target=a&target=b"), "is given twice"));
  EXPECT_TRUE(has(messageOf("csv:a%zz.csv"), "two hexadecimal digits"));
  EXPECT_TRUE(has(messageOf("csv:a%00.csv"), "other than 00"));
  EXPECT_TRUE(has(messageOf(""), "found nothing"));
}

TEST(DataSource, ReadsNumbersStrictly) {
  Result<DataSource> source = DataSource::parse("idx:d?normalize=0.1307,0.3081&classes=10");
  ASSERT_TRUE(source);
  Result<std::vector<double>> numbers = source->numbers("normalize", 2);
  ASSERT_TRUE(numbers);
  EXPECT_EQ(*numbers, (std::vector<double>{0.1307, 0.3081}));
  EXPECT_EQ(*source->integer("classes", 0, 1, 256), 10);
  EXPECT_EQ(*source->integer("samples", 7, 1, 256), 7);
  for (const char *bad : {"1", "1,2,3", "1,", ",1", "a,b", "1;2", "nan,1", "1,2,"}) {
    Result<DataSource> broken = DataSource::parse(std::string("idx:d?normalize=") + bad);
    ASSERT_TRUE(broken);
    EXPECT_FALSE(broken->numbers("normalize", 2)) << bad;
  }
  Result<DataSource> tooMany = DataSource::parse("idx:d?classes=257");
  ASSERT_TRUE(tooMany);
  EXPECT_TRUE(has(tooMany->integer("classes", 0, 1, 256).status().message(), "from 1 to 256"));
}

TEST(DataSource, RefusesAnUnknownSplit) {
  Result<DataSource> source = DataSource::parse("mnist:d?split=valid");
  ASSERT_TRUE(source);
  EXPECT_TRUE(has(source->split(Split::Train).status().message(), "must be train or test"));
}

} // namespace
} // namespace ntc::rt::data
