"""Where a suite stands as one page that needs nothing else: no network, no file beside it; it prints, and works on a
phone. 20,000 tests are columns of JSON, of which a script shows some sixty at a time.
"""

from html import escape
from pathlib import Path
from typing import IO

from canonry.model.standing import Absent, Standing
from canonry.report.standing import sections, suite
from canonry.report.standing.table import columns, embedded
from canonry.report.standing.words import title

_HERE = Path(__file__).parent
_SECTIONS = (
    sections.gates,
    sections.actions,
    sections.readiness,
    sections.flows,
    sections.compliance,
    sections.trends,
    suite.failures,
    suite.tests,
    suite.timeline,
    suite.costs,
    sections.progress,
    sections.unproven,
    sections.notes,
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def render(standing: Standing, out: IO[str]) -> None:
    """Writes the page."""
    bodies = [(section.__name__, section(standing)) for section in _SECTIONS]
    links = "".join(f'<a href="#{_anchor(name)}">{_anchor(name)}</a> ' for name, body in bodies if body)
    out.write(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        f"<title>{escape(title(standing))}</title><style>{_asset('page.css')}</style></head><body>"
        f"{sections.head(standing)}<nav aria-label='sections'>{links}</nav><main>"
    )
    for _, body in bodies:
        out.write(body)
    out.write("</main>")
    if not isinstance(standing.run, Absent):
        flaky = () if isinstance(standing.flaky, Absent) else standing.flaky
        out.write(f'<script type="application/json" id="data">{embedded(columns(standing.run, flaky))}</script>')
    out.write(f"<script>{_asset('page.js')}</script></body></html>\n")


def _anchor(name: str) -> str:
    return "next" if name == "actions" else name


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
