import type { Random } from "../model/random.ts";
import type { AttackContext, Attacker, AttackTarget } from "./contract.ts";
import { flood } from "./flood.ts";
import { forgedToken, randomText, realLookingOffer } from "./forged.ts";
import { pace } from "./pace.ts";
import { RawConnections } from "./raw-connections.ts";
import { datagrams } from "./stage-datagrams.ts";
import { requestText } from "./target.ts";
import { frame, opcode, RoomAnswers, upgradeText } from "./web-socket.ts";

/** Of a thousand attacks so many are WHIP requests and joins of the room; all others are datagrams, where the port is known. */
const whipShare = 0.1;
const joinShare = 0.02;
/** Joins under way at most. */
const maxJoins = 200;

/** A request for a place on stage, with a token that is none. */
function whip(target: AttackTarget, random: Random, needed: string): string {
  const path = `/api/v1/spaces/${target.space}/whip`;
  const body = random() < 0.5 ? realLookingOffer(random) : randomText(random, 4000);
  const bearer = random() < 0.9 ? `Authorization: Bearer ${forgedToken(random, target.space)}\r\n` : "";
  const headers = `${needed}${bearer}Content-Type: application/sdp\r\nContent-Length: ${body.length}\r\n`;
  const query = random() < 0.3 ? "?transport=tcp" : "";
  if (random() < 0.8) return requestText(target, path + query, { method: "POST", headers }) + body;
  return requestText(target, `${path}/00000000-0000-4000-8000-000000000000`, {
    method: "DELETE",
    headers: needed + bearer,
  });
}

/** Joins the room with a token that is none, on a connection of its own, and does so again. */
async function joins(context: AttackContext, perSecond: number): Promise<void> {
  const { target, random, counts, signal } = context;
  const connections = new RawConnections(context);
  const upgrade = Buffer.from(upgradeText(target), "latin1");
  await pace(perSecond, signal, () => {
    if (connections.size >= maxJoins) return false;
    const answers = new RoomAnswers(counts);
    const token = forgedToken(random, target.space);
    const join = frame(opcode.text, JSON.stringify({ t: "join", token, name: "host" }));
    connections.open({
      opened: (socket) => void connections.send(socket, Buffer.concat([upgrade, join])),
      data: (bytes) => answers.read(bytes),
    });
    return true;
  });
  await connections.ended();
}

/**
 * Comes for the stage itself: WHIP offers, junk and real-looking, and joins of the room with forged tokens; and at the stage's UDP port
 * STUN checks with wrong credentials, DTLS hellos, RTP of nobody and junk. Like `stunner` and the DTLS ClientHello races that were
 * published of media servers in 2023.
 * Owed: nobody comes on stage by it, its speakers stay and are heard, the programme goes on, and no answer is larger than its question.
 */
export const attacker: Attacker = {
  name: "stage-flood",
  unit: "a second",
  usual: 2000,
  most: 20_000,
  owes: ["no-gap", "joins", "answers", "stage", "origin-unmoved"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random, strength } = context;
    const { stageUdp } = target;
    const shares = stageUdp ? { whips: whipShare, joins: joinShare } : { whips: 0.8, joins: 0.2 };
    await Promise.all([
      flood({ ...context, strength: strength * shares.whips }, (needed) => whip(target, random, needed)),
      joins(context, strength * shares.joins),
      ...(stageUdp ? [datagrams(context, stageUdp, strength * (1 - whipShare - joinShare))] : []),
    ]);
  },
};
