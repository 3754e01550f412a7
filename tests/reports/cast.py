"""A small town as a finished run: what the pages, the JSON document and the terminal are tested on.

The run is put together as the engine does it: the findings are written down here, everything that follows
from them (readiness, sections, elements, counts) comes from `auditor.legs`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from auditor.control import Applies, Control, Leg, Param, Wording
from auditor.findings import Finding, Overlay, Reason, Scalar, Verdict, tally
from auditor.legs import elements, people_readiness, section_readiness
from auditor.run import Change, Changes, ModelCard, Run, TargetCard, TownCard
from auditor.targets import (
    Documents,
    Endpoint,
    Gateway,
    Person,
    Section,
    Target,
    Town,
    sections_of,
    target_key,
)

TODAY = date(2026, 11, 25)
MOMENT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
SHARED_PCS = 28
"""PCs of 総務課 that nobody in the trial uses: with the 12 of its people they make forty."""

SECTIONS = (
    Section(id="soumu", name="総務課", head="1001", officer="1002"),
    Section(id="zeimu", name="税務課", head="2001", officer="2002"),
    Section(id="jumin", name="住民課", head="3001", officer="3002"),
    Section(id="kensetsu", name="建設課", head="4001", officer="4002"),
)
NAMES = (
    "髙橋 一郎",
    "山﨑 花子",
    "𠮷田 次郎",
    "佐藤 美咲",
    "鈴木 健太",
    "田中 由美",
    "伊藤 大輔",
    "渡辺 直子",
    "中村 翔太",
    "小林 恵子",
    "加藤 誠",
    "松本 明子",
)
TOPICS = (
    "画面の自動ロック",
    "内蔵ディスクの暗号化",
    "不正プログラム対策",
    "更新の適用",
    "通信の遮断",
    "利用者の権限",
    "外部記憶の制限",
    "基本ソフトの期限",
    "遠隔操作の制限",
    "共有の制限",
    "時刻のずれ",
    "起動の保護",
    "証明書の期限",
    "記録の保存",
    "不要なソフト",
)
ENDPOINT_CONTROLS = tuple(f"EP-{number:02}" for number in range(1, len(TOPICS) + 1))


def both(ja: str, en: str = "") -> Wording:
    """A sentence in both languages."""
    return Wording(ja, en or f"{ja} (en)")


def a_control(id_: str, title: str, target: str, leg: Leg, **changes: object) -> Control:
    """A control with plain wording; `changes` replace fields."""
    control = Control(
        id=id_,
        area=id_[:2],
        target=target,
        title=both(title, f"Control {id_}"),
        plain=both(f"{title}が求める状態にありません。", f"{id_} is not met."),
        why=both(f"{title}が足りないと、紛失したときに住民情報を読まれるおそれがあります。", f"{id_} protects data."),
        fix=both(f"{title}を直すため、端末をデジタル推進課へ預けさせてください。", f"Have the device of {id_} handed in."),
        effort=both("1台約30分", "about 30 minutes each"),
        verify=both("設定の画面で値を確かめます。", "Look at the settings."),
        says={
            "ok": both("求める状態です。", "As it should be."),
            "bad": both("求める状態ではありません（値 {seen}、上限 {limit_s}秒）。", "Seen {seen}, limit {limit_s} s."),
            "ends": both("{end:date}に期限が来ます。", "Ends on {end:date}."),
            "other": both("この対象には当てはまりません。", "Does not apply."),
        },
        severity="high",
        leg=leg,
        element=1,
        doer="head",
        due_days=14,
        source="町の基準による",
        requirement_mark="S",
        applies=Applies(),
        params={"limit_s": Param(value=600, low=60, high=900, strict="low", unit="s", mark="I")},
    )
    return replace(control, **changes)  # type: ignore[arg-type]


def controls() -> tuple[Control, ...]:
    """Fifteen controls of endpoints, two of entrances, one each of routes, people and ordinances."""
    of_endpoints = [
        a_control(id_, topic, "endpoint", Leg.DEVICE)
        for id_, topic in zip(ENDPOINT_CONTROLS, TOPICS, strict=True)
    ]
    stated = Param(value=2, strict="high", unit="年", mark="S")
    return (
        *of_endpoints,
        a_control("GW-01", "入口の証明書", "gateway", Leg.PATH, doer="it", severity="critical"),
        a_control("GW-02", "入口の暗号", "gateway", Leg.PATH, doer="it", requirement_mark="I"),
        a_control("BP-01", "押印のいる手順", "routes", Leg.WORK, doer="officer", element=2),
        a_control("PE-01", "研修の修了", "person", Leg.PERSON, element=6, params={"valid_years": stated}),
        a_control("OR-01", "書面を求める規定", "ordinances", Leg.NONE, doer="it", element=4, severity="low"),
    )


def _town(root: Path) -> Town:
    staff: list[Person] = []
    endpoints: list[Endpoint] = []
    for section, count, method in (("soumu", 12, "vpn"), ("zeimu", 4, "vdi"), ("jumin", 3, "vpn")):
        for number in range(count):
            id_ = f"{section}-{number + 1:02}"
            registered = "" if id_ == "soumu-12" else method
            staff.append(Person(id=id_, name=NAMES[number], section=section, method=registered, trial=True))
            endpoints.append(_endpoint(f"PC-{section}-{number + 1:02}", section, id_))
    endpoints += [_endpoint(f"PC-soumu-{number:02}", "soumu") for number in range(13, 13 + SHARED_PCS)]
    endpoints += [_endpoint(f"PC-kensetsu-{number:02}", "kensetsu") for number in (1, 2)]
    return Town(
        name="松風町",
        sections=SECTIONS,
        staff=tuple(staff),
        endpoints=tuple(endpoints),
        gateways=(
            Gateway(id="vpn", name="VPN装置", host="127.0.0.1", port=1194, methods=("vpn",)),
            Gateway(id="vdi", name="仮想画面の入口", host="127.0.0.1", port=443, methods=("vdi",)),
        ),
        documents=(
            Documents(id="r1", name="起案の経路（総務課）", kind="routes", folder=root, sections=("soumu",)),
            Documents(id="r2", name="起案の経路（その他）", kind="routes", folder=root, sections=("zeimu", "jumin")),
            Documents(id="reiki", name="例規集", kind="ordinances", folder=root),
        ),
    )


def _endpoint(id_: str, section: str, user: str = "") -> Endpoint:
    return Endpoint(id=id_, serial=f"SN{id_}", name=id_, os="windows", section=section, user=user)


def verdicts(control: str, target: str) -> tuple[Finding, ...]:
    """What was found for a control on a target, () = as it should be. The troubles of the town."""
    pc = target.removeprefix("endpoint:PC-")
    trouble: Mapping[tuple[str, str], Callable[[], Finding]] = {
        ("EP-02", "soumu-01"): lambda: fails(control, target),
        ("EP-02", "soumu-02"): lambda: fails(control, target, overlay=Overlay.GRACE),
        ("EP-02", "soumu-03"): lambda: fails(control, target, overlay=Overlay.EXCEPTION),
        ("EP-04", "soumu-04"): lambda: open_question(control, target, Reason.NO_PERMISSION, "exit 11"),
        ("EP-04", "soumu-05"): lambda: open_question(control, target, Reason.NO_PERMISSION, "exit 11"),
        ("EP-05", "soumu-06"): lambda: open_question(control, target, Reason.BROKEN, "KeyError('x')"),
        ("PE-01", "person:soumu-07"): lambda: fails(control, target),
        ("GW-01", "gateway:vpn"): lambda: fails(control, target, key="ends", end="2026-11-01"),
        ("BP-01", "routes:r1"): lambda: fails(control, target, places=("課長が押印", "原本を送付")),
        ("EP-03", "kensetsu-01"): lambda: fails(control, target),
        ("OR-01", "ordinances:reiki"): lambda: fails(control, target, places=("文書規程第8条",)),
    }
    if control == "EP-01" and pc.startswith("soumu-"):
        return (fails(control, target, seen="1800"),)
    found = trouble.get((control, pc)) or trouble.get((control, target))
    return (found(),) if found else ()


def fails(
    control: str,
    target: str,
    *,
    key: str = "bad",
    places: tuple[str, ...] = (),
    overlay: Overlay = Overlay.NONE,
    **values: Scalar,
) -> Finding:
    """A `fail`, with the values its sentence wants."""
    return Finding(
        control=control,
        target=target,
        verdict=Verdict.FAIL,
        key=key,
        values={"seen": "0", "limit_s": 600, **values},
        places=places,
        overlay=overlay,
        until=date(2026, 12, 31) if overlay else None,
        evidence=(f"{control.lower()}.value",),
        collected_at=MOMENT,
    )


def open_question(control: str, target: str, reason: Reason, note: str = "") -> Finding:
    """An `unknown`."""
    return Finding(control=control, target=target, verdict=Verdict.UNKNOWN, reason=reason, note=note)


def silent(target: Target) -> Reason | None:
    """Why a target gave nothing; None = it answered."""
    if target.kind != "endpoint":
        return None
    if target.id == "PC-soumu-08":
        return Reason.NO_ANSWER
    return Reason.NOT_COLLECTED if target.id.startswith("PC-jumin") else None


def _finding(control: Control, target: Target) -> Finding:
    key = target_key(target)
    reason = silent(target)
    if reason is not None:
        return replace(open_question(control.id, key, reason), whole_target=True)
    for found in verdicts(control.id, key):
        return found
    other = control.id == "EP-15"
    return Finding(
        control=control.id,
        target=key,
        verdict=Verdict.NOT_APPLICABLE if other else Verdict.PASS,
        key="other" if other else "ok",
        evidence=(f"{control.id.lower()}.value",),
        collected_at=MOMENT,
    )


def _card(target: Target, town: Town) -> TargetCard:
    outcome = silent(target)
    endpoint = isinstance(target, Endpoint)
    return TargetCard(
        key=target_key(target),
        kind=target.kind,
        id=target.id,
        name=target.name,
        sections=sections_of(target, town),
        user=target.user if isinstance(target, Endpoint) else "",
        os=target.os if isinstance(target, Endpoint) else "",
        road=target.road if isinstance(target, Endpoint) else "",
        outcome=outcome,
        note="timed out after 10 s" if outcome else "",
        collected_at=None if outcome else MOMENT,
        details={"host": f"host-{target.id.lower()}"} if endpoint else {},
    )


def a_run(*, sample: bool = False, changes: Changes | None = None, broken: Iterable[str] = ()) -> Run:
    """The finished run of the town."""
    town = _town(Path("/nowhere"))
    return of_town(town, controls(), sample=sample, changes=changes, broken=tuple(broken))


def of_town(
    town: Town,
    demanded: tuple[Control, ...],
    *,
    sample: bool = False,
    changes: Changes | None = None,
    broken: tuple[str, ...] = (),
) -> Run:
    """The run of a town, judged by the table above."""
    by_id = {control.id: control for control in demanded}
    found = tuple(
        _finding(control, target)
        for target in town.targets
        for control in demanded
        if control.target == target.kind
    )
    people = people_readiness(town, found, by_id)
    cards = tuple(_card(target, town) for target in town.targets)
    return Run(
        number=7,
        started=MOMENT,
        ended=MOMENT,
        today=TODAY,
        version="0.1.0",
        town=TownCard(
            name=town.name, sample=sample, contact="デジタル推進課 内線100", sender="松風町デジタル推進課長"
        ),
        model=ModelCard(
            id="beta", title=both("βモデル", "Beta model"), based_on=("base", "beta"), digest="ab" * 32
        ),
        plugins={"telework-auditor": "0.1.0"},
        controls=demanded,
        sections=town.sections,
        people=town.staff,
        targets=cards,
        findings=found,
        readiness=people,
        section_readiness=section_readiness(town, people, found, cards),
        elements=elements(found, by_id),
        tally=tally(found),
        changes=changes,
        broken=broken,
    )


def _change(control: str, target: str, before: str, after: str) -> Change:
    return Change(control=control, target=target, before=before, after=after)


def some_changes() -> Changes:
    """What differs from the run before: worse, better, new, gone, and a control no longer demanded."""
    return Changes(
        since=6,
        on=date(2026, 11, 24),
        changed=(
            _change("EP-02", "endpoint:PC-soumu-01", "pass", "fail"),
            _change("EP-04", "endpoint:PC-soumu-04", "pass", "unknown"),
            _change("EP-06", "endpoint:PC-soumu-09", "fail", "pass"),
            _change("GW-01", "gateway:vpn", "pass", "fail"),
            _change("EP-01", "endpoint:PC-soumu-40", "", "fail"),
            _change("EP-99", "endpoint:PC-soumu-01", "fail", ""),
            _change("EP-01", "endpoint:PC-gone", "fail", ""),
        ),
    )


HOSTILE = (
    '<script>alert("x")</script>',
    "'\"><img src=x onerror=alert(1)>",
    "\u202egnp.exe\u202c \u200fRTL\u2066",
    "長" * 200,
    "W" * 200,
    "二行\nの\r\n名前\t",
    "\x1b[31mred\x1b]8;;http://evil.example\x07link\x00\x9b2J",
    "{{ 7 * 7 }}{% raw %}",
    "{0} {name!r} {x.__class__} %s",
    "[bold red]rich[/] :smile:",
    "</style></title><!-- ",
    "../../etc/passwd",
    "&amp;&lt;",
)


def a_hostile_run() -> Run:
    """Every text that comes from a town or a PC is hostile."""

    def bad(number: int) -> str:
        return HOSTILE[number % len(HOSTILE)]

    base = _town(Path("/nowhere"))
    town = replace(
        base,
        name=bad(0),
        sections=tuple(replace(row, name=bad(n) + str(n)) for n, row in enumerate(base.sections, start=2)),
        staff=tuple(replace(row, name=bad(n) + str(n)) for n, row in enumerate(base.staff)),
        endpoints=tuple(replace(row, name=bad(n) + str(n)) for n, row in enumerate(base.endpoints)),
        gateways=tuple(replace(row, name=bad(n) + str(n)) for n, row in enumerate(base.gateways, start=1)),
        documents=tuple(replace(row, name=bad(n) + str(n)) for n, row in enumerate(base.documents, start=3)),
    )
    run = of_town(town, controls(), changes=some_changes(), broken=HOSTILE)
    return replace(
        run,
        town=TownCard(name=bad(0), contact="".join(HOSTILE[:4]), sender=bad(1)),
        model=replace(run.model, title=both(bad(0)), id=bad(1)),
        plugins={bad(0): bad(1)},
        targets=tuple(
            replace(card, note=bad(n) if card.outcome else "", os=bad(n), details={bad(n): bad(n + 1)})
            for n, card in enumerate(run.targets)
        ),
        findings=tuple(
            replace(
                row,
                values={**row.values, "seen": bad(n)},
                places=tuple(bad(n + m) for m in range(len(row.places))),
                note=bad(n) if row.note else "",
                evidence=(bad(n),),
            )
            for n, row in enumerate(run.findings)
        ),
    )
