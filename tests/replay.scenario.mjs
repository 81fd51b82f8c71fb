// SPDX-License-Identifier: Apache-2.0
// Real recordings through the public API, and the demo that shows it all.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { ADMIN, Skipped, check, command, equal, playAll, scenario, until, within } from './scenario.mjs';

const DATA = process.env.MUSTER_DATA ?? '../shared/data';
const PROGRAM = process.env.MUSTER ?? 'build/muster';

function dataFile(name) {
  const path = join(DATA, name);
  if (!existsSync(path)) throw new Skipped(`${path} is not here`);
  return path;
}

function unpack(name, path) {
  writeFileSync(path, execFileSync('xz', ['-dc', dataFile(name)], { maxBuffer: 1 << 28 }));
  return path;
}

// The flags that let replay sign in and make what is missing; the password stands in a file.
function access(scene, muster, event = 'takes') {
  const secret = join(scene.folder(), 'password');
  writeFileSync(secret, ADMIN.password);
  return ['--server', muster.url, '--email', ADMIN.email, '--password-file', secret, '--event', event, '--create'];
}

async function storedDetections(client, device, from = '2000-01-01T00:00:00Z') {
  const to = new Date(Date.now() + 60000).toISOString();
  const answer = await client.get(`/api/v1/detections/count?event=takes&device=${device}&from=${from}&to=${to}`);
  return answer.detections;
}

// What the annotations say: of each of the seven views, of each picture, its boxes as [track, x, y, w, h].
function seenByEachView(frames) {
  const pictures = readdirSync(frames).sort().map((name) => JSON.parse(readFileSync(join(frames, name), 'utf8')));
  return [0, 1, 2, 3, 4, 5, 6].map((view) => pictures.map((persons) => persons.flatMap(({ personID, views }) => views
    .filter((box) => box.viewNum === view && (box.xmin !== -1 || box.xmax !== -1))
    .map((box) => [personID, box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin]))));
}

const inOrder = (boxes) => boxes.map((box) => box.join(' ')).sort();

// Every box that this camera sent, picture by picture.
async function checkGivenBack(client, device, pictures) {
  equal(await storedDetections(client, device), pictures.flat().length, `stored of ${device}`);
  const to = new Date(Date.now() + 3600000).toISOString();
  const range = `event=takes&device=${device}&from=2000-01-01T00:00:00Z&to=${to}&limit=100000`;
  const { items } = await client.get(`/api/v1/detections?${range}`);
  const columns = ['track', 'x', 'y', 'w', 'h'];
  const given = items.flatMap(({ fields, frames }) => frames.map(({ persons }) =>
    persons.map((person) => columns.map((name) => person[fields.indexOf(name)]))));
  equal(given.length, pictures.length, `frames of ${device}`);
  for (const [i, boxes] of pictures.entries()) equal(inOrder(given[i]), inOrder(boxes), `picture ${i} of ${device}`);
}

// Replays into a PostgreSQL, which tells how many bytes it keeps: of the stream, and of history.
async function bytesKept(t, flags) {
  const postgres = await t.postgres();
  const muster = await t.muster({ database: postgres.url });
  const run = await command('replay', ...flags, '--speed', '0', '--window', '10s', ...access(t, muster));
  equal(run.code, 0, `exit code (${run.err})`);
  const ask = (sql) => execFileSync(join(postgres.bin, 'psql'), ['-XAtc', sql, postgres.url]).toString().trim().split('|').map(Number);
  const [detections] = run.out.match(/detections=(\d+)/).slice(1).map(Number);
  const [stream] = ask("SELECT SUM(octet_length(body)) FROM telemetry.store_record WHERE stream = 'detections'");
  const chunks = await until('all of it is in history', () => {
    const [persons, bytes] = ask('SELECT COALESCE(SUM(persons), 0), COALESCE(SUM(octet_length(data)), 0) FROM telemetry.detection_chunk');
    return persons === detections ? bytes : null;
  });
  return { detections, stream: stream / detections, history: chunks / detections };
}

function checkBytes(name, { detections, stream, history }) {
  console.log(`# ${name}: ${detections} detections, ${stream.toFixed(2)} bytes each in the stream, ${history.toFixed(2)} in history`);
  check(stream <= 8 && history <= 8, `${name}: at most 8 bytes a detection`);
}

