"""Reports: drawings and the self-contained page they stand on."""

from vitral.report.bars import bars
from vitral.report.confusion import confusion
from vitral.report.curves import curves
from vitral.report.facts import facts
from vitral.report.gallery import as_shown, gallery
from vitral.report.latent_map import latent_map
from vitral.report.page import Page
from vitral.report.table import table

__all__ = ["Page", "as_shown", "bars", "confusion", "curves", "facts", "gallery", "latent_map", "table"]
