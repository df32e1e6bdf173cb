#!/usr/bin/env python3
"""Two peers meet over UDP and talk directly: rendezvous.py BASE_URL API_KEY MEETING NAME

An example of the rendezvous of docs/SIGNALING.md, with nothing but Python's standard library.
"""
import base64
import json
import os
import socket
import struct
import sys
import time
import urllib.request

MAGIC = bytes.fromhex("D0504E54")
MEET, COOKIE, HERE, REFUSED = 1, 0x81, 0x82, 0x83


def token(base, key, meeting, name):
    request = urllib.request.Request(
        base + "/api/v1/rendezvous",
        json.dumps({"meeting": meeting, "peer": name}).encode(),
        {"Authorization": "Bearer " + key})
    with urllib.request.urlopen(request) as answer:
        given = json.load(answer)
    text = given["token"]
    host, port = given["servers"][0].rsplit(":", 1)
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return raw, (host.strip("[]"), int(port))


def binding(sock, server):
    """RFC 8489: what STUN says of this very socket."""
    transaction = os.urandom(12)
    sock.sendto(struct.pack("!HHI", 1, 0, 0x2112A442) + transaction, server)
    while True:
        data, _ = sock.recvfrom(2048)
        if data[8:20] == transaction:
            break
    at = 20
    while at < len(data):
        kind, length = struct.unpack_from("!HH", data, at)
        if kind == 0x0020 and data[at + 5] == 1:
            port = struct.unpack_from("!H", data, at + 6)[0] ^ 0x2112
            ip = bytes(a ^ b for a, b in zip(data[at + 8:at + 12], data[4:8]))
            return socket.inet_ntoa(ip), port
        at += 4 + (length + 3) // 4 * 4
    raise SystemExit("no XOR-MAPPED-ADDRESS")


def meet(raw, note, cookie, transaction):
    request = MAGIC + bytes([MEET, 0, 0, 0]) + transaction + cookie
    request += struct.pack("!H", len(raw)) + raw + bytes([len(note)]) + note
    return request.ljust(48, b"\0")


def address(data, at):
    size = 6 if data[at] == 1 else 18
    plain = bytes(b ^ MAGIC[i % 4] for i, b in enumerate(data[at + 1:at + 1 + size]))
    family = socket.AF_INET if size == 6 else socket.AF_INET6
    return (socket.inet_ntop(family, plain[2:]), struct.unpack("!H", plain[:2])[0]), at + 1 + size


def here(data):
    own, at = address(data, 20)
    others = []
    for _ in range(data[18]):
        seen, at = address(data, at + 8)
        others.append((seen, data[at + 1:at + 1 + data[at]]))
        at += 1 + data[at]
    return own, others


def main():
    base, key, meeting, name = sys.argv[1:]
    raw, server = token(base, key, meeting, name)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1" if server[0].startswith("127.") else "0.0.0.0", 0))
    sock.settimeout(0.5)
    mapped = binding(sock, server)
    cookie, heard, greeted = bytes(16), False, False
    end = time.monotonic() + 20
    asked = 0.0
    while time.monotonic() < end and not (heard and greeted):
        if time.monotonic() - asked > 1:
            asked = time.monotonic()
            sock.sendto(meet(raw, name.encode(), cookie, os.urandom(8)), server)
        try:
            data, sender = sock.recvfrom(2048)
        except TimeoutError:
            continue
        if sender != server:
            print("HEARD", data.decode(), "from", sender[0], sender[1], flush=True)
            heard = True
        elif data[4] == COOKIE:
            cookie, asked = data[16:32], 0.0
        elif data[4] == REFUSED:
            raise SystemExit("refused: %d" % data[5])
        elif data[4] == HERE:
            own, others = here(data)
            if own != mapped:
                raise SystemExit("STUN says %s, the rendezvous %s" % (mapped, own))
            for seen, note in others:
                print("SEES", note.decode(), "at", seen[0], seen[1], flush=True)
                sock.sendto(b"hello from " + name.encode(), seen)
                greeted = True
    raise SystemExit(0 if heard and greeted else "nobody came")


main()
