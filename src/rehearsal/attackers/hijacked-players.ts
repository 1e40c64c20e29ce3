import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { KeptRequests } from "./kept-requests.ts";
import { followLive } from "./live-edge.ts";
import { pace } from "./pace.ts";
import { RawConnections } from "./raw-connections.ts";
import { requestText } from "./target.ts";

/** Requests a second of one browser: a player by numbered segments makes about one. */
const requestsPerSecond = 5;

/** As a browser sends them for a page of another site that calls `fetch`. */
const headers = [
  "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  "Accept: */*",
  "Accept-Encoding: gzip, deflate, br",
  "Accept-Language: en-US,en;q=0.9",
  "Origin: https://elsewhere.example",
  "Referer: https://elsewhere.example/",
  "Sec-Fetch-Dest: empty",
  "Sec-Fetch-Mode: cors",
  "Sec-Fetch-Site: cross-site",
  "",
].join("\r\n");

/**
 * Real browsers that a page of another site steers: each asks for the state and for segments as a player does, at five times its rate.
 * Like the "Great Cannon" of 2015, which made browsers fetch what it attacked, and scripts in advertisements since.
 * Owed: nobody that plays notices, who comes gets sound, the state and the page answer, and nothing more is asked upstream.
 */
export const attacker: Attacker = {
  name: "hijacked-players",
  unit: "listeners",
  usual: 500,
  most: 5000,
  owes: ["no-gap", "joins", "answers", "origin-unmoved"],
  async attack(context: AttackContext): Promise<void> {
    const { target, strength, random, counts, signal } = context;
    const connections = new RawConnections(context);
    const browsers = new KeptRequests(connections, counts, Math.max(1, Math.floor(strength)));
    const live = followLive(context);
    const path = (): string => {
      const draw = random();
      if (draw < 0.4 || !live.isKnown) return livePaths.state(target.space);
      // The latest ones, and one in ten that is still to come and is waited for.
      const ahead = draw > 0.9 ? 1 : -Math.floor(random() * 3);
      return livePaths.segment(target.space, "opus-32k", Math.max(0, live.latest + ahead));
    };
    await pace(strength * requestsPerSecond, signal, () => browsers.ask(requestText(target, path(), { headers })));
    await connections.ended();
  },
};
