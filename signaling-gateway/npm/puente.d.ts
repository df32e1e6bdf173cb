/** The browser's side of a Puente server. */

export type State = 'connecting' | 'open' | 'resuming' | 'closed';

export interface Credentials {
  /** A publishable key of the server, locked to this page's origin. */
  key?: string;
}

export interface IceServersOptions extends Credentials {
  /** The secret of an API key, for programs that are no pages. */
  token?: string;
  ttl?: number;
  user?: string;
  label?: string;
  region?: string;
  transports?: ('udp' | 'tcp' | 'tls')[];
  signal?: AbortSignal;
}

export interface ConnectOptions extends Credentials {
  /** A JWT, or what fetches a fresh one for each connection. */
  token?: string | (() => string | Promise<string>);
  /** The name to ask for; a token may fix it. */
  peerId?: string;
  /** What others see of this client. */
  meta?: object;
  /** More of each RTCPeerConnection's configuration; its ICE servers come from the server. */
  rtc?: Omit<RTCConfiguration, 'iceServers'>;
  /** Closes the connection when it is aborted. */
  signal?: AbortSignal;
  /** For programs outside of browsers. */
  WebSocket?: typeof WebSocket;
  RTCPeerConnection?: typeof RTCPeerConnection;
}

export interface JoinOptions {
  meta?: object;
  presence?: object;
  signal?: AbortSignal;
}

/** What became of a message: handed over, or waiting for somebody who is coming back. */
export interface Ack {
  delivered: number;
  queued: number;
}

export interface Endpoint {
  type?: RTCIceCandidateType;
  address?: string;
  port?: number;
}

export interface PathStats {
  /** `direct/udp`, `relay/udp`, `relay/tcp`, `relay/tls`; null before there is one. */
  path: string | null;
  relay: boolean | null;
  state: RTCIceConnectionState;
  protocol?: string;
  rttMs?: number | null;
  kbps?: { sent: number; received: number };
  local?: Endpoint;
  remote?: Endpoint;
}

export class PuenteError extends Error {
  constructor(code: string, message?: string, more?: { retryable?: boolean; retryAfterMs?: number });
  /**
   * `unauthorized`, `token-expired`, `forbidden`, `room-full`, `peer-unavailable`, `id-taken`,
   * `message-too-large`, `rate-limited`, `server-draining`, `closed`, `http-<status>`, ...
   */
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number;
}

interface Events<Map extends Record<keyof Map, unknown[]>> {
  /** Returns what takes the handler off again. */
  on<Type extends keyof Map>(
    type: Type,
    handler: (...values: Map[Type]) => void,
    options?: { signal?: AbortSignal },
  ): () => void;
  off<Type extends keyof Map>(type: Type, handler: (...values: Map[Type]) => void): void;
}

export interface PeerEvents {
  track: [track: MediaStreamTrack, streams: readonly MediaStream[]];
  channel: [channel: RTCDataChannel];
  message: [data: unknown];
  presence: [presence: object];
  /** There is a way to this peer, or another one than before. */
  path: [stats: PathStats];
  state: [state: RTCIceConnectionState];
  left: [reason: string];
  error: [error: unknown];
}

export interface RemotePeer extends Events<PeerEvents> {
  readonly id: string;
  readonly meta: Record<string, unknown>;
  readonly presence: Record<string, unknown>;
  /** Whether this side gives way when two offers cross. */
  readonly polite: boolean;
  readonly connected: boolean;
  /** Made when first asked for. */
  readonly pc: RTCPeerConnection;
  connect(pc?: RTCPeerConnection): RTCPeerConnection;
  addStream(stream: MediaStream): RTCRtpSender[];
  channel(label: string, options?: RTCDataChannelInit): RTCDataChannel;
  /** Through the signaling server. */
  send(data: unknown): Promise<Ack>;
  restartIce(): void;
  stats(): Promise<PathStats>;
  close(): void;
}

export interface RoomEvents {
  /** Also for each peer who is there already. */
  peer: [peer: RemotePeer];
  left: [peer: RemotePeer, reason: string];
  presence: [peer: RemotePeer];
  message: [data: unknown, from: RemotePeer];
}

export interface Room extends Events<RoomEvents> {
  readonly name: string;
  readonly self: string;
  readonly peers: ReadonlyMap<string, RemotePeer>;
  broadcast(data: unknown): Promise<Ack>;
  setPresence(presence: object): Promise<unknown>;
  leave(): Promise<void>;
}

export interface NetEvents {
  state: [state: State];
  ice: [iceServers: RTCIceServer[]];
  goaway: [notice: { reason: string; afterMs?: number; reconnect?: string }];
  error: [error: unknown];
}

export interface Net extends Events<NetEvents> {
  readonly state: State;
  readonly peerId: string;
  /** The node that serves this client now. */
  readonly server?: string;
  readonly rooms: ReadonlyMap<string, Room>;
  readonly iceServers: RTCIceServer[];
  /** When the credentials end, in milliseconds of the epoch. */
  readonly iceExpiresAt?: number;
  join(room: string, options?: JoinOptions): Promise<Room>;
  close(): void;
}

/** A message between two sides of a {@link Call}. */
export type Negotiation =
  | { k: 'description'; neg: number; description: RTCSessionDescriptionInit }
  | { k: 'candidates'; neg: number; candidates: (RTCIceCandidateInit | null)[] };

/** Perfect negotiation of one connection over any channel that keeps the order. */
export class Call {
  constructor(pc: RTCPeerConnection, options: { polite: boolean; send(message: Negotiation): void });
  readonly pc: RTCPeerConnection;
  onerror?: (error: unknown) => void;
  receive(message: Negotiation): Promise<void>;
  /** After signaling may have lost something. */
  resend(): void;
  close(): void;
}

export const Puente: {
  iceServers(base: string | URL, options?: IceServersOptions): Promise<RTCIceServer[]>;
  /** Of several URLs, one for each node, the next is tried when a connection is lost. */
  connect(url: string | URL | (string | URL)[], options?: ConnectOptions): Promise<Net>;
};
