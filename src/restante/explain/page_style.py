"""The style of the page: two columns on a wide screen, one on a narrow one, light and dark, all in the page itself.

Colours keep a contrast of 4.5 to 1 or more against what they stand on, in both schemes (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

from typing import Final

__all__ = ["STYLE"]

STYLE: Final = """
:root{color-scheme:light dark;--paper:#fbfaf7;--ink:#22211e;--soft:#5f5c55;--line:#dedad1;--card:#fff;
--client:#0b5a8a;--client-card:#e8f2f9;--server:#1f6335;--server-card:#e9f4ec;
--trouble:#a11a1a;--trouble-card:#fdecea;--warning:#7a4b00;--warning-card:#fdf3df;--wire:#f3f1eb}
@media(prefers-color-scheme:dark){:root{--paper:#17181a;--ink:#e8e6e1;--soft:#a9a59c;--line:#35373b;--card:#1f2124;
--client:#8cc8ee;--client-card:#1b2b36;--server:#93d3a6;--server-card:#1b2e22;
--trouble:#ff9d94;--trouble-card:#3a1d1b;--warning:#f0c069;--warning-card:#33291a;--wire:#101113}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:76rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;border-top:2px solid var(--line);padding-top:1.25rem}
h3{font-size:1rem;margin:1.75rem 0 .5rem;letter-spacing:.02em}
small,.note,.source,.aside{color:var(--soft)}
small{font-weight:400;font-size:.85em}
.note,.source{font-size:.875rem;margin:.25rem 0}
p{margin:0}
.summary{margin:1rem 0 1.5rem;padding:.75rem 1rem;background:var(--card);border:1px solid var(--line);
border-radius:.5rem}
.summary ul{margin:.5rem 0 0;padding:0;list-style:none}
.summary li{padding:.2rem 0 .2rem .75rem;border-left:4px solid var(--line);margin:.3rem 0}
.summary a{color:inherit}
li.trouble,.found.trouble{border-color:var(--trouble)!important}
li.warning,.found.warning{border-color:var(--warning)!important}
.columns,.row{display:grid;grid-template-columns:minmax(0,11fr) minmax(0,9fr);gap:0 1.5rem}
.columns{font-size:.8rem;color:var(--soft);border-bottom:1px solid var(--line);padding-bottom:.25rem}
.row{padding:.3rem 0;align-items:start}
.client p,.server p,.aside p{overflow-wrap:anywhere}
.client>p,.server>p{display:inline-block;padding:.4rem .75rem;border-radius:.75rem}
.client>p{background:var(--client-card);border-bottom-left-radius:.15rem}
.server{padding-left:2.5rem}
.server>p{background:var(--server-card);border-bottom-right-radius:.15rem}
.client b{color:var(--client)}
.server b{color:var(--server)}
.aside{font-style:italic;padding:.1rem 0}
:lang(zh) .aside{font-style:normal}
details{margin:.25rem 0 .25rem .75rem;font-size:.9rem;font-style:normal}
summary{cursor:pointer;color:var(--soft);font-size:.8rem}
details p{max-width:44rem;padding:.2rem 0 .3rem}
.wire{font:13px/1.5 ui-monospace,SFMono-Regular,Consolas,monospace;background:var(--wire);border-radius:.4rem;
padding:.35rem .6rem;overflow-wrap:anywhere;margin-top:.1rem}
.wire i{font-style:normal;color:var(--soft);white-space:pre}
.wire div{padding-left:2.6em;text-indent:-2.6em}
code{font:inherit}
.bad code,.bad i{color:var(--trouble)}
.found{grid-column:1/-1;margin:.5rem 0;padding:.6rem .9rem;border-left:4px solid var(--line);
background:var(--card);border-radius:0 .4rem .4rem 0}
.found.trouble{background:var(--trouble-card)}
.found.warning{background:var(--warning-card)}
.found:target{outline:2px solid currentcolor;outline-offset:2px}
.found p{overflow-wrap:anywhere}
@media(max-width:44rem){.columns{display:none}.row{grid-template-columns:minmax(0,1fr);gap:.25rem}
.server{padding-left:1.25rem}.wire{margin-left:1.25rem}}
@media print{body{background:#fff}.row,.found{break-inside:avoid}}
"""
