// SPDX-License-Identifier: Apache-2.0
// Published plans, for scenarios of importing.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PLANS = `${process.env.MUSTER_DATA ?? '../shared/data'}/floorplan`;

// --- a zip archive, its files stored as they are ---

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function zipOf(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    parts.push(Buffer.from('PK\x03\x04'), common, Buffer.from(name), bytes);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), common, entry, Buffer.from(name));
    at += 30 + name.length + bytes.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, list, Buffer.from('PK\x05\x06'), end]);
}

// A university in IMDF: an archive of several levels.
export function campus(t) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-imdf-'));
  t.endings.push(() => rmSync(folder, { recursive: true }));
  execFileSync('tar', ['-xJf', `${PLANS}/SPbPU_campus_IMDF.tar.xz`, '-C', folder]);
  return zipOf(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => ({ name: entry.name, bytes: readFileSync(join(entry.path ?? folder, entry.name)) })));
}
