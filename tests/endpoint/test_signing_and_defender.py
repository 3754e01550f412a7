"""SMB signing by default goes by build and edition; Defender's "never" is no age; unset is not off."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.answers import Answer, Status
from checks.endpoint.patching import windows_patching
from checks.endpoint.policies import Defences, windows_defences
from checks.endpoint.smb import Signing, signing_defaults, windows_signing
from tests.endpoint.conftest import CORPUS, judged


def signing(build: str, edition: str, kind: int = 1, server: int | None = None) -> Signing:
    body = {"build": build, "edition": edition, "product_type": kind, "server": server, "client": None}
    return windows_signing(Answer("net.smbsigning", Status.OK, json.dumps(body).encode()))


@pytest.mark.parametrize("edition", ["Professional", "Enterprise", "Education", "ProfessionalN"])
def test_smb_signing_by_default_is_off_before_build_26100_and_on_from_it(edition: str) -> None:
    old, new = signing("22631", edition), signing("26100", edition)
    assert (old.server, old.client) == (False, False)
    assert (new.server, new.client) == (True, True)
    assert old.by_default == new.by_default == ("server", "client")


@pytest.mark.parametrize("edition", ["Core", "CoreSingleLanguage", "EnterpriseS", "IoTEnterprise", ""])
def test_smb_signing_of_an_edition_that_the_documents_do_not_name_is_not_known(edition: str) -> None:
    found = signing("26100", edition)
    assert (found.server, found.client) == (None, None)


def test_smb_signing_of_server_2025_is_documented_for_the_connections_it_makes_only() -> None:
    assert signing_defaults(26100, "ServerStandard", 3) == (None, True)
    assert signing_defaults(20348, "ServerStandard", 3) == (False, False)
    assert signing_defaults(20348, "ServerStandard", 2)[0] is None


def test_a_value_that_is_set_wins_over_the_default() -> None:
    found = signing("26100", "Enterprise", server=0)
    assert (found.server, found.client, found.by_default) == (False, True, ("client",))


@given(st.integers(0, 40000), st.text(max_size=30), st.sampled_from([1, 2, 3]))
def test_no_build_before_26100_is_ever_taken_to_sign_by_default(build: int, edition: str, kind: int) -> None:
    server, client = signing_defaults(build, edition, kind)
    assert build >= 26100 or (server is not True and client is not True)


@pytest.mark.parametrize("never", [4294967295, 65535])
def test_definitions_that_were_never_loaded_do_not_pass(never: int) -> None:
    defender = {"mode": "Normal", "realtime": True, "age_days": never, "age_s": None}
    body = json.dumps({"defender": defender, "products": []}).encode()
    found = judged("EP-09", {"av.state": Answer("av.state", Status.OK, body)})
    assert (found.verdict, found.key) == ("fail", "undated")


def defences(case: str) -> Defences:
    text = (CORPUS / "windows" / "sec.defences" / f"{case}.json").read_text(encoding="utf-8")
    return windows_defences(Answer("sec.defences", Status.OK, json.dumps(json.loads(text)["body"]).encode()))


def test_a_pc_that_was_never_scanned_has_no_age_of_a_scan() -> None:
    never = defences("never-scanned")
    assert (never.full_scan_days, never.quick_scan_days) == (None, None)
    assert defences("good").full_scan_days == 12


def test_exclusions_are_counted_and_hidden_ones_are_not_none() -> None:
    assert defences("good").exclusions == 3
    assert defences("exclusions-hidden").exclusions is None


def test_automatic_updates_that_nobody_set_are_not_off() -> None:
    text = (CORPUS / "windows" / "patch.state" / "nothing-set.json").read_text(encoding="utf-8")
    body = json.loads(text)["body"]
    assert windows_patching(Answer("patch.state", Status.OK, json.dumps(body).encode())).automatic is None
    body["no_auto"] = 1
    assert windows_patching(Answer("patch.state", Status.OK, json.dumps(body).encode())).automatic is False


def test_an_update_server_counts_only_where_the_pc_is_told_to_use_it() -> None:
    text = (CORPUS / "windows" / "patch.state" / "good.json").read_text(encoding="utf-8")
    body = json.loads(text)["body"]
    assert windows_patching(Answer("patch.state", Status.OK, json.dumps(body).encode())).server
    body["use_server"] = 0
    assert windows_patching(Answer("patch.state", Status.OK, json.dumps(body).encode())).server == ""
