"""Device meters: a real agent is read exactly, no datagram deceives the decoder, silence is not zero."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import DirectDial
from auditor.access.keys import Keys
from auditor.access.pace import Pace
from auditor.api import Answer, Garbled, NotKnown, Place, PrintServer, Reason, Status, Unreached
from auditor.contacts import Contact
from auditor.work import Device
from checks.printing import _meters, _snmp
from checks.printing._meters import Meter, Meters
from tests.peers.process import free_port
from tests.peers.snmpd import COMMUNITY, snmpd


def declared(folder: Path, port: int, community: str = COMMUNITY) -> PrintServer:
    key = folder / f"community-{community}"
    key.write_text(community + "\n")
    key.chmod(0o600)
    device = Device(serial="MFP-0001", queues=("soumu",), snmp=Place("127.0.0.1", port))
    return PrintServer(id="p", name="p", url="http://x/", devices=(device,), community_file=key)


def asked(server: PrintServer, contacts: Callable[[Contact], object] = lambda _: None) -> Meters:
    dial = DirectDial(server.meters, 20, contacts, Keys(server.keys))
    return parsed(_meters.ask_meters.collect(server, dial))


def parsed(body: bytes) -> Meters:
    return _meters.meters(Answer("printing.meters", Status.OK, body))


def test_a_real_agent_tells_serial_unit_and_life_count(tmp_path: Path) -> None:
    with snmpd(tmp_path, count=4_000_000_123) as agent:
        (row,) = asked(declared(tmp_path, agent.port)).rows
    assert row == Meter("MFP-0001", "MFP-0001", "impressions", 4_000_000_123)


def test_more_devices_than_one_port_may_be_asked_are_each_asked(tmp_path: Path) -> None:
    """They share the number of the SNMP port, not the count of contacts."""
    port = free_port()
    one = declared(tmp_path, port)
    hosts = [f"127.0.1.{last}" for last in range(1, _meters.ask_meters.most + 7)]
    devices = tuple(replace(one.devices[0], snmp=Place(host, port)) for host in hosts)
    pace, contacts = Pace(), list[Contact]()
    pace.next_probe(_meters.ask_meters.most)
    server = replace(one, devices=devices)
    dial = DirectDial(server.meters, 20, contacts.append, Keys(server.keys), pace=pace)
    rows = parsed(_meters.ask_meters.collect(server, dial)).rows
    assert {row.reason for row in rows} == {Reason.REFUSED}
    assert [contact.host for contact in contacts] == hosts


def test_a_device_that_counts_sheets_says_so(tmp_path: Path) -> None:
    with snmpd(tmp_path, unit=8) as agent:
        assert asked(declared(tmp_path, agent.port)).rows[0].unit == "sheets"


def test_another_serial_number_is_another_device(tmp_path: Path) -> None:
    with snmpd(tmp_path, serial="MFP-9999") as agent:
        (row,) = asked(declared(tmp_path, agent.port)).rows
    assert row.reason is Reason.NOT_MEASURABLE


def test_a_counter_of_metres_or_grams_is_no_meter_of_paper(tmp_path: Path) -> None:
    with snmpd(tmp_path, unit=13) as agent:
        assert asked(declared(tmp_path, agent.port)).rows[0].reason is Reason.NOT_MEASURABLE


def test_a_wrong_community_is_silence_not_a_count_of_nothing(tmp_path: Path) -> None:
    with snmpd(tmp_path) as agent:
        (row,) = asked(declared(tmp_path, agent.port, "public")).rows
    assert row.reason is Reason.NO_ANSWER


def test_a_port_where_nobody_listens_is_refused(tmp_path: Path) -> None:
    (row,) = asked(declared(tmp_path, free_port())).rows
    assert row.reason is Reason.REFUSED


def test_only_the_declared_agent_is_contacted(tmp_path: Path) -> None:
    seen: list[Contact] = []
    with snmpd(tmp_path) as agent:
        asked(declared(tmp_path, agent.port), seen.append)
    assert {(one.host, one.port, one.transport) for one in seen} == {("127.0.0.1", agent.port, "udp")}


def test_the_community_is_not_in_the_answer(tmp_path: Path) -> None:
    with snmpd(tmp_path) as agent:
        server = declared(tmp_path, agent.port)
        dial = DirectDial(server.meters, 20, lambda _: None, Keys(server.keys))
        assert COMMUNITY.encode() not in _meters.ask_meters.collect(server, dial)


def test_a_community_file_open_to_others_is_not_used(tmp_path: Path) -> None:
    server = declared(tmp_path, free_port())
    assert server.community_file is not None
    server.community_file.chmod(0o644)
    with pytest.raises(Unreached) as caught:
        asked(server)
    assert caught.value.reason is Reason.NO_PERMISSION


def test_no_device_and_no_community_are_gaps_not_zero(tmp_path: Path) -> None:
    server = declared(tmp_path, free_port())
    with pytest.raises(NotKnown) as caught:
        asked(replace(server, devices=()))
    assert caught.value.reason is Reason.NOT_DECLARED
    with pytest.raises(Unreached) as none:
        asked(replace(server, community_file=None))
    assert none.value.reason is Reason.NOT_DECLARED


def test_an_agent_without_a_printer_has_no_reading() -> None:
    body = json.dumps([["MFP-0001", "MFP-0001", None, None, "", ""]]).encode()
    assert parsed(body).rows[0].reason is Reason.NOT_MEASURABLE


OIDS = _meters.ASKED
NAME = b"c"


def reply(
    number: int = 7, values: tuple[bytes, ...] = (b"\x04\x01A", b"\x02\x01\x07", b"\x41\x01\x09")
) -> bytes:
    made, whole = _snmp._made, _snmp._integer
    rows = [
        made(_snmp.SEQUENCE, made(_snmp.OBJECT, _snmp._oid(oid)) + value)
        for oid, value in zip(OIDS, values, strict=True)
    ]
    bindings = made(_snmp.SEQUENCE, b"".join(rows))
    pdu = made(_snmp.RESPONSE, whole(number) + whole(0) + whole(0) + bindings)
    return made(_snmp.SEQUENCE, whole(1) + made(_snmp.STRING, NAME) + pdu)


def test_a_reply_is_read_in_the_order_of_the_question() -> None:
    assert _snmp.values(reply(), NAME, 7, OIDS) == (b"A", 7, 9)


def test_a_value_the_agent_does_not_have_is_none_not_zero() -> None:
    body = reply(values=(b"\x80\x00", b"\x81\x00", b"\x41\x01\x09"))
    assert _snmp.values(body, NAME, 7, OIDS) == (None, None, 9)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"\x41\x05\x00\xff\xff\xff\xff", 2**32 - 1),
        (b"\x41\x04\xff\xff\xff\xff", 2**32 - 1),
        (b"\x41\x01\x00", 0),
    ],
)
def test_a_counter_is_never_negative(content: bytes, count: int) -> None:
    assert _snmp.values(reply(values=(b"\x04\x01A", b"\x02\x01\x07", content)), NAME, 7, OIDS)[2] == count


@pytest.mark.parametrize(
    "content",
    [
        b"\x41\x05\x01\x00\x00\x00\x00",
        b"\x41\x00",
        b"\x46\x01\x09",
        b"\x82\x00",
        b"\x30\x03\x02\x01\x09",
        b"\x02\x09" + b"\x01" * 9,
        b"\x04\x82\x01\x00" + b"x" * 256,
    ],
)
def test_a_value_of_another_kind_is_refused(content: bytes) -> None:
    with pytest.raises(Garbled):
        _snmp.values(reply(values=(b"\x04\x01A", b"\x02\x01\x07", content)), NAME, 7, OIDS)


def test_the_reply_to_another_question_is_refused() -> None:
    for number, name, oids in ((8, NAME, OIDS), (7, b"d", OIDS), (7, NAME, OIDS[::-1]), (7, NAME, OIDS[:2])):
        with pytest.raises(Garbled):
            _snmp.values(reply(), name, number, oids)


def test_an_error_of_the_agent_is_no_count() -> None:
    body = reply().replace(_snmp._integer(7) + _snmp._integer(0), _snmp._integer(7) + _snmp._integer(16), 1)
    with pytest.raises(NotKnown):
        _snmp.values(body, NAME, 7, OIDS)


@given(st.binary(max_size=200))
def test_no_datagram_crashes_the_decoder(body: bytes) -> None:
    with pytest.raises(Garbled):
        _snmp.values(body, NAME, 7, OIDS)


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_or_cut_reply_never_gives_a_value_of_another_object(at: int, byte: int) -> None:
    whole = reply()
    at %= len(whole)
    with pytest.raises(Garbled):
        _snmp.values(whole[:at], NAME, 7, OIDS)
    with pytest.raises(Garbled):
        _snmp.values(whole + bytes([byte]), NAME, 7, OIDS)
    changed = whole[:at] + bytes([byte]) + whole[at + 1 :]
    try:
        values = _snmp.values(changed, NAME, 7, OIDS)
    except (Garbled, NotKnown):
        return
    assert len(values) == len(OIDS)
    assert all(value is None or isinstance(value, bytes | int) for value in values)


def test_a_request_is_what_net_snmp_would_send() -> None:
    assert _snmp.request(b"public", 1, [(1, 3, 6, 1, 2, 1, 1, 3, 0)]).hex() == (
        "302602010104067075626c6963a019020101020100020100300e300c06082b060102010103000500"
    )


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5)), max_size=7), max_size=3))
def test_a_kept_answer_of_another_shape_is_garbled(rows: list[object]) -> None:
    try:
        told = parsed(json.dumps(rows).encode())
    except Garbled:
        return
    assert all(row.reason is not None or row.unit for row in told.rows)
