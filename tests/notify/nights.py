"""Nights of a small town with two sections, kept in a real history, and whom it tells."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from auditor.answers import Answer, Status
from auditor.engine import Audit
from auditor.history import History
from auditor.notify.declared import Mail, Webhook
from auditor.notify.nightly import Notified, notify
from auditor.run import Run
from auditor.targets import Endpoint, Section, Town
from auditor.town import Loaded, Settings
from auditor.watch import with_silences
from tests.core.runs import run_of
from tests.core.world import NOW, TOWN, ok, said

IT, SOUMU, ZEIMU = "it@town.example", "soumu@town.example", "zeimu@town.example"
MAIL = """
[mail]
host = "127.0.0.1"
port = {port}
security = "plain"
from = "audit@town.example"
to = ["it@town.example"]
"""
"""As in a town's own file; officers follow."""

OFFICERS = """[mail.sections]
soumu = ["soumu@town.example"]
"""
SHARE = r"\\fileserver\telework\latest"


def town(folder: Path) -> Town:
    """総務課 has a PC that is heard every night, 税務課 one that nobody ever heard."""
    tax = Section(id="zeimu", name="税務課")
    second = Endpoint(id="PC-2", serial="SN2", name="税務01", os="linux", section="zeimu")
    return replace(
        TOWN,
        root=folder,
        contact="デジタル推進課 内線210",
        sections=(*TOWN.sections, tax),
        endpoints=(*TOWN.endpoints, second),
    )


def loaded(folder: Path, mail: Mail | None = None, webhook: Webhook | None = None) -> Loaded:
    return Loaded(town=town(folder), settings=Settings(folder=folder, mail=mail, webhook=webhook))


def mail_to(port: int) -> Mail:
    return Mail(
        host="127.0.0.1",
        port=port,
        security="plain",
        sender="audit@town.example",
        to=(IT,),
        sections={"soumu": (SOUMU,), "zeimu": (ZEIMU,)},
        share=SHARE,
    )


def moment(night: int) -> datetime:
    return NOW + timedelta(days=night)


def kept(folder: Path, history: History, night: int, after_s: int | None = 600) -> Run:
    """That night's run, in the history; more than 600 s is a fault, None = the machine does not tell."""
    answer = ok("w.lock", str(after_s)) if after_s is not None else Answer("w.lock", Status.DENIED, b"")
    heard = said(answer, at=moment(night))
    run = run_of(evidence=(heard,), town=town(folder), day=night)
    return history.keep(Audit(with_silences(run, town(folder), history, ()), (heard,)))


def told(where: Loaded, history: History, run: Run) -> Notified:
    return notify(where, run, history, run.ended, tables=())
