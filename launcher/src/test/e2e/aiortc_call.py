"""Two aiortc peers whose ICE servers come from the credential endpoint, relayed candidates only.

Usage: aiortc_call.py BASE API_KEY
"""

import asyncio
import json
import sys
import urllib.request

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

COUNT = 100


def ice_servers(base, key):
    request = urllib.request.Request(
        base + "/api/v1/ice-servers",
        data=json.dumps({"ttl": 600, "user": "ana", "transports": ["udp"]}).encode(),
        headers={"Authorization": "Bearer " + key, "Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201, answer.status
        return [RTCIceServer(**one) for one in json.load(answer)["iceServers"]]


def relayed_only(description):
    """aiortc has no transport policy: what is not relayed is left out of the description."""
    lines = [
        line
        for line in description.sdp.split("\r\n")
        if not line.startswith("a=candidate") or " typ relay" in line
    ]
    assert any(" typ relay" in line for line in lines), description.sdp
    return RTCSessionDescription("\r\n".join(lines), description.type)


async def main(base, key):
    servers = await asyncio.get_event_loop().run_in_executor(None, ice_servers, base, key)
    a, b = (RTCPeerConnection(RTCConfiguration(servers)) for _ in range(2))
    channel = a.createDataChannel("echo")
    echoed = asyncio.get_event_loop().create_future()
    heard = []

    @b.on("datachannel")
    def on_channel(other):
        other.on("message", other.send)

    @channel.on("open")
    def on_open():
        for number in range(COUNT):
            channel.send(f"{number} " + "x" * (number * 7 % 900))

    @channel.on("message")
    def on_message(message):
        heard.append(int(message.split(" ")[0]))
        if len(heard) == COUNT:
            echoed.set_result(None)

    await a.setLocalDescription(await a.createOffer())
    await b.setRemoteDescription(relayed_only(a.localDescription))
    await b.setLocalDescription(await b.createAnswer())
    await a.setRemoteDescription(relayed_only(b.localDescription))
    await asyncio.wait_for(echoed, 40)
    assert heard == list(range(COUNT)), heard
    pair = a.sctp.transport.transport._connection._nominated[1]
    print("to", pair.remote_candidate.type, len(heard), "echoed")
    await a.close()
    await b.close()


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(sys.argv[1], sys.argv[2]), 50))