// Forty people who walk on and off for a minute, as a detector sees them at ten frames a second:
// edges tremble, and every confidence is another.
function generatedCrowd(folder) {
  let state = 1;
  const below = (n) => { state = (state * 48271) % 2147483647; return state % n; };
  const walkers = Array.from({ length: 40 }, (_, id) => ({ id: id + 1, x: below(1800), y: 200 + below(700), pace: below(9) - 4 }));
  const lines = [];
  for (let frame = 1; frame <= 600; frame += 1) {
    for (const walker of walkers) {
      walker.x = (walker.x + walker.pace + 1920) % 1920;
      if (below(12) === 0) continue; // missed
      const height = 60 + walker.y / 8;
      lines.push([frame, walker.id, walker.x + below(5), walker.y + below(5), Math.round(height / 2.6) + below(5), Math.round(height) + below(5),
        (0.5 + below(500) / 1000).toFixed(3), -1, -1, -1].join(','));
    }
  }
  const path = join(folder, 'crowd.txt');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

scenario('a stored detection of a generated crowd takes eight bytes at most', async (t) => {
  const file = generatedCrowd(t.folder());
  checkBytes('generated', await bytesKept(t, [file, '--format', 'mot', '--device', 'cam', '--frames-per-s', '10']));
});

scenario('a stored detection of a real detector takes eight bytes at most', async (t) => {
  for (const [name, rate] of [['MOT15-PETS09-S2L1.det', 7], ['MOT15-ADL-Rundle-6.det', 30], ['MOT17-04.gt', 30]]) {
    const file = unpack(`mot/${name}.txt.xz`, join(t.folder(), 'det.txt'));
    checkBytes(name, await bytesKept(t, [file, '--device', 'cam', '--frames-per-s', String(rate)]));
  }
});

scenario('a stored detection of seven cameras takes eight bytes at most', async (t) => {
  const frames = t.folder();
  execFileSync('tar', ['-xf', dataFile('wildtrack/annotations_frames_000-199.tar.xz'), '-C', frames]);
  checkBytes('WILDTRACK', await bytesKept(t, [frames, '--device', 'view-']));
});

scenario('a detector\'s file is replayed and every detection of it is stored', async (t) => {
  const muster = await t.muster();
  const file = unpack('mot/MOT15-PETS09-S2L1.det.txt.xz', join(t.folder(), 'det.txt'));
  const rows = readFileSync(file, 'utf8').trim().split('\n').length;
  const run = await command('replay', file, '--device', 'pets', '--frames-per-s', '7', '--speed', '0', ...access(t, muster));
  equal(run.code, 0, `exit code (${run.err})`);
  check(run.out.includes(`detections=${rows} rejected=0 complete=yes`), run.out);
  equal(await storedDetections(await muster.signIn(), 'pets'), rows, 'stored');
});

scenario('seven calibrated cameras are replayed, and people stand where they stood', async (t) => {
  const muster = await t.muster();
  const frames = join(t.folder(), 'frames');
  mkdirSync(frames);
  execFileSync('tar', ['-xf', dataFile('wildtrack/annotations_frames_000-199.tar.xz'), '-C', frames]);
  const calibration = t.folder();
  execFileSync('tar', ['-xf', dataFile('wildtrack/calibrations.tar.xz'), '-C', calibration]);
  const run = await command('replay', frames, '--calibration', calibration, '--device', 'view-', '--venue', 'square',
    '--speed', '0', '--window', '10s', ...access(t, muster));
  equal(run.code, 0, `exit code (${run.err})`);
  const seen = seenByEachView(frames);
  const total = seen.reduce((sum, pictures) => sum + pictures.flat().length, 0);
  check(run.out.includes(`frames=1400 detections=${total} rejected=0 complete=yes`), run.out);
  const admin = await muster.signIn();
  for (const [view, pictures] of seen.entries()) await checkGivenBack(admin, `view-${view + 1}`, pictures);
  const devices = await admin.get('/api/v1/events/takes/venues/square/devices');
  equal(devices.items.filter((device) => device.calibration?.kind === 'opencv').length, 7, 'calibrated cameras');
});

// A minute of two people, 25 times a second: 3,000 detections.
function writeWalk(folder, name = 'walk.txt', shift = 0) {
  const file = join(folder, name);
  const lines = [];
  for (let frame = 0; frame < 1500; frame++) lines.push(`1 ${frame} ${(frame / 100 + shift).toFixed(2)} 2`, `2 ${frame} 3 ${(frame / 100).toFixed(2)}`);
  writeFileSync(file, `# framerate: 25 fps\n${lines.join('\n')}\n`);
  return file;
}

// Stands between a replay and the server and keeps the answer to the n-th window of detections: the
// server has stored it, and the replay does not know. `kept` is then fulfilled.
async function answerKeeper(t, url, n) {
  const to = new URL(url);
  let seen = 0;
  let keep;
  const kept = new Promise((done) => { keep = done; });
  const server = http.createServer((request, response) => {
    const isWindow = request.method === 'POST' && request.url.startsWith('/api/v1/detections');
    const isKept = isWindow && ++seen === n;
    const onward = http.request({ host: to.hostname, port: to.port, path: request.url, method: request.method, headers: request.headers }, (answer) => {
      if (isKept) {
        answer.resume().on('end', keep);
      } else {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      }
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.endings.push(() => { server.closeAllConnections(); server.close(); });
  return { url: `http://127.0.0.1:${server.address().port}`, kept };
}

for (const [window, words] of [[1, 'the first window'], [4, 'a later window']]) {
  scenario(`a replay that is killed in ${words} goes on with the same times, and nothing counts twice`, async (t) => {
    const muster = await t.muster();
    const folder = t.folder();
    const position = join(folder, 'position');
    const flags = [writeWalk(folder), '--device', 'floor', '--position', position, '--window', '2s', '--speed', '1000'];
    const keeper = await answerKeeper(t, muster.url, window);
    const first = spawn(PROGRAM, ['replay', ...flags, ...access(t, keeper)], { stdio: 'ignore' });
    const ended = new Promise((done) => first.on('exit', (code, signal) => done(signal)));
    await within('the window is stored', keeper.kept);
    first.kill('SIGKILL');
    equal(await within('the replay is gone', ended), 'SIGKILL', 'how it ended');
    const admin = await muster.signIn();
    equal(await storedDetections(admin, 'floor'), window * 100, 'stored before');
    const second = await command('replay', ...flags, ...access(t, muster));
    equal(second.code, 0, `exit code (${second.err})`);
    equal(await storedDetections(admin, 'floor'), 3000, 'stored');
    check(!existsSync(position), 'a finished replay forgets its position');
  });
}

scenario('a position file that is broken or of another recording is refused, and --restart sends all anew', async (t) => {
  const muster = await t.muster();
  const folder = t.folder();
  const position = join(folder, 'position');
  const flags = (file) => [file, '--device', 'floor', '--speed', '0', '--window', '10s', '--position', position, ...access(t, muster)];
  const walk = writeWalk(folder);
  writeFileSync(position, '{"recording":"');
  const broken = await command('replay', ...flags(walk));
  equal(broken.code, 1, 'exit code');
  check(broken.err.includes(`${position}: line 1`) && broken.err.includes('--restart'), broken.err);
  const admin = await muster.signIn();
  equal(await storedDetections(admin, 'floor'), 0, 'sent in spite of it');
  const keeper = await answerKeeper(t, muster.url, 2);
  const first = spawn(PROGRAM, ['replay', ...flags(walk), '--restart', '--server', keeper.url], { stdio: 'ignore' });
  await within('two windows are stored', keeper.kept);
  first.kill('SIGKILL');
  const other = await command('replay', ...flags(writeWalk(folder, 'other.txt', 0.5)));
  equal(other.code, 1, 'exit code of another recording of the same length');
  check(other.err.includes('another recording'), other.err);
  equal(await storedDetections(admin, 'floor'), 1000, 'stored');
});

scenario('a replay that is interrupted goes on where it was, and nothing counts twice', async (t) => {
  const muster = await t.muster();
  const folder = t.folder();
  const file = writeWalk(folder);
  const position = join(folder, 'position');
  const flags = [file, '--device', 'floor', '--position', position, ...access(t, muster)];
  const first = spawn(PROGRAM, ['replay', ...flags, '--speed', '10'], { stdio: 'ignore' });
  const ended = new Promise((done) => first.on('close', done));
  await until('a part of it is sent', () => existsSync(position) && JSON.parse(readFileSync(position, 'utf8')).next_frame > 0);
  first.kill('SIGINT');
  equal(await within('the replay ends', ended), 0, 'an interruption is no failure');
  const admin = await muster.signIn();
  const before = await storedDetections(admin, 'floor');
  check(before > 0 && before < 3000, `a part is stored: ${before}`);
  const second = await command('replay', ...flags, '--speed', '0');
  equal(second.code, 0, `exit code (${second.err})`);
  equal(await storedDetections(admin, 'floor'), 3000, 'stored');
  check(!existsSync(position), 'a finished replay forgets its position');
});

scenario('a file that is broken is refused by its line, before anything is sent', async (t) => {
  const file = join(t.folder(), 'broken.txt');
  writeFileSync(file, '1,1,10,20,30,40,0.9,-1,-1,-1\n2,1,10,20,oops,40,0.9,-1,-1,-1\n');
  const run = await command('replay', file, '--device', 'cam', '--token', 'none', '--server', 'http://127.0.0.1:1');
  equal(run.code, 2, 'exit code');
  check(run.err.includes('broken.txt:2:11'), run.err);
});

scenario('the demo starts, sees its crowd, an alarm and the mail, and stops', async () => {
  const run = await command('demo', '--check', '--port', '0');
  equal(run.code, 0, `exit code (${run.out}${run.err})`);
  check(run.out.includes('demo check:      passed'), run.out);
});

await playAll();
