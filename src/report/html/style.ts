/** The page's only style sheet. Colours are pairs that reach WCAG AA on their grounds, in light and in dark. */
export const STYLE = `
:root{color-scheme:light dark;
--ground:#faf9f6;--surface:#fff;--ink:#1d1c1a;--quiet:#5e5a52;--line:#e3dfd6;--edge:#8d877b;--accent:#1d4e79;--wash:#f1eee7;
--error:#a8231a;--error-wash:#fbe9e6;--warning:#7d4b00;--warning-wash:#fbefd9;--info:#1f5a94;--info-wash:#e7f0f8;--good:#1b6745;--good-wash:#e3f2e9;
--error-fill:#d2453a;--warning-fill:#e0a030;--info-fill:#6a9fd0;--good-fill:#5aa581;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{
--ground:#131519;--surface:#1b1e24;--ink:#e8e6e1;--quiet:#a9a59d;--line:#30343c;--edge:#767d89;--accent:#93bfe8;--wash:#23272e;
--error:#ffa196;--error-wash:#3d1f1c;--warning:#f2c26b;--warning-wash:#372a12;--info:#97c5f3;--info-wash:#1a2c40;--good:#86d3a9;--good-wash:#173122;
--error-fill:#c9483d;--warning-fill:#b98226;--info-fill:#477fb5;--good-fill:#3f8f6a}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 var(--sans);display:grid;grid-template-columns:minmax(0,1fr);padding:0 max(1.25rem,4vw)}
header,main,footer{width:100%;max-width:76rem;margin:0 auto}
header{padding:3.5rem 0 1.75rem}
h1,h2,h3,h4,p,ul,ol,dl,dd,figure,pre{margin:0}
h1{font-size:clamp(1.9rem,1.3rem + 2.2vw,3rem);line-height:1.12;letter-spacing:-.025em;font-weight:680;overflow-wrap:anywhere;text-wrap:balance}
h2{font-size:1.55rem;line-height:1.2;letter-spacing:-.018em;font-weight:660;margin-bottom:1.25rem;overflow-wrap:anywhere}
h3{font-size:1.06rem;line-height:1.3;font-weight:650;margin-bottom:.75rem}
.after{margin-top:1.75rem}
h4 code,h3 code{font-size:1em}
h4{font-size:.9rem;font-weight:600;display:inline}
small{font-size:.8125rem;font-weight:400;color:var(--quiet)}
code,pre,.at{font-family:var(--mono);font-size:.875em;overflow-wrap:anywhere}
.at,.quiet,.meta,.note{color:var(--quiet)}
.note{overflow-wrap:anywhere;font-size:.9rem;max-width:62rem;margin-bottom:1rem}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
main:focus{outline:none}
.hide,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:focus{position:fixed;left:1rem;top:1rem;z-index:9;background:var(--surface);padding:.6rem 1rem}
[hidden]{display:none!important}
.kicker{font-size:.8125rem;letter-spacing:.09em;text-transform:uppercase;color:var(--quiet);font-weight:600;margin-bottom:.5rem}
.meta{margin-top:.9rem;font-size:.9375rem;overflow-wrap:anywhere}
nav{max-width:76rem;width:100%;margin:0 auto;border-block:1px solid var(--line)}
nav ol{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:0 1.6rem}
nav a{display:block;overflow-wrap:anywhere;padding:.7rem 0;font-size:.9375rem;text-decoration:none;color:var(--ink)}
nav a:hover{color:var(--accent);text-decoration:underline}
.chapter{padding:3rem 0 1rem}
.lede{font-size:1.3rem;line-height:1.4;max-width:56rem;margin-bottom:1.75rem;letter-spacing:-.008em;text-wrap:balance}
.tiles{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));background:var(--surface);border:1px solid var(--line);border-radius:12px;overflow:hidden;margin-bottom:1rem}
.tiles li{padding:1.15rem 1.25rem 1.2rem;display:flex;flex-direction:column;box-shadow:-1px -1px 0 var(--line)}
.tiles b{font-size:2.15rem;line-height:1.1;font-weight:640;letter-spacing:-.03em;font-variant-numeric:tabular-nums}
.tiles .error b{color:var(--error)}.tiles .proven b{color:var(--good)}
.tiles span{font-weight:600;font-size:.9375rem}
.tiles small{line-height:1.35;margin-top:.2rem}
.pair{display:grid;gap:2.5rem 3.5rem;grid-template-columns:minmax(0,1.25fr) minmax(0,1fr);margin-top:2.25rem}
.first{padding:0;list-style:none;display:grid;gap:.9rem}
.first li{display:grid;grid-template-columns:5.5rem minmax(0,1fr);align-items:baseline}
.first a{color:inherit;text-decoration-color:var(--edge)}
.s{font-size:.8125rem;font-weight:600;white-space:nowrap}
.s::before{content:"";display:inline-block;width:.6em;height:.6em;border-radius:50%;margin-right:.45em;background:var(--info-fill)}
.s.error{color:var(--error)}.s.error::before{background:var(--error-fill);border-radius:1px;transform:rotate(45deg)}
.s.warning{color:var(--warning)}.s.warning::before{background:var(--warning-fill);border-radius:2px}
.s.info{color:var(--info)}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th{text-align:left;font-weight:600}
.bars th{font-weight:400;padding:.28rem 1rem .28rem 0;white-space:nowrap;width:1%}
.bars th a{color:inherit;text-decoration-color:var(--edge)}
.bars td{padding:.28rem 0}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.bars td.num{padding-left:.9rem;width:1%}
.bar{display:block;width:100%;height:.75rem;border-radius:2px}
.bar .error{fill:var(--error-fill)}.bar .warning{fill:var(--warning-fill)}.bar .info{fill:var(--info-fill)}
.matrix{margin-top:1.4rem;border-top:1px solid var(--line)}
.matrix th,.matrix td{padding:.42rem 0;border-bottom:1px solid var(--line)}
.matrix thead th{font-size:.8125rem;font-weight:400;color:var(--quiet);text-align:right}.matrix thead th:first-child{text-align:left}
.er{position:relative;background:var(--surface);border:1px solid var(--line);border-radius:12px;overflow:auto;max-height:80vh;margin-bottom:.6rem}
.er svg{display:block;margin:auto}
.live .er{height:min(84vh,58rem);max-height:none;overflow:hidden;touch-action:none;cursor:grab}
.live .er.drag{cursor:grabbing}.live .er svg{width:100%;height:100%}
.er text{font:12px var(--mono);fill:var(--ink)}
.er .bo{fill:var(--surface);stroke:var(--edge)}
.er .hd{fill:var(--wash);stroke:var(--edge)}
.er .na{font-weight:600}
.er .nu,.er .ty{text-anchor:end}.er .nu{font-weight:700}
.er .mo{text-anchor:start}
.er .ty,.er .co,.er .lb{fill:var(--quiet)}.er .lb{paint-order:stroke;stroke:var(--surface);stroke-width:5px}
.er .pk{font-weight:600;text-decoration:underline}
.er .fk{font-style:italic}
.er .error .hd{fill:var(--error-wash);stroke:var(--error-fill)}.er .error .bo{stroke:var(--error-fill)}.er .error .nu{fill:var(--error)}
.er .warning .hd{fill:var(--warning-wash);stroke:var(--warning-fill)}.er .warning .bo{stroke:var(--warning-fill)}.er .warning .nu{fill:var(--warning)}
.er .info .hd{fill:var(--info-wash);stroke:var(--info-fill)}.er .info .bo{stroke:var(--info-fill)}.er .info .nu{fill:var(--info)}
.er a{text-decoration:none;outline:none}
.er a:hover .bo,.er a:focus-visible .bo,.er a.on .bo,.er a:focus-visible .hd,.er a.on .hd{stroke:var(--accent);stroke-width:3}
.k{fill:none;stroke:var(--edge);stroke-width:1.2}
.k.ma{marker-start:url(#m-ma)}.k.op{marker-start:url(#m-op)}.k.mu{marker-end:url(#m-mu)}.k.si{marker-end:url(#m-si)}
.mk path,.mk circle{fill:none;stroke:var(--edge);stroke-width:1.2}.mk circle{fill:var(--surface)}
.k.on{stroke:var(--accent);stroke-width:2.2}
.chosen .tb:not(.on):not(.by){opacity:.28}.chosen .k:not(.on){opacity:.15}
.tools,#filters{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin-bottom:.9rem}
label{display:grid;gap:.2rem;font-size:.8125rem;color:var(--quiet);font-weight:500}
label.grow{flex:1 1 14rem}
input,select,button{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--surface);border:1px solid var(--edge);border-radius:7px;padding:.4rem .65rem;min-height:2.4rem;max-width:100%}
input{min-width:11rem;width:100%}
button{cursor:pointer}
button:hover{background:var(--wash)}
.buttons{display:flex;gap:.4rem}
#filters{position:sticky;top:0;z-index:2;background:var(--ground);padding:.8rem 0;border-bottom:1px solid var(--line)}
#shown{font-size:.9rem;color:var(--quiet);align-self:center}
.live .part h3,.live .rule{scroll-margin-top:11rem}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;font-size:.875rem;color:var(--quiet);margin:.5rem 0 0}
.legend li::before{content:"";display:inline-block;width:.8rem;height:.8rem;border-radius:3px;margin-right:.45rem;vertical-align:-.08rem;background:var(--wash);border:1px solid var(--edge)}
.legend .error::before{background:var(--error-wash);border-color:var(--error-fill)}.legend .warning::before{background:var(--warning-wash);border-color:var(--warning-fill)}.legend .info::before{background:var(--info-wash);border-color:var(--info-fill)}
.legend .plain::before{display:none}
#selection{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.3rem;margin-top:1rem}
#selection ul{padding:0;list-style:none;margin:.4rem 0 .9rem;display:grid;gap:.35rem}
#selection li a{color:inherit}
.part{margin-bottom:2.25rem}
.part h3{font-size:1.15rem;padding-bottom:.45rem;border-bottom:2px solid var(--ink);margin-bottom:0}
details>summary{cursor:pointer;list-style:none}
details>summary::-webkit-details-marker{display:none}
.rule{border-bottom:1px solid var(--line)}
.many .rule{content-visibility:auto;contain-intrinsic-size:auto 3.2rem}.many .f{content-visibility:auto;contain-intrinsic-size:auto 2.8rem}
.rule>summary{display:flex;gap:.3rem 1rem;align-items:baseline;padding:.85rem 0 .6rem;color:var(--quiet);font-size:.9375rem}
.rule>summary h4{color:var(--ink);flex:none;max-width:100%}
.rule>summary span{flex:1;min-width:0}
.n{margin-left:auto;min-width:1.7rem;text-align:center;font-size:.8125rem;border-radius:99px;padding:.06rem .5rem;font-variant-numeric:tabular-nums;color:var(--info);background:var(--info-wash)}
.n.error{color:var(--error);background:var(--error-wash)}.n.warning{color:var(--warning);background:var(--warning-wash)}
.f{background:var(--surface);border:1px solid var(--line);border-radius:9px;margin-bottom:.45rem}
.rule .f:last-child{margin-bottom:1rem}
.f>summary{display:grid;grid-template-columns:5.4rem minmax(0,1fr) auto;gap:.2rem .8rem;align-items:baseline;padding:.62rem .95rem;border-radius:9px}
.f>summary:hover{background:var(--wash)}
.f .m{overflow-wrap:anywhere;text-wrap:pretty}
.f[open] .m{font-weight:550}
.g{display:flex;gap:.45rem;align-items:baseline}
.g a{font-size:.8125rem;color:var(--quiet);min-width:1.6rem;text-align:right;font-variant-numeric:tabular-nums;text-decoration:none}
.g a::before{content:"#"}
i{font-style:normal;font-size:.8125rem;white-space:nowrap;color:var(--quiet)}
i.proven,i.decision,i.advice{border-radius:99px;padding:.04rem .55rem;background:var(--wash)}
i.new,i.worse,i.better,i.known{border-radius:99px;padding:.04rem .55rem;background:var(--wash);font-weight:600}i.known{font-weight:400}
i.new{color:var(--info);background:var(--info-wash)}i.worse{color:var(--error);background:var(--error-wash)}i.better{color:var(--good);background:var(--good-wash)}
i.proven{color:var(--good);background:var(--good-wash)}i.decision{color:var(--warning);background:var(--warning-wash)}
.f:target{border-color:var(--accent);box-shadow:0 0 0 2px var(--accent)}
.b{padding:.35rem .95rem 1rem}
dl{display:grid;grid-template-columns:6.6rem minmax(0,1fr);gap:.3rem 1rem;font-size:.9375rem}
dt{color:var(--quiet)}
dd{overflow-wrap:anywhere}
dd.proven{color:var(--good)}dd.decision{color:var(--warning)}
pre{background:var(--wash);border-radius:8px;padding:.85rem 1rem;margin-top:.8rem;overflow-x:auto;line-height:1.5;font-size:.8438rem;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:2}
pre code{font-size:1em}
.copy{float:right;min-height:1.9rem;padding:.1rem .65rem;font:500 .8125rem var(--sans);margin:-.25rem -.4rem .3rem .8rem}
.undo>summary{color:var(--accent);font-size:.9rem;padding-top:.6rem;display:inline-block}
.undo>summary::before{content:"+ "}.undo[open]>summary::before{content:"− "}
.silence{margin-top:2rem}
.silence ul{padding:0;list-style:none;columns:2 22rem;font-size:.9375rem;color:var(--quiet)}.silence b{color:var(--ink);font-weight:600}
.scroll{overflow:auto;max-height:44rem;border:1px solid var(--line);border-radius:12px;background:var(--surface)}
.wide th,.wide td,.sizes th,.sizes td{padding:.5rem .95rem;vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.wide tbody th{font-weight:400;min-width:17rem}.wide td:last-child{min-width:6.5rem}.wide td:nth-child(3){min-width:18rem}.wide tr:last-child>*{border-bottom:0}
.wide thead th,.sizes thead th{position:sticky;top:0;background:var(--surface);font-size:.8125rem;color:var(--quiet);font-weight:500;white-space:nowrap;width:auto}
.wide td p{font-size:.9rem}.wide tr:target>*{background:var(--info-wash)}
.wide a.error{color:var(--error)}.wide a.warning{color:var(--warning)}.wide a.info{color:var(--info)}
.nf{font-weight:600;color:var(--good);white-space:nowrap}.nf.warning,td.warning{color:var(--warning)}
.road{display:grid;grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:1.25rem;align-items:start}
.road>section{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.3rem}
.road ol{padding:0;list-style:none}
.road li{padding:.75rem 0;border-top:1px solid var(--line);font-size:.9375rem}
.objects{font-size:.875rem;margin-top:.25rem}.road .tags{margin-top:.35rem}
figure{margin-bottom:2.5rem}figcaption{margin-bottom:.9rem}figcaption p{color:var(--quiet);font-size:.9375rem}
figcaption h3{margin-bottom:.15rem}
.chart{display:block;width:100%;height:auto;background:var(--surface);border:1px solid var(--line);border-radius:12px}
.chart text{font:11px var(--sans);fill:var(--quiet)}.chart .la{fill:var(--error);font-family:var(--mono)}
.le{stroke:var(--error-fill);fill:none;stroke-width:.7}.mid{text-anchor:middle}.end{text-anchor:end}.gr{stroke:var(--line);fill:none}
.chart circle{fill:var(--info-fill);fill-opacity:.75}.chart .key{fill:none;stroke:var(--edge);stroke-width:1.3}.chart .unused{fill:var(--error-fill);fill-opacity:1}
.heap{fill:var(--info-fill)}.dead{fill:var(--error-fill)}.rest{fill:var(--line)}
.dots .unused::before,.dots .dead::before{background:var(--error-fill);border-color:var(--error-fill)}.dots .used::before,.dots .heap::before{background:var(--info-fill);border-color:var(--info-fill)}.dots .rest::before{background:var(--line)}.dots .key::before{background:none}
.sizes td:nth-child(2){min-width:10rem;vertical-align:middle}.queries td{white-space:nowrap}.queries tbody th,.queries tbody th code{font-weight:400;white-space:normal;overflow-wrap:anywhere}.queries tbody th{min-width:20rem}
footer{padding:2.5rem 0 3.5rem;color:var(--quiet);font-size:.875rem}
@media (max-width:60rem){.pair{grid-template-columns:minmax(0,1fr)}header{padding-top:2rem}}
@media (max-width:44rem){#filters{position:static}.f>summary{grid-template-columns:minmax(0,1fr) auto}.f .m{grid-column:1/-1;grid-row:2}.g{flex-wrap:wrap;justify-content:end}dl{grid-template-columns:minmax(0,1fr);gap:.05rem}dd{margin-bottom:.5rem}.rule>summary{flex-wrap:wrap}.rule>summary span{flex-basis:100%;order:3}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}.tb,.k{transition:opacity .15s}}
@media (forced-colors:active){.bar rect,.chart circle,.er .hd{forced-color-adjust:none}}
@media print{
@page{margin:14mm 13mm}
html{font-size:11.5px}
body{display:block;padding:0;background:#fff;font-size:1rem;-webkit-print-color-adjust:exact;print-color-adjust:exact}.tiles{grid-template-columns:repeat(3,1fr)}
nav,#filters,.tools,.skip,.copy,#selection,.buttons{display:none!important}
header{padding:0 0 1rem}.chapter{padding:1.4rem 0 .4rem}
.scroll,.er{overflow:visible;max-height:none}
.live .er{height:auto;overflow:visible}.er svg,.live .er svg{width:100%;height:auto;max-height:24cm}
.many .rule,.many .f{content-visibility:visible}
details::details-content{content-visibility:visible;height:auto}
.f>summary,.f dl>*,.tiles,.pair>section,.road li,figure,.chart,tr{break-inside:avoid}.rule>summary+.f>summary,.f>summary{break-after:avoid}.road{display:block}.road>section{margin-bottom:1rem;border:0;padding:0}
h2,h3,.rule>summary{break-after:avoid}
.chosen .tb,.chosen .k{opacity:1!important}
a{color:inherit;text-decoration:none}
}
`
