// SPDX-License-Identifier: Apache-2.0
// Keeps the house in order by reading it: who may include whom (a folder only what stands above it in
// meson.build), which system header stays in which folder, and the sizes of files and functions.
// First it proves, on a small bad tree of its own, that it notices each kind of offence.
//   node tests/layers.mjs            TAP; every offence as path:line
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const FILE_LINES_MAX = 800;
const FUNCTION_LINES_MAX = 70;
const GROUND = ['base', 'store', 'net'];
const ABOVE_THE_EVENT = ['api', 'client', 'server', 'cli'];

// Folders that need not, or must not, follow the order alone.
const REFUSED = [
  { from: 'net', to: 'store', why: 'the server of bytes knows no database' },
];
// Event modules know neither sockets nor HTTP; the one door out is a mail.
const NET_FOR_EVENT_MODULES = { notify: ['net/smtp.h'] };
// A system header and the folders that it stays in; elsewhere their headers are used.
const SYSTEM_HEADERS = [
  { header: /^pthread\.h$/, folders: ['base', 'store', 'net'] },
  { header: /^microhttpd\.h$/, folders: ['net'] },
  { header: /^wslay\//, folders: ['net'] },
  { header: /^(sqlite3|libpq-fe)\.h$/, folders: ['store'] },
  { header: /^curl\//, folders: ['net'] },
  { header: /^mosquitto\.h$/, folders: ['net'] },
  { header: /^jansson\.h$/, folders: ['base'] },
  { header: /^yaml\.h$/, folders: ['venues', 'server'] },
  { header: /^(sys\/socket|sys\/epoll|netinet\/.*|arpa\/inet|netdb)\.h$/, folders: ['base', 'store', 'net', 'cli'] },
];
const WORDS_REFUSED = [
  { word: /\b(TODO|FIXME|XXX)\b/, why: 'unfinished work belongs in an issue' },
  { word: /\b(u|nano)?sleep\s*\(/, why: 'wait for an event with a deadline, never for time to pass' },
  { word: /\b(strcpy|strcat|sprintf|strtok|atoi|gets)\s*\(/, why: 'unbounded or silent about mistakes' },
];

const isTest = (path) => /(^|_)test(s|ing|_[a-z_]+)?\.[ch]$/.test(basename(path));

function sourceFiles(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourceFiles(root, path);
    return /\.[ch]$/.test(entry.name) ? [path] : [];
  });
}

const orderOf = (root) => [...readFileSync(join(root, 'meson.build'), 'utf8').matchAll(/^subdir\('src\/([a-z]+)'\)/gm)]
  .map((match) => match[1]);

function includeOffence(path, folder, target, order) {
  const to = target.split('/')[0];
  if (!target.includes('/')) return `include "${target}" must name its folder`;
  if (to !== folder && target.endsWith('_internal.h')) return `${target} never leaves its folder`;
  if (to !== folder && target.split('/').length > 2) return `${target} stays in ${to}: others see what lies at its top`;
  if (/^base\/test\.h$/.test(target) && !isTest(path) ) return 'only tests include base/test.h';
  if (order.indexOf(to) < 0) return `folder ${to} does not stand in meson.build`;
  if (order.indexOf(to) > order.indexOf(folder)) return `${folder} must not know ${to}: dependencies point down`;
  const isEvent = !GROUND.includes(folder) && !ABOVE_THE_EVENT.includes(folder);
  if (isEvent && to === 'net' && !isTest(path) && !(NET_FOR_EVENT_MODULES[folder] ?? []).includes(target))
    return `${folder} must not know ${target}: no sockets and no HTTP in the event's modules`;
  const refused = REFUSED.find((rule) => rule.from === folder && rule.to === to);
  return refused ? `${folder} must not include ${target}: ${refused.why}` : null;
}

function systemOffence(folder, header) {
  const rule = SYSTEM_HEADERS.find((entry) => entry.header.test(header));
  return rule && !rule.folders.includes(folder) ? `<${header}> stays in ${rule.folders.join(', ')}` : null;
}

// A function's body is the only thing that opens with a brace in the first column.
function sizeOffences(lines) {
  const offences = [];
  let openedAt = -1;
  lines.forEach((line, i) => {
    if (line === '{') openedAt = i;
    else if (line.startsWith('}') && openedAt >= 0) {
      const length = i - openedAt + 1;
      if (length > FUNCTION_LINES_MAX) offences.push([openedAt + 1, `a function of ${length} lines, more than ${FUNCTION_LINES_MAX}`]);
      openedAt = -1;
    }
  });
  if (lines.length > FILE_LINES_MAX + 1) offences.push([lines.length, `a file of ${lines.length - 1} lines, more than ${FILE_LINES_MAX}`]);
  return offences;
}

function offencesOf(root) {
  const order = orderOf(root);
  return sourceFiles(root, 'src').flatMap((path) => {
    const folder = path.split('/')[1];
    const lines = readFileSync(join(root, path), 'utf8').split('\n');
    const found = sizeOffences(lines);
    if (!lines[0].includes('SPDX-License-Identifier: Apache-2.0')) found.push([1, 'the first line names the licence (SPDX)']);
    lines.forEach((line, i) => {
      const own = line.match(/^\s*#\s*include\s+"([^"]+)"/);
      const system = line.match(/^\s*#\s*include\s+<([^>]+)>/);
      const offence = own ? includeOffence(path, folder, own[1], order) : system ? systemOffence(folder, system[1]) : null;
      if (offence) found.push([i + 1, offence]);
      // Words in a string are somebody else's business.
      const code = line.replace(/"(\\.|[^"\\])*"/g, '""');
      for (const rule of WORDS_REFUSED) if (rule.word.test(code)) found.push([i + 1, `${code.match(rule.word)[0]}: ${rule.why}`]);
    });
    return found.map(([line, what]) => `${path}:${line}: ${what}`);
  });
}

// --- the proof that it can fail ---

const SPDX = '// SPDX-License-Identifier: Apache-2.0\n';
const BAD_TREE = {
  'src/venues/up.c': [`${SPDX}#include "api/api.h"\n`, 'venues must not know api'],
  'src/venues/later.c': [`${SPDX}#include "crowd/crowd.h"\n`, 'venues must not know crowd'],
  'src/venues/http.c': [`${SPDX}#include "net/http.h"\n`, 'no sockets and no HTTP'],
  'src/base/down.c': [`${SPDX}#include "store/store.h"\n`, 'base must not know store'],
  'src/net/store.c': [`${SPDX}#include "store/store.h"\n`, 'knows no database'],
  'src/venues/thread.c': [`${SPDX}#include <pthread.h>\n`, '<pthread.h> stays in'],
  'src/api/http.c': [`${SPDX}#include <microhttpd.h>\n`, '<microhttpd.h> stays in'],
  'src/venues/sql.c': [`${SPDX}#include <sqlite3.h>\n`, '<sqlite3.h> stays in'],
  'src/api/inner.c': [`${SPDX}#include "venues/venues_internal.h"\n`, 'never leaves its folder'],
  'src/api/room.c': [`${SPDX}#include "venues/lens/lens.h"\n`, 'stays in venues'],
  'src/api/fixture.c': [`${SPDX}#include "base/test.h"\n`, 'only tests include'],
  'src/api/bare.c': [`${SPDX}#include "api.h"\n`, 'must name its folder'],
  'src/api/licence.c': ['int x;\n', 'names the licence'],
  'src/api/wait.c': [`${SPDX}static void wait(void)\n{\n    sleep(1);\n}\n`, 'never for time to pass'],
  'src/api/later.c': [`${SPDX}/* TODO */\n`, 'belongs in an issue'],
  'src/api/long.c': [`${SPDX}void f(void)\n{\n${'    g();\n'.repeat(FUNCTION_LINES_MAX)}}\n`, 'a function of 72 lines'],
  'src/api/huge.c': [SPDX + 'int x;\n'.repeat(FILE_LINES_MAX), 'a file of 801 lines'],
};
const GOOD_TREE = {
  'src/notify/mail.c': `${SPDX}#include "net/smtp.h"\n#include "venues/venues.h"\n#include "base/base.h"\n`,
  'src/venues/venues_test.c': `${SPDX}#include "base/test.h"\n#include "venues/venues_internal.h"\n`,
  'src/venues/lens/lens.c': `${SPDX}#include "venues/lens/lens.h"\n#include "venues/venues_internal.h"\n`,
  'src/api/edge.c': `${SPDX}void f(void)\n{\n${'    g("TODO sleep(1)");\n'.repeat(FUNCTION_LINES_MAX - 2)}}\n`,
};
const ORDER = ['base', 'store', 'net', 'venues', 'crowd', 'notify', 'api', 'server', 'cli'];

function withTree(tree, check) {
  const root = mkdtempSync(join(tmpdir(), 'muster-layers-'));
  try {
    writeFileSync(join(root, 'meson.build'), ORDER.map((folder) => `subdir('src/${folder}')\n`).join(''));
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return check(offencesOf(root));
  } finally {
    rmSync(root, { recursive: true });
  }
}

let count = 0;
function result(name, offences) {
  count += 1;
  for (const offence of offences) console.log(`# ${offence}`);
  console.log(`${offences.length ? 'not ok' : 'ok'} ${count} - ${name}`);
  if (offences.length) process.exitCode = 1;
}

const texts = Object.fromEntries(Object.entries(BAD_TREE).map(([path, [text]]) => [path, text]));
const noticed = withTree(texts, (offences) => offences);
for (const [path, [, words]] of Object.entries(BAD_TREE)) {
  const own = noticed.filter((offence) => offence.startsWith(`${path}:`));
  const isRight = own.length === 1 && own[0].includes(words);
  result(`notices ${path} of the bad tree: ${words}`, isRight ? [] : [`expected one offence with "${words}", found: ${own.join('; ')}`]);
}
result('has nothing against the good tree', withTree(GOOD_TREE, (offences) => offences));
result('the source tree keeps the direction of its dependencies, and its sizes', offencesOf('.'));
console.log(`1..${count}`);
