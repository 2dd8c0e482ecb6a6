"""What all pages for people have in common: colours, for light and dark grounds, and type."""

STYLE = """
:root {
  color-scheme: light dark;
  --back: #f6f7f9; --card: #fff; --line: #d9dde3; --soft: #5a6472;
  --link: #0b57d0; --good: #1a7f37; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171c; --card: #1d2128; --line: #343b46; --soft: #a3adba;
    --link: #8ab4f8; --good: #57d073; --bad: #ff8a80;
  }
}
body {
  background: var(--back); font: 16px/1.5 system-ui, sans-serif;
  margin: 0 auto; max-width: 46rem; padding: 1rem;
}
h1 { font-size: 1.5rem; margin: .5rem 0 0; }
h1 small { color: var(--soft); font-size: .875rem; font-weight: 400; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .25rem 0; }
a { color: var(--link); }
ul { list-style: none; margin: 0; padding: 0; }
li { display: flex; margin: .25rem 0; }
li a { flex: none; min-width: 8rem; padding-right: .5rem; }
section, ul {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  margin-bottom: .75rem; padding: .75rem 1rem;
}
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
h3 span { font-weight: 400; margin-left: .5rem; }
table { border-collapse: collapse; font-size: .875rem; margin-top: .5rem; width: 100%; }
th { color: var(--soft); font-weight: 400; text-align: left; }
th, td { border-top: 1px solid var(--line); padding: .3rem .5rem .3rem 0; }
td { overflow-wrap: anywhere; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.soft { color: var(--soft); font-size: .875rem; }
"""
