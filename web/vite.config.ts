import { loadEnv, type Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * Leave out of uPlot what a page of plain lines never runs: path builders that hang on its constructor, and
 * branches for scales and modes it does not use. No bundler can tell by itself; it is an eighth of the page.
 */
function onlyLines(): Plugin {
  const unused = /^\s*(\(paths\.(stepped|bars|spline)|uPlot\.(assign|range\w+|orient|join|sync|addGap|clipGaps))\s*=.*$/gm;
  const never = /\b(\w+\.)?(distr (==|>=) +(2|3|4|100)|mode == 2)\b/g;
  return {
    name: "only-lines",
    transform: (code, id) =>
      id.includes("uPlot.esm") ? { code: code.replace(unused, "").replace(never, "false"), map: null } : null,
  };
}

// The built page is part of the Python package; `hatch_build.py` runs this build.
export default defineConfig(({ mode }) => ({
  base: "./",
  plugins: [onlyLines()],
  build: {
    outDir: "../src/linewright/serve/static",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" }, // of Preact, its signals and uPlot, which the page carries
  },
  // The classic transform makes the smaller page: children need no name.
  oxc: {
    jsx: { runtime: "classic", pragma: "h", pragmaFrag: "Fragment" },
    jsxInject: 'import { h, Fragment } from "preact"',
  },
  server: { proxy: { "/api": loadEnv(mode, ".", "LINEWRIGHT")["LINEWRIGHT_API"] ?? "http://127.0.0.1:8787" } },
  test: { include: ["tests/**/*.test.ts"] },
}));
