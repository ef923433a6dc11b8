"""A place in a page that a benchmark writes its tables into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
EXPLANATION = DOCS / "explanation"
PACING = EXPLANATION / "pacing.md"
VERDICT = EXPLANATION / "verdict.md"
AUDIO = EXPLANATION / "audio.md"
CAPTIONS = DOCS / "how-to" / "captions.md"
FORMATS_PAGE = DOCS / "reference" / "formats.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What stands between two lines of a page."""

    page: Path
    begin: str
    end: str

    def read(self) -> str:
        """What is there."""
        return self.page.read_text("utf-8").partition(self.begin)[2].partition(self.end)[0].strip()

    def write(self, tables: str) -> None:
        """Put something else there."""
        before, _, rest = self.page.read_text("utf-8").partition(self.begin)
        _, marker, after = rest.partition(self.end)
        if not marker:
            raise SystemExit(f"{self.page} has no place for tables, between {self.begin} and {self.end}.")
        self.page.write_text(f"{before}{self.begin}\n\n{tables}\n\n{self.end}{after}", encoding="utf-8")
