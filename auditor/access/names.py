"""The name service, asked about one declared mail domain and nothing else."""

import ipaddress
from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from auditor.access.dial import Contact, recorded
from auditor.access.net import Deadline, resolve
from auditor.access.pace import Pace
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.register import Place
from auditor.seams import Texts
from auditor.work import System

DNS_PORT = 53
UDP_BYTES = 1232
"""What we say we can take in one datagram: it passes every usual network in one piece."""

WAITS_S = (2.0, 4.0)
"""How long a datagram is waited for, once for each time it is sent; all within the deadline."""


def mail_names(system: System) -> tuple[str, ...]:
    """All names that may be asked: the domain (SPF), its policy (DMARC), and its declared keys (DKIM)."""
    domain = system.domain.rstrip(".").lower()
    keys = (f"{selector.lower()}._domainkey.{domain}" for selector in system.selectors)
    return (domain, f"_dmarc.{domain}", *keys)


def name_servers(system: System) -> tuple[Place, ...]:
    """The name servers to ask, in turn: the declared one, else those of this machine; () = it has none."""
    if system.resolver is not None:
        return (system.resolver,)
    try:
        found = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError):
        return ()
    plain = [server for server in found if isinstance(server, str) and _is_address(server)]
    return tuple(Place(server, DNS_PORT) for server in plain)


class DirectNames:
    """`seams.Names` straight from this machine; the deadline starts with the object."""

    def __init__(
        self,
        system: System,
        deadline_s: float,
        contacts: Callable[[Contact], object],
        *,
        pace: Pace | None = None,
    ) -> None:
        self._allowed = frozenset(mail_names(system))
        self._servers = name_servers(system)
        self._deadline = Deadline.after(deadline_s)
        self._contacts = contacts
        self._pace = pace or Pace()

    def texts(self, name: str) -> Texts:
        """The TXT records of a name; see `seams.Names.texts`.

        The next server is asked only where the one before kept silent or could not find out.
        """
        if name not in self._allowed:
            raise Unreached(Reason.NOT_DECLARED, name)
        failure = Unreached(Reason.NAME_NOT_FOUND, "no name server is known")
        for server in self._servers:
            try:
                return _understood(self._asked(name, server), name)
            except Unreached as error:
                failure = error
        raise failure

    def _asked(self, name: str, server: Place) -> dns.message.Message:
        """The answer of one server: by datagram, or over TCP where it does not fit into one."""
        query = dns.message.make_query(name, dns.rdatatype.TXT, use_edns=0, payload=UDP_BYTES)
        address = resolve(server.host, self._deadline)[0]
        for wait_s in WAITS_S:
            try:
                return self._exchange(server, "udp", query, address, wait_s)
            except dns.message.Truncated:
                return self._exchange(server, "tcp", query, address, self._deadline.left_s())
            except Unreached as error:
                if error.reason is not Reason.NO_ANSWER:
                    raise
        raise Unreached(Reason.NO_ANSWER, f"{server}: silent about {name}")

    def _exchange(
        self, server: Place, transport: str, query: dns.message.Message, address: str, wait_s: float
    ) -> dns.message.Message:
        self._pace.wait((server.host, server.port, transport), self._deadline.left_s())
        limit_s = min(wait_s, self._deadline.need_s(f"{server} over {transport}"))
        with recorded(self._contacts, server.host, server.port, transport):
            try:
                if transport == "tcp":
                    return dns.query.tcp(query, address, timeout=limit_s, port=server.port)
                return dns.query.udp(
                    query,
                    address,
                    timeout=limit_s,
                    port=server.port,
                    ignore_unexpected=True,
                    ignore_errors=True,
                    raise_on_truncation=True,
                )
            except dns.exception.Timeout:
                raise Unreached(Reason.NO_ANSWER, f"{server}: silent over {transport}") from None
            except dns.message.Truncated:
                raise
            except (dns.exception.DNSException, ValueError) as error:
                raise Unreached(Reason.UNREADABLE, f"{server}: {type(error).__name__}") from None
            except (OSError, EOFError) as error:
                refused = isinstance(error, ConnectionRefusedError)
                reason = Reason.REFUSED if refused else Reason.NO_ANSWER
                raise Unreached(reason, f"{server}: {error} over {transport}") from None


def _understood(answer: dns.message.Message, name: str) -> Texts:
    """What an answer says of the name.

    Raises:
        Unreached: the server refused or could not find out, or it only points to other servers.
    """
    code = answer.rcode()
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        reason = {dns.rcode.SERVFAIL: Reason.NO_ANSWER, dns.rcode.REFUSED: Reason.REFUSED}
        raise Unreached(reason.get(code, Reason.UNREADABLE), f"{name}: {dns.rcode.to_text(code)}")
    try:
        if not isinstance(answer, dns.message.QueryMessage):
            raise Unreached(Reason.UNREADABLE, f"{name}: no answer to a query")
        chain = answer.resolve_chaining()
    except dns.exception.DNSException as error:
        raise Unreached(Reason.UNREADABLE, f"{name}: {type(error).__name__}") from None
    whole = answer.flags & dns.flags.RA or (answer.flags & dns.flags.AA and not chain.cnames)
    if chain.answer is None and not whole:
        raise Unreached(Reason.NOT_MEASURABLE, f"{name}: the server only points to others")
    records = tuple(b"".join(row.strings).decode("utf-8", "backslashreplace") for row in chain.answer or ())
    return Texts(code == dns.rcode.NOERROR, records)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
