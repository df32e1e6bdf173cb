"""Two aioice agents, relayed candidates only, on one TURN server that dies meanwhile: a numbered
packet every 50 ms for some seconds; says how many came and the longest silence.

Usage: aioice_gap.py HOST PORT USER PASSWORD SECONDS
"""

import asyncio
import sys
import time

from aioice import Connection, TransportPolicy

FLOWING = 10
PACE = 0.05


def agent(controlling, host, port, user, password):
    return Connection(
        ice_controlling=controlling,
        turn_server=(host, port),
        turn_username=user,
        turn_password=password,
        use_ipv6=False,
        transport_policy=TransportPolicy.RELAY,
    )


async def introduce(a, b):
    await a.gather_candidates()
    b.remote_username = a.local_username
    b.remote_password = a.local_password
    for candidate in a.local_candidates:
        await b.add_remote_candidate(candidate)
    await b.add_remote_candidate(None)


async def main(host, port, user, password, seconds):
    a = agent(True, host, port, user, password)
    b = agent(False, host, port, user, password)
    await introduce(a, b)
    await introduce(b, a)
    await asyncio.gather(a.connect(), b.connect())
    arrivals = []

    async def listen():
        while True:
            await b.recv()
            arrivals.append(time.monotonic())
            if len(arrivals) == FLOWING:
                # Not before: what was permitted in the last moment before a crash is lost with it.
                print("connected", flush=True)

    listening = asyncio.ensure_future(listen())
    sent = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await a.send(sent.to_bytes(4, "big") * 40)
        sent += 1
        await asyncio.sleep(PACE)
    await asyncio.sleep(0.5)
    listening.cancel()
    silences = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
    flowing = bool(arrivals) and arrivals[-1] > end - 1
    print(
        f"{len(arrivals)} of {sent} packets, longest silence {max(silences, default=float('inf')) * 1000:.0f} ms,"
        f" {'flows' if flowing else 'DEAD'} at the end"
    )
    await a.close()
    await b.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])))
