"""A report as one HTML page that needs no other file, runs no script and asks no host."""

from __future__ import annotations

import html

_STYLE = """:root { color-scheme: light dark; --back: #fff; --ink: #1b1f24; --quiet: #57606a; --line: #c9d1d9;
  --accent: #0b6e6e; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --ink: #e6e9ec; --quiet: #a2abb5; --line: #3c444d;
  --accent: #5cc8c0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
summary { cursor: pointer; padding: .3rem 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, style: str, body: str) -> str:
    """The page.

    Args:
        title: plain text, shown as its heading.
        style: CSS for what this report has beside headings, tables and details.
        body: HTML below the heading.
    """
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>\n'
        f"<style>{_STYLE}{style}</style></head>\n<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>\n"
    )


def scrolling(caption: str, content: str) -> str:
    """Content that is wider than a phone and scrolls by itself, with the keyboard too."""
    return f'<div class="wide" role="region" aria-label="{html.escape(caption)}" tabindex="0">{content}</div>'
