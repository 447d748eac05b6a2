"""Which addresses are this machine's own. Apart from the client, so that a sandbox loads no HTTP library."""

from __future__ import annotations

import ipaddress


def is_this_machine(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_loopback
