// Bundle GraphiQL into the folder named by the first argument: hashed names, workers of its own, licences, compressed copies.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("Say where to: node build.mjs FOLDER (ide/build.py does it for you).");
  process.exit(2);
}
const assets = join(out, "assets");

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  target: ["es2022"],
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "linked",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
  outdir: assets,
};

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};

// The style sheet carries 35 fonts as data URLs. As files, a browser fetches only the few that a page shows.
const fontFiles = {
  name: "font-files",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^data:font\// }, ({ path }) => {
      const [, type, data] = /^data:font\/(\w+);base64,(.*)$/s.exec(path);
      return { path: `font.${type}`, namespace: "font", pluginData: data, suffix: `?${data.length}-${data.slice(-40)}` };
    });
    onLoad({ filter: /.*/, namespace: "font" }, ({ pluginData }) => ({
      contents: Buffer.from(pluginData, "base64"),
      loader: "file",
    }));
  },
};

// GraphiQL's style sheet has Monaco's within it; the ones that Monaco's modules import would be written, but never loaded.
const oneStyleSheet = {
  name: "one-style-sheet",
  setup({ onLoad }) {
    onLoad({ filter: /monaco-editor[\\/].*\.css$/ }, () => ({ contents: "", loader: "js" }));
  },
};

// An example's first comment line is its title, the next ones its description; what follows is a whole document.
function readExamples() {
  const folder = join(here, "examples");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".graphql"))
    .sort()
    .map((file) => {
      const query = readFileSync(join(folder, file), "utf8");
      const comments = /^(?:#.*\n)+/.exec(query)?.[0].trim().split("\n").map((line) => line.replace(/^#\s*/, "")) ?? [];
      const [title, ...description] = comments;
      if (!title || description.length === 0) {
        throw new Error(`examples/${file} must begin with two comments: its title, and a description in one line.`);
      }
      return { name: basename(file, ".graphql"), title, description: description.join(" "), query };
    });
}

const entryOf = (result, source) => {
  const [file] = Object.entries(result.metafile.outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(source));
  return basename(file);
};

async function bundle() {
  const workers = await build({
    ...shared,
    format: "iife",
    entryPoints: Object.entries(WORKERS).map(([name, path]) => ({ in: path, out: `${name}.worker` })),
  });
  const names = Object.entries(WORKERS).map(([name, path]) => [name, entryOf(workers, path)]);
  const page = await build({
    ...shared,
    format: "esm",
    splitting: true,
    jsx: "automatic",
    loader: { ".svg": "copy", ".ttf": "file" },
    plugins: [fontFiles, oneStyleSheet],
    define: {
      ...shared.define,
      WORKERS: JSON.stringify(Object.fromEntries(names)),
      EXAMPLES: JSON.stringify(readExamples()),
    },
    entryPoints: [
      { in: "src/main.jsx", out: "graphiql" },
      { in: "src/icon.svg", out: "icon" },
    ],
  });
  return { workers, page };
}

function writePage(page) {
  const outputs = Object.keys(page.metafile.outputs).map((path) => basename(path));
  const only = (pattern) => {
    const found = outputs.filter((name) => pattern.test(name));
    if (found.length !== 1) {
      throw new Error(`The page needs one file like ${pattern}, the bundle has: ${found.join(", ") || "none"}.`);
    }
    return `graphiql/assets/${found[0]}`;
  };
  const html = readFileSync(join(here, "src", "index.html"), "utf8")
    .replace("{{icon}}", only(/^icon-.*\.svg$/))
    .replace("{{style}}", only(/^graphiql-.*\.css$/))
    .replace("{{script}}", only(/^graphiql-.*\.js$/));
  writeFileSync(join(out, "index.html"), html);
}

// The licence of everything that is inside the bundle, as those licences ask; licences/ has those of the fonts, which lie
// within GraphiQL's style sheet and bring none.
function writeLicences(metafiles) {
  const folders = new Set();
  for (const input of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const folder = /^(?:.*node_modules[\\/])(?:@[^\\/]+[\\/])?[^\\/]+/.exec(input)?.[0];
    if (folder) {
      folders.add(folder);
    }
  }
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
    const files = readdirSync(join(here, folder)).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file));
    const body = files.sort().map((file) => readFileSync(join(here, folder, file), "utf8").trim());
    return [`${name} ${version} (${license ?? "see below"})`, ...body].join("\n\n");
  });
  const fonts = readdirSync(join(here, "licences")).sort().map((file) => {
    return `Font: ${basename(file, ".txt")}\n\n${readFileSync(join(here, "licences", file), "utf8").trim()}`;
  });
  writeFileSync(join(out, "LICENSES.txt"), `${[...texts, ...fonts].join(`\n\n${"-".repeat(78)}\n\n`)}\n`);
  return texts.length;
}

// Compressed once here, so that serving is sending a file. Fonts are compressed already, except the old ttf.
function compress() {
  const smallest = 1000; // bytes: below this the saving is smaller than the headers
  for (const name of readdirSync(assets).filter((file) => /\.(js|css|svg|ttf|txt)$/.test(file))) {
    const content = readFileSync(join(assets, name));
    if (content.length < smallest) {
      continue;
    }
    writeFileSync(join(assets, `${name}.gz`), gzipSync(content, { level: 9 }));
    writeFileSync(
      join(assets, `${name}.br`),
      brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
    );
  }
}

if (existsSync(out)) {
  rmSync(out, { recursive: true });
}
mkdirSync(assets, { recursive: true });
const { workers, page } = await bundle();
writePage(page);
const packages = writeLicences([workers.metafile, page.metafile]);
compress();
console.log(`${readdirSync(assets).length} files of ${packages} packages`);
