// SPDX-License-Identifier: Apache-2.0
// muster evaluate against what others say of the same tracks. Figures to three digits are those that
// TrackEval has printed (its issue 106, MPNTrack on MOT17's training sequences); those to more were computed by a
// second implementation of its formulas, with full matrices and SciPy's assignment.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Skipped, check, command, equal, playAll, scenario } from './scenario.mjs';

const DATA = process.env.MUSTER_DATA ?? '../shared/data';

function dataFile(name) {
  const path = join(DATA, name);
  if (!existsSync(path)) throw new Skipped(`${path} is not here`);
  return path;
}

function unpack(name, folder) {
  const path = join(folder, name.split('/').pop().replace(/\.xz$/, ''));
  writeFileSync(path, execFileSync('xz', ['-dc', dataFile(name)], { maxBuffer: 1 << 28 }));
  return path;
}

async function evaluate(...words) {
  const { code, out, err } = await command('evaluate', ...words, '--json');
  equal(code, 0, err);
  return out.trim().split('\n').map((line) => JSON.parse(line));
}

// Each expected figure to as many digits as it is written with.
function compare(found, expected) {
  for (const [name, text] of Object.entries(expected)) {
    const digits = (text.split('.')[1] ?? '').length;
    const is = text.endsWith('%') ? 100 * found[name] : found[name];
    const near = text.endsWith('%') ? digits - 1 : digits;
    equal(is.toFixed(near), parseFloat(text).toFixed(near), `${name} of ${found.sequence}`);
  }
}

const PUBLISHED = [
  { truth: 'MOT17-02', tracks: 'MOT17-02-FRCNN.MPNTrack',
    printed: { mota: '47.296%', modp: '91.158%', moda: '47.430%', recall: '48.146%', precision: '98.535%', matched: '8946', missed: '9635' },
    computed: { mota: '0.4729562456', moda: '0.4743017060', modp: '0.9115829264', idf1: '0.5488792480',
      idp: '0.8361052979', idr: '0.4085356009', hota: '0.4872127420', deta: '0.4396665795', assa: '0.5401290876', count_error: '15.8366666667',
      matched: '8946', missed: '9635', false: '133', switches: '25', people: '62', tracks: '54' } },
  { truth: 'MOT17-04', tracks: 'MOT17-04-FRCNN.MPNTrack',
    printed: { idf1: '75.570%', idr: '62.569%', idp: '95.390%' },
    computed: { mota: '0.6528797023', moda: '0.6530268940', modp: '0.9037198661', idf1: '0.7556983403',
      idp: '0.9539013913', idr: '0.6256912757', hota: '0.6609891890', deta: '0.5844621989', assa: '0.7484441541', count_error: '15.5838095238',
      matched: '31125', missed: '16432', false: '69', switches: '7', people: '83', tracks: '67' } },
  { truth: 'MOT17-09', tracks: 'MOT17-09-FRCNN.MPNTrack',
    printed: { idf1: '72.698%', idr: '64.207%', idp: '83.778%' },
    computed: { mota: '0.7015962441', moda: '0.7032863850', modp: '0.9008800207', idf1: '0.7269827770',
      idp: '0.8377848567', idr: '0.6420657277', hota: '0.6143930048', deta: '0.6478624161', assa: '0.5828432379', count_error: '2.3695238095',
      matched: '3913', missed: '1412', false: '168', switches: '9', people: '26', tracks: '23' } },
  { truth: 'MOT17-02', tracks: 'MOT17-02-SDP.deepsort',
    printed: {},
    computed: { mota: '0.4238200312', moda: '0.4325386147', modp: '0.8179326541', idf1: '0.4284161716',
      idp: '0.6553252798', idr: '0.3182282977', hota: '0.3297612608', deta: '0.3663882157', assa: '0.2980953950', count_error: '15.9300000000',
      matched: '8530', missed: '10051', false: '493', switches: '162', people: '62', tracks: '137' } },
];

scenario('published trackers get the figures that TrackEval gives them', async (t) => {
  const folder = t.folder();
  const truths = PUBLISHED.map(({ truth }) => unpack(`mot/${truth}.gt.txt.xz`, folder));
  const tracks = PUBLISHED.map((row) => unpack(`mot/${row.tracks}.txt.xz`, folder));
  const found = await evaluate('--truth', ...truths, '--tracks', ...tracks);
  equal(found.length, PUBLISHED.length + 1, 'sequences, and all of them');
  for (const [i, { tracks: name, printed, computed }] of PUBLISHED.entries()) {
    equal(found[i].sequence, name, 'sequence');
    compare(found[i], printed);
    compare(found[i], computed);
  }
  const all = found[PUBLISHED.length];
  equal(all.matched, 8946 + 31125 + 3913 + 8530, 'matched in all');
  const { out } = await command('evaluate', '--truth', truths[0], '--tracks', tracks[0]);
  check(/^MOT17-02-FRCNN\.MPNTrack +600 +62 +54 +47\.430 +91\.158 +15\.837 +47\.296 +54\.888 +48\.721/m.test(out), out);
  const detections = unpack('mot/MOT15-TUD-Campus.det.txt.xz', folder);
  const refused = await command('evaluate', '--truth', detections, '--tracks', tracks[0]);
  equal(refused.code, 1, 'code for detections as truth');
  check(refused.err.includes('MOT15-TUD-Campus.det.txt:1:1: tells nobody\'s id') && refused.err.includes('give the ground truth'), refused.err);
});

