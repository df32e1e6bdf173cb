"""Two aioice agents, relayed candidates only, one TURN server: counts what is echoed.

Usage: aioice_relay.py udp|tcp|tls PORT USER PASSWORD COUNT
"""

import asyncio
import os
import sys

from aioice import Connection, TransportPolicy


def agent(controlling, transport, port, user, password):
    return Connection(
        ice_controlling=controlling,
        turn_server=("127.0.0.1", port),
        turn_username=user,
        turn_password=password,
        turn_transport="udp" if transport == "udp" else "tcp",
        turn_ssl=transport == "tls",
        use_ipv6=False,
        transport_policy=TransportPolicy.RELAY,
    )


async def introduce(a, b):
    """Gathers on one side and tells the other."""
    await a.gather_candidates()
    assert a.local_candidates, "no relayed candidate"
    assert all(c.type == "relay" for c in a.local_candidates), a.local_candidates
    b.remote_username = a.local_username
    b.remote_password = a.local_password
    for candidate in a.local_candidates:
        await b.add_remote_candidate(candidate)
    await b.add_remote_candidate(None)


async def echo(connection, count):
    for _ in range(count):
        await connection.send(await connection.recv())


async def main(transport, port, user, password, count):
    a = agent(True, transport, port, user, password)
    b = agent(False, transport, port, user, password)
    await introduce(a, b)
    await introduce(b, a)
    await asyncio.gather(a.connect(), b.connect())

    pair = a._nominated[1]
    kinds = f"{pair.local_candidate.type}-{pair.remote_candidate.type}"

    echoing = asyncio.ensure_future(echo(b, count))
    echoed = 0
    for number in range(count):
        message = number.to_bytes(4, "big") + os.urandom(1 + number * 7 % 1100)
        await a.send(message)
        answer = await asyncio.wait_for(a.recv(), 10)
        echoed += answer == message
    await echoing
    print(kinds, count, "sent", echoed, "echoed")
    await a.close()
    await b.close()


if __name__ == "__main__":
    asyncio.run(
        asyncio.wait_for(
            main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])), 50
        )
    )
