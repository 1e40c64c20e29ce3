/**
 * Listeners over WebRTC, a process of its own so that their cost is not counted: N subscribers of Janus's mountpoint 1. Words: the
 * port of Janus's HTTP interface, N. Says `ready` when all hear; on a line of input it says as JSON what came since the one before.
 */
import { createInterface } from "node:readline";
import library from "node-datachannel";

const [port = "", count = "1"] = process.argv.slice(2);
const base = `http://127.0.0.1:${port}/janus`;

interface Jsep {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}
interface Answer {
  readonly janus: string;
  readonly data?: { readonly id: number };
  readonly jsep?: Jsep;
  readonly error?: unknown;
}

async function ask(path: string, message: object | undefined): Promise<Answer> {
  const body = message && JSON.stringify({ transaction: String(Math.random()), ...message });
  const answer = await fetch(`${base}${path}`, body === undefined ? {} : { method: "POST", body });
  const said = (await answer.json()) as Answer;
  if (said.janus === "error") throw new Error(`Janus: ${JSON.stringify(said.error)}`);
  return said;
}

const idOf = ({ data }: Answer): number => data?.id ?? 0;
const delays: number[] = [];
let lost = 0;

/** Subscribes, answers the offer, and resolves with the first packet. */
async function listen(): Promise<unknown> {
  const session = `/${idOf(await ask("", { janus: "create" }))}`;
  const handle = `${session}/${idOf(await ask(session, { janus: "attach", plugin: "janus.plugin.streaming" }))}`;
  await ask(handle, { janus: "message", body: { request: "watch", id: 1 } });
  const offer = await event(session);
  const connection = new library.PeerConnection("listener", { iceServers: [], disableAutoNegotiation: true });
  const audio = new library.Audio(/^a=mid:(\S+)/m.exec(offer.sdp)?.[1] ?? "0", "RecvOnly");
  audio.addOpusCodec(Number(/^a=rtpmap:(\d+) opus/im.exec(offer.sdp)?.[1] ?? 111));
  const track = connection.addTrack(audio);
  const heard = Promise.withResolvers<unknown>();
  let next = -1;
  track.onMessage((packet) => {
    // RTCP comes here, too (RFC 5761 section 4: packet types 192 to 223).
    const type = packet[1] ?? 0;
    if (packet.length < 24 || (type >= 192 && type <= 223)) return;
    const sequence = packet.readUInt16BE(2);
    if (next >= 0) lost += (sequence - next + 65_536) % 65_536;
    next = (sequence + 1) % 65_536;
    delays.push(performance.timeOrigin + performance.now() - packet.readDoubleBE(16));
    heard.resolve(packet);
  });
  const gathered = Promise.withResolvers<void>();
  connection.onGatheringStateChange((state) => {
    if (state === "complete") gathered.resolve();
  });
  connection.setRemoteDescription(offer.sdp, "offer");
  connection.setLocalDescription("answer");
  await gathered.promise;
  const sdp = connection.localDescription()?.sdp ?? "";
  await ask(handle, { janus: "message", body: { request: "start" }, jsep: { type: "answer", sdp } });
  // Kept, or it would be collected and closed.
  kept.push(connection, track);
  return heard.promise;
}

const kept: unknown[] = [];

/** Waits for the event that brings an offer. */
async function event(session: string): Promise<Jsep> {
  for (let tries = 0; tries < 20; tries++) {
    const { jsep } = await ask(session, undefined);
    if (jsep) return jsep;
  }
  throw new Error("Janus sends no offer");
}

// A connection takes a second to be made; a few are made at once.
const atOnce = 10;
for (let i = 0; i < Number(count); i += atOnce)
  await Promise.all(Array.from({ length: Math.min(atOnce, Number(count) - i) }, listen));
process.stdout.write("ready\n");
for await (const _ of createInterface({ input: process.stdin })) {
  delays.sort((a, b) => a - b);
  const at = (share: number): number => delays[Math.floor(share * (delays.length - 1))] ?? Number.NaN;
  process.stdout.write(`${JSON.stringify({ packets: delays.length, lost, p50: at(0.5), p99: at(0.99) })}\n`);
  delays.length = lost = 0;
}
process.exit(0);
