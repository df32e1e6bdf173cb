// The names of series in /api/v1/series that the pages draw, in one place.

export const K = {
  relaying: "alloc.active",
  idle: "alloc.idle",
  up: "relay.up",
  down: "relay.down",
  upPackets: "relay.up.packets",
  downPackets: "relay.down.packets",
  allocOk: "answers.success",
  alloc401: "answers.401",
  alloc486: "answers.486",
  alloc508: "answers.508",
  peers: "signal.peers",
  rooms: "signal.rooms",
  messages: "signal.messages",
  processor: "processor",
  loopLag: "loop.lag",
  kernelDrops: "kernel.drops",
  rateLimited: "rate.limited",
  wrongCredentials: "auth.wrong",
  peerRefused: "peers.denied",
  overQuota: "quota.refused",
};
