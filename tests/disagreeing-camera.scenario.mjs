// SPDX-License-Identifier: Apache-2.0
// One of seven cameras of a real square goes wrong half way: it is turned, or moved, or its clock jumps. It is named
// with what is wrong with it, the others are not, and the tracks stay nearly as good as without that camera.
import { check, equal, playAll, scenario, until } from './scenario.mjs';
import { FRAMES, FRAME_MS, evaluated, makeSquare, readSquare, sendAll, settledTracks, troubles } from './wildtrack.mjs';

const NOISY = { drop: 0.2, noise: 0.02, strays: 0.3 };
const WRONG = 1, FROM = 40; // the camera, and the frame from which on it is wrong

// Floor in centimetres to pixel and back.
const apply = (m, x, y) => m.map((row) => row[0] * x + row[1] * y + row[2]);
function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  return [[e * i - f * h, c * h - b * i, b * f - c * e], [f * g - d * i, a * i - c * g, c * d - a * f], [d * h - e * g, b * g - a * h, a * e - b * d]];
}
const flat = ([u, v, w]) => [u / w, v / w];

// The camera turned about itself: every foot lies so many pixels further.
const turned = (pixels) => ([x, y, w, h]) => [x + pixels, y, w, h];
// The floor under it shifted, as by a wrong calibration.
function shifted(matrix, dx, dy) {
  const back = inverse(matrix);
  return ([x, y, w, h]) => {
    const [fx, fy] = flat(apply(back, x + w / 2, y + h));
    const [u, v] = flat(apply(matrix, fx + dx, fy + dy));
    return [Math.round(u - w / 2), Math.round(v - h), w, h];
  };
}

scenario('of seven cameras the one that goes wrong is named, and the people are counted by the others', async (t) => {
  const { folder, truth, matrices } = readSquare(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  const start = Math.floor(Date.now() / FRAME_MS) * FRAME_MS - FRAMES * FRAME_MS - 10000;
  const isWrong = (camera, i) => camera === WRONG && i >= FROM;
  const cases = {
    right: { ...NOISY },
    without: { ...NOISY, moved: (camera, i, box) => (isWrong(camera, i) ? null : box) },
    turned: { ...NOISY, moved: (camera, i, box) => (isWrong(camera, i) ? turned(150)(box) : box) },
    shifted: { ...NOISY, moved: (camera, i, box) => (isWrong(camera, i) ? shifted(matrices[WRONG], 120, 80)(box) : box) },
    behind: { ...NOISY, offMs: (camera, i) => (isWrong(camera, i) ? -2000 : 0) },
    ahead: { ...NOISY, offMs: (camera, i) => (isWrong(camera, i) ? 1000 : 0) },
  };
  const found = {}, scores = {};
  for (const [event, test] of Object.entries(cases)) {
    await makeSquare(admin, event, matrices);
    await sendAll(admin, event, truth, matrices, test, 1, start);
  }
  for (const event of Object.keys(cases)) {
    scores[event] = await evaluated(t, folder, await settledTracks(admin, event, start), start);
    found[event] = await troubles(admin, event);
    const { moda, count_error: error, idf1 } = scores[event];
    console.log(`# ${event}: MODA ${moda.toFixed(4)}, count error ${error}, IDF1 ${idf1.toFixed(4)}; ${JSON.stringify(found[event])}`);
  }
  for (const event of ['turned', 'shifted', 'behind', 'ahead']) {
    check(scores[event].moda >= scores.without.moda - 0.03, `${event}: MODA ${scores[event].moda} beside ${scores.without.moda} without the camera`);
    check(scores[event].idf1 >= scores.without.idf1 - 0.03, `${event}: IDF1 ${scores[event].idf1} beside ${scores.without.idf1}`);
  }
  equal([found.right, found.without], [{}, {}], 'nobody is named who is right');
  for (const event of ['turned', 'shifted']) {
    equal(Object.keys(found[event]), [`cam-${WRONG}`], `${event}: the one`);
    equal([found[event][`cam-${WRONG}`].kind, found[event][`cam-${WRONG}`].merging], ['moved', 'left_out'], event);
  }
  for (const [event, ms] of [['behind', -2000], ['ahead', 1000]]) {
    equal(Object.keys(found[event]), [`cam-${WRONG}`], `${event}: the one`);
    const trouble = found[event][`cam-${WRONG}`];
    equal([trouble.kind, trouble.merging], ['clock', 'corrected'], event);
    check(Math.abs(trouble.clock_off_ms - ms) < 150, `${event}: ${trouble.clock_off_ms} ms found`);
  }
});

await playAll();
