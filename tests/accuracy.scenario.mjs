// SPDX-License-Identifier: Apache-2.0
// How well the tracks that the API gives fit the truth: true boxes of WILDTRACK (wildtrack.mjs), then worse ones. The
// bars are those of the median seed.
import { check, equal, playAll, scenario } from './scenario.mjs';
import { FRAMES, FRAME_MS, evaluated, makeSquare, median, readSquare, sendAll, settledTracks, troubles } from './wildtrack.mjs';

const SEEDS = Number(process.env.ACCURACY_SEEDS ?? 3);
const STRAYS = 0.3;
const CASES = [
  { name: 'true-boxes', drop: 0, noise: 0, strays: 0, seeds: 1, bars: { moda: 0.99, count_error: 0.2, idf1: 0.95 } },
  { name: 'noisy', drop: 0.2, noise: 0.02, strays: STRAYS, seeds: SEEDS, bars: { moda: 0.94, count_error: 1.0, idf1: 0.92 } },
  { name: 'bad', drop: 0.3, noise: 0.05, strays: STRAYS, seeds: SEEDS, bars: { moda: 0.78, count_error: Infinity, idf1: 0.68 } },
];

scenario('seven cameras\' boxes without identities become the people who were there, each once', async (t) => {
  const { folder, truth, matrices } = readSquare(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  const start = Math.floor(Date.now() / FRAME_MS) * FRAME_MS - FRAMES * FRAME_MS - 10000;
  const runs = CASES.flatMap((test) => Array.from({ length: test.seeds }, (_, i) => ({ test, seed: i + 1, event: `${test.name}-${i + 1}` })));
  for (const { test, seed, event } of runs) {
    await makeSquare(admin, event, matrices);
    await sendAll(admin, event, truth, matrices, test, seed, start);
  }
  for (const run of runs) {
    run.scores = await evaluated(t, folder, await settledTracks(admin, run.event, start), start);
    equal(await troubles(admin, run.event), {}, `cameras that ${run.event} takes for wrong`);
  }
  for (const test of CASES) {
    const all = runs.filter((run) => run.test === test).map((run) => run.scores);
    const [moda, error, idf1] = ['moda', 'count_error', 'idf1'].map((figure) => median(all.map((scores) => scores[figure])));
    console.log(`# ${test.name}, median of ${all.length}: MODA ${moda.toFixed(4)}, count error ${error}, IDF1 ${idf1.toFixed(4)}`);
    check(moda >= test.bars.moda, `${test.name}: MODA ${moda.toFixed(4)}, at least ${test.bars.moda}`);
    check(error <= test.bars.count_error, `${test.name}: count error ${error}, at most ${test.bars.count_error}`);
    check(idf1 >= test.bars.idf1, `${test.name}: IDF1 ${idf1.toFixed(4)}, at least ${test.bars.idf1}`);
  }
});

await playAll();
