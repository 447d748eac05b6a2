"""Which IP addresses are the public internet, and which only look like it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_GLOBAL_UNICAST = IPv6Network("2000::/3")

# Python calls these global, but they are another address in disguise, or nobody's.
_DISGUISED = (
    IPv6Network("2001::/23"),  # special purposes, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation
)
_NOBODYS = (
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("100.64.0.0/10"),  # carriers' own
    IPv4Network("192.0.0.0/24"),
)


def is_public(text: str) -> bool:
    """Whether a connection there leaves for the public internet. What cannot be read does not."""
    address = _parsed(text)
    match address:
        case IPv4Address():
            return (
                address.is_global and not address.is_multicast and not any(address in net for net in _NOBODYS)
            )
        case IPv6Address():
            # Everything outside 2000::/3 is local, mapped, translated (NAT64) or unassigned.
            return (
                address in _GLOBAL_UNICAST
                and address.is_global
                and not any(address in network for network in _DISGUISED)
            )
        case _:
            return False


def is_loopback(text: str) -> bool:
    address = _parsed(text)
    return address is not None and address.is_loopback


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
