// SPDX-License-Identifier: Apache-2.0
// A token that has just been made: the only time that anybody sees it.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { ToCopy } from '../shell/copy';
import { exampleOf } from './example';
import type { MadeToken, Site } from './tokens';

interface ShownOnceProps {
  event: string;
  made: MadeToken;
  sites: Site[];
  onKept: () => void;
}

export function ShownOnce({ event, made, sites, onKept }: ShownOnceProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus(), []);
  const { says, line } = exampleOf(made, event, sites, location.origin);
  return (
    <div class="shown-once" data-made={made.id}>
      <h3 ref={heading} tabIndex={-1}>“{made.name}” is made. Its token is shown this once.</h3>
      <p><strong>It will not be shown again.</strong> Copy it to where it is needed now. If it gets lost, revoke it and make another.</p>
      <ToCopy label="The token" text={made.token} />
      <ToCopy label="A line to try it with, in a shell" hint={says} text={line} />
      <div class="item-row"><button type="button" class="primary" data-kept onClick={onKept}>I have kept it</button></div>
    </div>
  );
}
