// SPDX-License-Identifier: Apache-2.0
// The venue editor: what stands where. Nothing is stored before Save.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { all, api, at, Problem } from '../shell/api';
import { useCell } from '../shell/cell';
import type { DeviceDocument, Position, VenueDocument } from '../shell/documents';
import { plural } from '../shell/format';
import type { PlacedPage } from '../shell/later';
import { Loader } from '../shell/loader';
import { session, organises } from '../shell/session';
import { LoadTrouble } from '../shell/trouble';
import { Board } from './board';
import { type Draft, type Part, type PartKind, POINTS_MIN, WORDS, addCorner, addHole, changesOf, draftOf, freshId, keyOf, mayHaveHoles, moveCorner, removeHole, replace, without } from './draft';
import { fitHomography, PAIRS_MIN } from './homography';
import { Import } from './import';
import { PartForm, PartList } from './panel';
import { type Click, metresOf, pairsOf, type Picture, Snapshot } from './snapshot';
import { useSteps } from './steps';
import { VenueChoice } from './venue-choice';

interface Ground {
  venue: VenueDocument;
  devices: DeviceDocument[];
}

export function Editor({ event, venue }: PlacedPage) {
  const state = useCell(session);
  if (state.kind === 'somebody' && !organises(state.session, event)) return (
    <main class="page" id="main"><h1>Editor</h1><p role="alert">Only an organiser of this event may change its places.</p></main>
  );
  return venue ? <Venue event={event} venue={venue} /> : <VenueChoice event={event} />;
}

function Venue({ event, venue }: { event: string; venue: string }) {
  const [ground, setGround] = useState<Ground | null>(null);
  const [turn, setTurn] = useState(0);
  const loader = useMemo(() => new Loader(async () => {
    const path = at('events', event, 'venues', venue);
    const [document, devices] = await Promise.all([api.get<VenueDocument>(path), all<DeviceDocument>(`${path}/devices`, 5000)]);
    setGround({ venue: document, devices });
    setTurn((old) => old + 1);
  }), [event, venue]);
  useEffect(() => {
    loader.now();
    return () => loader.stop();
  }, [loader]);
  useEffect(() => {
    document.title = `Editor · ${ground?.venue.name ?? ''} · Muster`;
  }, [ground?.venue.name]);
  return (
    <main class="editor" id="main">
      <h1 class="visually-hidden">Editor</h1>
      <LoadTrouble of={loader}>The venue could not be read.</LoadTrouble>
      {ground && <Table key={turn} event={event} ground={ground} onSaved={loader.now} />}
    </main>
  );
}

type Tool = 'select' | 'hole' | PartKind;
const POINTS_OF: Record<Tool, number> = { ...POINTS_MIN, select: 1, hole: 3 };
const TOOLS: { tool: Tool; word: string }[] = [
  { tool: 'select', word: 'Select' }, { tool: 'zone', word: 'Zone' }, { tool: 'line', word: 'Line' },
  { tool: 'wall', word: 'Wall' }, { tool: 'camera', word: 'Camera' },
];

function useCalibration(camera: Part | undefined) {
  const [picture, setPicture] = useState<Picture | null>(null);
  const [clicks, setClicks] = useState<Click[]>([]);
  const fit = useMemo(() => fitHomography(pairsOf(clicks)), [clicks]);
  useEffect(() => {
    setPicture(null);
    setClicks([]);
  }, [camera && keyOf(camera)]);
  // With the picture come the points of the last time, where they are of a picture of this size.
  const show = (next: Picture) => {
    const size = camera?.more.image_px as [number, number] | undefined;
    const known = (camera?.more.calibration as { points?: number[][] } | undefined)?.points ?? [];
    const isSame = size?.[0] === next.width && size[1] === next.height;
    setPicture(next);
    setClicks(isSame ? known.map(([u, v, x, y]): Click => ({ pixel: [u!, v!], floor: [x!, y!] })) : []);
  };
  const calibrated = (part: Part): Part => (fit.kind === 'none' || !picture ? part : {
    ...part,
    more: {
      ...part.more,
      image_px: [picture.width, picture.height],
      calibration: {
        kind: 'homography', direction: 'pixel_to_floor', unit: 'm', matrix: [0, 3, 6].map((row) => fit.matrix.slice(row, row + 3)),
        points: pairsOf(clicks).map(({ pixel, floor }) => [...pixel, ...floor].map((value) => Number(value.toFixed(2)))),
        // Four points always fit: that says nothing.
        ...(clicks.length > PAIRS_MIN ? { error_m: Number(fit.rmsM.toFixed(3)) } : {}),
      },
    },
  });
  const setFloor = (i: number, floor: Position) => setClicks((old) => old.map((click, k) => (k === i ? { ...click, floor } : click)));
  return { picture, show, clicks, setClicks, fit, calibrated, setFloor, waiting: clicks.findIndex((click) => click.floor === null) };
}