function annotations(t) {
  const folder = join(t.folder(), 'annotations');
  mkdirSync(folder);
  execFileSync('tar', ['-xf', dataFile('wildtrack/annotations_frames_000-199.tar.xz'), '-C', folder]);
  const people = readdirSync(folder).sort().flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8'))
    .map(({ personID, positionID }) => ({ frame: parseInt(file, 10), id: personID,
      x: -3 + 0.025 * (positionID % 480), y: -9 + 0.025 * Math.floor(positionID / 480) })));
  return { folder, people };
}

const START = Date.parse('2026-06-20T12:00:00Z');
const rows = (people) => people.map(({ at, id, x, y }) => `${at},p-${id},${x},${y}`);
const write = (t, name, people) => {
  const path = join(t.folder(), name);
  writeFileSync(path, `${['at,id,x,y', ...rows(people)].join('\n')}\n`);
  return path;
};

scenario('tracks with times of day are judged at the frames of WILDTRACK', async (t) => {
  const { folder, people } = annotations(t);
  const timed = people.map((person) => ({ ...person, at: new Date(START + person.frame * 100).toISOString() }));
  const same = write(t, 'same.csv', timed);
  // Only what lies between two steps is filled, so that the truth, told as tracks, is the truth.
  const [exact] = await evaluate('--truth', folder, '--tracks', same, '--start', '2026-06-20T12:00:00Z');
  equal(exact.frames, 200, 'frames');
  for (const name of ['moda', 'modp', 'mota', 'idf1', 'hota']) check(Math.abs(exact[name] - 1) < 1e-9, `${name} is ${exact[name]}`);
  equal([exact.count_error, exact.switches, exact.false, exact.missed], [0, 0, 0, 0], 'faults');

  const [filled] = await evaluate('--truth', folder, '--tracks', same, '--start', '2026-06-20T12:00:00Z', '--gap', '60s');
  check(filled.false > 0 && filled.missed === 0, `who was away is filled in: ${JSON.stringify(filled)}`);

  // Everybody 0.6 m aside: seen by nobody who asks for 0.5 m, followed by who asks for 1 m.
  const aside = write(t, 'aside.csv', timed.map((person) => ({ ...person, x: person.x + 0.6 })));
  const [strict] = await evaluate('--truth', folder, '--tracks', aside, '--start', '2026-06-20T12:00:00Z');
  check(strict.moda < 0 && strict.mota > 0.99 && strict.idf1 > 0.99, JSON.stringify(strict));
  const [wide] = await evaluate('--truth', folder, '--tracks', aside, '--start', '2026-06-20T12:00:00Z', '--detection-threshold', '1');
  check(wide.moda > 0.99, JSON.stringify(wide));

  const late = await command('evaluate', '--truth', folder, '--tracks', same, '--start', '2026-06-21T12:00:00Z');
  equal(late.code, 1, 'code when nothing is within');
  check(late.err.includes("same.csv: has no position in the truth's frames, 0 to 995; look at"), late.err);
  const unsaid = await command('evaluate', '--truth', folder, '--tracks', same);
  check(unsaid.err.startsWith('muster: --start: same.csv tells times of day'), unsaid.err);
});

scenario('what has no ground truth is refused with the remedy', async (t) => {
  const tracks = write(t, 'tracks.csv', [{ at: 0, id: 1, x: 1, y: 2 }]);
  const missing = await command('evaluate', '--truth', '/nowhere/gt.txt', '--tracks', tracks);
  equal(missing.code, 1, 'code');
  check(missing.err.startsWith('muster: /nowhere/gt.txt: cannot be read, and without ground truth') && missing.err.includes('--truth'), missing.err);
  const fewer = await command('evaluate', '--truth', tracks, '--tracks', tracks, tracks);
  equal(fewer.code, 2, 'code');
  check(fewer.err.includes('--tracks: names 2 files and --truth 1'), fewer.err);
  const none = await command('evaluate', '--tracks', tracks);
  equal(none.code, 2, 'code');
  const bad = join(t.folder(), 'bad.csv');
  writeFileSync(bad, 'at,id,x,y\n0,a,1,2\n500,a,one,2\n');
  const truth = join(t.folder(), 'truth.txt');
  writeFileSync(truth, '1 0 0 0\n1 8 0 0\n');
  const refused = await command('evaluate', '--truth', truth, '--tracks', bad);
  check(refused.err.startsWith('muster: bad.csv:3:7: must be a number'), refused.err);
});

await playAll();
