// SPDX-License-Identifier: Apache-2.0
// Runs every test program, two at a time, and adds up what they say in TAP. The last line is
// "N passed, N failed, N skipped". A program that dies, says less than it promised, or takes longer
// than its time counts as one failure. Full outputs stay in <build>/test-logs/.
//   node tests/run.mjs build [--without-browser] [NAME-PART...]
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const JOBS = 2;
const SECONDS_MAX = Number(process.env.TEST_SECONDS_MAX ?? 240) * Number(process.env.SLOWNESS ?? 1);

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && !entry.name.endsWith('.p') ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]);
}

const isProgram = (path) => statSync(path).isFile() && (statSync(path).mode & 0o111) !== 0;

// The longest first, so that the two lanes end together.
function programs(build, withBrowser) {
  const own = readdirSync('tests').sort();
  const scripts = (ending) => own.filter((name) => name.endsWith(ending))
    .map((name) => ({ name: `tests/${name}`, command: ['node', join('tests', name)] }));
  const units = ['src', 'bench'].flatMap((folder) => filesBelow(join(build, folder))).filter((path) => path.endsWith('_test') && isProgram(path)).sort()
    .map((path) => ({ name: basename(path), command: [path] }));
  const regressions = filesBelow(join(build, 'fuzz')).filter((path) => path.endsWith('_replay') && isProgram(path))
    .map((path) => {
      const target = basename(path).replace(/_replay$/, '');
      const folders = ['corpus', 'regressions'].map((kind) => join('fuzz', kind, target)).filter(existsSync);
      return { name: `fuzz/${target}`, command: [path, ...folders] };
    });
  return [...(withBrowser ? scripts('.browser.mjs') : []), ...scripts('.scenario.mjs'), ...units, ...regressions,
    { name: 'tests/layers', command: ['node', 'tests/layers.mjs'] }];
}

function readTap(output) {
  const found = { passed: 0, failed: [], skipped: [], planned: null };
  for (const line of output.split('\n')) {
    const plan = line.match(/^1\.\.(\d+)/);
    if (plan) found.planned = (found.planned ?? 0) + Number(plan[1]);
    const result = line.match(/^(not ok|ok)\b(?: \d+)?(?: -)? ?(.*)$/);
    if (!result) continue;
    if (/# SKIP/i.test(line)) found.skipped.push(result[2].replace(/^# SKIP\s*/i, ''));
    else if (result[1] === 'ok') found.passed += 1;
    else found.failed.push(result[2]);
  }
  const said = found.passed + found.failed.length + found.skipped.length;
  if (found.planned === null) found.failed.push('(printed no TAP plan)');
  else if (said < found.planned) found.failed.push(`(said ${said} of ${found.planned} results)`);
  return found;
}

function run(program, build) {
  return new Promise((done) => {
    const started = Date.now();
    const logPath = join(build, 'test-logs', `${program.name.replaceAll('/', '_')}.log`);
    const log = createWriteStream(logPath);
    const environment = { ...process.env, MUSTER: resolve(build, 'muster'), MUSTER_BUILD: resolve(build) };
    const child = spawn(program.command[0], program.command.slice(1),
      { env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let hasTimedOut = false;
    const endAll = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* all gone already */ } };
    const timer = setTimeout(() => { hasTimedOut = true; endAll(); }, SECONDS_MAX * 1000);
    child.stdout.on('data', (bytes) => log.write(bytes));
    child.stderr.on('data', (bytes) => log.write(bytes));
    child.on('error', (error) => log.write(`not ok - cannot start: ${error.message}\n`));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      endAll();
      log.end(() => {
        const output = readFileSync(logPath, 'utf8');
        const found = readTap(output);
        if (hasTimedOut) found.failed.push(`(ended after ${SECONDS_MAX} s)`);
        else if (code !== 0 && found.failed.length === 0) found.failed.push(`(ended with ${signal ?? `exit code ${code}`})`);
        done({ program, output, logPath, seconds: (Date.now() - started) / 1000, ...found });
      });
    });
  });
}

function report(result) {
  const counts = `${result.passed} passed` + (result.failed.length ? `, ${result.failed.length} FAILED` : '')
    + (result.skipped.length ? `, ${result.skipped.length} skipped` : '');
  console.log(`${result.failed.length ? 'FAIL' : ' ok '} ${result.program.name}: ${counts} (${result.seconds.toFixed(1)} s)`);
  for (const name of result.skipped) console.log(`       skipped: ${name}`);
  if (result.failed.length === 0) return;
  for (const name of result.failed) console.log(`       failed: ${name}`);
  console.log(result.output.split('\n').slice(-60).map((line) => `     | ${line}`).join('\n'));
  console.log(`       all of it: ${result.logPath}`);
}

const [build = 'build', ...rest] = process.argv.slice(2);
const parts = rest.filter((word) => !word.startsWith('--'));
const all = programs(build, !rest.includes('--without-browser'));
const waiting = all.filter((program) => parts.length === 0 || parts.some((part) => program.name.includes(part)));

// What did not run proves nothing: a build without tests, or a name that fits none, is a failure.
const absent = parts.filter((part) => !all.some((program) => program.name.includes(part)))
  .map((part) => `no test program is called ${part}`);
if (parts.length === 0 && !all.some((program) => program.name.endsWith('_test'))) absent.push(`there are no unit tests in ${build}/src; is it built?`);
if (absent.length > 0) {
  for (const words of absent) console.log(`failed: ${words}`);
  console.log(`0 passed, ${absent.length} failed, 0 skipped`);
  process.exit(1);
}
mkdirSync(join(build, 'test-logs'), { recursive: true });
const results = [];
async function lane() {
  while (waiting.length > 0) {
    const result = await run(waiting.shift(), build);
    report(result);
    results.push(result);
  }
}
await Promise.all(Array.from({ length: JOBS }, lane));

const sum = (count) => results.reduce((total, result) => total + count(result), 0);
const failed = sum((result) => result.failed.length);
for (const result of results) for (const name of result.failed) console.log(`failed: ${result.program.name}: ${name}`);
console.log(`${sum((result) => result.passed)} passed, ${failed} failed, ${sum((result) => result.skipped.length)} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
