// SPDX-License-Identifier: Apache-2.0
// Builds the pages and packs them for the program: pages_bundle.bin holds every file's bytes, plain
// and gzipped, one after the other; pages_bundle.c includes it and names the parts.
//
//   node pack.mjs WEB_DIR OUT.c OUT.bin DEPFILE
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};
const COMPRESSED_ALREADY = new Set(['.png', '.woff2']);
const NEEDED = ['vite', 'preact', 'uplot', '@fontsource/barlow-semi-condensed'];

const MISSING_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Muster: pages not built</title></head>
<body><h1>The pages are not in this build</h1>
<p>This program was built without the npm modules. Run <code>scripts/install</code> (or
<code>npm ci</code> in <code>web/</code>), then <code>make</code>. The API works.</p></body></html>
`;

const [, , webArgument, outC, outBin, depfile] = process.argv;
const webDir = path.resolve(webArgument);
const outBinPath = path.resolve(outBin);

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(full) : [full];
  });
}

async function build() {
  const missing = NEEDED.filter((name) => !existsSync(path.join(webDir, 'node_modules', name)));
  if (missing.length > 0) {
    console.error(`web: the npm modules are not installed (${missing.join(', ')}); the program is`);
    console.error('web: built WITHOUT its pages. Run scripts/install, or npm ci in web/, then make.');
    return [{ name: 'index.html', bytes: Buffer.from(MISSING_PAGE) }];
  }
  const require = createRequire(path.join(webDir, 'package.json'));
  const vite = await import(pathToFileURL(path.join(path.dirname(
    require.resolve('vite/package.json')), 'dist/node/index.js')).href);
  const dist = `${outBinPath}.dist`;
  rmSync(dist, { recursive: true, force: true });
  await vite.build({ root: webDir, logLevel: 'warn', build: { outDir: dist, emptyOutDir: true } });
  return filesUnder(dist).sort().map((full) => (
    { name: path.relative(dist, full), bytes: readFileSync(full) }));
}

function pack(files) {
  const parts = [];
  let offset = 0;
  const add = (bytes) => {
    parts.push(bytes);
    offset += bytes.length;
    return offset - bytes.length;
  };
  const entries = files.map(({ name, bytes }) => {
    const ext = path.extname(name);
    const gzip = COMPRESSED_ALREADY.has(ext) ? bytes : gzipSync(bytes, { level: 9 });
    const isSmaller = gzip.length < bytes.length * 0.95;
    return {
      path: `/${name}`,
      type: TYPES[ext] ?? 'application/octet-stream',
      at: add(bytes),
      len: bytes.length,
      gzipAt: isSmaller ? add(gzip) : 0,
      gzipLen: isSmaller ? gzip.length : 0,
      etag: createHash('sha256').update(bytes).digest('base64url').slice(0, 22),
      // Vite puts a content hash into the name of everything in assets/.
      isImmutable: name.startsWith('assets/'),
    };
  });
  return { entries, blob: Buffer.concat(parts) };
}

function cSource({ entries, blob }) {
  const quoted = JSON.stringify;
  const lines = entries.map((e) => `    {${quoted(e.path)}, ${quoted(e.type)}, ${
    `pages_blob + ${e.at}, ${e.len}`}, ${e.gzipLen > 0 ? `pages_blob + ${e.gzipAt}` : 'NULL'}, ${
    e.gzipLen}, "\\"${e.etag}\\"", ${e.isImmutable}},`);
  return `/* Made by web/pack.mjs; sha256 ${createHash('sha256').update(blob).digest('hex')} */
#include "server/pages.h"

__asm__(".pushsection .rodata\\n.balign 16\\n"
        ".type pages_blob, %object\\npages_blob:\\n.incbin ${JSON.stringify(outBinPath).replaceAll('"', '\\"')}\\n"
        ".byte 0\\n.size pages_blob, . - pages_blob\\n.popsection");
extern const unsigned char pages_blob[] __attribute__((visibility("hidden")));

const struct http_static pages[] = {
${lines.join('\n')}
};
const size_t page_count = sizeof pages / sizeof pages[0];
`;
}

const escaped = (file) => file.replaceAll(' ', '\\ ');
const sources = filesUnder(path.join(webDir, 'src'));
const publicDir = path.join(webDir, 'public');
if (existsSync(publicDir)) sources.push(...filesUnder(publicDir));

const packed = pack(await build());
writeFileSync(outBinPath, packed.blob);
writeFileSync(outC, cSource(packed));
// The folders stand here too: a file that comes or goes changes its folder.
const folders = new Set(sources.map((file) => path.dirname(file)));
// npm writes this file last; where it is missing ninja asks again at every build.
const installed = path.join(webDir, 'node_modules/.package-lock.json');
writeFileSync(depfile, `${escaped(outC)}: ${[...sources, ...folders, installed,
  path.join(webDir, 'pack.mjs')].map(escaped).join(' \\\n  ')}\n`);
