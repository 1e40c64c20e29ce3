import { type AttackerName, attackerNames } from "../../rehearsal/attackers/contract.ts";
import { attackers } from "../../rehearsal/attackers/registry.ts";
import { maxAttacks, type PlannedAttack } from "../../rehearsal/run/question.ts";
import { duration, off, whole } from "../plan/words.ts";

const wanted = "NAME[=STRENGTH][@FROM[-TO]], such as request-flood=2000@20s-40s";

const pattern = /^(?<name>[a-z-]+)(?:=(?<strength>[^@]*))?(?:@(?:T\+)?(?<from>[^-]*)(?:-(?:T\+)?(?<to>.*))?)?$/;

/** Reads `request-flood=2000@20s-40s`: what, how much of it, from when to when after T. @throws Problem `usage` */
export async function attackOf(text: string, lastsSeconds: number): Promise<PlannedAttack> {
  const said = pattern.exec(text)?.groups ?? {};
  const name = attackerNames.find((one) => one === said["name"]);
  if (name === undefined) throw off("--attack", text, `${wanted}; NAME is one of ${attackerNames.join(", ")}`);
  const { unit, usual, most, owes } = await attackers[name]();
  const strength = said["strength"] === undefined ? usual : whole(`--attack ${name}`, said["strength"]);
  if (strength > most) throw off(`--attack ${name}`, String(strength), `at most ${most} ${unit}`);
  const at = (moment: string | undefined, otherwise: number): number =>
    moment === undefined
      ? otherwise
      : moment === "T" || moment === "0"
        ? 0
        : duration(`--attack ${name}`, moment) / 1000;
  const [from, to] = [at(said["from"], 0), at(said["to"], lastsSeconds)];
  if (!(from < to && from < lastsSeconds))
    throw off("--attack", text, `${wanted}; it has to begin before it ends, within ${lastsSeconds} s`);
  return { name, unit, strength, owes, from, to: Math.min(to, lastsSeconds) };
}

/** All attacks of a run. */
export async function attacksOf(texts: readonly string[], lastsSeconds: number): Promise<PlannedAttack[]> {
  if (texts.length > maxAttacks) throw off("--attack", texts.join(" "), `at most ${maxAttacks} attacks`);
  return Promise.all(texts.map((text) => attackOf(text, lastsSeconds)));
}

/** What the help says of each attacker. */
export const attackerLines = async (): Promise<string> => (await Promise.all(attackerNames.map(lineOf))).join("\n");

async function lineOf(name: AttackerName): Promise<string> {
  const { unit, usual, most } = await attackers[name]();
  return `      ${name.padEnd(18)} ${usual} ${unit} (at most ${most})`;
}
