// The names of series in /api/v1/series, in one place.

export const K = {
  relaying: "alloc.active", idle: "alloc.idle", up: "relay.up", down: "relay.down", upPackets: "relay.up.packets", downPackets: "relay.down.packets",
  allocOk: "allocate.ok", allocAsked: "allocate.401", allocRefused: "allocate.refused", peers: "signal.peers", rooms: "signal.rooms",
  messages: "signal.messages", relayP99: "relay.p99", processor: "processor", loopLag: "loop.lag", kernelDrops: "kernel.drops", heap: "heap", ports: "ports.used",
  rateLimited: "refused.rate", wrongCredentials: "refused.credentials", peerRefused: "refused.peer", overQuota: "refused.quota",
};
