"""Certificates of the machine, to explain findings: with which it signs in, and whom it trusts besides."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.api import Answer, Garbled, fact
from checks._read import columns, listed, members, record, truth, whole, word

CLIENT = "1.3.6.1.5.5.7.3.2"
DIGEST = re.compile(r"[0-9A-F]{40}")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Certificate:
    """One that a client may sign in with. Its subject is not asked for: it may be a person's name."""

    digest: str
    ends_at: datetime
    client: bool | None
    has_key: bool | None


@dataclass(frozen=True, slots=True)
class Certificates:
    """The machine's own; `extra_roots` = authorities trusted beyond the system maker's programme."""

    own: tuple[Certificate, ...]
    extra_roots: int


@fact(
    "cert.client",
    explains=("NET-09", "RA-10", "PATH-01"),
    windows=r"""
function Open-Store($name) {
  $store = New-Object System.Security.Cryptography.X509Certificates.X509Store($name, 'LocalMachine')
  $store.Open('ReadOnly, OpenExistingOnly')
  return $store
}
$own = @()
foreach ($one in (Open-Store 'My').Certificates) {
  $uses = @()
  foreach ($part in $one.Extensions) {
    if ($part.Oid.Value -eq '2.5.29.37') { foreach ($use in $part.EnhancedKeyUsages) { $uses += $use.Value } }
  }
  $own += @{
    digest = $one.Thumbprint
    ends = $one.NotAfter
    uses = $uses
    key = $one.HasPrivateKey
  }
}
$known = @{}
foreach ($one in (Open-Store 'AuthRoot').Certificates) { $known[$one.Thumbprint] = 1 }
$extra = 0
foreach ($one in (Open-Store 'Root').Certificates) { if (-not $known[$one.Thumbprint]) { $extra += 1 } }
@{ own = $own; extra = $extra }
""",
)
def windows_certificates(answer: Answer) -> Certificates:
    """No extended key usage means any use; Microsoft's own roots count among the extra ones."""
    values = record(answer, "own", "extra")
    own = []
    for row in listed(values["own"]):
        one = members(row, "own", "digest", "ends", "uses", "key")
        uses = {word(use, "uses") for use in listed(one["uses"])}
        try:
            ends = datetime.fromisoformat(word(one["ends"], "ends"))
        except ValueError:
            raise Garbled("ends: not a time") from None
        if ends.tzinfo is None:
            raise Garbled("ends: no time zone")
        own.append(
            Certificate(
                _digest(word(one["digest"], "digest")),
                ends.astimezone(UTC),
                client=not uses or CLIENT in uses,
                has_key=truth(one["key"], "key"),
            )
        )
    return Certificates(tuple(own), _count(whole(values["extra"], "extra")))


def _digest(text: str) -> str:
    if not DIGEST.fullmatch(text):
        raise Garbled("a thumbprint that is none")
    return text


def _count(number: int | None) -> int:
    if number is None or number < 0:
        raise Garbled("not a count")
    return number


@fact(
    "cert.client",
    explains=("NET-09", "RA-10", "PATH-01"),
    linux=r"""
n=0
for f in /usr/local/share/ca-certificates/*.crt /usr/local/share/ca-certificates/*/*.crt \
  /etc/pki/ca-trust/source/anchors/*; do
  [ ! -f "$f" ] || n=$((n + 1))
done
printf 'extra\t%s\n' "$n"
command -v openssl >/dev/null || exit 0
for f in /etc/ipsec.d/certs/* /etc/swanctl/x509/* /etc/openvpn/client/*.crt; do
  [ -f "$f" ] && [ -r "$f" ] || continue
  openssl x509 -in "$f" -noout -fingerprint -sha1 -enddate | awk -F= '
    /[Ff]ingerprint=/ { gsub(/:/, "", $2); digest = $2 }
    /^notAfter=/ { ends = $2 }
    END { if (digest != "" && ends != "") print "cert\t" digest "\t" ends }'
done
:
""",
)
def linux_certificates(answer: Answer) -> Certificates:
    """Files of strongSwan and OpenVPN clients; openssl writes the end as ``Nov  5 03:00:00 2026 GMT``."""
    rows = columns(answer, {"extra": 2, "cert": 3})
    extra = [whole(row[1], "extra") for row in rows if row[0] == "extra"]
    if len(extra) != 1:
        raise Garbled(f"{answer.id}: incomplete")
    own = tuple(Certificate(_digest(row[1]), _moment(row[2]), None, None) for row in rows if row[0] == "cert")
    return Certificates(own, _count(extra[0]))


def _moment(text: str) -> datetime:
    parts = text.split()
    try:
        month, day, clock, year, zone = parts
        hour, minute, second = (int(each) for each in clock.split(":"))
        if zone != "GMT":
            raise Garbled("an end in another time zone")
        return datetime(int(year), MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Garbled(f"{text!r:.40} is no end") from None
