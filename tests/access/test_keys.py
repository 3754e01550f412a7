"""Keys of entrances: read from files of ours alone, shown to nobody, and never part of what is kept."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.access.dial import DirectDial
from auditor.access.keys import Keys
from auditor.api import Dial, Fact, Gateway, Judgement, Probe, Secret, check, passed
from auditor.collect import collect_task
from auditor.discover import Plugins
from auditor.errors import NotKnown, Unreached
from auditor.evidence import encode
from auditor.findings import Reason
from auditor.plan import Task
from auditor.roads import Roads
from tests.peers.process import need

HEX = bytes(range(7, 263 - 7)).hex()[:512].ljust(512, "7")
STATIC = "#\n-----BEGIN OpenVPN Static key V1-----\n{}\n-----END OpenVPN Static key V1-----\n".format(
    "\n".join(HEX[at : at + 32] for at in range(0, 512, 32))
)
RAW = bytes.fromhex(HEX)
WG = base64.b64encode(bytes(range(200, 232)))


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "the.key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def reason_of(act: Callable[[], object]) -> Unreached:
    with pytest.raises(Unreached) as caught:
        act()
    return caught.value


def test_a_declared_key_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    keys = Keys({"wrap": key_file(tmp_path, STATIC.encode())})
    dial: Dial = DirectDial(frozenset(), 1, print, keys)
    assert dial.secret("wrap").value == STATIC.encode()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602])
def test_a_key_that_others_may_touch_is_not_used(tmp_path: Path, mode: int) -> None:
    keys = Keys({"wrap": key_file(tmp_path, STATIC.encode(), mode)})
    assert reason_of(lambda: keys.secret("wrap")).reason is Reason.NO_PERMISSION


def test_a_key_that_is_gone_or_not_declared_is_said_to_be(tmp_path: Path) -> None:
    keys = Keys({"wrap": tmp_path / "gone"})
    assert reason_of(lambda: keys.secret("wrap")).reason is Reason.UNREADABLE
    assert reason_of(lambda: keys.secret("psk")).reason is Reason.NOT_DECLARED


def test_a_secret_shows_nothing_of_itself() -> None:
    secret = Secret(RAW)
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert shown.strip("[]") == "Secret()"


FORMS: dict[str, Callable[[], bytes]] = {
    "file": STATIC.encode,
    "one line of it": HEX[64:96].encode,
    "raw": lambda: RAW[100:123],
    "hex": lambda: RAW[33:60].hex().upper().encode(),
    "base64 of a part": lambda: base64.b64encode(RAW[41:80]),
    "repr": lambda: repr(RAW[128:160]).encode(),
    "json": lambda: json.dumps({"x": RAW[130:160].decode("latin-1")}).encode(),
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_piece_of_a_key_is_recognised_however_it_is_written(tmp_path: Path, form: str) -> None:
    keys = Keys({"wrap": key_file(tmp_path, STATIC.encode())})
    keys.secret("wrap")
    assert keys.shown_in(b'{"a":"' + FORMS[form]() + b'"}')
    assert not keys.shown_in(b'{"leaf":"' + base64.b64encode(bytes(3000)) + b'"}')


def test_a_wireguard_key_is_recognised_in_base64_and_raw(tmp_path: Path) -> None:
    keys = Keys({"audit": key_file(tmp_path, WG + b"\n")})
    keys.secret("audit")
    assert keys.shown_in(b"x" + WG)
    assert keys.shown_in(base64.b64decode(WG)[3:])
    assert not keys.shown_in(b"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=")


class Found:
    """Whatever the probe said."""


def kept_of(tmp_path: Path, collect: Callable[[Gateway, Dial], bytes]) -> bytes:
    """The evidence document that a run would keep of such a probe."""
    gateway = Gateway(
        id="gw", name="gw", host="127.0.0.1", port=1, key_file=key_file(tmp_path, STATIC.encode())
    )

    def parse(_: object) -> Found:
        return Found()

    def judge(found: Found) -> Judgement:
        return passed(found=str(found))

    ask = Probe("gateway.leak", "gateway", Dial, collect)
    learnt = Fact("gateway.leak", Found, parse, {}, ask, absent_ok=False)
    judged = check("GW-99")(judge)
    plugins = Plugins((learnt,), (judged,), (), {}, ())
    evidence = collect_task(Task(gateway, (judged,)), plugins, Roads())
    assert evidence is not None
    return encode(evidence)


@pytest.mark.parametrize("raised", [ValueError, RuntimeError, None, NotKnown, Unreached])
def test_nothing_that_is_kept_of_a_careless_probe_holds_the_key(
    tmp_path: Path, raised: type[Exception] | None
) -> None:
    def careless(_: Gateway, dial: Dial) -> bytes:
        text = dial.secret("wrap").value.decode()
        if raised is None:
            return json.dumps({"debug": text}).encode()
        if issubclass(raised, NotKnown | Unreached):
            raise raised(Reason.UNREADABLE, f"cannot read {text}")
        raise raised(f"cannot read {text!r}")

    kept = kept_of(tmp_path, careless)
    assert b"thrown away" in kept
    assert not any(HEX[at : at + 16].encode() in kept for at in range(0, 512, 8))


def test_an_honest_answer_is_kept(tmp_path: Path) -> None:
    def honest(_: Gateway, dial: Dial) -> bytes:
        return json.dumps({"size": len(dial.secret("wrap").value)}).encode()

    assert b"thrown away" not in kept_of(tmp_path, honest)


def test_a_key_made_by_openvpn_itself_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "made.key"
    subprocess.run([need("openvpn"), "--genkey", "secret", str(path)], check=True, capture_output=True)
    keys = Keys({"wrap": path})
    lines = keys.secret("wrap").value.decode().splitlines()
    assert all(keys.shown_in(line.encode()) for line in lines if not line.startswith(("#", "-")))
