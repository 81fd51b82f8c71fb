// SPDX-License-Identifier: Apache-2.0
// Real recordings through the public API, and the demo that shows it all.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  const seen = readdirSync(frames).flatMap((name) => JSON.parse(readFileSync(join(frames, name), 'utf8')))
    .flatMap((person) => person.views).filter((view) => view.xmin !== -1 || view.xmax !== -1).length;
  check(run.out.includes(`frames=1400 detections=${seen} rejected=0 complete=yes`), run.out);
  const admin = await muster.signIn();
  const devices = await admin.get('/api/v1/events/takes/venues/square/devices');
  equal(devices.items.filter((device) => device.calibration?.kind === 'opencv').length, 7, 'calibrated cameras');
});

scenario('a replay that is interrupted goes on where it was, and nothing counts twice', async (t) => {
  const muster = await t.muster();
  const folder = t.folder();
  const file = join(folder, 'walk.txt');
  const lines = [];
  for (let frame = 0; frame < 1500; frame++) lines.push(`1 ${frame} ${(frame / 100).toFixed(2)} 2`, `2 ${frame} 3 ${(frame / 100).toFixed(2)}`);
  writeFileSync(file, `# framerate: 25 fps\n${lines.join('\n')}\n`);
  const position = join(folder, 'position');
  const flags = [file, '--device', 'floor', '--position', position, ...access(t, muster)];
  const first = spawn(PROGRAM, ['replay', ...flags, '--speed', '10'], { stdio: 'ignore' });
  const ended = new Promise((done) => first.on('close', done));
  await until('a part of it is sent', () => existsSync(position));
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
