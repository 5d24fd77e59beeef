"""Addresses as Go's net/url reads them, as far as to tell whether they parse."""

import re

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
NOT_IN_HOST = re.compile(r"[ {}|\\^`#/?@%]")
NOT_IN_USER = re.compile(r"[^A-Za-z0-9\-._:~!$&'()*+,;=%@]")


def complaint(text: str) -> str:
    """Why an address does not parse, '' if it does."""
    whole, _, fragment = text.partition("#")
    if CONTROL.search(whole):
        return "holds a control character"
    if BAD_ESCAPE.search(fragment):
        return "holds a % that begins no escape"
    bare = whole.partition("?")[0]
    match = SCHEME.match(bare)
    rest = bare[match.end() :] if match else bare
    if rest.startswith("//") and (match or not rest.startswith("///")):
        authority, _, path = rest[2:].partition("/")
        return _authority(authority) or _path(path)
    if rest.startswith("/"):
        return _path(rest)
    return "" if match else _relative(rest)


def _relative(path: str) -> str:
    if ":" in path.partition("/")[0]:
        return "has a colon in its first part"
    return _path(path)


def _path(path: str) -> str:
    return "holds a % that begins no escape" if BAD_ESCAPE.search(path) else ""


def _authority(text: str) -> str:
    user, sign, host = text.rpartition("@")
    if sign and (NOT_IN_USER.search(user) or BAD_ESCAPE.search(user)):
        return "has a wrong user part"
    if "[" in host[1:]:
        return "has a [ in its host"
    if host.startswith("["):
        inside, closing, port = host.rpartition("]")
        if not closing:
            return "has a [ without ]"
        host = inside
    else:
        host, colon, port = host.rpartition(":")
        if not colon:
            host, port = port, ""
        port = f":{port}" if colon else ""
    if not re.fullmatch(r"(:[0-9]*)?", port):
        return f"has the port {port!r}"
    odd = NOT_IN_HOST.search(host)
    return f"has {odd[0]!r} in its host" if odd else ""
