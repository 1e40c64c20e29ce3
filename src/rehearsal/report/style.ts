/** The report's style sheet: paper and ink by day, studio by night, and ink alone in print. */
export const style = `
:root{color-scheme:light dark;--paper:#f5f1e8;--surface:#fffdf8;--raised:#ebe5d7;--ink:#1b221f;--soft:#56605a;--line:#d8d0bf;
--good:#0d5c50;--bad:#a3261a;--open:#8a4b00;--c1:#0d5c50;--c2:#ab3216;--c3:#6a4fa3;
--serif:"Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,ui-serif,serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
@media(prefers-color-scheme:dark){:root{--paper:#111614;--surface:#1a211e;--raised:#262f2b;--ink:#edeae2;--soft:#a5aea8;--line:#313b36;
--good:#7fd3be;--bad:#ff9a8d;--open:#f3b25a;--c1:#7fd3be;--c2:#ff9273;--c3:#b9a4f0}}
*,::before,::after{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 var(--sans);-webkit-text-size-adjust:100%}
main{max-width:60rem;margin:0 auto;padding:24px 16px 64px}
h1,h2{font-family:var(--serif);font-weight:600;line-height:1.15;text-wrap:balance;margin:0}
h1{font-size:1.9rem;margin-top:8px}h2{font-size:1.3rem;margin:40px 0 12px;break-after:avoid}
p,ul,dl,figure{margin:0;padding:0}
.badge{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:2px 12px;font-size:.85rem;color:var(--soft)}
.badge.plan{border-style:dashed}
.verdict{margin-top:16px;padding:14px 16px;border-radius:14px;background:var(--surface);border-left:6px solid var(--open);font:600 1.35rem/1.3 var(--serif)}
.verdict.go{border-color:var(--good)}.verdict.noGo{border-color:var(--bad)}
.interrupted{margin-top:12px;color:var(--open);font-weight:600}
ul.said{padding-left:1.15em}ul.said li{margin:.35em 0;overflow-wrap:anywhere}
dl.facts{display:grid;grid-template-columns:minmax(8em,auto) 1fr;gap:6px 20px;background:var(--surface);border-radius:14px;padding:14px 16px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;background:var(--surface);border-radius:14px;overflow:hidden}
th,td{text-align:left;vertical-align:top;padding:9px 14px;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}thead th{color:var(--soft);font-weight:500;font-size:.9rem}tbody th{font-weight:500}
td.why{color:var(--soft)}
.held{color:var(--good);font-weight:600}.broken{color:var(--bad);font-weight:600}.unknown{color:var(--open);font-weight:600}
.held::before{content:"✓ "}.broken::before{content:"✗ "}.unknown::before{content:"? "}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:16px}
.chart{background:var(--surface);border-radius:14px;padding:12px 12px 10px;break-inside:avoid}
figcaption{font-weight:600;padding:0 4px 6px}.chart>svg{display:block;width:100%;height:auto}
.tick,.marked{font:10px var(--sans);fill:var(--soft)}
.grid{stroke:var(--line);stroke-width:1;fill:none}.mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3;fill:none}
.band{fill:var(--c2);opacity:.12}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.l1{stroke:var(--c1)}.l2{stroke:var(--c2);stroke-dasharray:5 3}.l3{stroke:var(--c3);stroke-dasharray:1.5 3}
.legend{list-style:none;font-size:.85rem;color:var(--soft);padding:6px 4px 0}.legend li{display:flex;gap:8px}
.sample{flex:none;width:22px;height:8px;margin-top:.5em}
pre{background:var(--surface);border-radius:14px;padding:14px 16px;margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.9rem}
@media(max-width:34rem){h1{font-size:1.55rem}dl.facts{grid-template-columns:1fr;gap:0}dd+dt{margin-top:8px}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}table,tbody,tr,th,td{display:block}
tbody tr{border-bottom:1px solid var(--line);padding:10px 14px}tbody tr:last-child{border-bottom:0}
tbody th,td{border:0;padding:1px 0}td[data-name]::before{content:attr(data-name) " ";color:var(--soft)}}
@media print{:root{color-scheme:light;--paper:#fff;--surface:#fff;--raised:#fff;--ink:#000;--soft:#444;--line:#bbb;
--good:#064;--bad:#900;--open:#740;--c1:#064;--c2:#900;--c3:#426}
body{font-size:10pt}main{max-width:none;padding:0}h2{margin-top:18pt}.charts{grid-template-columns:1fr 1fr}
.chart,table,dl.facts,pre,.verdict{border:1px solid var(--line);border-left-width:1px}.verdict{border-left-width:6px}
table{border-radius:0}tr,dl.facts,.verdict{break-inside:avoid}}
@page{margin:14mm}
`.trim();
