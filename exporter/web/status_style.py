"""How the status page looks, beside what all pages have in common."""

from exporter.web.colours import colour_style


STATUS_STYLE = """
:root { --watch: #8a5a00; --tile: #f1f3f6; --grid: #e3e7ec; }
@media (prefers-color-scheme: dark) {
  :root { --watch: #ffcf66; --tile: #262b34; --grid: #2d343e; }
}
body { max-width: 60rem; }
article {
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  margin: 1rem 0; padding: 1rem 1.25rem;
}
article > section { border: 0; border-radius: 0; border-top: 1px solid var(--line);
  margin: 1rem 0 0; padding: 1rem 0 0; }
h2 { font-size: 1.25rem; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; }
h2 span, h3 span { font-size: .9rem; font-weight: 600; margin-left: .5rem; white-space: nowrap; }
h2 span::before, h3 span::before { content: "\\25cf\\00a0"; }
h4 { font-size: .875rem; margin: 1.1rem 0 .3rem; }
p, li, td, dd { overflow-wrap: anywhere; }
.watch { color: var(--watch); }
.alarm {
  border: 1px solid var(--bad); border-left-width: .35rem; border-radius: .5rem;
  color: var(--bad); margin: .75rem 0; padding: .5rem .75rem;
}
.tiles {
  display: grid; gap: .5rem; grid-template-columns: repeat(auto-fit, minmax(8.25rem, 1fr));
  margin: .75rem 0;
}
.tiles div { background: var(--tile); border-radius: .5rem; padding: .45rem .7rem; }
dt { color: var(--soft); font-size: .8rem; }
dd { font-size: 1.15rem; font-variant-numeric: tabular-nums; font-weight: 600; margin: 0; }
dd small { color: var(--soft); display: block; font-size: .8rem; font-weight: 400; }
@media (max-width: 30rem) {
  article { padding: .75rem .9rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles div:last-child:nth-child(odd) { grid-column: 1 / -1; }
}
figure { margin: 1rem 0 0; }
figcaption { font-size: .9rem; font-weight: 600; margin-bottom: .3rem; }
figcaption small, h4 small { color: var(--soft); font-weight: 400; }
.plot { position: relative; }
.plot span {
  background: var(--card); border-radius: .2rem; color: var(--soft); font-size: .75rem; left: 0;
  line-height: 1; padding: .1rem .25rem .1rem 0; position: absolute; top: .15rem;
}
svg { display: block; width: 100%; }
svg rect { fill: var(--c); }
svg .blank { fill: var(--tile); }
svg .grid { stroke: var(--grid); vector-effect: non-scaling-stroke; }
.bars { height: 6rem; }
.low .bars { height: 3.5rem; }
.strip { border-radius: .3rem; height: .9rem; }
.axis {
  color: var(--soft); display: flex; font-size: .75rem; justify-content: space-between;
  margin-top: .15rem;
}
.legend, .list {
  background: none; border: 0; border-radius: 0; font-size: .875rem; margin: .4rem 0 0; padding: 0;
}
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; }
.legend li { align-items: baseline; gap: .35rem; margin: 0; }
.legend i { background: var(--c); border-radius: .15rem; height: .7rem; width: .7rem; }
.legend b { font-variant-numeric: tabular-nums; }
.legend small, .list small { color: var(--soft); }
.list li { display: block; }
.list li a { padding: 0; }
progress { accent-color: var(--link); display: block; height: .9rem; width: 100%; }
table { margin: 0; }
td { font-variant-numeric: tabular-nums; vertical-align: top; }
td:first-child { white-space: nowrap; }
""" + colour_style()
