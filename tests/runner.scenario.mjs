// SPDX-License-Identifier: Apache-2.0
// What adds up the tests: it must not call nothing a success.
import { spawnSync } from 'node:child_process';
import { check, equal, playAll, scenario } from './scenario.mjs';

function runTests(...words) {
  const run = spawnSync('node', ['tests/run.mjs', ...words], { encoding: 'utf8' });
  return { code: run.status, last: run.stdout.trim().split('\n').at(-1), out: run.stdout };
}

scenario('a build without tests is a failure, and so is a name that fits none', async (t) => {
  const nowhere = runTests(t.folder(), '--without-browser');
  equal([nowhere.code, nowhere.last], [1, '0 passed, 1 failed, 0 skipped'], 'an empty build');
  const build = process.env.MUSTER_BUILD ?? 'build';
  const misspelt = runTests(build, 'layers', 'no-such-test');
  equal([misspelt.code, misspelt.last], [1, '0 passed, 1 failed, 0 skipped'], 'one of two names fits none');
  check(misspelt.out.includes('no test program is called no-such-test'), misspelt.out);
});

await playAll();
