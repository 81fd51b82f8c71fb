// SPDX-License-Identifier: Apache-2.0
// The routes that Muster promises: what others build on. A new one is added here on purpose, and one
// that goes breaks somebody's program.
export const PROMISED = `
GET POST DELETE   /api/v1/session
GET               /api/v1/session/list
DELETE            /api/v1/session/list/{session}
POST              /api/v1/session/password
GET POST          /api/v1/people
GET PATCH         /api/v1/people/{person}
POST              /api/v1/people/{person}/password
GET               /api/v1/audit
GET               /api/v1/privacy
GET POST          /api/v1/events
GET PATCH DELETE  /api/v1/events/{event}
GET               /api/v1/events/{event}/audit
GET               /api/v1/events/{event}/members
PUT DELETE        /api/v1/events/{event}/members/{person}
GET POST          /api/v1/events/{event}/tokens
DELETE            /api/v1/events/{event}/tokens/{token}
GET POST          /api/v1/events/{event}/venues
GET PUT DELETE    /api/v1/events/{event}/venues/{venue}
GET               /api/v1/events/{event}/venues/{venue}/crowd
GET               /api/v1/events/{event}/venues/{venue}/tracks
GET               /api/v1/events/{event}/venues/{venue}/tracks.geojson
GET               /api/v1/events/{event}/venues/{venue}/crowd.geojson
GET               /api/v1/events/{event}/venues/{venue}/crowd.csv
GET               /api/v1/events/{event}/ngsi-ld/v1/entities
GET               /api/v1/events/{event}/ngsi-ld/v1/entities/{entity}
GET               /api/v1/events/{event}/sensorthings/v1.1
GET               /api/v1/events/{event}/sensorthings/v1.1/{path}
GET               /api/v1/events/{event}/venues/{venue}/lines/{line}/crossings
GET               /api/v1/events/{event}/venues/{venue}/heat
GET               /api/v1/events/{event}/venues/{venue}/dwell
GET               /api/v1/events/{event}/venues/{venue}/trips
GET               /api/v1/events/{event}/venues/{venue}/forecast
GET               /api/v1/events/{event}/venues/{venue}/occupancy
PUT               /api/v1/events/{event}/venues/{venue}/zones/{zone}/occupancy
POST              /api/v1/events/{event}/venues/{venue}/import
GET PUT DELETE    /api/v1/events/{event}/venues/{venue}/picture
GET POST          /api/v1/events/{event}/venues/{venue}/zones
GET PUT DELETE    /api/v1/events/{event}/venues/{venue}/zones/{zone}
GET POST          /api/v1/events/{event}/venues/{venue}/lines
GET PUT DELETE    /api/v1/events/{event}/venues/{venue}/lines/{line}
GET POST          /api/v1/events/{event}/venues/{venue}/walls
GET PUT DELETE    /api/v1/events/{event}/venues/{venue}/walls/{wall}
GET POST          /api/v1/events/{event}/venues/{venue}/devices
GET PUT DELETE    /api/v1/events/{event}/venues/{venue}/devices/{device}
GET POST          /api/v1/events/{event}/rules
GET PATCH DELETE  /api/v1/events/{event}/rules/{rule}
GET               /api/v1/events/{event}/incidents
GET               /api/v1/events/{event}/incidents/{incident}
POST DELETE       /api/v1/events/{event}/incidents/{incident}/acknowledge
POST              /api/v1/events/{event}/incidents/{incident}/resolve
GET               /api/v1/events/{event}/outbox
GET               /api/v1/events/{event}/outbox/{mail}
POST              /api/v1/events/{event}/outbox/{mail}/retry
GET POST          /api/v1/detections
GET               /api/v1/detections/count
POST PUT          /api/v1/readings
GET               /api/v1/series
GET               /api/v1/series/{series}
GET               /api/v1/live
GET               /api/v1/openapi.json
`.trim().split('\n').flatMap((line) => {
  const words = line.split(/\s+/);
  const path = words.pop();
  return words.map((method) => `${method} ${path}`);
}).sort();
