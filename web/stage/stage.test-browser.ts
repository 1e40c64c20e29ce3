import type { WhipPorts } from "./whip.ts";

/** Stand-ins for what a browser has and Node has not. They keep state and tell events as the originals do. */
export class FakeTrack extends EventTarget {
  readonly kind = "audio";
  readonly label: string;
  readonly deviceId: string;
  enabled = true;
  muted = false;
  readyState: "live" | "ended" = "live";

  constructor(deviceId = "built-in", label = "Built-in microphone") {
    super();
    this.deviceId = deviceId;
    this.label = label;
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId };
  }
  stop(): void {
    this.readyState = "ended";
  }
  /** What the browser does when the device goes. */
  lose(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
  silence(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? "mute" : "unmute"));
  }
}

export const asTrack = (track: FakeTrack): MediaStreamTrack => track as unknown as MediaStreamTrack;

export const offerSdp =
  "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 9 111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n";

export class FakePeer extends EventTarget {
  connectionState: RTCPeerConnectionState = "new";
  iceGatheringState: RTCIceGatheringState = "new";
  localDescription: { sdp: string } | null = null;
  remoteDescription: { sdp: string } | null = null;
  readonly sent: unknown[] = [];
  direction: string | undefined;

  addTransceiver(track: unknown, init: { direction: string }): unknown {
    this.direction = init.direction;
    this.sent.push(track);
    const replaceTrack = async (next: unknown): Promise<void> => void this.sent.push(next);
    return { sender: { replaceTrack }, receiver: { track: new FakeTrack("remote", "") } };
  }
  async createOffer(): Promise<{ type: string; sdp: string }> {
    return { type: "offer", sdp: offerSdp };
  }
  async setLocalDescription(description: { sdp: string }): Promise<void> {
    this.localDescription = description;
    this.iceGatheringState = "gathering";
  }
  async setRemoteDescription(description: { sdp: string }): Promise<void> {
    this.remoteDescription = description;
  }
  async getStats(): Promise<Map<string, unknown>> {
    return new Map<string, unknown>([
      ["r", { type: "remote-inbound-rtp", fractionLost: 0.03 }],
      ["p", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.042 }],
      ["q", { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 }],
    ]);
  }
  becomes(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
  close(): void {
    this.connectionState = "closed";
  }
}

export interface FakeRequest {
  readonly url: string;
  readonly method: string;
  readonly authorization: string;
  readonly body: string;
  readonly keepalive: boolean;
}

/** A WHIP server that answers as `answers` says (201 when it says nothing), and the peers that were made. */
export class FakeWhip implements WhipPorts {
  readonly peers: FakePeer[] = [];
  readonly requests: FakeRequest[] = [];
  readonly answers: ((request: FakeRequest) => Response | Promise<Response>)[] = [];

  get offers(): FakeRequest[] {
    return this.requests.filter((one) => one.method === "POST");
  }
  readonly silences: FakeTrack[] = [];
  get peer(): FakePeer {
    const last = this.peers.at(-1);
    if (!last) throw new Error("no peer was made");
    return last;
  }

  createPeer(): RTCPeerConnection {
    const peer = new FakePeer();
    this.peers.push(peer);
    return peer as unknown as RTCPeerConnection;
  }

  silence(): { track: MediaStreamTrack; end: () => void } {
    const track = new FakeTrack("silence", "");
    this.silences.push(track);
    return { track: asTrack(track), end: () => track.stop() };
  }

  streamOf(track: MediaStreamTrack): MediaStream {
    return { track } as unknown as MediaStream;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    init.signal?.throwIfAborted();
    const request: FakeRequest = {
      url,
      method: init.method ?? "GET",
      authorization: new Headers(init.headers).get("authorization") ?? "",
      body: typeof init.body === "string" ? init.body : "",
      keepalive: init.keepalive === true,
    };
    this.requests.push(request);
    if (request.method === "DELETE") return new Response(null, { status: 200 });
    const answer = this.answers.shift();
    if (answer) return answer(request);
    const location = `/api/v1/spaces/town-hall/whip/s${this.offers.length}`;
    return new Response(offerSdp, { status: 201, headers: { location, "content-type": "application/sdp" } });
  }
}

export const problemResponse = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ code, title: code, detail: `it was ${code}`, action: "Do otherwise.", status }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });

/** Microphones that can be plugged in and pulled out. */
export class FakeDevices extends EventTarget {
  readonly ids: string[] = ["built-in", "headset"];
  readonly tracks: FakeTrack[] = [];
  readonly asked: MediaStreamConstraints[] = [];
  failure: DOMException | undefined;

  async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(constraints);
    if (this.failure) throw this.failure;
    const audio = constraints.audio as MediaTrackConstraints;
    const id = (audio.deviceId as { exact: string } | undefined)?.exact ?? this.ids[0];
    if (id === undefined || !this.ids.includes(id)) throw new DOMException("none", "NotFoundError");
    const track = new FakeTrack(id, `The ${id} microphone`);
    this.tracks.push(track);
    return { getAudioTracks: () => [track], getTracks: () => [track] } as unknown as MediaStream;
  }

  async enumerateDevices(): Promise<MediaDeviceInfo[]> {
    return this.ids.map((deviceId) => ({ deviceId, kind: "audioinput", label: deviceId }) as MediaDeviceInfo);
  }

  unplug(id: string): void {
    this.ids.splice(this.ids.indexOf(id), 1);
    this.dispatchEvent(new Event("devicechange"));
  }
}

/** The other end of a room's WebSocket. */
export class FakeSocket extends EventTarget {
  readonly sent: unknown[] = [];
  closedWith: number | undefined;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(code?: number): void {
    this.closedWith = code ?? 1005;
  }
  opens(): void {
    this.dispatchEvent(new Event("open"));
  }
  says(message: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }
  breaks(code = 1006): void {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

export class FakeStorage {
  readonly #items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }
  removeItem(key: string): void {
    this.#items.delete(key);
  }
}
