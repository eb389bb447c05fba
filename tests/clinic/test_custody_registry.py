"""Nothing that is held of a client is forgotten: not by erasure, not by export, not by the clinic it belongs to."""

from __future__ import annotations

import datetime

import pytest
from django.apps import apps
from django.db.models import Model

from cryomassage_clinic.custody.content import NOT_CONTENT, clinic_path, content_models
from cryomassage_clinic.custody.content import columns as written
from cryomassage_clinic.custody.holdings import HOLDINGS, KEPT, undeclared
from cryomassage_clinic.custody.models import RetentionPeriod

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]


def test_every_table_that_leads_to_a_client_is_declared() -> None:
    assert undeclared() == [], "say in custody/holdings.py what erasure does with these tables"


@pytest.mark.parametrize("forgotten", [one.model for one in HOLDINGS if one.model != "clients.Client"])
def test_a_forgotten_table_is_noticed(forgotten: str) -> None:
    assert undeclared(lambda: tuple(one for one in HOLDINGS if one.model != forgotten)) == [forgotten]


def test_every_holding_can_be_asked_and_dated() -> None:
    for one in HOLDINGS:
        str(one.rows("00000000-0000-0000-0000-000000000000").order_by(one.dated).query)
        assert one.category in RetentionPeriod.Category.values


def test_what_points_to_something_goes_before_it() -> None:
    order = [one.table() for one in HOLDINGS if not one.blank]
    for number, model in enumerate(order):
        for field in model._meta.concrete_fields:
            target = field.related_model
            if target in order:
                assert order.index(target) > number, f"{model.__name__} points to {target.__name__}"


def test_every_column_of_the_stub_is_blanked_or_kept_for_a_reason() -> None:
    for one in HOLDINGS:
        if one.blank:
            columns = {field.name for field in written(one.table())}
            assert columns == set(one.blank) | set(KEPT[one.model]), one.model


def test_every_table_is_exported_or_left_out_for_a_reason() -> None:
    known = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert set(NOT_CONTENT) <= known, "a table that is left out does not exist"
    for model in content_models():
        assert isinstance(clinic_path_or_none(model), str), model._meta.label


def clinic_path_or_none(model: type[Model]) -> str | None:
    try:
        path = clinic_path(model)
    except LookupError:
        return None
    model._base_manager.filter(**{path: "00000000-0000-0000-0000-000000000000"})
    return path


def test_months_before_the_end_of_a_month() -> None:
    from cryomassage_clinic.custody.retention import months_before

    day = datetime.datetime(2026, 3, 31, 12, tzinfo=datetime.UTC)
    assert months_before(day, 1).date() == datetime.date(2026, 2, 28)
    assert months_before(day, 25).date() == datetime.date(2024, 2, 29)
    assert months_before(day, 3).date() == datetime.date(2025, 12, 31)
    assert months_before(day, 1200).year == 1926