const leaveAsked = (event: BeforeUnloadEvent) => event.preventDefault();

function useSave(event: string, venue: VenueDocument, before: Draft, draft: Draft, onSaved: () => void) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const changes = useMemo(() => changesOf(before, draft, event, venue), [before, draft]);
  useEffect(() => {
    if (changes.length === 0) return undefined;
    addEventListener('beforeunload', leaveAsked);
    return () => removeEventListener('beforeunload', leaveAsked);
  }, [changes.length === 0]);
  // One after the other: what fails is named, what came before it is stored and stays so.
  const save = async () => {
    if (changes.length === 0 || isBusy) return;
    setBusy(true);
    setTrouble(null);
    for (const { part, path, body } of changes) {
      try {
        if (body) await api.put(path, body);
        else await api.delete(path);
      } catch (error) {
        if (body === null && error instanceof Problem && error.status === 404) continue; // gone already
        const detail = error instanceof Problem ? `${error.place ?? ''} ${error.detail}` : 'This page failed.';
        setTrouble(`${WORDS[part.kind]} ${part.name} is not saved: ${detail}`);
        setBusy(false);
        return;
      }
    }
    setBusy(false);
    onSaved();
  };
  return { save, trouble, isBusy, count: changes.length };
}

// The one that was touched last.
interface Corner {
  key: string;
  ring: number;
  index: number;
}

