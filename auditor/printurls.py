"""The addresses of print servers, as they are written and as they are asked."""

from urllib.parse import SplitResult, urlsplit

PRINT_SCHEMES = ("http", "https", "ipp", "ipps")
CARRIED = {"ipp": "http", "ipps": "https"}
"""IPP travels in HTTP (RFC 8010 §4): what carries each of its schemes."""
IPP_PORT = 631


def split(url: str) -> SplitResult | None:
    """The parts of an address that can be written in one line, None = it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if url.isprintable() and " " not in url else None


def carried(url: str) -> str:
    """The HTTP address that carries an IPP one (port 631 where none is written); any other as it is."""
    parts = split(url)
    if parts is None or parts.scheme not in CARRIED:
        return url
    netloc = f"{parts.netloc.rstrip(':')}:{IPP_PORT}" if parts.port is None else parts.netloc
    return parts._replace(scheme=CARRIED[parts.scheme], netloc=netloc).geturl()
