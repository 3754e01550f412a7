"""What a town writes of an entrance that nobody can see from outside: read whole, or refused."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import doors
from auditor.doctor import examine
from auditor.engine import japan_day
from auditor.gatewayregister import place_of
from auditor.register import KEPT_DAYS, Place, Register, SignOn
from tests.town.conftest import TownFolder

GATEWAY = '[[gateways]]\nid = "vdi"\nname = "VDI"\nhost = "vdi.example.jp"\n'
REGISTER = '[gateways.register]\nas_of = 2026-10-01\nsource = "保守業者の報告書"\n'
SIGN_ON = "[gateways.sign_on]\n"
ROUTES = '[[documents]]\nid = "r"\nname = "決裁"\nkind = "routes"\nfolder = "."\n'


def test_a_register_a_page_and_places_are_read_as_they_are_written(town: TownFolder) -> None:
    town.add(
        "town.toml",
        GATEWAY
        + 'brokers = ["broker.example.jp:8443", "[2001:db8::7]:443"]\n'
        + REGISTER
        + 'software = "fortios"\nversion = "7.4.8"\nfeatures = []\nidle_min = 15\n'
        + 'device_gate = "cert"\nseats = 40\n'
        + SIGN_ON
        + 'path = "/login"\nstatus = [200, 302]\nshows = "サインイン"\n'
        + ROUTES
        + 'server = "flow.example.jp:443"\n',
    )
    loaded = town.load().town
    (gateway,) = loaded.gateways
    assert gateway.register == Register(
        as_of=date(2026, 10, 1),
        source="保守業者の報告書",
        software="fortios",
        version="7.4.8",
        features=(),
        idle_min=15,
        device_gate="cert",
        seats=40,
    )
    assert gateway.sign_on == SignOn(path="/login", status=(200, 302), shows="サインイン")
    assert gateway.brokers == (Place("broker.example.jp", 8443), Place("2001:db8::7", 443))
    assert {("broker.example.jp", 8443, "tcp"), ("2001:db8::7", 443, "tcp")} <= doors(gateway)
    assert loaded.documents[-1].server == Place("flow.example.jp", 443)


def test_what_is_not_written_is_not_told_and_never_zero(town: TownFolder) -> None:
    town.add("town.toml", GATEWAY + REGISTER)
    (gateway,) = town.load().town.gateways
    assert gateway.register is not None
    assert (gateway.register.features, gateway.register.idle_min, gateway.register.seats) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("written", "field", "key"),
    [
        ('[gateways.register]\nsource = "x"\n', "gateways.register.as_of", "missing_key"),
        ("[gateways.register]\nas_of = 2026-10-01\n", "gateways.register.source", "missing_key"),
        ('[gateways.register]\nas_of = 5\nsource = "x"\n', "gateways.register.as_of", "not_date"),
        (REGISTER + "seats = -1\n", "gateways.register.seats", "bad_count"),
        (REGISTER + "idle_min = 20000\n", "gateways.register.idle_min", "bad_count"),
        (REGISTER + 'device_gate = "maybe"\n', "gateways.register.device_gate", "bad_choice"),
        (REGISTER + 'version = "7.4"\n', "gateways.register.version", "key_needs"),
        (REGISTER + 'software = "fortios"\nversion = "v7"\n', "gateways.register.version", "bad_version"),
        (REGISTER + 'features = ["ssl-vpn-tunnel"]\n', "gateways.register.features", "key_needs"),
        ('brokers = ["broker.example.jp"]\n', "gateways.brokers", "bad_place"),
        ("brokers = [" + '"b.example.jp:1",' * 9 + "]\n", "gateways.brokers", "too_many_places"),
        (SIGN_ON + 'path = "login"\n', "gateways.sign_on.path", "bad_path"),
        (SIGN_ON + "status = []\n", "gateways.sign_on.status", "bad_status"),
        (SIGN_ON + "status = [99]\n", "gateways.sign_on.status", "bad_status"),
        ('protocol = "rdp"\n' + SIGN_ON, "gateways.sign_on", "sign_on_protocol"),
        ('upload_path = "up"\n', "gateways.upload_path", "bad_path"),
        ('protocol = "rdp"\nupload_path = "/up"\n', "gateways.upload_path", "sign_on_protocol"),
        (ROUTES + 'server = "flow"\n', "documents.server", "bad_place"),
        (ROUTES.replace("routes", "accounts") + 'server = "f.jp:1"\n', "documents.server", "server_routes"),
    ],
)
def test_what_cannot_be_meant_is_told(town: TownFolder, written: str, field: str, key: str) -> None:
    town.add("town.toml", GATEWAY + written)
    (problem,) = town.problems()
    assert (problem.field, problem.key) == (field, key)


@pytest.mark.parametrize(("days", "key"), [(KEPT_DAYS + 1, "register_old"), (-1, "register_future")])
def test_the_doctor_names_a_register_that_does_not_count(town: TownFolder, days: int, key: str) -> None:
    as_of = japan_day(datetime.now(UTC)).date() - timedelta(days=days)
    town.add("town.toml", GATEWAY + REGISTER.replace("2026-10-01", as_of.isoformat()))
    assert key in {note.key for note in examine(town.root).notes}


def test_the_doctor_is_content_with_a_register_of_today(town: TownFolder) -> None:
    today = japan_day(datetime.now(UTC)).date()
    town.add("town.toml", GATEWAY + REGISTER.replace("2026-10-01", today.isoformat()))
    assert not {note.key for note in examine(town.root).notes} & {"register_old", "register_future"}


@given(st.text(max_size=40))
def test_a_place_is_read_or_refused_and_never_breaks(text: str) -> None:
    place = place_of(text)
    assert place is None or place_of(str(place)) == place
