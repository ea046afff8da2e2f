"""Where a server is: which addresses may be asked, and the key that only they may see."""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import re
import socket
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from harness.errors import SuiteError

SECRET = re.compile(r"\$\{env:([A-Za-z_]\w*)\}")
HIDDEN = "‹api key›"


@dataclass(frozen=True, slots=True)
class Place:
    """A server that may be asked."""

    url: str
    host: str
    secure: bool
    """Whether it is asked over TLS."""
    proxy: str = ""

    @property
    def shown(self) -> str:
        """Scheme, host and port: enough to know it by, and never a password that an address may hold."""
        return f"{urlsplit(self.url).scheme}://{urlsplit(self.url).netloc.rpartition('@')[2]}"


def place(name: str, url: str, *, private: bool = False) -> Place:
    """The server at `url`, where asking it is allowed: over https, or on this machine.

    A host in a private network, or plain http to one, needs `allow_private: true`; addresses that only routers and
    cloud machines use for themselves (link-local, where clouds keep their credentials) are never asked.

    Raises:
        SuiteError: the address may not be asked, with what to write instead.
    """
    found = urlsplit(url)
    host = found.hostname or ""
    owner = f"models.{name}.endpoint: {url!r}"
    if found.scheme not in ("http", "https") or not host:
        raise SuiteError(f"{owner} is no address; write http(s)://host/v1")
    proxy = _proxy(found.scheme, host)
    addresses = _addresses(host)
    loopback = bool(addresses) and all(address.is_loopback for address in addresses)
    for address in addresses:
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise SuiteError(f"{owner} leads to {address}, an address for machines' own use; it is never asked")
    inside = any(address.is_private and not address.is_loopback for address in addresses)
    if inside and not private:
        raise SuiteError(f"{owner} leads into a private network; say allow_private: true if it is yours")
    if found.scheme == "http" and not loopback and not (inside and private):
        raise SuiteError(f"{owner} is not encrypted and not on this machine; write https://{host}…")
    return Place(url.rstrip("/"), host, found.scheme == "https", "" if loopback else proxy)


def secret(name: str, written: str) -> str:
    """The key that `${env:NAME}` means; empty where the suite names none.

    Raises:
        SuiteError: the environment variable is not set.
    """
    if not written:
        return ""
    found = SECRET.fullmatch(written)
    if found is None:
        raise SuiteError(f"models.{name}.api_key: write ${{env:NAME}}, never the key itself")
    value = os.environ.get(found[1], "").strip()
    if not value:
        raise SuiteError(f"models.{name}.api_key: the environment variable {found[1]} is not set; export it first")
    return value


def hide(text: str, key: str) -> str:
    """A text without the key, in whatever form a server may have sent it back."""
    if not key:
        return text
    encoded = base64.b64encode(key.encode()).decode()
    forms = {key, quote(key, safe=""), encoded, encoded.rstrip("="), json.dumps(key)[1:-1]}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    # Servers shorten a key they refuse (sk-ab…yz): its ends alone are no secret, but nobody needs them here.
    return re.sub(rf"{re.escape(key[:3])}[\w-]*[*.…]{{2,}}[\w-]*", HIDDEN, text) if len(key) >= 12 else text


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Every address of a host; none where the name is not known here (a proxy may know it)."""
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except OSError:
        return []
    plain = {str(info[4][0]).split("%")[0] for info in found}
    parsed = [ipaddress.ip_address(text) for text in sorted(plain)]
    return [getattr(address, "ipv4_mapped", None) or address for address in parsed]


def _proxy(scheme: str, host: str) -> str:
    from urllib.request import getproxies, proxy_bypass

    return "" if proxy_bypass(host) else getproxies().get(scheme, "")
