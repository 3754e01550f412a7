"""From this laptop: real connects from a network of their own, and what they mean for who works there."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from auditor.answers import Answer, Status
from auditor.errors import Garbled
from auditor.findings import Judgement, Reason, Verdict
from auditor.script import Entrance, compose, split
from auditor.targets import Endpoint, Gateway, Person, Section, Town
from checks.away.path import FromHere, Try, reaches_its_entrances, unix_reach, windows_reach
from tests.endpoint.conftest import params_of, pc
from tests.endpoint.test_linux_fragments import SHELLS, argv
from tests.peers.netns import HERE, LOST, PROHIBITED, THERE, Line, line
from tests.peers.process import need

NONCE = "0123456789abcdef" * 2
VPN = Gateway(id="vpn", name="庁内VPN", host="vpn.example.jp", port=443, methods=("vpn",))
VDI = Gateway(id="vdi", name="仮想デスクトップ", host="vdi.example.jp", port=443, methods=("vdi",))
TARO = Person(id="0101", name="太郎", section="s1", method="vpn", trial=True)
PC = replace(pc(), user="0101", method="vpn")
OPEN_LINE = (("wireless", "0011223344556677"),)


@pytest.fixture(scope="module")
def away() -> Iterator[Line]:
    with line() as made:
        yield made


def measured(away: Line, shell: str, *entrances: Entrance, path: str = "") -> FromHere:
    script = compose([unix_reach], "linux", NONCE, entrances=entrances)
    if path:
        script = script.replace("PATH=/usr/bin:/bin:/usr/sbin:/sbin", f"PATH={path}")
    done = subprocess.run(
        away.argv([*argv(shell), "-s"]), input=script.encode(), capture_output=True, check=False, timeout=60
    )
    (answer,) = split(done.stdout, NONCE, ["path.reach"])
    assert answer.status is Status.OK, answer
    return unix_reach(answer)


@pytest.mark.parametrize("shell", SHELLS)
def test_open_refused_lost_and_prohibited_are_told_apart_from_where_it_stands(away: Line, shell: str) -> None:
    here = measured(
        away,
        shell,
        Entrance("open", THERE, away.port),
        Entrance("shut", THERE, 1),
        Entrance("lost", LOST, 443),
        Entrance("not", PROHIBITED, 443),
    )
    assert [one.outcome for one in here.tries] == ["ok", "refused", "timeout", "unreachable"]
    assert [kind for kind, _ in here.lines] == ["other"]
    assert here.tries[2].took_ms is not None
    assert 2900 <= here.tries[2].took_ms <= 4500


def test_many_lost_entrances_end_within_twelve_seconds_and_the_rest_is_not_tried(away: Line) -> None:
    here = measured(away, "dash", *(Entrance(f"e{nth}", LOST, 440 + nth) for nth in range(6)))
    outcomes = [one.outcome for one in here.tries]
    assert outcomes == ["timeout"] * 3 + ["not-tried"] * 3


@pytest.mark.parametrize("tool", ["python3", "curl"])
def test_another_tool_stands_in_for_the_first(away: Line, tool: str, tmp_path: object) -> None:
    folder = str(tmp_path)
    for name in (tool, "awk", "ls", "ip", "sha256sum", "dd", "sleep", "cat", "sh"):
        program = sys.executable if name == "python3" else need(name)
        subprocess.run(["/bin/ln", "-s", program, f"{folder}/{name}"], check=True)
    here = measured(away, "dash", Entrance("open", THERE, away.port), Entrance("shut", THERE, 1), path=folder)
    assert here.tries[0].outcome == "ok"
    assert here.tries[1].outcome == ("refused" if tool == "python3" else "unreachable")


def test_without_any_tool_the_machine_cannot_tell(away: Line, tmp_path: object) -> None:
    for name in ("awk", "ls", "dd", "sleep", "cat", "sh"):
        subprocess.run(["/bin/ln", "-s", need(name), f"{tmp_path}/{name}"], check=True)
    here = measured(away, "dash", Entrance("vpn", THERE, away.port), path=str(tmp_path))
    assert here.tries[0].outcome == "no-tool"
    assert judge(here, VPN, host=THERE).reason is Reason.NOT_MEASURABLE


def test_no_declared_entrance_tries_nothing(away: Line) -> None:
    assert measured(away, "dash").tries == ()


def judge(here: FromHere, *gateways: Gateway, endpoint: Endpoint = PC, host: str = "") -> Judgement:
    shown = tuple(replace(gateway, host=host or gateway.host) for gateway in gateways)
    town = Town(name="町", sections=(Section(id="s1", name="課"),), staff=(TARO,), gateways=shown)
    return reaches_its_entrances(here, endpoint, town, params_of("PATH-01"))


def one(
    outcome: str, id_: str = "vpn", *, ms: int | None = 40, address: str = "203.0.113.5", way: str = ""
) -> Try:
    return Try(id_, outcome, ms, address if outcome not in ("name-not-found", "no-dns") else "", way)


def at(
    *tries: Try, lines: tuple[tuple[str, str], ...] = OPEN_LINE, categories: tuple[int, ...] | None = (0,)
) -> FromHere:
    return FromHere(tries, lines, categories, "")


def test_where_the_system_tells_no_category_the_sentence_says_so() -> None:
    assert judge(at(one("ok")), VPN).key == "ok"
    assert judge(at(one("ok"), categories=None), VPN).key == "somewhere"


@pytest.mark.parametrize(
    ("outcome", "key"), [("refused", "refused"), ("timeout", "silent"), ("unreachable", "silent")]
)
def test_an_entrance_that_does_not_answer_fails_only_where_the_network_worked(outcome: str, key: str) -> None:
    assert judge(at(one(outcome)), VPN).key == key
    offline = judge(at(one(outcome), lines=()), VPN)
    assert (offline.verdict, offline.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)
    by_number = judge(at(one(outcome)), VPN, host="203.0.113.5")
    assert by_number.reason is Reason.NO_CONTROL
    beside = at(one(outcome), one("ok", "vdi"))
    assert judge(beside, VPN, VDI, host="203.0.113.5").key == key


def test_a_name_that_is_not_found_needs_another_proof_of_the_name_service() -> None:
    assert judge(at(one("name-not-found")), VPN).reason is Reason.NO_CONTROL
    assert judge(at(one("name-not-found"), one("timeout", "vdi")), VPN, VDI).key == "no_name"


@pytest.mark.parametrize("outcome", ["ok", "refused", "timeout"])
def test_evidence_from_inside_the_office_is_neither_proof_nor_obstacle(outcome: str) -> None:
    assert judge(at(one(outcome), categories=(1, 2)), VPN).key == "office"
    assert judge(at(one(outcome, address="10.1.2.3"), categories=(1,)), VPN).key == "office"
    assert judge(at(one(outcome, way="tunnel")), VPN).key == "tunnel"
    inside = judge(at(one(outcome), categories=(2,)), VPN)
    assert inside.verdict is Verdict.NOT_APPLICABLE


def test_a_private_address_that_was_declared_as_one_is_no_sign_of_the_office() -> None:
    assert judge(at(one("ok", address="10.1.2.3")), VPN, host="10.1.2.3").key == "ok"


def test_only_the_entrances_of_the_user_count() -> None:
    assert judge(at(one("ok"), one("refused", "vdi")), VPN, VDI).key == "ok"
    assert judge(at(one("ok")), VDI).key == "no_entrance"
    assert judge(at(one("ok")), replace(VPN, sections=("other",))).key == "no_entrance"
    assert judge(at(one("ok")), replace(VPN, transport="udp")).key == "no_entrance"
    stranger = replace(PC, user="", method="")
    assert judge(at(one("ok")), VPN, endpoint=stranger).key == "no_entrance"


def test_an_entrance_the_script_did_not_name_is_unknown() -> None:
    assert judge(at(), VPN).reason is Reason.NOT_COLLECTED
    assert judge(at(one("not-tried")), VPN).reason is Reason.NOT_COLLECTED
    assert judge(at(one("error")), VPN).reason is Reason.NOT_COLLECTED


def test_a_slow_entrance_answers_all_the_same_and_is_told() -> None:
    slow = judge(at(one("ok", ms=1001)), VPN)
    assert (slow.verdict, slow.key) == (Verdict.PASS, "slow")
    assert judge(at(one("ok", ms=None)), VPN).key == "ok"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tool\tbash\ntry\tvpn\twonderful\t1\t203.0.113.5\t-\n",
        "tool\tbash\ntry\tvpn\tok\t-5\t203.0.113.5\t-\n",
        "tool\tbash\ntry\tvpn\tok\t5\tno-address\t-\n",
        "tool\tbash\ntry\tvpn\tok\t5\t203.0.113.5\tcarpet\n",
        "tool\tbash\ntry\tvpn\tok\t5\t203.0.113.5\t-\ntry\tvpn\tok\t5\t203.0.113.5\t-\n",
        "tool\tbash\nline\twired\tSSID of a person\n",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(Garbled):
        unix_reach(Answer("path.reach", Status.OK, text.encode()))


def test_windows_lists_may_be_bare_elements() -> None:
    body = (
        b'{"tries":{"id":"vpn","outcome":"ok","ms":12,"address":"203.0.113.5","way":"wireless"},'
        b'"lines":{"kind":"wireless","gateway":null},"categories":1,"ssid":null}'
    )
    here = windows_reach(Answer("path.reach", Status.OK, body))
    assert (here.tries[0].outcome, here.lines, here.categories) == ("ok", (("wireless", ""),), (1,))


def test_the_line_of_the_test_is_the_one_that_was_made(away: Line) -> None:
    assert HERE.rpartition(".")[0] == THERE.rpartition(".")[0]
    said = subprocess.run(away.argv(["ip", "-o", "route"]), capture_output=True, text=True, check=True)
    assert f"default via {THERE}" in said.stdout
