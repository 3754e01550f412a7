"""What the tests of the people checks share: the catalogue of their area."""

import pytest

from auditor import discover
from auditor.api import Params
from auditor.catalogue import read_catalogue
from auditor.control import Control
from checks.people import attested, exceptions, methods, offices, place, records, roster, training

MODULES = {"methods": methods, "place": place, "roster": roster, "training": training}

"""Modules of one control each."""

EVERY = {**MODULES, "attested": attested, "exceptions": exceptions, "offices": offices, "records": records}
"""All modules of the area."""


@pytest.fixture(scope="session")
def controls() -> dict[str, Control]:
    plugins = discover._declared(
        {**MODULES, "attested": attested, "exceptions": exceptions, "offices": offices, "records": records},
        {},
    )
    discover._verify(plugins)
    return {control.id: control for control in read_catalogue(plugins)}


def params_of(control: Control) -> Params:
    """The catalogue's own values."""
    return Params({name: param.value for name, param in control.params.items()})
