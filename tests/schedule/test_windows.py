"""The task's XML has the encoding, version and order that the Task Scheduler asks for ([MS-TSCH] 2.5)."""

import subprocess
from pathlib import Path

from lxml import etree

from auditor.nightly.hours import Hours
from auditor.schedule.windows import tasks
from tests.schedule.kit import ODD, planned

SPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def task(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


def names(element: etree._Element) -> list[str]:
    return [str(child.tag).removeprefix(SPACE) for child in element.iterchildren(tag=etree.Element)]


def only(root: etree._Element, path: str) -> etree._Element:
    (found,) = root.findall("/".join(SPACE + part for part in path.split("/")))
    return found


def text(root: etree._Element, path: str) -> str:
    return only(root, path).text or ""


def test_the_file_is_utf_16_little_endian_with_its_mark_and_says_so(tmp_path: Path) -> None:
    content = tasks(planned(), folder=tmp_path).files[0].content
    assert content.startswith(b"\xff\xfe<\x00?\x00")
    plain = content.decode("utf-16")
    assert plain.startswith('<?xml version="1.0" encoding="UTF-16"?>\r\n')
    assert "\n" not in plain.replace("\r\n", "")
    assert task(content).get("version") == "1.4"


def test_the_elements_stand_in_the_order_of_the_schema(tmp_path: Path) -> None:
    root = task(tasks(planned(), folder=tmp_path).files[0].content)
    assert names(root) == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    trigger = only(root, "Triggers/CalendarTrigger")
    assert names(trigger) == ["StartBoundary", "RandomDelay", "ScheduleByDay"], "triggers are a sequence"
    settings = names(only(root, "Settings"))
    assert len(settings) == len(set(settings))


def test_it_runs_whoever_is_logged_on_once_at_a_time_and_makes_up_for_a_missed_start(tmp_path: Path) -> None:
    root = task(tasks(planned(account="MATSUKAZE\\audit"), folder=tmp_path).files[0].content)
    assert text(root, "Principals/Principal/UserId") == "MATSUKAZE\\audit"
    assert text(root, "Principals/Principal/LogonType") == "Password"
    assert text(root, "Principals/Principal/RunLevel") == "LeastPrivilege"
    assert text(root, "Settings/MultipleInstancesPolicy") == "IgnoreNew"
    assert text(root, "Settings/StartWhenAvailable") == "true"
    assert text(root, "Settings/ExecutionTimeLimit") == "PT6H"
    assert text(root, "Triggers/CalendarTrigger/StartBoundary").endswith("T01:30:00")
    assert text(root, "Triggers/CalendarTrigger/RandomDelay") == "PT15M"
    assert only(root, "Principals/Principal").get("id") == only(root, "Actions").get("Context")


def test_names_with_signs_of_xml_or_of_the_command_line_are_themselves(tmp_path: Path) -> None:
    folder = Path('/srv/松風町 & <課> "x" -- y')
    scheduled = tasks(planned(folder=folder), folder=tmp_path)
    root = task(scheduled.files[0].content)
    arguments = text(root, "Actions/Exec/Arguments")
    words = planned(folder=folder).command()[1:]
    assert arguments == subprocess.list2cmdline(words)
    assert text(root, "Actions/Exec/WorkingDirectory") == str(folder)
    task(tasks(planned(folder=Path(ODD)), folder=tmp_path).files[0].content)


def test_the_morning_is_a_task_of_its_own_that_is_not_made_up_for(tmp_path: Path) -> None:
    night, morning = tasks(planned(), folder=tmp_path).files
    assert text(task(night.content), "Settings/StartWhenAvailable") == "true"
    assert text(task(morning.content), "Settings/StartWhenAvailable") == "false"
    assert "--catch-up" in text(task(morning.content), "Actions/Exec/Arguments")
    assert len(tasks(planned(hours=Hours()), folder=tmp_path).files) == 1


def test_the_command_that_imports_it_asks_for_the_password_instead_of_holding_it(tmp_path: Path) -> None:
    command = tasks(planned(), folder=tmp_path).begin[0]
    assert command.startswith("schtasks /Create /TN telework-auditor-matsukaze /XML ")
    assert command.endswith("/RU telework-auditor /RP *")
