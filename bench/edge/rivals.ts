import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A server to compare with: which file shows that it is there, and the Debian packages that bring it. */
const rivals = {
  icecast2: { program: "icecast2", packages: ["icecast2"] },
  nginx: { program: "nginx", packages: ["nginx"] },
  nchan: { file: "/usr/lib/nginx/modules/ngx_nchan_module.so", packages: ["nginx", "libnginx-mod-nchan"] },
  varnish: { program: "varnishd", packages: ["varnish"] },
  haproxy: { program: "haproxy", packages: ["haproxy"] },
  janus: { program: "janus", packages: ["janus"] },
  compiler: { program: process.env["CC"] ?? "cc", packages: ["gcc", "libc6-dev"] },
  openssl: { file: "/usr/include/openssl/ssl.h", packages: ["libssl-dev"] },
} as const;

export type Rival = keyof typeof rivals;

const onPath = (program: string): boolean =>
  [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"].some((folder) =>
    existsSync(join(folder, program)),
  );

export function isThere(rival: Rival): boolean {
  const one = rivals[rival];
  return "program" in one ? onPath(one.program) : existsSync(one.file);
}

/**
 * Installs what is missing with apt, as root; gives what is missing then. No service of them is started: runlevel 1 is what
 * invoke-rc.d(8) looks at.
 */
export function install(wanted: readonly Rival[], tell: (line: string) => void): Rival[] {
  const missing = wanted.filter((one) => !isThere(one));
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.flatMap((one) => rivals[one].packages))];
  const apt = ["apt-get", "install", "-y", "--no-install-recommends", ...packages];
  if (process.getuid?.() !== 0 || !onPath("apt-get")) {
    tell(`Missing: ${missing.join(", ")}. Install them as root and run this again: ${apt.join(" ")}`);
    return missing;
  }
  tell(`Installing ${packages.join(", ")}.`);
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    execFileSync("apt-get", apt.slice(1), { env, stdio: "ignore" });
  } catch {
    tell(`That failed. Install them and run this again: ${apt.join(" ")}`);
  }
  return missing.filter((one) => !isThere(one));
}
