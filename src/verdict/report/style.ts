/** The report's style sheet: paper and ink by day, studio by night, and ink alone in print. */
export const style = `
:root{color-scheme:light dark;--paper:#f5f1e8;--surface:#fffdf8;--ink:#1b221f;--soft:#56605a;--line:#d8d0bf;
--crowd:#0d5c50;--attack:#a3261a;--fault:#6a4fa3;--unknown:#b98a3a;
--serif:"Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,ui-serif,serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
@media(prefers-color-scheme:dark){:root{--paper:#111614;--surface:#1a211e;--ink:#edeae2;--soft:#a5aea8;--line:#313b36;
--crowd:#55b39d;--attack:#ff7f6e;--fault:#b9a4f0;--unknown:#e0b25f}}
*,::before,::after{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 var(--sans);-webkit-text-size-adjust:100%}
main{max-width:60rem;margin:0 auto;padding:24px 16px 64px}
h1,h2,h3{font-family:var(--serif);font-weight:600;line-height:1.2;text-wrap:balance;margin:0}
h1{font-size:1.9rem;margin-top:8px}h2{font-size:1.3rem;margin:40px 0 12px;break-after:avoid}h3{font-size:1.05rem;margin:0 0 8px}
p,ul,figure,dl{margin:0;padding:0}p+p{margin-top:.6em}
.badge{display:inline-block;border:1px dashed currentColor;border-radius:99px;padding:2px 12px;font-size:.85rem;color:var(--soft)}
.when{color:var(--soft);margin-top:4px}
.verdict{margin-top:16px;padding:14px 16px;border-radius:14px;background:var(--surface);border-left:6px solid var(--unknown);font:600 1.35rem/1.3 var(--serif)}
.verdict.crowd{border-color:var(--crowd)}.verdict.attack,.verdict.attack-in-crowd{border-color:var(--attack)}.verdict.own-fault{border-color:var(--fault)}
.card,figure,table,pre{background:var(--surface);border-radius:14px;padding:14px 16px;break-inside:avoid}
.card+.card{margin-top:12px}.soft{color:var(--soft)}
.bar{display:flex;height:26px;border-radius:8px;overflow:hidden;margin:14px 0 10px}.bar i{display:block}
i.crowd{background:var(--crowd)}i.attack{background:var(--attack)}i.fault{background:var(--fault)}i.unknown{background:var(--unknown)}
.key{display:inline-block;width:.8em;height:.8em;border-radius:3px;margin-right:.5em}
ul{padding-left:1.15em}ul.card{padding-left:2.2em}.card+table,.charts+.card{margin-top:12px}table+p,p+table,table+.card{margin-top:10px}li{margin:.35em 0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;padding:0;overflow:hidden}
th,td{text-align:left;vertical-align:top;padding:8px 14px;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}thead th{color:var(--soft);font-weight:500;font-size:.9rem}tbody th{font-weight:500}
td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.for{color:var(--attack)}td.against{color:var(--crowd)}.source{color:var(--soft);font-size:.85em}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:16px}
figure.wide{grid-column:1/-1;overflow-x:auto}figure.wide svg{min-width:32rem}figcaption{font-weight:600;padding-bottom:6px}svg{display:block;width:100%;height:auto}
.tick{font:10px var(--sans);fill:var(--soft)}.grid{stroke:var(--line);fill:none}.mark{stroke:var(--soft);stroke-dasharray:2 3;fill:none}
.area.crowd{fill:var(--crowd)}.area.attack{fill:var(--attack)}.area.fault{fill:var(--fault)}.area.unknown{fill:var(--unknown)}
.line{fill:none;stroke:var(--crowd);stroke-width:1.8;stroke-linejoin:round}.proven{stroke:var(--ink);stroke-dasharray:6 4;fill:none}
.legend{list-style:none;font-size:.85rem;color:var(--soft);padding:6px 0 0;display:flex;flex-wrap:wrap;gap:4px 16px}.legend li{margin:0}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
@media(max-width:34rem){h1{font-size:1.55rem}table.features thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.features,table.features tbody,table.features tr,table.features th,table.features td{display:block}table.features tr{padding:10px 14px;border-bottom:1px solid var(--line)}
table.features th,table.features td{border:0;padding:1px 0;text-align:left}td[data-name]::before{content:attr(data-name) " ";color:var(--soft)}}
@media print{:root{color-scheme:light;--paper:#fff;--surface:#fff;--ink:#000;--soft:#444;--line:#bbb}
body{font-size:10pt}main{max-width:none;padding:0}.card,figure,table,pre,.verdict{border:1px solid var(--line);border-radius:0}}
@page{margin:14mm}
`.trim();
