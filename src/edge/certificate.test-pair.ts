import { execFileSync } from "node:child_process";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateFiles } from "./certificate.ts";

export interface PairOptions {
  /** @default "ec" */
  readonly kind?: "ec" | "rsa" | "short-rsa";
  /** The certificate's subject. @default "localhost" */
  readonly name?: string;
}

const algorithms = {
  ec: ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
  rsa: ["rsa:2048"],
  "short-rsa": ["rsa:512"],
} as const;

/** A self-signed certificate and its key in a folder, made by the openssl program. */
export async function makePair(folder: string | undefined, options: PairOptions = {}): Promise<CertificateFiles> {
  const { kind = "ec", name = "localhost" } = options;
  const at = folder ?? (await mkdtemp(join(tmpdir(), "tls-pair-")));
  const files = { cert: join(at, `${name}.cert.pem`), key: join(at, `${name}.key.pem`) };
  execFileSync(
    "openssl",
    // prettier-ignore
    ["req", "-x509", "-newkey", ...algorithms[kind], "-nodes", "-keyout", files.key, "-out", files.cert,
      "-days", "2", "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name},IP:127.0.0.1`],
    { stdio: "ignore" },
  );
  await chmod(files.key, 0o600);
  return files;
}
