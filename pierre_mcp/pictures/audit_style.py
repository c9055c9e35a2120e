"""The style sheet of the report's page: light, dark, and paper (A4)."""

from typing import Final

STYLE: Final = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --soft: #5b6470; --line: #d9dee4; --wash: #f5f7f9;
  --released: #2f6db0; --refused: #d9822b; --other: #8d96a2;
  --low: #9fb6cd; --medium: #dca237; --high: #bf3a30;
  --good: #1e7b4a; --good-wash: #e9f5ee; --bad: #b3261e; --bad-wash: #fdecea;
  --h0: #f5f7f9; --h1: #dbe7f3; --h2: #b5cfe7; --h3: #86b1d8; --h4: #4d87bf;
  --h5: #2f6db0; --on-dark: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e7eaee; --soft: #9aa4b0; --line: #313943; --wash: #1c2229;
    --released: #6ea8e0; --refused: #e99a4c; --other: #737d89;
    --low: #5f7890; --medium: #d9a441; --high: #e5695f;
    --good: #62c491; --good-wash: #16291f; --bad: #f2857c; --bad-wash: #331a18;
    --h0: #1c2229; --h1: #20364c; --h2: #264b6f; --h3: #2f6598; --h4: #4d8ac4;
    --h5: #6ea8e0; --on-dark: #10151a;
  }
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); }
body {
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
    "DejaVu Sans", sans-serif;
  margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.5rem 4rem;
}
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .25rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: 0 0 .75rem; max-width: 44rem; }
.brand { color: var(--soft); font-size: .875rem; font-weight: 600; margin: 0; }
.days, .tells, figcaption, .none, footer { color: var(--soft); }
.verdict {
  border-left: .3rem solid; border-radius: .25rem; margin: 1.25rem 0 0;
  max-width: none; padding: .75rem 1rem;
}
.holds { background: var(--good-wash); border-color: var(--good); }
.holds strong { color: var(--good); }
.broken { background: var(--bad-wash); border-color: var(--bad); }
.broken strong { color: var(--bad); }
section { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: 1.5rem; }
.numbers {
  display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); margin: 1rem 0 1.5rem;
}
.numbers div {
  background: var(--wash); border-radius: .375rem; display: flex;
  flex-direction: column; justify-content: space-between; padding: .6rem .75rem;
}
dt { color: var(--soft); font-size: .8125rem; line-height: 1.35; }
dd { font-size: 1.3rem; font-weight: 600; margin: 0; }
.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
.absent { color: var(--soft); font-weight: 400; }
dd.absent { font-size: .8125rem; }
figure { margin: 1.5rem 0; }
figcaption { font-size: .875rem; margin-top: .5rem; max-width: 44rem; }
.chart { overflow-x: auto; }
svg { display: block; height: auto; max-width: 45rem; min-width: 32rem; width: 100%; }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .label, svg .number { fill: var(--ink); font-size: 13px; }
.grid { stroke: var(--line); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.released { background: var(--released); fill: var(--released); }
.refused { background: var(--refused); fill: var(--refused); }
.other { background: var(--other); fill: var(--other); }
.low { background: var(--low); fill: var(--low); }
.medium { background: var(--medium); fill: var(--medium); }
.high { background: var(--high); fill: var(--high); }
.h0 { fill: var(--h0); } .h1 { fill: var(--h1); } .h2 { fill: var(--h2); }
.h3 { fill: var(--h3); } .h4 { fill: var(--h4); } .h5 { fill: var(--h5); }
svg .t1, svg .t2, svg .t3 { fill: var(--ink); }
svg .t4, svg .t5 { fill: var(--on-dark); font-weight: 600; }
.legend {
  display: flex; flex-wrap: wrap; font-size: .8125rem; gap: .25rem 1.25rem;
  list-style: none; margin: 0 0 .5rem; padding: 0;
}
.legend li { align-items: center; display: flex; gap: .4rem; }
.key { border-radius: .15rem; display: inline-block; height: .75rem; width: .75rem; }
.tallies {
  align-items: start; display: grid; gap: 1.25rem 2rem;
  grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); margin: 1.5rem 0;
}
.tallies:empty { display: none; }
table { border-collapse: collapse; font-size: .8125rem; width: 100%; }
caption {
  color: var(--ink); font-size: .875rem; font-weight: 600; padding: 0 0 .35rem;
  text-align: left;
}
th, td { padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top; }
th { font-weight: 600; }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
tbody tr { border-top: 1px solid var(--line); }
thead th { color: var(--soft); white-space: nowrap; }
td { overflow-wrap: anywhere; }
td.words { overflow-wrap: normal; }
td.n { padding-right: 0; text-align: right; }
.rows td.n { padding-right: .75rem; }
.at, .whole { font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { margin: 1.25rem 0; overflow-x: auto; }
.wide:focus-visible { outline: 2px solid var(--released); outline-offset: 4px; }
.rows { min-width: 48rem; }
footer { border-top: 1px solid var(--line); font-size: .8125rem; margin-top: 2.5rem;
  padding-top: 1rem; }
@page { margin: 16mm 14mm; size: A4; }
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --ink: #000000; --soft: #444b54; --line: #c4cad1; --wash: #f5f7f9;
    --released: #2f6db0; --refused: #d9822b; --other: #8d96a2;
    --low: #9fb6cd; --medium: #dca237; --high: #bf3a30;
    --good: #1e7b4a; --good-wash: #e9f5ee; --bad: #b3261e; --bad-wash: #fdecea;
    --h0: #f5f7f9; --h1: #dbe7f3; --h2: #b5cfe7; --h3: #86b1d8; --h4: #4d87bf;
    --h5: #2f6db0; --on-dark: #ffffff;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; max-width: none; padding: 0; }
  h1 { font-size: 20pt; }
  h2 { font-size: 14pt; }
  h2, h3, caption, .tells { break-after: avoid; }
  figure, .numbers div, .tally, .verdict, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .numbers { grid-template-columns: repeat(5, 1fr); gap: 2mm; }
  dd { font-size: 12pt; }
  dt, dd.absent { font-size: 8pt; }
  .chart { overflow: visible; }
  svg { max-width: 150mm; min-width: 0; }
  table { font-size: 7.5pt; }
  .tallies { grid-template-columns: repeat(3, 1fr); }
  .wide { overflow: visible; }
  .rows { min-width: 0; }
  .rows th, .rows td, .rows td.n { padding-right: 2mm; }
}
"""
