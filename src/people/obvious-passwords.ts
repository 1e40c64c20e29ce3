/** Stems of the passwords that are tried first; long ones are mostly these with digits behind, or these twice. */
const stems = new Set(
  `password passw0rd p4ssword pa55word letmein welcome administrator admin root changeme changeit secret iloveyou
  princess sunshine football baseball basketball superman batman dragon monkey master shadow michael jennifer
  trustno trustno1 whatever starwars pokemon computer internet samsung liverpool chelsea arsenal charlie freedom hello
  qwerty qwertyuiop qwertz qwertzuiop azerty azertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm 1q2w3e4r 1q2w3e4r5t
  1qaz2wsx q1w2e3r4t5 qazwsxedc qazwsx abc abc123 test demo guest user login access bismillah sayang indonesia
  motdepasse bonjour soleil doudou rostra`
    .split(/\s+/)
    .filter(Boolean),
);

/** The same unit again and again: `aaaaaaaaaa`, `abcabcabcabc`, `passwordpassword`, `adaadaada1`. */
const repeated = /^(?:(.{1,3}?)\1{2,}.?|(.{4,12}?)\2+.?)$/su;

/** Runs that a finger makes: up or down by one, `0123456789`, `abcdefghij`. */
function isRun(text: string): boolean {
  const steps = new Set<number>();
  for (let i = 1; i < text.length; i++) {
    const step = text.charCodeAt(i) - text.charCodeAt(i - 1);
    // From 9 to 0, as on a keyboard.
    steps.add(step === -9 ? 1 : step === 9 ? -1 : step);
  }
  return steps.size === 1 && (steps.has(1) || steps.has(-1));
}

/**
 * Whether a password is among those that are tried first: a common one with digits and signs before and behind,
 * repetition, a run, or the account's own words.
 */
export function obvious(password: string, words: readonly string[]): boolean {
  const text = password.normalize("NFKC").toLowerCase();
  if (new Set(text).size < 3 || repeated.test(text) || isRun(text)) return true;
  const core = text.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  const own = words.map((word) => word.normalize("NFKC").toLowerCase().trim()).filter((word) => word.length >= 3);
  return [text, core].some(
    (one) => stems.has(one) || own.some((word) => one === word || one === word.replaceAll(" ", "")),
  );
}
