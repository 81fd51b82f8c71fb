// SPDX-License-Identifier: Apache-2.0
// One thing at a time that the server is asked to do, and what it said against the last.
import { useState } from 'preact/hooks';
import { type Refusal, refusalOf } from './refusal';

export function useDeed() {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isBusy, setBusy] = useState(false);
  const attempt = async (deed: () => Promise<void>) => {
    if (isBusy) return;
    setBusy(true);
    setRefusal(null);
    try {
      await deed();
    } catch (error) {
      setRefusal(refusalOf(error));
    }
    setBusy(false);
  };
  return { refusal, setRefusal, isBusy, attempt };
}
