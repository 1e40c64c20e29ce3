import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build, defineConfig, type InlineConfig, type Plugin } from "vite";
import { pageOf } from "./src/wire/pages.ts";

const web = fileURLToPath(new URL("web", import.meta.url));
const out = fileURLToPath(new URL("dist/web", import.meta.url));
/** iOS 17.1 is the oldest that has ManagedMediaSource. */
const target = ["es2022", "safari17", "chrome109", "firefox115"];

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Writes `.br` and `.gz` beside every text file of the build, so that an edge never compresses. */
function precompress(): Plugin {
  return {
    name: "rostra-precompress",
    apply: "build",
    async writeBundle(options, bundle) {
      const texts = Object.keys(bundle).filter((name) => /\.(html|js|css|svg|json|webmanifest|txt)$/.test(name));
      await Promise.all(
        texts.map(async (name) => {
          const path = join(options.dir ?? out, name);
          const bytes = await readFile(path);
          const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
          const [br, gz] = await Promise.all([brotli(bytes, { params }), zip(bytes, { level: 9 })]);
          await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
        }),
      );
    },
  };
}

/** The player as one file for somebody else's page: `dist/web/player.js`. */
const playerLibrary: InlineConfig = {
  configFile: false,
  root: web,
  logLevel: "warn",
  publicDir: false,
  plugins: [precompress()],
  build: {
    target,
    outDir: out,
    emptyOutDir: false,
    lib: { entry: join(web, "player/index.ts"), formats: ["es"], fileName: () => "player.js" },
    rolldownOptions: { output: { codeSplitting: false } },
  },
};

function alsoThePlayer(): Plugin {
  return {
    name: "rostra-player-library",
    apply: "build",
    closeBundle: {
      sequential: true,
      order: "post",
      async handler() {
        await build(playerLibrary);
      },
    },
  };
}

/**
 * Names the chunks a page imports in its HTML, so that they load side by side. Instead of Vite's own preloading, whose
 * helper for lazy chunks costs every page half a kilobyte.
 */
function preloadChunks(): Plugin {
  return {
    name: "rostra-preload-chunks",
    enforce: "pre",
    load: (id) => (id.endsWith("vite/preload-helper.js") ? "export const __vitePreload = (load) => load();" : null),
    transformIndexHtml: {
      order: "post",
      handler(_html, { chunk, bundle }) {
        const all = new Set<string>();
        const walk = (name: string): void => {
          const one = bundle?.[name];
          if (one?.type !== "chunk" || all.has(name)) return;
          all.add(name);
          for (const next of one.imports) walk(next);
        };
        for (const name of chunk?.imports ?? []) walk(name);
        // A module named `…-page` is the page itself, behind an entry that is small so that it runs first.
        for (const name of chunk?.dynamicImports ?? []) if (/-page-/.test(name)) walk(name);
        return [...all].map((name) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${name}` },
          injectTo: "head" as const,
        }));
      },
    },
  };
}

/**
 * What an edge writes the page of level 4 from (`src/edge/standing-page.ts`): the catalogue's words for it in each language,
 * and its style, which stands in the page.
 */
function standingPage(): Plugin {
  return {
    name: "rostra-standing-page",
    apply: "build",
    async generateBundle(_options, bundle) {
      const load = async (path: string): Promise<unknown> => import(join(web, "i18n", path));
      const { languageNames } = (await load("catalogue.ts")) as { languageNames: Readonly<Record<string, string>> };
      const names = Object.fromEntries(Object.entries(languageNames).map(([tag, name]) => [`name.${tag}`, name]));
      for (const language of Object.keys(languageNames)) {
        const words = (await load(`${language}/standing.ts`)) as { default: object };
        const source = JSON.stringify({ ...words.default, ...names });
        this.emitFile({ type: "asset", fileName: `standing/${language}.json`, source });
      }
      for (const one of Object.values(bundle)) {
        if (one.type !== "asset" || !one.names.includes("standing-page.css")) continue;
        this.emitFile({ type: "asset", fileName: "standing/style.css", source: one.source });
        delete bundle[one.fileName];
      }
    },
  };
}

/** `vite dev` answers page addresses as an edge does, and passes the rest to a running server. */
function pages(): Plugin {
  return {
    name: "rostra-pages",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const [path = "/", query] = (request.url ?? "/").split("?", 2);
        const page = pageOf(path);
        if (page) request.url = `/${page}${query ? `?${query}` : ""}`;
        next();
      });
    },
  };
}

const server = process.env["ROSTRA_SERVER"] ?? "http://localhost:8080";

export default defineConfig({
  root: web,
  publicDir: "public",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [pages(), preloadChunks(), standingPage(), precompress(), alsoThePlayer()],
  server: { proxy: { "/api": { target: server, ws: true }, "/live": server, "/replay": server } },
  build: {
    target,
    outDir: out,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What nearly every page has: one request instead of nine. What the Space's page has no use for stays out of it.
            {
              name: "core",
              test: /src[\\/]wire[\\/](?:events|pages|paths|rendition|state|tickets|timeline)\.ts$|src[\\/]foundation[\\/]duration\.ts$|i18n[\\/]catalogue\.ts$|ui[\\/](?:clock|person)\.ts$|api[\\/]deadline\.ts$|preload-helper/,
            },
            // What the Space's page has before anything sounds: in one file it compresses best. What comes late is by itself.
            {
              name: "space-page",
              test: /listen[\\/](?:dom|share|space-page|live-view|listen-bar|stage-list|model|opened|late)\.ts$|web[\\/]player[\\/](?!attend|standing|kept-text)/,
            },
            { name: "preact", test: /node_modules[\\/]preact[\\/]/ },
          ],
        },
      },
      input: ["index.html", "space.html", "stage.html", "desk.html", "ops.html", "listen/standing-page.css"].map(
        (name) => join(web, name),
      ),
    },
  },
});
