// SPDX-License-Identifier: Apache-2.0
// One token: what it may, when it was used, and how it is taken back.
import { useRef, useState } from 'preact/hooks';
import { useDeed } from '../shell/deed';
import { Asked, FormTrouble } from '../shell/fields';
import { moment } from '../shell/format';
import { serverNow } from '../shell/server-clock';
import { revokeToken, type Token } from './tokens';

const when = (at: string) => moment(Date.parse(at), serverNow());

function What({ token, deviceName }: { token: Token; deviceName: string | null }) {
  if (token.purpose === 'read') return <>Reads counts</>;
  if (!token.device) return <>Sends for any device</>;
  return <>Sends for {deviceName ?? token.device}{deviceName && <span class="of"> {token.device}</span>}</>;
}

function states({ created_at: made, last_used_at: used, revoked_at: revoked }: Token): [string, string] {
  if (revoked) return [`Revoked ${when(revoked)}`, `made ${when(made)}, ${used ? `last used ${when(used)}` : 'never used'}`];
  return [used ? `Last used ${when(used)}` : 'Never used', `made ${when(made)}`];
}

interface TokenRowProps {
  event: string;
  token: Token;
  deviceName: string | null;
  onRevoked: (words: string) => void;
}

export function TokenRow({ event, token, deviceName, onRevoked }: TokenRowProps) {
  const [isAsked, setAsked] = useState(false);
  const { refusal, isBusy, attempt } = useDeed();
  const opener = useRef<HTMLButtonElement>(null);
  const keep = () => {
    setAsked(false);
    opener.current?.focus();
  };
  const revoke = () => void attempt(async () => {
    await revokeToken(event, token.id);
    onRevoked(`“${token.name}” is revoked: whoever sends it is refused from now on.`);
  });
  const [state, more] = states(token);
  return (
    <li class={`item ${token.revoked_at ? 'is-disabled' : ''}`} data-token={token.name}>
      <div class="item-who">
        <h3>{token.name}</h3>
        <p class="item-detail"><What token={token} deviceName={deviceName} /></p>
      </div>
      <p class="item-state">{state}<span class="item-more"> {more}</span></p>
      {!token.revoked_at && (
        <button type="button" ref={opener} data-revoke aria-expanded={isAsked} onClick={() => setAsked(!isAsked)}>
          Revoke…<span class="visually-hidden"> {token.name}</span>
        </button>
      )}
      {isAsked && !token.revoked_at && (
        <div class="item-form" onKeyDown={(pressed) => { if (pressed.key === 'Escape') keep(); }}>
          <Asked question={`Revoke “${token.name}”? ${token.purpose === 'send' ? 'What sends with it' : 'What reads with it'} is refused at once. It cannot be taken back: another one has to be made.`}
            yes={`Revoke ${token.name}`} no="Keep" isBusy={isBusy} onYes={revoke} onNo={keep} />
          <FormTrouble refusal={refusal} places={[]} />
        </div>
      )}
    </li>
  );
}
