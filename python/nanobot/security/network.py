"""Keeps addresses that strangers send from reaching the inside of a network."""

import ipaddress
import socket
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_INSIDE = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
]


def validate_url_target(url: str) -> tuple[bool, str]:
    """Whether an address may be fetched, and why not.

    The host is looked up, and each of its addresses has to be a public one.
    """
    host, problem = _host(url)
    if problem:
        return False, problem
    addresses = _resolve(host)
    if not addresses:
        return False, f"{host} cannot be resolved"
    return _all_public(host, addresses)


def validate_resolved_url(url: str) -> tuple[bool, str]:
    """The same for the address that a redirect has led to."""
    return validate_url_target(url)


def _host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        return "", f"not an address: {error}"
    if parts.scheme not in ("http", "https"):
        return "", f"only http and https are allowed, not {parts.scheme or 'an address without'!r}"
    if not host:
        return "", "the address names no host"
    return host, ""


def _resolve(host: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _all_public(host: str, addresses: list[Address]) -> tuple[bool, str]:
    for address in addresses:
        if _is_inside(address):
            return False, f"{host} leads to {address}, which is not a public address"
    return True, ""


def _is_inside(address: Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    real = mapped or address
    return any(real.version == network.version and real in network for network in _INSIDE)