function Table({ event, ground, onSaved }: { event: string; ground: Ground; onSaved: () => void }) {
  const before = useMemo(() => draftOf(ground.venue, ground.devices), [ground]);
  const { draft, change, undo, redo, settle, canUndo, canRedo } = useSteps(before);
  const saving = useSave(event, ground.venue, before, draft, onSaved);
  const [tool, setTool] = useState<Tool>('select');
  const [sketch, setSketch] = useState<Position[]>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [isImporting, setImporting] = useState(false);
  const [corner, setCorner] = useState<Corner | null>(null);
  const part = draft.find((entry) => keyOf(entry) === chosen);
  const camera = part?.kind === 'camera' ? part : undefined;
  const calibration = useCalibration(camera);

  const begin = (next: Tool) => {
    setTool(next);
    setSketch([]);
  };
  const finish = (points: Position[]) => {
    if (tool === 'select' || points.length < POINTS_OF[tool]) return;
    if (tool === 'hole') {
      if (part) change((old) => replace(old, keyOf(part), (entry) => addHole(entry, points)));
      begin('select');
      return;
    }
    const id = freshId([...draft, ...before, ...ground.devices.map((device): Part => ({ kind: 'camera', id: device.id, name: '', rings: [], more: {} }))], tool);
    const made: Part = { kind: tool, id, name: `${WORDS[tool]} ${id.split('-').pop()}`, rings: [points], more: {} };
    change((old) => [...old, made]);
    setChosen(keyOf(made));
    begin('select');
  };
  const point = (floor: Position) => {
    if (tool === 'select') {
      if (calibration.waiting >= 0) calibration.setFloor(calibration.waiting, floor);
    } else if (tool === 'camera') finish([floor]);
    else setSketch((old) => [...old, floor]);
  };
  const key = (pressed: KeyboardEvent) => {
    const isTyping = pressed.target instanceof HTMLInputElement || pressed.target instanceof HTMLSelectElement;
    const isCommand = pressed.ctrlKey || pressed.metaKey;
    const name = pressed.key.toLowerCase();
    if (isCommand && name === 's') void saving.save();
    else if (isTyping) return;
    else if (isCommand && name === 'z') (pressed.shiftKey ? redo : undo)();
    else if (isCommand && name === 'y') redo();
    else if (tool === 'select' && part && pressed.key === 'Delete' && isOnPart(pressed.target)) remove(part);
    else if (tool !== 'select' && pressed.key === 'Escape') begin('select');
    else if (tool !== 'select' && pressed.key === 'Enter' && !(pressed.target instanceof HTMLButtonElement)) finish(sketch);
    else if (tool !== 'select' && pressed.key === 'Backspace') setSketch((old) => old.slice(0, -1));
    else return;
    pressed.preventDefault();
  };
  // On the window: a step back may take away what had the focus.
  const latestKey = useRef(key);
  latestKey.current = key;
  useEffect(() => {
    const hear = (pressed: KeyboardEvent) => latestKey.current(pressed);
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, []);
  const remove = (entry: Part) => {
    change((old) => without(old, keyOf(entry)));
    setChosen(null);
  };
  const moveChosen = (ring: number, corner: number, to: Position | null) => {
    if (!part) return;
    const isLast = to === null && part.rings[ring]!.length <= POINTS_MIN[part.kind];
    if (to === null) setCorner(null);
    if (isLast && ring > 0) change((old) => replace(old, keyOf(part), (entry) => removeHole(entry, ring)));
    if (isLast) return;
    change((old) => replace(old, keyOf(part), (entry) => moveCorner(entry, ring, corner, to)), to && `${keyOf(part)} ${ring} ${corner}`);
  };

  const isThere = part && corner?.key === keyOf(part) && part.rings[corner.ring]?.[corner.index] !== undefined;
  const touched = isThere ? corner : null;
  const edge = part && touched && hasEdgeAfter(part, touched) ? touched : null;

  return (
    <div class={`table ${calibration.picture ? 'is-calibrating' : ''}`}>
      <div class="tools" role="toolbar" aria-label="Tools">
        {TOOLS.map((entry) => (
          <button key={entry.tool} type="button" aria-pressed={tool === entry.tool} data-tool={entry.tool} onClick={() => begin(entry.tool)}>{entry.word}</button>
        ))}
        <button type="button" aria-pressed={isImporting} data-import-open onClick={() => setImporting(!isImporting)}>Import…</button>
        <span class="top-gap" />
        <button type="button" aria-disabled={!canUndo} onClick={undo}>Undo</button>
        <button type="button" aria-disabled={!canRedo} onClick={redo}>Redo</button>
        <button type="button" class="primary" data-save aria-disabled={saving.count === 0 || saving.isBusy} onClick={() => void saving.save()}>
          {saving.count === 0 ? 'Saved' : `Save ${plural(saving.count, 'change', 'changes')}`}
        </button>
      </div>
      {saving.trouble && <p class="trouble" role="alert">{saving.trouble}</p>}
      <Board venue={ground.venue} draft={draft} chosen={chosen} sketch={sketch} sketchKind={tool === 'line' ? 'line' : 'area'}
        marks={calibration.clicks.flatMap((click, i) => (click.floor ? [{ label: `${i + 1}`, floor: click.floor, move: (to: Position) => calibration.setFloor(i, to) }] : []))}
        isAiming={tool !== 'select' || calibration.waiting >= 0} onChoose={setChosen} onPoint={point} onMoveCorner={moveChosen} onMoved={settle}
        onTouchCorner={(ring, index) => part && setCorner({ key: keyOf(part), ring, index })} />
      <aside class="parts-panel" aria-label="Parts of the venue">
        {flagsOf(ground.venue).map((flag) => <p key={flag} class="trouble" data-flag>{flag}</p>)}
        {isImporting && <Import event={event} venue={ground.venue.id} unsaved={saving.count} onTaken={onSaved} onClose={() => setImporting(false)} />}
        {tool !== 'select' && (
          <div class="step" role="status">
            <p>{tool === 'camera' ? 'Click where the camera stands.' : `Click the ${tool === 'line' ? 'points' : 'corners'} of the ${tool}: ${sketch.length} so far.`}</p>
            {tool !== 'camera' && <button type="button" class="primary" data-finish aria-disabled={sketch.length < POINTS_OF[tool]} onClick={() => finish(sketch)}>Finish</button>}
            <button type="button" onClick={() => begin('select')}>Cancel</button>
          </div>
        )}
        {part && (
          <PartForm part={part} draft={draft} onRemove={() => remove(part)}
            onChange={(how, merge) => change((old) => replace(old, keyOf(part), how), merge)}>
            {part.kind !== 'camera' && (
              <div class="row">
                <button type="button" onClick={() => change((old) => replace(old, keyOf(part), (entry) => (
                  edge ? addCorner(entry, edge.ring, edge.index) : addCorner(entry, 0, longestEdge(entry)))))}>
                  {edge ? `Add a corner after ${edge.index + 1}` : 'Add a corner'}
                </button>
                {touched && <button type="button" data-remove-corner onClick={() => moveChosen(touched.ring, touched.index, null)}>Remove corner {touched.index + 1}</button>}
              </div>
            )}
            {mayHaveHoles(part) && (
              <div class="row">
                <button type="button" data-hole onClick={() => begin('hole')}>Draw a hole</button>
                {part.rings.slice(1).map((_, i) => (
                  <button key={i} type="button" onClick={() => change((old) => replace(old, keyOf(part), (entry) => removeHole(entry, i + 1)))}>Remove hole {i + 1}</button>
                ))}
              </div>
            )}
            {camera && camera.rings[0]!.length === 0 && (
              <button type="button" onClick={() => change((old) => replace(old, keyOf(camera), (entry) => ({ ...entry, rings: [[middleOf(ground.venue)]] })))}>Put it on the plan</button>
            )}
            {camera && (
              <>
                <p class="of" data-calibration>{calibrationWords(camera)}</p>
                <Snapshot picture={calibration.picture} clicks={calibration.clicks} fit={calibration.fit}
                  onPicture={calibration.show} onClicks={calibration.setClicks}
                  onMiddle={() => calibration.picture && calibration.setClicks((old) => [...old, {
                    pixel: [calibration.picture!.width / 2, calibration.picture!.height / 2], floor: middleOf(ground.venue) }])}
                  onUse={() => change((old) => replace(old, keyOf(camera), calibration.calibrated))} />
              </>
            )}
          </PartForm>
        )}
        <PartList draft={draft} chosen={chosen} onChoose={setChosen} />
        {draft.length === 0 && <p class="hint">Nothing stands here yet. Choose a tool and draw.</p>}
      </aside>
    </div>
  );
}

function calibrationWords(camera: Part): string {
  const known = camera.more.calibration as { kind?: string; error_m?: number; points?: unknown[] } | undefined;
  const error = known?.error_m === undefined ? '' : `, ${metresOf(known.error_m)} error on the floor`;
  const points = known?.points?.length ? `, from ${plural(known.points.length, 'point', 'points')}` : '';
  return `Calibration: ${known?.kind ?? 'none'}${error}${points}`;
}

function middleOf(venue: VenueDocument): Position {
  const [west, south, east, north] = venue.bounds_m ?? [0, 0, 20, 20];
  return [(west + east) / 2, (south + north) / 2];
}

// Where Delete means the part: on the plan and in the list, not where a corner had the focus a moment ago.
/* What is saved as it is drawn, but not measured so. */
const flagsOf = (venue: VenueDocument): string[] => [
  ...(venue.trouble ? [`${venue.name}: ${venue.trouble.says}`] : []),
  ...venue.zones.flatMap((zone) => (zone.trouble ? [`${zone.name} ${zone.trouble.says}`] : [])),
];

const isOnPart = (target: EventTarget | null) => target instanceof HTMLElement && target.matches('.plan-stage, [data-entry]');

const hasEdgeAfter = (part: Part, corner: Corner) => part.kind !== 'line' || corner.index < part.rings[corner.ring]!.length - 1;

function longestEdge(part: Part): number {
  const points = part.rings[0]!;
  const last = part.kind === 'line' ? points.length - 1 : points.length;
  let longest = 0;
  let most = -1;
  for (let i = 0; i < last; i += 1) {
    const [a, b] = [points[i]!, points[(i + 1) % points.length]!];
    const length = Math.hypot(a[0] - b[0], a[1] - b[1]);
    if (length > most) [longest, most] = [i, length];
  }
  return longest;
}
