"""What there is to count: complete, closed, and side by side."""

import re

from restante.doors.gate import ClosedBy
from restante.observe import families
from restante.observe.families import FAMILIES, GAUGE_CELLS, TOTAL_CELLS, Kind

MAY_BE_LABELS = {"tls", "door", "reason", "outcome", "mechanism", "result"}


def cells(family: families.Family) -> list[int]:
    width = len(family.buckets) + 2 if family.kind is Kind.HISTOGRAM else 1
    return [first + place for first in family.series.values() for place in range(width)]


def test_each_number_has_a_cell_of_its_own() -> None:
    taken = [cell for family in FAMILIES for cell in cells(family)]
    assert sorted(taken) == list(range(TOTAL_CELLS))


def test_gauges_are_known() -> None:
    assert set(GAUGE_CELLS) == {cell for one in FAMILIES if one.kind is Kind.GAUGE for cell in cells(one)}
    assert GAUGE_CELLS


def test_names_are_what_both_formats_allow_and_are_there_once() -> None:
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"restante_[a-z0-9_]+", name)
        assert not name.endswith(("_total", "_count", "_sum", "_bucket", "_created", "_info"))


def test_no_label_could_hold_an_account_or_an_address() -> None:
    assert {label for family in FAMILIES for label in family.labels} <= MAY_BE_LABELS


def test_the_series_are_few() -> None:
    assert sum(len(family.series) for family in FAMILIES) < 300


def test_each_family_says_what_it_counts() -> None:
    assert all(family.help.endswith(".") and family.help[0].isupper() for family in FAMILIES)


def test_the_reasons_of_the_gate_are_the_labels() -> None:
    assert set(families.REFUSED_CONNECTION_LABELS) == {reason.value for reason in ClosedBy}


def test_a_value_on_a_bound_is_in_the_bucket_of_that_bound() -> None:
    histogram = families.SESSION_SECONDS
    first, bounds = histogram.cell(), histogram.buckets
    assert histogram.bucket(0) == first
    assert histogram.bucket(bounds[0]) == first
    assert histogram.bucket(bounds[0] + 0.001) == first + 1
    assert histogram.bucket(bounds[-1]) == first + len(bounds) - 1
    assert histogram.bucket(1e9) == first + len(bounds) == histogram.sum_cell - 1
