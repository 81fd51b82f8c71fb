// SPDX-License-Identifier: Apache-2.0
// A venue's plan and parts from a file. What it would change is shown first; then all of it is taken, or
// nothing.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, at, Problem } from '../shell/api';
import { plural } from '../shell/format';

interface Item {
  id: string;
  name: string;
  action: 'create' | 'replace';
}

interface Report {
  dry_run: boolean;
  plan: boolean;
  zones: Item[];
  lines: Item[];
  walls: Item[];
  passed_over: { place: string; why: string }[];
}

interface Upload {
  file: File;
  type: string;
}

const ZIP = 'application/zip';
const LISTED_MAX = 8;

// By what it holds, not by its name: exporters are inventive.
async function typeOf(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.slice(0, 64).arrayBuffer());
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return ZIP;
  return new TextDecoder().decode(bytes).replace(/^\uFEFF/, '').trimStart().startsWith('{') ? 'application/geo+json' : 'text/plain';
}

const wordsOf = (error: unknown) => (error instanceof Problem ? [error.place, error.detail].filter(Boolean).join(': ') : 'This page failed.');

function Items({ items, one, many }: { items: Item[]; one: string; many: string }) {
  if (items.length === 0) return null;
  const old = items.filter((item) => item.action === 'replace').length;
  return (
    <li>
      {plural(items.length, one, many)}{old > 0 && `, ${old} of them instead of what is there`}:{' '}
      {items.slice(0, LISTED_MAX).map((item) => item.name || item.id).join(', ')}
      {items.length > LISTED_MAX && ` and ${items.length - LISTED_MAX} more`}
    </li>
  );
}

function Preview({ report }: { report: Report }) {
  const isNothing = !report.plan && report.zones.length + report.lines.length + report.walls.length === 0;
  return (
    <div class="import-report" role="status">
      {isNothing && <p>Nothing in this file can be taken.</p>}
      <ul>
        {report.plan && <li>A new plan, instead of what is drawn now</li>}
        <Items items={report.zones} one="zone" many="zones" />
        <Items items={report.lines} one="line" many="lines" />
        <Items items={report.walls} one="wall" many="walls" />
      </ul>
      {report.passed_over.length > 0 && (
        <details>
          <summary>{plural(report.passed_over.length, 'thing is', 'things are')} passed over</summary>
          <ul>{report.passed_over.map((entry) => <li key={entry.place}>{entry.place}: {entry.why}</li>)}</ul>
        </details>
      )}
    </div>
  );
}

interface ImportProps {
  event: string;
  venue: string;
  unsaved: number;
  onTaken: () => void;
  onClose: () => void;
}

export function Import({ event, venue, unsaved, onTaken, onClose }: ImportProps) {
  const [upload, setUpload] = useState<Upload | null>(null);
  const [level, setLevel] = useState('');
  const [wantsLevel, setWantsLevel] = useState(false);
  const [report, setReport] = useState<Report | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const frame = useRef<HTMLElement>(null);
  useEffect(() => frame.current?.scrollIntoView({ block: 'nearest' }), []); // on a phone it lies below the plan
  const latest = useRef<Upload | null>(null); // of two files in a row the answer to the second counts

  const send = (what: Upload, how: 'look' | 'take') => {
    const query = new URLSearchParams({ dry_run: String(how === 'look'), ...(level && what.type === ZIP ? { level } : {}) });
    return api.upload<Report>(`${at('events', event, 'venues', venue, 'import')}?${query}`, what.type, what.file);
  };
  const attempt = async (what: Upload, how: 'look' | 'take') => {
    setTrouble(null);
    setBusy(true);
    try {
      const answer = await send(what, how);
      if (latest.current !== what) return;
      if (how === 'take') onTaken();
      else setReport(answer);
    } catch (error) {
      if (latest.current !== what) return;
      setReport(null);
      setWantsLevel((old) => old || (error instanceof Problem && error.place === 'query level'));
      setTrouble(wordsOf(error));
    }
    setBusy(false);
  };
  const choose = async (file: File | undefined) => {
    setReport(null);
    setTrouble(null);
    setWantsLevel(false);
    if (!file) return;
    const chosen = { file, type: await typeOf(file) };
    latest.current = chosen;
    setUpload(chosen);
    await attempt(chosen, 'look');
  };
  return (
    <section class="part-form import" aria-label="Import" ref={frame}>
      <h2>Import</h2>
      <label class="file">GeoJSON, WKT or an IMDF archive. You see first what it would change.
        <input type="file" data-import accept=".geojson,.json,.wkt,.txt,.zip,.imdf,application/geo+json,application/zip,text/plain"
          onChange={(changed) => void choose(changed.currentTarget.files?.[0])} />
      </label>
      {wantsLevel && upload && (
        <form onSubmit={(submitted) => { submitted.preventDefault(); void attempt(upload, 'look'); }}>
          <label>Level, by id, ordinal or short name
            <input type="text" required value={level} onInput={(typed) => { setLevel(typed.currentTarget.value.trim()); setReport(null); }} />
          </label>
          <button type="submit">Look at this level</button>
        </form>
      )}
      {isBusy && <p role="status">Reading…</p>}
      {trouble && <p class="trouble" role="alert">{trouble}</p>}
      {report && <Preview report={report} />}
      {report && unsaved > 0 && <p role="status">Save or undo your {plural(unsaved, 'change', 'changes')} first: the venue is read anew after an import.</p>}
      {report && upload && (
        <button type="button" class="primary" data-take aria-disabled={unsaved > 0 || isBusy}
          onClick={() => unsaved === 0 && !isBusy && void attempt(upload, 'take')}>Take all of it</button>
      )}
      <button type="button" onClick={onClose}>Close</button>
    </section>
  );
}
