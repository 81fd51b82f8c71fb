// SPDX-License-Identifier: Apache-2.0
// Several processes on one PostgreSQL: what one of them counts, the clients of all see.
import { equal, playAll, scenario, until } from './scenario.mjs';
import { ZONES, buildPark, crowd, makeToken, zoneOf } from './park.mjs';

const EXTRA_ZONES = 500;
const longName = (i) => `zone-${i}-${'of-a-name-as-long-as-one-may-be-'.repeat(2)}`.slice(0, 63) + 'z';

scenario('a venue of 500 zones is seen alike from every process', async (t) => {
  const postgres = await t.postgres();
  const muster = [await t.muster({ database: postgres.url }), await t.muster({ database: postgres.url })];
  const admins = await Promise.all(muster.map((one) => one.signIn()));
  await buildPark(admins[0]);
  for (let i = 0; i < EXTRA_ZONES; i++) {
    const x = (i % 40) * 0.5;
    const polygon = { type: 'Polygon', coordinates: [[[x, 0], [x + 0.5, 0], [x + 0.5, 20], [x, 20], [x, 0]]] };
    await admins[0].put(`/api/v1/events/demo/venues/park/zones/${longName(i)}`, { name: `Zone ${i}`, polygon });
  }
  const { token } = await makeToken(admins[0]);
  const live = await Promise.all(admins.map((admin) => admin.follow(ZONES)));
  // One of the two counts the venue, whichever it is; the other only hears of it.
  for (const [round, people] of [11, 23].entries()) {
    await muster[round].withToken(token).post('/api/v1/detections', crowd('cam-1', people), 202);
    for (const client of live) {
      const told = await client.next((message) => zoneOf(message, 'stage')?.people === people);
      equal(told.data.zones.length, EXTRA_ZONES + 2, 'zones of the message');
      equal(JSON.stringify(told.data).length > 60 * 1024, true, 'it is large');
    }
    for (const admin of admins) {
      await until('who asks is told the same', async () => {
        const { zones } = await admin.get('/api/v1/events/demo/venues/park/crowd');
        return zones.length === EXTRA_ZONES + 2 && zones.find((zone) => zone.id === 'stage').people === people;
      });
    }
  }
  live.forEach((client) => client.close());
});

await playAll();
