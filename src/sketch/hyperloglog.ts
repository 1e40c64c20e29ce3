import { Problem } from "../foundation/errors.ts";

/** Bits of a hash that choose a register. */
const indexBits = 12;
const registers = 2 ** indexBits;
/** Bits of a hash: as many as an integer in a double holds without a doubt. */
export const hashBits = 52;
/** Bits of a hash that are left to count leading zeros in. */
const rankBits = hashBits - indexBits;
const rankRange = 2 ** rankBits;

/** Standard error of an estimate, relative: 1.04 / √4096. */
export const hyperLogLogError = 1.04 / Math.sqrt(registers);

/** One register is 6 bits, one character of base64. */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The value of each character by its code, one more than it is; 0 for what is none. */
const values = new Uint8Array(128);
for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value + 1;
/** Below so many registers in use they are listed one by one, in three characters each. */
const sparseBelow = Math.floor(registers / 3);
/** The longest that a sketch is as text. */
export const longestHyperLogLog = 1 + registers;

/**
 * How many different things were added, in 4 KB, whatever their number (P. Flajolet, É. Fusy, O. Gandouet, F. Meunier:
 * HyperLogLog, 2007), read by the improved raw estimator of O. Ertl (New cardinality estimation algorithms for HyperLogLog
 * sketches, 2017), which needs no correction from zero up. Merged, sketches count the union.
 */
export class HyperLogLog {
  readonly #registers = new Uint8Array(registers);
  #used = 0;

  /**
   * Reads what `toString` wrote. Throws `bad-sketch` for anything else.
   *
   * `d` and 4,096 characters, the registers in order; or `s` and three characters for each register above zero, in
   * ascending order: its number in two (high one first), its value in one. Characters are those of base64, by their value.
   */
  static parse(text: string): HyperLogLog {
    const sketch = new HyperLogLog();
    const at = (i: number): number =>
      (values[text.charCodeAt(i)] || bad("it has characters that are not base64's")) - 1;
    if (text[0] === "d" && text.length === longestHyperLogLog) {
      for (let i = 0; i < registers; i++) sketch.#raise(i, at(1 + i));
    } else if (text[0] === "s" && text.length % 3 === 1 && text.length <= 1 + 3 * sparseBelow) {
      let before = -1;
      for (let i = 1; i < text.length; i += 3) {
        const register = at(i) * 64 + at(i + 1);
        if (register <= before || at(i + 2) === 0) bad("its registers are out of order");
        sketch.#raise(register, at(i + 2));
        before = register;
      }
    } else bad(`it has ${text.length} characters`);
    return sketch;
  }

  /** @param hash a whole number in [0, 2^52), evenly spread; false when the sketch is the same as before */
  add(hash: number): boolean {
    const rest = hash % rankRange;
    const [high, low] = [Math.floor(rest / 2 ** 32), rest >>> 0];
    const zeros = high === 0 ? rankBits - 32 + Math.clz32(low) : Math.clz32(high) - (64 - rankBits);
    return this.#raise(Math.floor(hash / rankRange), zeros + 1);
  }

  /** Adds all that was added to another; false when the sketch is the same as before. */
  merge(other: HyperLogLog): boolean {
    let changed = false;
    for (let i = 0; i < registers; i++) changed = this.#raise(i, other.#registers[i] ?? 0) || changed;
    return changed;
  }

  /** About how many different hashes were added, with a relative standard error of 1.6 %. */
  estimate(): number {
    const counts = new Uint16Array(rankBits + 2);
    for (const value of this.#registers) counts[value] = (counts[value] ?? 0) + 1;
    const share = (value: number): number => (counts[value] ?? 0) / registers;
    let z = registers * tau(1 - share(rankBits + 1));
    for (let value = rankBits; value >= 1; value--) z = (z + (counts[value] ?? 0)) / 2;
    z += registers * sigma(share(0));
    return registers ** 2 / (2 * Math.LN2 * z);
  }

  get byteLength(): number {
    return registers;
  }

  /** Empties it. */
  clear(): void {
    this.#registers.fill(0);
    this.#used = 0;
  }

  toString(): string {
    const dense = this.#used >= sparseBelow;
    let text = dense ? "d" : "s";
    for (const [i, value] of this.#registers.entries()) {
      if (dense) text += alphabet[value];
      else if (value > 0) text += `${alphabet[i >> 6]}${alphabet[i & 63]}${alphabet[value]}`;
    }
    return text;
  }

  #raise(register: number, value: number): boolean {
    const before = this.#registers[register] ?? 0;
    if (value <= before) return false;
    if (value > rankBits + 1) bad(`a register has ${value}`);
    if (before === 0) this.#used++;
    this.#registers[register] = value;
    return true;
  }
}

/** Ertl's σ: what registers at zero stand for. Infinite when all are. */
function sigma(zeros: number): number {
  if (zeros === 1) return Infinity;
  let [x, y, z] = [zeros, 1, zeros];
  for (let before = Number.NaN; z !== before;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

/** Ertl's τ: what registers that are full stand for. */
function tau(rest: number): number {
  if (rest === 0 || rest === 1) return 0;
  let [x, y, z] = [rest, 1, 1 - rest];
  for (let before = Number.NaN; z !== before;) {
    x = Math.sqrt(x);
    before = z;
    y /= 2;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

function bad(why: string): never {
  throw new Problem({
    status: 400,
    code: "bad-sketch",
    title: "This is no sketch",
    detail: `It cannot be read as a HyperLogLog of 4,096 registers: ${why}.`,
    action: "Send it as it was made; both servers must be of versions that know the same sketches.",
  });
}
