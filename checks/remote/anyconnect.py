"""AnyConnect (Cisco ASA, ocserv): what the sign-in asks of people, seen without signing in.

The first form shows what is asked first, and nothing more: a second step after the password, an approval on
a telephone, and what the sign-in service of a single sign-on asks cannot be seen. So a form never passes.
"""

from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    not_applicable,
    probe,
    unknown,
)
from checks.remote import _signin, _web
from checks.remote._read import compact, listed, members, one_of, whole, word

WAIT_S = 4.0
NOT_ASKED: dict[str, object] = {}
HIDDEN = ("hidden", "submit", "reset")
PLAIN = (("password", "password"), ("text", "username"))
CERTIFICATES = {
    _web.REQUIRED: "a client certificate is required; whether a password is asked besides cannot be seen",
    _web.REQUESTED: "a client certificate is asked for; whether it is demanded cannot be seen",
    _web.UNSEEN: "TLS 1.3 hides whether a client certificate is asked for",
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """The first form: `fields` as (type, name); () where it came to none.

    `certificate` is what TLS showed of a demand for a client certificate (one of `_web.WANTED`), `wanted`
    that the form itself asks for one. `groups` may be chosen from; `sso` = another service signs people in.
    """

    certificate: str
    wanted: bool
    fields: tuple[tuple[str, str], ...]
    groups: int
    sso: bool

    @property
    def visible(self) -> tuple[tuple[str, str], ...]:
        """The fields that a person fills in, in order of type and name."""
        return tuple(sorted(field for field in self.fields if field[0] not in HIDDEN))


@probe("gateway.signin", kind="gateway")
def ask_signin(gateway: Gateway, dial: Dial) -> bytes:
    """One "init" and its form; nothing that the form says in words is kept.

    Raises:
        NotKnown: NO_ANSWER, or WRONG_SERVICE (what answers is no AnyConnect server).
    """
    if gateway.protocol != "anyconnect":
        return compact(NOT_ASKED)
    nothing = {"fields": [], "groups": 0, "certificate": False, "sso": False}
    try:
        page = _signin.ask(gateway, dial, WAIT_S)
        certificate = page.certificate
        refused = page.status == _signin.NO_CERTIFICATE and certificate == _web.REQUESTED
        if refused:
            certificate = _web.REQUIRED
        shown = nothing if refused else _signin.form(page)
    except _web.NoPage as error:
        if error.certificate != _web.REQUIRED:
            raise NotKnown(error.reason, error.note) from None
        certificate, shown = _web.REQUIRED, nothing
    except _signin.NoForm:
        raise NotKnown(Reason.WRONG_SERVICE, "no AnyConnect sign-in form") from None
    return compact({"tls": certificate, "form": shown})


@fact("gateway.signin", probe=ask_signin)
def sign_in(answer: Answer) -> SignIn:
    """The form as it was written down.

    Raises:
        NotKnown: NOT_MEASURABLE, the entrance is not declared as AnyConnect.
    """
    written = answer.json()
    if written == NOT_ASKED:
        raise NotKnown(Reason.NOT_MEASURABLE, "not an AnyConnect entrance")
    value = members(written, answer.id, "tls", "form")
    form = members(value["form"], "form", "fields", "groups", "certificate", "sso")
    return SignIn(
        certificate=one_of(value["tls"], "tls", _web.WANTED),
        wanted=_flag(form["certificate"], "certificate"),
        fields=tuple(_field(field) for field in listed(form["fields"], "fields", _signin.MOST_FIELDS)),
        groups=whole(form["groups"], "groups", _signin.MOST_GROUPS),
        sso=_flag(form["sso"], "sso"),
    )


def _field(value: object) -> tuple[str, str]:
    pair = listed(value, "field", 2)
    if len(pair) != 2:  # noqa: PLR2004 - type and name
        raise Garbled("field: not a type and a name")
    name = word(pair[1], "name")
    if not _signin.NAME.fullmatch(name):
        raise Garbled("field: not a name")
    return one_of(pair[0], "type", _signin.TYPES), name


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise Garbled(f"{what}: not true or false")
    return value


@check("RA-08")
def second_factor_in_sight(gateway: Gateway, shown: SignIn | Unknown) -> Judgement:
    """The visible part: user name and password, and nothing else in sight, fails; the rest is unknown."""
    if gateway.protocol != "anyconnect":
        return not_applicable("no_form")
    if isinstance(shown, Unknown):
        return unknown(shown.reason, shown.note)
    if note := _besides(shown):
        return unknown(Reason.NOT_MEASURABLE, note)
    return failed("one_factor")


def _besides(shown: SignIn) -> str:
    """What may stand for a second factor, or keeps it out of sight; "" = nothing."""
    if shown.certificate in CERTIFICATES:
        return CERTIFICATES[shown.certificate]
    if shown.wanted:
        return "the form asks for a client certificate"
    if shown.sso or any(type_ == "sso" for type_, _ in shown.fields):
        return "another service signs people in; what it asks cannot be seen here"
    if shown.visible != PLAIN:
        names = ", ".join(name for _, name in shown.visible) or "nothing"
        return f"the first step asks for {names}; later steps cannot be seen"
    if shown.groups > 1:
        return f"{shown.groups} groups may be chosen; what each asks cannot be seen"
    return ""
