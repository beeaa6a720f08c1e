// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The page's parts and its style.
#include "runtime/report/Html.h"

#include "runtime/base/Text.h"
#include "runtime/report/Chart.h"

#include <algorithm>

namespace ntc::rt::report {
namespace {

constexpr std::string_view kStyle =
    R"(:root{color-scheme:light dark;--ink:#1c2230;--soft:#5c6473;--line:#e3e6ec;--page:#f6f7f9;--card:#ffffff;--bad:#c93a3a}
@media (prefers-color-scheme:dark){:root{
--ink:#e8ebf2;--soft:#a3abba;--line:#303644;--page:#0f1115;--card:#171a21;--bad:#f08080}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:1200px;margin:0 auto;padding:28px 20px 60px}h1{font-size:26px;margin:0}h2{font-size:18px;margin:36px 0 12px}
.sub{color:var(--soft);margin:4px 0 20px}.tiles{display:flex;flex-wrap:wrap;gap:12px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 16px;min-width:140px}
.tile span{display:block;color:var(--soft);font-size:13px}.tile b{font-size:22px;font-weight:600}
.figures{display:flex;flex-wrap:wrap;gap:16px}.figures>div,.card{background:var(--card);border:1px solid var(--line);
border-radius:8px;padding:10px;overflow-x:auto}.figures>div{flex:1 1 460px;max-width:max-content}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:4px 14px 4px 0;text-align:right;white-space:nowrap}th{color:var(--soft);font-weight:500}
td:first-child,th:first-child{text-align:left}.pairs td{text-align:left;white-space:normal;overflow-wrap:anywhere}
.pairs td:first-child{color:var(--soft);white-space:nowrap}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;white-space:pre-wrap;
overflow-wrap:anywhere;margin:0 0 12px}
.samples{display:flex;flex-wrap:wrap;gap:12px}figure{margin:0;width:104px;text-align:center}
figure img{width:96px;height:96px;object-fit:contain;image-rendering:pixelated;border:1px solid var(--line);border-radius:6px}
figcaption{font-size:12px;color:var(--soft);line-height:1.3}
.wrong img{border:2px solid var(--bad)}.wrong figcaption{color:var(--bad)}
)";

} // namespace

HtmlPage::HtmlPage(std::string_view title, std::string_view subtitle) : title_(title) {
  body_ = concat("<h1>", escaped(title), "</h1>\n<p class=\"sub\">", escaped(subtitle), "</p>\n");
}

void HtmlPage::heading(std::string_view text) { body_ += concat("<h2>", escaped(text), "</h2>\n"); }

void HtmlPage::paragraph(std::string_view text) {
  body_ += concat("<p class=\"sub\">", escaped(text), "</p>\n");
}

void HtmlPage::code(std::string_view text) { body_ += concat("<pre>", escaped(text), "</pre>\n"); }

void HtmlPage::tiles(const Pairs &tiles) {
  body_ += "<div class=\"tiles\">";
  for (const auto &[name, value] : tiles) {
    body_ += concat("<div class=\"tile\"><span>", escaped(name), "</span><b>", escaped(value),
                    "</b></div>");
  }
  body_ += "</div>\n";
}

void HtmlPage::pairs(const Pairs &pairs) {
  body_ += "<div class=\"card\"><table class=\"pairs\">";
  for (const auto &[name, value] : pairs) {
    body_ += concat("<tr><td>", escaped(name), "</td><td>", escaped(value), "</td></tr>");
  }
  body_ += "</table></div>\n";
}

void HtmlPage::table(std::span<const std::string> head, const Rows &rows) {
  body_ += "<div class=\"card\"><table><tr>";
  for (const std::string &cell : head) {
    body_ += concat("<th>", escaped(cell), "</th>");
  }
  body_ += "</tr>\n";
  for (const std::vector<std::string> &row : rows) {
    body_ += "<tr>";
    for (const std::string &cell : row) {
      body_ += concat("<td>", escaped(cell), "</td>");
    }
    body_ += "</tr>\n";
  }
  body_ += "</table></div>\n";
}

void HtmlPage::figures(std::span<const std::string> svgs) {
  body_ += "<div class=\"figures\">";
  for (const std::string &svg : svgs) {
    body_ += concat("<div>", svg, "</div>");
  }
  body_ += "</div>\n";
}

void HtmlPage::samples(std::span<const Sample> samples) {
  body_ += "<div class=\"samples\">";
  for (const Sample &sample : samples) {
    body_ += concat("<figure", sample.isWrong ? " class=\"wrong\"" : "",
                    "><img alt=\"\" src=\"data:image/png;base64,", base64(pngBytes(sample.picture)),
                    "\"><figcaption>", escaped(sample.caption), "</figcaption></figure>\n");
  }
  body_ += "</div>\n";
}

std::string HtmlPage::text() const {
  return concat("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
                "name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
                escaped(title_), "</title>\n<style>", kStyle, chartStyle(), "</style></head>\n",
                "<body><main>\n", body_, "</main></body></html>\n");
}

} // namespace ntc::rt::report
